"""Legal holds: placed by anybody with a reason, released by somebody else. The audit keeps both."""

from collections.abc import Sequence
from datetime import datetime

from node.clock import to_xml
from node.errors import HoldReleased, NoOccasion
from node.flows.four_eyes import require_another
from node.flows.ports import ActorName, Node
from node.model.ids import ExchangeId
from node.store import actors, audit, holds
from node.store.database import Tx

PLACED, RELEASED = "hold-placed", "hold-released"
"""The acts in the audit; their object is `hold N`."""


def place(node: Node, ids: Sequence[ExchangeId], by: ActorName, reason: str, ends_at: datetime | None) -> holds.Hold:
    """Keep the bodies of these exchanges until `ends_at`, or until the hold is released.

    Raises NothingToHold when none of them has a body any more, NoOccasion when `ends_at` is past.
    """
    now = node.clock.now()
    if ends_at is not None and ends_at <= now:
        raise NoOccasion(moment=to_xml(ends_at))

    def commit(tx: Tx) -> holds.Hold:
        actor = actors.ensure(tx, by.name, actors.ActorKind(by.kind), now)
        number, kept = holds.place(tx, ids, actor, reason, now, ends_at)
        until = {} if ends_at is None else {"until": to_xml(ends_at)}
        audit.add(tx, actor, PLACED, f"hold {number}", {"reason": reason, "count": str(len(kept)), **until}, now)
        audit.add_all(tx, actor, "held", [(one, {"hold": str(number)}) for one in kept], now)
        return holds.hold(tx, number)

    return node.store.write(commit)


def release(node: Node, number: int, by: ActorName, reason: str) -> holds.Hold:
    """End a hold. Raises HoldUnknown, HoldReleased, and SecondActorNeeded for whoever placed it."""
    now = node.clock.now()

    def commit(tx: Tx) -> holds.Hold:
        found = holds.hold(tx, number)
        if found.released_at is not None:
            raise HoldReleased(hold=number)
        require_another(found.actor, by.name, "releasing a legal hold", shared_accounts=node.shared_accounts)
        actor = actors.ensure(tx, by.name, actors.ActorKind(by.kind), now)
        holds.release(tx, number, actor, reason, now)
        audit.add(tx, actor, RELEASED, f"hold {number}", {"reason": reason}, now)
        return holds.hold(tx, number)

    return node.store.write(commit)
