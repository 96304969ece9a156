"""Settle: judge what a partner answered and commit it – the receipt as proof, or the next try, or a task for a human.

Only a signed receipt ends an exchange. Coarse, Deferred, NotHeld and failed calls never do (protocol 3).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from node.errors import (
    AnswerContradicted,
    AnswerRefused,
    HubUnavailable,
    LogForked,
    NodeError,
    PartnerDeferred,
    PartnerUnknown,
    PartnerUnreachable,
    PartnerWantsAnew,
    TlsFailed,
)
from node.flows import answers, calls, endings, parking, receipts, witness
from node.flows.ports import Node
from node.model.control_kinds import ANSWER_KINDS
from node.model.evidence import EvidenceFact, Fact
from node.model.exchange import Assurance, Direction, Exchange, State, may_move
from node.model.ids import Digest, MessageId, sha256
from node.model.job import Circumstances, GiveUp, Job, Verb
from node.model.receipt import (
    Answer,
    Coarse,
    Deferred,
    DeferredCode,
    DeliverResponse,
    NotHeld,
    Receipt,
    SignedReceipt,
    Verdict,
)
from node.profiles.profile import RetryPolicy
from node.store import evidence, exchanges, jobs
from node.store import receipts as stored
from node.store.database import Tx

_ANEW = frozenset({DeferredCode.KEY, DeferredCode.BODY, DeferredCode.SIGNATURE})

MAX_HINT = timedelta(hours=6)
"""A partner's hint is believed up to here: a hostile or broken one must not put our papers to sleep for ever."""

HUB_RETRY = RetryPolicy(first_s=1, factor=2, max_s=300, give_up_h=float("inf"), expires_after_h=0)
"""Our own hub is asked again for as long as it takes, every five minutes at the latest."""

_TO_HUB = frozenset({Verb.HAND_OVER, Verb.TELL_HUB})

_NOTHING_SENT = (PartnerUnreachable, TlsFailed)


@dataclass(frozen=True, slots=True)
class Settled:
    """A valid signed receipt for one of our papers."""

    consignment: calls.Consignment
    receipt: Receipt
    signed: SignedReceipt


@dataclass(frozen=True, slots=True)
class Later:
    """No receipt this time: why, and what the partner hinted."""

    consignment: calls.Consignment
    error: NodeError
    fact: Fact
    hint: timedelta = timedelta(0)
    resign: bool = False


@dataclass(slots=True)
class Judged:
    """All answers of one call, sorted."""

    settled: list[Settled] = field(default_factory=list)
    later: list[Later] = field(default_factory=list)
    owed: list[calls.Consignment] = field(default_factory=list)


def settle(
    node: Node,
    consignments: Sequence[calls.Consignment],
    response: DeliverResponse,
    known: witness.Known,
    *,
    closing: bool = False,
) -> list[calls.Consignment]:
    """Judge and commit a call's answers; returns what the partner says it does not hold and is to be sent now."""
    now = node.clock.now()
    judged = _judge(node, consignments, response.answers, closing, now)
    sight = witness.look(consignments[0].exchange.partner, node.code, known, response, now)
    node.store.write(lambda tx: _commit(node, tx, judged, sight, now))
    node.wake()
    return judged.owed


def _judge(
    node: Node, consignments: Sequence[calls.Consignment], answers: Sequence[Answer], closing: bool, now: datetime
) -> Judged:
    """`answers[i]` answers `consignments[i]`; an answer that is missing or about something else is no answer."""
    judged = Judged()
    reader = receipts.ReceiptReader(node, consignments[0].exchange.partner, now)
    for index, one in enumerate(consignments):
        answer = answers[index] if index < len(answers) else None
        if answer is None or answer.message_id not in (one.sealed.message_id, ""):
            judged.later.append(_refused_answer(one, "it answers another paper"))
            continue
        match answer.outcome:
            case SignedReceipt() as signed:
                try:
                    receipt = reader.read(signed, MessageId(one.sealed.message_id), one.sealed.leaf)
                except NodeError as error:
                    judged.later.append(_refused_answer(one, error.code))
                else:
                    judged.settled.append(Settled(one, receipt, signed))
            case Deferred() as deferred:
                judged.later.append(_deferred(node, one, deferred))
            case Coarse(reason):
                judged.later.append(Later(one, _partner_said(one, reason.name), Fact.COARSE))
            case NotHeld() if closing:
                judged.later.append(_refused_answer(one, "not held, and too old to be closed"))
            case NotHeld():
                judged.owed.append(one)
    return judged


def _refused_answer(one: calls.Consignment, detail: str) -> Later:
    return Later(one, AnswerRefused(partner=one.exchange.partner, detail=detail), Fact.NO_ANSWER)


def _partner_said(one: calls.Consignment, reason: str) -> PartnerDeferred:
    return PartnerDeferred(partner=one.exchange.partner, reason=reason)


def _deferred(node: Node, one: calls.Consignment, deferred: Deferred) -> Later:
    hint = min(timedelta(milliseconds=deferred.retry_after_ms), MAX_HINT)
    if deferred.code is DeferredCode.KEY and deferred.key_statement is not None:
        try:
            calls.offer_statement(node, one.exchange.partner, deferred.key_statement)
        except NodeError as error:
            node.report("key-statement.refused", partner=one.exchange.partner, code=error.code)
    if deferred.code in _ANEW:
        anew = PartnerWantsAnew(partner=one.exchange.partner, reason=deferred.code.name)
        # A partner does not get our signature on single papers that were agreed to travel under the batch seal.
        resign = deferred.code is DeferredCode.SIGNATURE and one.exchange.assurance is Assurance.DOCUMENT
        return Later(one, anew, Fact.DEFERRED, hint, resign)
    return Later(one, _partner_said(one, deferred.code.name), Fact.DEFERRED, hint)


def _commit(node: Node, tx: Tx, judged: Judged, sight: witness.Sight, now: datetime) -> None:
    sight = witness.remember(node, tx, sight, now)
    contradicted = _contradicted(tx, judged.settled)
    for one in contradicted:
        exchange = one.consignment.exchange
        error = AnswerContradicted(partner=exchange.partner, exchange=exchange.id, verdict=one.receipt.verdict.name)
        node.report("alarm.answer-contradicted", exchange=exchange.id, partner=exchange.partner, error=error)
        _park_doubted(node, tx, one, AnswerContradicted.code, now)
    judged.settled = [one for one in judged.settled if one not in contradicted]
    doubtful = [one for one in judged.settled if one.receipt.verdict is Verdict.ABSENT]
    if doubtful and witness.doubted(tx, sight.partner):
        for one in doubtful:
            if jobs.holds(tx, one.consignment.job):
                _park_doubted(node, tx, one, LogForked.code, now)
        judged.settled = [one for one in judged.settled if one not in doubtful]
    if judged.settled:
        _commit_receipts(node, tx, judged.settled, sight, now)
    for later in judged.later:
        _commit_later(node, tx, later, now)


def _contradicted(tx: Tx, settled: Sequence[Settled]) -> list[Settled]:
    """Receipts that say no about papers that the partner has answered, and so has: neither statement ends the paper.

    A paper that another receipt has settled already is not parked any more; that makes it a dispute.
    """
    against = [one for one in settled if one.receipt.verdict is not Verdict.ACCEPTED]
    if not against:
        return []
    ids = [one.consignment.exchange.id for one in against]
    open_and_answered = answers.given(tx, ids) - stored.settled(tx, ids).keys()
    return [one for one in against if one.consignment.exchange.id in open_and_answered]


def _park_doubted(node: Node, tx: Tx, one: Settled, code: str, now: datetime) -> None:
    """A receipt that must not settle anything yet: kept as proof, and a human says what becomes of the paper."""
    exchange = one.consignment.exchange
    node.report("exchange.parked", exchange=exchange.id, partner=exchange.partner, code=code)
    stored.doubt(tx, _received(one, None), now)
    evidence.add(tx, [_receipt_fact(one, Fact.RECEIPT_DOUBTED, now)])
    parking.park_row(tx, exchange.id, code, now)


def _received(one: Settled, log_size: int | None) -> stored.ReceivedReceipt:
    exchange = one.consignment.exchange
    return stored.ReceivedReceipt(
        exchange.id, exchange.partner, one.receipt.message_id, one.receipt.verdict, one.signed, log_size
    )


def _commit_receipts(node: Node, tx: Tx, settled: Sequence[Settled], sight: witness.Sight, now: datetime) -> None:
    outcomes = stored.settle_all(tx, [_received(one, sight.covers) for one in settled], now)
    first = [one for one in settled if outcomes[one.consignment.exchange.id] is stored.Settlement.FIRST]
    disputed = [one for one in settled if outcomes[one.consignment.exchange.id] is stored.Settlement.DISPUTED]
    for one in disputed:
        exchange = one.consignment.exchange
        node.report("alarm.receipt-disputed", exchange=exchange.id, partner=exchange.partner)
    evidence.add(tx, [_receipt_fact(one, Fact.RECEIPT_STORED, now) for one in first])
    evidence.add(tx, [_receipt_fact(one, Fact.RECEIPT_DISPUTED, now) for one in disputed])
    for target, cause in sorted({(_end_state(one), _cause(one.receipt)) for one in first}):
        same = [one for one in first if (_end_state(one), _cause(one.receipt)) == (target, cause)]
        ids = [one.consignment.exchange.id for one in same]
        exchanges.move_all(tx, ids, Direction.OUT, _movable(target), target, now, cause)
        if target is State.DELIVERED:
            answers.delivered(tx, ids, now)
            carriers = [one.consignment.exchange for one in same if one.consignment.exchange.kind in ANSWER_KINDS]
            answers.concluded(tx, [one.id for one in carriers], now)
        elif target is State.CANCELLED:
            evidence.add(tx, [_receipt_fact(one, Fact.CANCELLED, now) for one in same])
        endings.ended(tx, [one.consignment.exchange for one in same], target, now)
    ours = jobs.held(tx, [one.consignment.job for one in settled])
    told = [one.consignment.job for one in settled if one.consignment.exchange.id in ours]
    _tell_hub(node, tx, told, now)


def _tell_hub(node: Node, tx: Tx, told: Sequence[Job], now: datetime) -> None:
    """A hub that watches us sees the move itself, and needs no job."""
    if node.hub_pushed:
        jobs.follow_all(tx, told, Verb.TELL_HUB, now)
    else:
        jobs.done_all(tx, told)


def _receipt_fact(one: Settled, fact: Fact, now: datetime) -> EvidenceFact:
    return _fact(one.consignment, now, fact, sha256(one.signed.receipt), one.receipt.verdict.name)


def _cause(receipt: Receipt) -> str:
    return receipt.findings[0].code if receipt.findings and receipt.verdict is Verdict.REFUSED else ""


def _end_state(one: Settled) -> State:
    return {
        Verdict.ACCEPTED: State.DELIVERED,
        Verdict.REFUSED: State.REFUSED,
        # The partner has signed that it never took the paper and never will.
        Verdict.ABSENT: State.CANCELLED if one.consignment.cancel else State.EXPIRED,
    }[one.receipt.verdict]


def _movable(target: State) -> list[State]:
    return [state for state in State if may_move(Direction.OUT, state, target)]


def _commit_later(node: Node, tx: Tx, later: Later, now: datetime) -> None:
    one, error = later.consignment, later.error
    if not jobs.holds(tx, one.job):
        return
    detail = f"{error.code} {error.fields.get('reason', '')}".strip()
    evidence.add(tx, [_fact(one, now, later.fact, None, detail)])
    if later.fact is Fact.NO_ANSWER:
        # An answer that is of no use says as little as none: the partner may or may not have the paper.
        exchanges.move(tx, one.exchange.id, Direction.OUT, [State.SEALED], State.UNRESOLVED, now, error.code)
    if later.resign:
        _sign_anew(node, tx, one, now)
    _next_try(node, tx, one.job, one.exchange, error, later.hint, now)


def _sign_anew(node: Node, tx: Tx, one: calls.Consignment, now: datetime) -> None:
    """Document signatures sit outside the leaf: a new one does not make the paper another paper (protocol 2)."""
    document = exchanges.documents(tx, [one.exchange.id])[one.exchange.id]
    signature = receipts.sign_document(node, document.content, document.media_type, now)
    exchanges.replace_signatures(tx, one.exchange.id, (signature,), now)
    evidence.add(tx, [_fact(one, now, Fact.DOCUMENT_SIGNED, sha256(signature))])


def _next_try(
    node: Node, tx: Tx, job: Job, exchange: Exchange, error: NodeError, hint: timedelta, now: datetime
) -> None:
    policy = policy_of(node, exchange)
    if policy is None:
        parking.park_row(tx, exchange.id, error.code, now)
        return
    anew = evidence.count(tx, exchange.id, Fact.DEFERRED, PartnerWantsAnew.code, since=Fact.RESUMED)
    decision = node.decide(job, error, policy, Circumstances(now, node.luck(), hint, anew))
    if isinstance(decision, GiveUp):
        node.report("exchange.parked", exchange=exchange.id, partner=exchange.partner, code=decision.code)
        parking.park_row(tx, exchange.id, job.first_cause or error.code, now)
    else:
        exchanges.note_cause(tx, exchange.id, error.code, now)
        jobs.again(tx, job, decision.due_at, error.code)


def policy_of(node: Node, exchange: Exchange) -> RetryPolicy | None:
    """How long to try; None when partner or arrangement was struck from the book, and only a human can say."""
    try:
        profile = node.book.profile(exchange.partner, exchange.arrangement)
    except PartnerUnknown:
        return None
    return profile.retry if profile is not None else None


def no_answer(node: Node, consignments: Sequence[calls.Consignment], error: NodeError) -> None:
    """The call failed. Unless nothing can have left, its papers are UNRESOLVED: the partner may have them."""
    now = node.clock.now()

    def commit(tx: Tx) -> None:
        for one in consignments:
            if not jobs.holds(tx, one.job):
                continue
            evidence.add(tx, [_fact(one, now, Fact.NO_ANSWER, None, error.code)])
            if not isinstance(error, _NOTHING_SENT):
                exchanges.move(tx, one.exchange.id, Direction.OUT, [State.SEALED], State.UNRESOLVED, now, error.code)
            _next_try(node, tx, one.job, one.exchange, error, timedelta(0), now)

    node.store.write(commit)


def not_sent(node: Node, consignments: Sequence[calls.Consignment], error: NodeError) -> None:
    """Papers that stayed behind because the call before theirs failed."""
    if consignments:
        try_again(node, [(one.job, one.exchange, error) for one in consignments], node.clock.now())


def try_again(node: Node, failed: Sequence[tuple[Job, Exchange, NodeError]], now: datetime) -> None:
    """Work of ours that failed before anything left: the next try, or a task for a human."""

    def commit(tx: Tx) -> None:
        for job, exchange, error in failed:
            if jobs.holds(tx, job):
                _next_try(node, tx, job, exchange, error, timedelta(0), now)

    node.store.write(commit)


def again_for_hub(node: Node, job: Job, error: NodeError) -> None:
    """The hub did not take something. It is ours, so we never give up: the wait grows to HUB_RETRY's cap.

    That holds for every error: the partner has our receipt, or the hub our word, so nothing may be dropped here.
    """
    now = node.clock.now()
    away = HubUnavailable(detail=error.code)
    decision = node.decide(job, away, HUB_RETRY, Circumstances(now, node.luck()))
    if isinstance(decision, GiveUp):
        raise error
    node.report("hub.not-taken", exchange=job.exchange, error=error)
    due_at = decision.due_at

    def commit(tx: Tx) -> None:
        if jobs.holds(tx, job):
            exchanges.note_cause(tx, job.exchange, error.code, now)
            jobs.again(tx, job, due_at, error.code)

    node.store.write(commit)


def give_back(node: Node, claimed: Sequence[Job], error: NodeError) -> None:
    """A whole batch failed for a reason of ours."""
    if claimed[0].verb in _TO_HUB:
        for job in claimed:
            again_for_hub(node, job, error)
        return
    rows = node.store.read(lambda tx: exchanges.load(tx, [job.exchange for job in claimed]))
    try_again(node, [(job, rows[job.exchange], error) for job in claimed], node.clock.now())


def expire_unsent(node: Node, consignments: Sequence[calls.Consignment]) -> None:
    """Never sent, and too late now or wanted back: EXPIRED or CANCELLED without asking anybody (protocol 3)."""
    now = node.clock.now()

    def commit(tx: Tx) -> None:
        for one in consignments:
            if not jobs.holds(tx, one.job):
                continue
            end, fact = (State.CANCELLED, Fact.CANCELLED) if one.cancel else (State.EXPIRED, Fact.EXPIRED)
            exchanges.move(tx, one.exchange.id, Direction.OUT, [State.SEALED], end, now, end.value.lower())
            evidence.add(tx, [_fact(one, now, fact, None, "never sent")])
            endings.ended(tx, [one.exchange], end, now)
            _tell_hub(node, tx, [one.job], now)

    if consignments:
        node.store.write(commit)


def _fact(one: calls.Consignment, now: datetime, fact: Fact, digest: Digest | None, detail: str = "") -> EvidenceFact:
    return EvidenceFact(one.exchange.id, now, fact, digest, detail)
