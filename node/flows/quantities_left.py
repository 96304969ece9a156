"""What is left to be used of a certificate, as lookups tell it."""

from node.model.certificate import Certificate
from node.model.lookup import QuantityLeft
from node.model.uses import plain
from node.store import uses
from node.store.database import Tx


def left_of(tx: Tx, found: Certificate) -> tuple[QuantityLeft, ...]:
    """What the ledger says now, item by item; nothing of a certificate that is not in force, or has no account."""
    if not found.in_force:
        return ()
    paper = found.latest
    account = uses.balance(tx, paper.partner, paper.direction, paper.kind, paper.issuer, paper.number)
    if account is None:
        return ()
    return tuple(QuantityLeft(one.item, one.measure.value, one.unit, plain(one.left)) for one in account.items)
