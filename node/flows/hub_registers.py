"""The registers as domestic systems may ask them: operators that partners told us of, and what hangs together."""

from node.errors import KindNotAllowed
from node.flows.ports import Node
from node.model.certificate import OPERATORS, last_moment
from node.model.hub import HubClient
from node.model.hub_registers import OperatorQuestion
from node.model.operator import OperatorState
from node.store import operators, tracing


def operators_behind(node: Node, client: HubClient, question: OperatorQuestion) -> tuple[OperatorState, ...]:
    """How every operator with that code stands, by our own register. Raises KindNotAllowed, PartnerUnknown."""
    if not client.may_handle(OPERATORS):
        raise KindNotAllowed(client=client.code, kind=OPERATORS)
    if question.partner is not None:
        node.book.partner(question.partner)
    on = node.clock.now() if question.on is None else last_moment(question.on)
    found = node.store.read(
        lambda tx: operators.find(tx, question.code, partner=question.partner, on=on, known_at=question.known_at)
    )
    return tuple(one for one in found if question.authority in ("", one.authority))


def trace(node: Node, client: HubClient, what: str) -> tracing.Trace:
    """What hangs together with `what`, as far as it is the client's business."""
    partners = [partner.code for partner in node.book.partners]
    return node.store.read(lambda tx: tracing.trace(tx, what, partners, client.sight))
