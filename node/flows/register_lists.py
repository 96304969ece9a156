"""Complete lists that we make ourselves for a partner that asked: out of what it was told, and nothing else.

A list stands at the sequence that the register has reached, so the hub goes on numbering where it was. It is issued at
the latest moment that papers told, not when it is made: the same register gives the same list, and nothing that the
hub hands in later looks older than it. Who withdrew consent is not in the register any more, and so in no such list.
"""

from dataclasses import dataclass
from datetime import datetime

from node.documents import aeo_compose
from node.documents.aeo_compose import ListHead
from node.documents.checks import moment_of
from node.documents.json_spots import Spot
from node.errors import JsonError, NodeError
from node.flows.admission import Admitted, admit
from node.flows.intake import Intake, Submission
from node.flows.ports import Node
from node.flows.register_requests import LISTS_EVERY, in_step, require_lists
from node.model.exchange import Direction, Exchange
from node.model.operator import OperatorState, OperatorStatus, RegisterState
from node.model.register_request import KeptRequest
from node.safe_json import parse
from node.store import actors, audit, exchanges, operator_series, operators, register_requests
from node.store.actors import ActorKind
from node.store.database import Tx
from node.store.operator_series import Series

PAGE = 5_000
"""Operators read at once."""

NOBODY = "register"
"""Who composes lists, for the audit: the node itself."""

_LISTED = (OperatorStatus.VALID, OperatorStatus.SUSPENDED)


@dataclass(frozen=True, slots=True)
class _Told:
    """A register as it was read: what must still be so when its list is stored."""

    register: RegisterState
    series: Series
    head: ListHead
    issued: datetime
    records: tuple[str, ...]


def fulfil(node: Node) -> list[KeptRequest]:
    """Make the lists that partners wait for; the requests that must wait on, because the hub has to hand in a list."""
    waiting = node.store.read(lambda tx: register_requests.newest(tx, direction=Direction.IN, waiting=True))
    return [one for one in waiting if not _fulfilled(node, one)]


def _fulfilled(node: Node, request: KeptRequest) -> bool:
    now = node.clock.now()
    try:
        require_lists(node, request.partner, request.kind, now)
        agreed = node.book.outbound(request.partner, request.kind, now)[1]
        full = node.capacity.disk_full() or node.capacity.full(Direction.OUT, request.partner, agreed.priority)
        if full is not None:
            raise full
        told = node.store.read(lambda tx: _read(tx, request, now))
        return bool(told) and _hand_in(node, request, told, now)
    except NodeError as error:
        node.report("register.not-composed", partner=request.partner, kind=request.kind, error=error)
        return False


def _read(tx: Tx, request: KeptRequest, now: datetime) -> list[_Told]:
    """What that partner was told, by series; nothing when no list can be made of it now."""
    if _made_lately(tx, request, now):
        return []
    found: list[_Told] = []
    for register in operators.registers(tx, request.partner, Direction.OUT):
        told = _register(tx, register, request.after, now)
        if told is None:
            return []
        found.append(told)
    return found


def _made_lately(tx: Tx, request: KeptRequest, now: datetime) -> bool:
    before = register_requests.newest(tx, request.partner, Direction.IN, request.kind)
    return any(
        one.done_at is not None and now - one.done_at < LISTS_EVERY and not in_step(one.after, one.sequence or 0)
        for one in before
    )


def _register(tx: Tx, register: RegisterState, after: int, now: datetime) -> _Told | None:
    """None where the hub must be asked.

    No list was told, one is being told, the asker holds a later one, or everything told before is purged. Also where
    something was told for a moment to come: no complete list may say it yet, and leaving it out would undo it.
    """
    partner, direction = register.partner, register.direction
    series = operator_series.load(tx, partner, direction, register.authority, register.programme)
    if series is None or series.sequence is None or series.incoming is not None or series.sequence < after:
        return None
    last = _last_paper(tx, series)
    if last is None:
        return None
    head, issued = last
    states = _states(tx, register, now)
    issued = max([issued, operator_series.newest_issue(tx, series), *(one.effective for one in states)])
    if issued > now:
        return None
    listed = tuple(one.record for one in states if _is_listed(one, issued))
    return _Told(register, series, head, issued, listed)


def _is_listed(state: OperatorState, issued: datetime) -> bool:
    ran_out = state.valid_until is not None and state.valid_until < issued.date()
    return state.status_told in _LISTED and not ran_out


def _states(tx: Tx, register: RegisterState, now: datetime) -> list[OperatorState]:
    found: list[OperatorState] = []
    after = ""
    while page := operators.state_after(tx, register.partner, register.direction, after, now, PAGE):
        found += [one for one in page if one.authority == register.authority and one.programme == register.programme]
        after = page[-1].certificate_number
    return found


def _last_paper(tx: Tx, series: Series) -> tuple[ListHead, datetime] | None:
    """How the last paper whose body is held names the authority, and when it was issued."""
    papers = operator_series.newest_papers(tx, series)
    bodies = exchanges.documents(tx, papers)
    for paper in papers:
        if paper in bodies:
            content = bodies[paper].content
            return _head(content)
    return None


def _head(content: bytes) -> tuple[ListHead, datetime] | None:
    try:
        issued = moment_of(Spot(parse(content)).text_at("issued"))
        return None if issued is None else (ListHead.of(content), issued)
    except (JsonError, KeyError):
        return None


def _hand_in(node: Node, request: KeptRequest, told: list[_Told], now: datetime) -> bool:
    """Store all lists at once, if the registers are still as they were read."""
    partner, kind = request.partner, request.kind
    judged = [
        (Submission(part, partner, _key(request, one, number), kind), admit(node, part, partner, kind, now))
        for one in told
        for number, part in enumerate(_parts(one), start=1)
    ]

    def commit(tx: Tx) -> list[Exchange]:
        if not _unmoved(tx, request, told):
            return []
        return _store(node, tx, request, judged, now)

    taken = node.store.write(commit)
    if taken:
        node.report("register.composed", partner=partner, kind=kind, papers=len(taken), asked=request.id)
        node.wake()
    return bool(taken)


def _parts(told: _Told) -> tuple[bytes, ...]:
    series = told.series
    number = f"{series.programme}-{series.partner}-{series.sequence}-R{series.run + 1}"
    return aeo_compose.baseline(told.head, number, series.sequence or 0, told.issued, told.records)


def _key(request: KeptRequest, told: _Told, part: int) -> str:
    series = told.series
    return f"register/{request.partner}/{request.id}/{series.id}/{part}"


def _unmoved(tx: Tx, request: KeptRequest, told: list[_Told]) -> bool:
    """An operator may have withdrawn its consent since: a list that names it must not be stored."""
    registers = operators.registers(tx, request.partner, Direction.OUT)
    waits = any(
        one.id == request.id
        for one in register_requests.newest(tx, request.partner, Direction.IN, request.kind, waiting=True)
    )
    return waits and list(registers) == [one.register for one in told]


def _store(
    node: Node, tx: Tx, request: KeptRequest, judged: list[tuple[Submission, Admitted]], now: datetime
) -> list[Exchange]:
    intake = Intake(node, tx, [submission.key for submission, _ in judged], now)
    for submission, admitted in judged:
        intake.take(submission, admitted)
    intake.store()
    who = actors.ensure(tx, NOBODY, ActorKind.SYSTEM, now)
    keys = [(one.id, {"key": one.idempotency_key or ""}) for one in intake.taken]
    audit.add_all(tx, who, "accepted", keys, now)
    detail = {"kind": request.kind, "papers": str(len(keys)), "asked": str(request.id)}
    audit.add(tx, who, "register-composed", request.partner, detail, now)
    return intake.taken
