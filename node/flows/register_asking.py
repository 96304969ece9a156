"""Asking a partner for its register: once, by an officer, or by the node when a list before others is missing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from node.errors import ListMissing, NotAgreed, RaceLost
from node.flows.ports import ActorName, Node, Transport
from node.flows.register_requests import in_step
from node.flows.rulings import Refusal
from node.model.certificate import OPERATORS
from node.model.exchange import Direction
from node.model.ids import NodeCode
from node.model.register_request import RegisterRequest
from node.profiles.partner import ChannelKind
from node.store import actors, audit, operator_series, operators, register_requests
from node.store.actors import ActorKind
from node.store.database import Tx, savepoint

GAP_FOR = timedelta(minutes=1)
"""A list that was overtaken on its way is there by then."""

ASK_EVERY = timedelta(hours=1)
"""A partner is asked by the node itself at most this often, whether it answered or not."""

BY_ITSELF = ActorName("register", "system")
"""The node, where nobody told it to ask."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What became of a request: its number here, the partner's sequence, and whether anything is to come."""

    request: int
    sequence: int
    nothing_missing: bool


async def ask(node: Node, transport: Transport, partner: NodeCode, request: RegisterRequest, actor: ActorName) -> Asked:
    """Ask `partner` once, now; the lists come as papers.

    The request is kept before it is sent, so one without an answer is seen too. Raises PartnerUnknown, NotAgreed,
    Malformed, DeliveryError.
    """
    now = node.clock.now()
    deadline_s = node.book.partner(partner).channel.deadline_s
    if not may_come(node, partner, request.kind, now):
        raise NotAgreed(partner=partner, kind=request.kind, direction=Direction.IN)

    def keep(tx: Tx) -> int:
        who = actors.ensure(tx, actor.name, ActorKind(actor.kind), now)
        detail = {"kind": request.kind, "after": str(request.after)}
        audit.add(tx, who, "register-asked", partner, detail, now)
        return register_requests.keep(tx, partner, Direction.OUT, request.kind, request.after, now)

    number = node.store.write(keep)
    sequence = await transport.request_register(request, deadline_s)
    nothing_missing = in_step(request.after, sequence)
    done_at = node.clock.now() if nothing_missing else None
    node.store.write(lambda tx: register_requests.answered(tx, number, sequence, done_at))
    return Asked(number, sequence, nothing_missing)


def may_come(node: Node, partner: NodeCode, kind: str, now: datetime) -> bool:
    """Whether lists of this kind may come from `partner` today. Raises PartnerUnknown."""
    served = node.book.served(partner, now)
    return kind == OPERATORS and any(one.name == kind and Direction.IN in one.directions for one in served)


def note_gaps(tx: Tx, caller: NodeCode, refusals: Sequence[Refusal], now: datetime) -> None:
    """Lists that wait for those before them, in the transaction that says so to the partner."""
    for error in (one.error for one in refusals):
        if isinstance(error, ListMissing):
            fields = error.fields
            try:
                with savepoint(tx):
                    series = operator_series.ensure(
                        tx, caller, Direction.IN, str(fields["authority"]), str(fields["programme"]), now
                    )
                    operator_series.note_gap(tx, series, int(str(fields["sequence"])), now)
            except RaceLost:
                # Another call begins the same series; the list comes again and is noted then.
                continue


def due(node: Node) -> list[tuple[NodeCode, RegisterRequest]]:
    """Whom the node should ask by itself: lists have been missing for a while, and it was not asked lately."""
    now = node.clock.now()
    return node.store.read(lambda tx: _due(node, tx, now))


def _due(node: Node, tx: Tx, now: datetime) -> list[tuple[NodeCode, RegisterRequest]]:
    found: list[tuple[NodeCode, RegisterRequest]] = []
    for partner in node.book.partners:
        registers = operators.registers(tx, partner.code, Direction.IN)
        gaps = [one for one in registers if one.gap_since is not None and now - one.gap_since >= GAP_FOR]
        if not gaps or partner.channel.kind is ChannelKind.PULL or not may_come(node, partner.code, OPERATORS, now):
            continue
        last = register_requests.newest(tx, partner.code, Direction.OUT, OPERATORS, limit=1)
        if not last or now - last[0].asked_at >= ASK_EVERY:
            # One number cannot say how far several series have come.
            after = gaps[0].sequence or 0 if len(registers) == 1 else 0
            found.append((partner.code, RegisterRequest(OPERATORS, after)))
    return found
