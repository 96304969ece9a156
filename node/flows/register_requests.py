"""A partner asks for our register: how far it has come is said at once, the lists follow as papers.

What was asked for is kept until lists were handed in, by us out of what this partner was told
(`flows.register_lists`) or by the hub.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from node.errors import NotAgreed, TooManyRegisterRequests
from node.flows.lookups import Allowance
from node.flows.ports import Node
from node.model.certificate import OPERATORS
from node.model.exchange import Direction
from node.model.ids import NodeCode
from node.model.operator import RegisterState
from node.model.operator_terms import NO_OPERATOR_TERMS, ListMode
from node.model.register_request import KeptRequest, RegisterRequest
from node.store import actors, audit, operators, register_requests
from node.store.actors import ActorKind
from node.store.database import Tx

REQUESTS_A_MINUTE = 6
"""For one partner: a register is asked for once, and its lists are waited for."""

LISTS_EVERY = timedelta(hours=1)
"""Lists are made anew for one partner at most this often, however often it asks."""

RECENT = 50
"""Requests of one partner that are looked at."""


def allowance() -> Allowance:
    """How many requests each partner has left."""
    return Allowance(REQUESTS_A_MINUTE, REQUESTS_A_MINUTE, TooManyRegisterRequests)


def take(node: Node, caller: NodeCode, request: RegisterRequest) -> int:
    """Keep the request; the sequence of our register for `caller`, 0 while it was told no list.

    Raises NotAgreed and ArrangementSuspended: only lists that may go to this partner can be asked for; DiskNearlyFull
    while there is no room to keep the request.
    """
    now = node.clock.now()
    require_lists(node, caller, request.kind, now)
    full = node.capacity.disk_full()
    if full is not None:
        raise full
    sequence, known = node.store.read(lambda tx: _known(tx, caller, request, now))
    if known:
        return sequence

    def keep(tx: Tx) -> int:
        sequence, known = _known(tx, caller, request, now)
        if known:
            return sequence
        number = register_requests.keep(tx, caller, Direction.IN, request.kind, request.after, now, sequence)
        if in_step(request.after, sequence):
            register_requests.answered(tx, number, sequence, now)
        who = actors.ensure(tx, caller, ActorKind.PARTNER, now)
        detail = {"kind": request.kind, "after": str(request.after), "sequence": str(sequence)}
        audit.add(tx, who, "register-asked-of-us", caller, detail, now)
        return sequence

    return node.store.write(keep)


def require_lists(node: Node, partner: NodeCode, kind: str, now: datetime) -> None:
    """Lists of this kind may go to `partner`; raises NotAgreed or ArrangementSuspended."""
    terms = node.book.outbound(partner, kind, now)[1].terms.operators or NO_OPERATOR_TERMS
    if kind != OPERATORS or terms.mode is ListMode.EVENTS:
        raise NotAgreed(partner=partner, kind=kind, direction=Direction.OUT)


def in_step(after: int, sequence: int) -> bool:
    """Whether who holds the list `after` holds everything up to `sequence`."""
    return 0 < after == sequence


def reached(registers: Sequence[RegisterState]) -> int:
    """The highest sequence of a partner's registers, 0 without any list."""
    return max((one.sequence or 0 for one in registers), default=0)


def _known(tx: Tx, caller: NodeCode, request: RegisterRequest, now: datetime) -> tuple[int, bool]:
    """How far our register has come, and whether keeping this request would bring nothing new."""
    registers = operators.registers(tx, caller, Direction.OUT)
    moved = max((one.updated_at for one in registers), default=now)
    sequence = reached(registers)
    kept = register_requests.newest(tx, caller, Direction.IN, request.kind, limit=RECENT)
    return sequence, any(_covers(one, request, sequence, moved, now) for one in kept)


def _covers(kept: KeptRequest, request: RegisterRequest, sequence: int, moved: datetime, now: datetime) -> bool:
    """One that waits brings a complete list, which does for every other; one that is done did for what was then."""
    if kept.done_at is None:
        return True
    brought = not in_step(kept.after, kept.sequence or 0)
    enough = brought or in_step(request.after, sequence)
    return enough and kept.sequence == sequence and moved <= kept.done_at and now - kept.done_at < LISTS_EVERY
