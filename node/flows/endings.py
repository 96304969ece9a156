"""What the end of a paper of ours means for others: those that follow it, and our ledgers."""

from collections.abc import Sequence
from datetime import datetime

from node.flows import effects, parking
from node.model.exchange import Exchange, State
from node.store import jobs
from node.store.database import Tx


def ended(tx: Tx, exchanges: Sequence[Exchange], target: State, now: datetime) -> None:
    """These papers of ours have just moved to `target`, which is DELIVERED or an end without arrival."""
    effects.settled(tx, exchanges, target)
    # A delivered paper lets its successors go; one that ended otherwise leaves them to a human (protocol 5).
    if target is State.DELIVERED:
        jobs.unblock_all(tx, [one.id for one in exchanges])
        return
    for one in exchanges:
        for successor in jobs.blocked_by(tx, one.id):
            parking.park_row(tx, successor, f"predecessor {target}", now)
