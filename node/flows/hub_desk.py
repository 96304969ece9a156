"""The desk where domestic systems call: papers in, papers and answers out, each client within its rights.

Plain functions: servers call them in a thread; `client` is whom the TLS certificate proves.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from node.errors import CursorUnknown, ExchangeUnknown, KindNotAllowed, NodeError, Unexpected
from node.flows import answering, hub_registers, outbound
from node.flows.intake import Accepted, Submission
from node.flows.ports import ActorName, Node
from node.model.answer import BusinessAnswer
from node.model.evidence import EvidenceFact, Fact
from node.model.exchange import Direction, Exchange, State
from node.model.guarded import GUARDED
from node.model.hub import (
    Acknowledgement,
    ExchangeQuestion,
    ExchangeView,
    HubClient,
    HubPaper,
    HubSubmission,
    HubTaken,
    StatusMove,
)
from node.model.hub_registers import OperatorQuestion
from node.model.ids import ExchangeId, NodeCode
from node.model.operator import OperatorState
from node.store import actors, answers, audit, evidence, exchanges, feed, receipts
from node.store.database import Tx
from node.store.tracing import Trace
from node.wire import receipt_from_bytes
from node.wire.hub_rules import MAX_CHANGES, MAX_INBOUND_BYTES, MAX_INBOUND_PAPERS

STRETCHES = 16
"""Stretches of the logs looked at in one reading, so that a reading among old papers stays short."""

_WITH_THE_HUB = frozenset({State.HANDED_OVER, State.ANSWERED})


@dataclass(frozen=True, slots=True)
class InboundPage:
    """Papers of one partner, the places behind them, and whether looking again at once may find more."""

    papers: tuple[HubPaper, ...]
    places: Mapping[NodeCode, int]
    more: bool


@dataclass(frozen=True, slots=True)
class StatusPage:
    """Moves, the number behind them, and whether looking again at once may find more."""

    moves: tuple[StatusMove, ...]
    number: int
    more: bool


class HubDesk:
    """Serves domestic systems."""

    def __init__(self, node: Node) -> None:
        self._node = node

    def submit(self, client: HubClient, papers: Sequence[HubSubmission]) -> list[HubTaken | NodeError]:
        """Take papers in; one bad paper never touches the others. What is taken is on disk."""
        outcomes: dict[int, HubTaken | NodeError] = {}
        allowed: dict[int, Submission] = {}
        for index, paper in enumerate(papers):
            # Content is held to the kind that is named, so the right is judged by name before anything is read.
            if client.may_handle(paper.kind or ""):
                allowed[index] = Submission(paper.content, paper.partner, _stored_key(client, paper.key), paper.kind)
            else:
                outcomes[index] = KindNotAllowed(client=client.code, kind=paper.kind or "(not named)")
        if allowed:
            taken = outbound.accept(self._node, list(allowed.values()), _actor(client), client.kinds & GUARDED)
            outcomes |= {index: _outcome(one) for index, one in zip(allowed, taken, strict=True)}
        return [outcomes[index] for index in range(len(papers))]

    def inbound(self, client: HubClient, places: Mapping[NodeCode, int], last: NodeCode | None) -> InboundPage:
        """The next papers behind `places` that nobody has acknowledged, beginning with the partner after `last`.

        Raises CursorUnknown when a place lies beyond what this store holds.
        """
        return self._node.store.read(lambda tx: _inbound(tx, client, places, last))

    def acknowledge(self, client: HubClient, ids: Sequence[ExchangeId]) -> Acknowledgement:
        """The hub has these papers: RECEIVED becomes HANDED_OVER. Saying it again changes nothing."""
        now = self._node.clock.now()
        return self._node.store.write(lambda tx: _acknowledge(tx, client, ids, now))

    def answer(self, client: HubClient, exchange: ExchangeId, decided: BusinessAnswer) -> HubTaken | NodeError:
        """Send what was decided about a paper, or what that is refused with."""

        def its_business(paper: Exchange) -> None:
            if not client.may_see(paper.kind):
                raise ExchangeUnknown(exchange=exchange)

        try:
            return _outcome(answering.answer(self._node, exchange, decided, _actor(client), its_business))
        except NodeError as error:
            return error

    def exchange(self, client: HubClient, question: ExchangeQuestion) -> ExchangeView:
        """Everything about one exchange. Raises ExchangeUnknown, also for what is none of the client's business."""
        return self._node.store.read(lambda tx: _view(tx, client, question))

    def operators(self, client: HubClient, question: OperatorQuestion) -> tuple[OperatorState, ...]:
        """How operators with a code stand, by our register. Raises KindNotAllowed, PartnerUnknown."""
        return hub_registers.operators_behind(self._node, client, question)

    def today(self) -> date:
        """The day of now, UTC."""
        return self._node.clock.now().date()

    def trace(self, client: HubClient, what: str) -> Trace:
        """What hangs together, as far as it is the client's business."""
        return hub_registers.trace(self._node, client, what)

    def moves(self, client: HubClient, after: int | None) -> StatusPage:
        """Moves behind the number `after`; None: none yet, only the newest number. Raises CursorUnknown."""
        return self._node.store.read(lambda tx: _moves(tx, client, after))


def _inbound(tx: Tx, client: HubClient, places: Mapping[NodeCode, int], last: NodeCode | None) -> InboundPage:
    ends = feed.log_sizes(tx)
    if any(place > ends.get(partner, 0) for partner, place in places.items()):
        raise CursorUnknown
    reached = dict(places)
    behind = [partner for partner in _turn(ends, last) if reached.get(partner, 0) < ends[partner]]
    for looked in range(STRETCHES):
        if not behind:
            return InboundPage((), reached, more=False)
        partner = behind[looked % len(behind)]
        found = feed.stretch(tx, partner, reached.get(partner, 0), ends[partner])
        chosen = _load(tx, [one for one in found.waiting if client.may_see(one.kind)])
        if chosen:
            papers, following = chosen
            reached[partner] = following or found.following
            return InboundPage(papers, reached, more=True)
        reached[partner] = found.following
        behind = [one for one in behind if reached.get(one, 0) < ends[one]]
    return InboundPage((), reached, more=True)


def _turn(ends: Mapping[NodeCode, int], last: NodeCode | None) -> list[NodeCode]:
    """Every partner once, the one after `last` first: a busy partner holds up nobody else's papers."""
    partners = sorted(ends)
    later = [partner for partner in partners if last is not None and partner > last]
    return later + [partner for partner in partners if partner not in later]


def _load(tx: Tx, waiting: Sequence[feed.Waiting]) -> tuple[tuple[HubPaper, ...], int] | None:
    """As many papers as one message holds, and the place behind them; place 0 when that was all of them."""
    chosen: list[feed.Waiting] = []
    size = 0
    for one in waiting:
        size += one.size
        if chosen and (len(chosen) == MAX_INBOUND_PAPERS or size > MAX_INBOUND_BYTES):
            break
        chosen.append(one)
    if not chosen:
        return None
    ids = [one.exchange for one in chosen]
    rows, documents = exchanges.load(tx, ids), exchanges.documents(tx, ids)
    papers = tuple(
        HubPaper(rows[one], documents[one].content, documents[one].media_type, documents[one].fields) for one in ids
    )
    return papers, chosen[-1].following if len(chosen) < len(waiting) else 0


def _acknowledge(tx: Tx, client: HubClient, ids: Sequence[ExchangeId], now: datetime) -> Acknowledgement:
    rows = exchanges.load(tx, ids)
    known = [one for one in ids if one in rows and _is_inbound_of(client, rows[one])]
    waiting = [one for one in known if rows[one].state is State.RECEIVED]
    # Unlike handing over to a hub that is given things (flows/inbound.py): there a job's fence says whose move it is,
    # and nobody is asked. Here there is no job; the state alone decides between two who acknowledge at once, and the
    # audit says which client did.
    moved = exchanges.move_all(tx, waiting, Direction.IN, [State.RECEIVED], State.HANDED_OVER, now)
    evidence.add(tx, [EvidenceFact(one, now, Fact.HANDED_OVER) for one in sorted(moved)])
    if moved:
        actor = actors.ensure(tx, _actor(client).name, actors.ActorKind.HUB, now)
        audit.add_all(tx, actor, "acknowledged", [(one, {}) for one in sorted(moved)], now)
    settled = [one for one in known if one in moved or rows[one].state in _WITH_THE_HUB]
    return Acknowledgement(tuple(settled), tuple(one for one in ids if one not in settled))


def _is_inbound_of(client: HubClient, exchange: Exchange) -> bool:
    return exchange.direction is Direction.IN and client.may_see(exchange.kind)


def _view(tx: Tx, client: HubClient, question: ExchangeQuestion) -> ExchangeView:
    identifier = question.exchange
    if question.key is not None:
        key = _stored_key(client, question.key)
        identifier = exchanges.submissions(tx, [key]).get(key, (None, b""))[0]
    found = exchanges.load(tx, [identifier]).get(identifier) if identifier is not None else None
    if found is None or not client.may_see(found.kind):
        raise ExchangeUnknown(exchange=question.exchange or question.key or "")
    held = (receipts.settled if found.direction is Direction.OUT else receipts.issued)(tx, [found.id]).get(found.id)
    answer = answers.told(tx, [found.id]).get(found.id)
    return ExchangeView(
        exchange=found,
        key=_own_key(client, found.idempotency_key or ""),
        timeline=tuple(evidence.timeline(tx, found.id)),
        receipt=None if held is None else receipt_from_bytes(held.signed.receipt),
        answer=None if answer is None else answer.answer,
        carrier=None if answer is None else answer.stored.carrier,
    )


def _moves(tx: Tx, client: HubClient, after: int | None) -> StatusPage:
    newest = feed.last_move(tx)
    if after is None or after == newest:
        return StatusPage((), newest, more=False)
    if after > newest:
        raise CursorUnknown
    found = feed.moves(tx, after, MAX_CHANGES)
    if not found:
        raise Unexpected(detail="moves were numbered and are not there")
    told = [one for one in found if client.may_see(one.kind)]
    decided = answers.told(tx, [one.exchange for one in told if one.state is State.ANSWERED])
    moves = tuple(
        StatusMove(
            exchange=one.exchange,
            key=_own_key(client, one.key),
            partner=one.partner,
            kind=one.kind,
            state=one.state,
            cause=one.cause,
            moment=one.moment,
            answer=decided[one.exchange].answer if one.exchange in decided and one.state is State.ANSWERED else None,
        )
        for one in told
    )
    return StatusPage(moves, found[-1].number, more=found[-1].number < newest)


def _stored_key(client: HubClient, key: str) -> str:
    """Each client has keys of its own: none can claim, or ask about, another's."""
    return f"{client.code}/{key}"


def _own_key(client: HubClient, stored: str) -> str:
    prefix = _stored_key(client, "")
    return stored.removeprefix(prefix) if stored.startswith(prefix) else ""


def _outcome(outcome: Accepted | NodeError) -> HubTaken | NodeError:
    return outcome if isinstance(outcome, NodeError) else HubTaken(outcome.exchange, outcome.repeated)


def _actor(client: HubClient) -> ActorName:
    return ActorName(f"hub client {client.code}", "hub")
