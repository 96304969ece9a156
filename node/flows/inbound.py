"""The way in: receive, verify, commit, hand over.

    partner ─receive─▶ letters ─verify─▶ rulings ─commit─▶ RECEIVED | REFUSED + receipts ─hand_over─▶ hub

Order at the receiver (protocol 2): seal, identities, path, duplicate, expiry, room – and only then is anything
decrypted. Before seal, identities and path hold, the outside hears one of four words.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache, partial

from node.crypto.seal import paper_leaf
from node.crypto.verification import VerifiedSeal, verify_place, verify_seal
from node.errors import (
    Category,
    CreatedAhead,
    LeafConflict,
    Malformed,
    NodeError,
    NotForUs,
    PaperExpired,
    RaceLost,
    SenderMismatch,
)
from node.flows import arrival, attaching, checkpoints, effects, judgement, receipts, room, settling, solitude
from node.flows.arrival import Arrival
from node.flows.attaching import Beside
from node.flows.checkpoints import Given
from node.flows.hub_rights import may_have
from node.flows.ports import Hub, Node
from node.flows.register_asking import note_gaps
from node.flows.rulings import RETRY_HINT_MS, Letter, Refusal, Ruled, Ruling, audit_refusals
from node.flows.standing import Standing
from node.model.document import Finding
from node.model.envelope import DeliverRequest, Envelope, Purpose, Seal, StatusRequest
from node.model.evidence import EvidenceFact, Fact
from node.model.exchange import Direction, Exchange, State
from node.model.hub import HubPaper
from node.model.ids import MessageId, NodeCode, uuid7_moment
from node.model.job import Job
from node.model.receipt import (
    Answer,
    Coarse,
    CoarseReason,
    Deferred,
    DeferredCode,
    DeliverResponse,
    FindingCode,
    NotHeld,
    Outcome,
    Receipt,
    SignedReceipt,
    Verdict,
)
from node.store import attachments, evidence, exchanges, jobs, retention
from node.store import receipts as stored
from node.store.database import Tx, savepoint
from node.wire import MAX_ENVELOPES, header_from_bytes

CLOSE_WITHIN = timedelta(days=90)
"""Ids are closed up to this age: 30 days of life, and twice that for a partner that was away for long."""

AHEAD_TOLERANCE = timedelta(minutes=5)
"""Clocks of two countries may differ by this much (protocol 1, 3)."""


def deliver(node: Node, caller: NodeCode, request: DeliverRequest) -> DeliverResponse:
    """Take a partner's envelopes and answer each, in order. An ACCEPTED receipt means: on disk."""
    now = node.clock.now()
    refusals: list[Refusal] = []
    letters, rulings = receive(node, caller, request, refusals, now)
    rulings |= solitude.refuse_company(letters, len(request.envelopes), refusals, now)
    rulings |= judgement.verify(node, caller, request.key, letters, refusals, now)
    rulings |= room.pushed_in(node, rulings)
    outcomes, given = commit(node, caller, rulings, refusals, request.known_checkpoint, now)
    answers = tuple(Answer(_id_of(envelope), outcomes[index]) for index, envelope in enumerate(request.envelopes))
    return DeliverResponse(answers, given.note, given.proof)


# --- receive --------------------------------------------------------------------------------------------------------


def receive(
    node: Node, caller: NodeCode, request: DeliverRequest, refusals: list[Refusal], now: datetime
) -> tuple[dict[int, Letter], dict[int, Ruling]]:
    """Letters that are authentic, for us, new and in time – and rulings on the rest. Nothing is opened here."""
    letters: dict[int, Letter] = {}
    rulings: dict[int, Ruling] = {}
    seals = [_verified_seal(node, caller, seal, now) for seal in request.seals]
    twice = _named_twice(request)
    for index, envelope in enumerate(request.envelopes):
        try:
            letters[index] = _letter(node, caller, envelope, seals[envelope.seal_index], twice)
        except NodeError as error:
            rulings[index] = Coarse(_word(error))
            refusals.append(Refusal(_id_of(envelope), error))
    ids = [letter.header.message_id for letter in letters.values()]
    held, forgotten = node.store.read(lambda tx: (stored.held(tx, caller, ids), retention.forgotten_before(tx)))
    for index, letter in list(letters.items()):
        ruling = (
            _duplicate(node, letter, held, refusals, now)
            or _in_time(letter, forgotten, refusals, now)
            or room.put_off(node, letter)
        )
        if ruling is not None:
            rulings[index] = ruling
            del letters[index]
    return letters, rulings


def _verified_seal(node: Node, caller: NodeCode, seal: Seal, now: datetime) -> VerifiedSeal | NodeError:
    trust = node.book.partner(caller).trust
    try:
        return verify_seal(seal, purpose=Purpose.PAPERS, recipient=node.code, trust=trust, now=now)
    except NodeError as error:
        return error


def _letter(
    node: Node, caller: NodeCode, envelope: Envelope, seal: VerifiedSeal | NodeError, twice: frozenset[str]
) -> Letter:
    header = _header(envelope.header)
    if isinstance(seal, NodeError):
        raise seal
    if header.message_id in twice:
        raise Malformed(field="header.message_id", rule="names two envelopes of one call")
    # The seal's sender was compared with the caller by verify_seal: caller's trust, caller's code.
    if header.sender != caller:
        raise SenderMismatch(claimed=header.sender, proved=caller)
    if header.recipient != node.code:
        raise NotForUs(recipient=header.recipient)
    return Letter(
        header, envelope, verify_place(seal, paper_leaf(envelope.header, envelope.body_digest), envelope.place)
    )


def _named_twice(request: DeliverRequest) -> frozenset[str]:
    ids = Counter(_id_of(envelope) for envelope in request.envelopes)
    return frozenset(identifier for identifier, count in ids.items() if identifier and count > 1)


# Each header of a call is asked for three times: is its id named twice, what does it say, whose answer is this.
_header = lru_cache(maxsize=4 * MAX_ENVELOPES)(header_from_bytes)


def _id_of(envelope: Envelope) -> str:
    try:
        return _header(envelope.header).message_id
    except NodeError:
        return ""


def _word(error: NodeError) -> CoarseReason:
    """Four words for the outside; the code itself goes to our audit only (security 6.9)."""
    if error.category.retry:
        return CoarseReason.TRY_LATER
    return {
        Category.MALFORMED: CoarseReason.MALFORMED,
        Category.FORBIDDEN: CoarseReason.NOT_FOR_US,
    }.get(error.category, CoarseReason.NOT_AUTHENTIC)


def _duplicate(
    node: Node, letter: Letter, held: Mapping[str, stored.HeldReceipt], refusals: list[Refusal], now: datetime
) -> Ruling | None:
    """Same leaf: the stored receipt, byte for byte. Other leaf: an alarm and a refusal that is signed but not stored.

    A stored ABSENT stands for ever, whatever comes under its id.
    """
    identifier = letter.header.message_id
    before = held.get(identifier)
    if before is None:
        return None
    if before.leaf in (None, letter.sealed.leaf):
        return replace(before.signed, repeat=True)
    node.report("alarm.leaf-conflict", partner=letter.header.sender, message_id=identifier)
    refusals.append(Refusal(identifier, LeafConflict()))
    conflict = Finding(FindingCode.CONFLICT, "", "the message id names another paper")
    return Ruled(Receipt(identifier, Verdict.REFUSED, now, letter.sealed.leaf, (conflict,)), keep=False)


def _in_time(letter: Letter, forgotten: datetime | None, refusals: list[Refusal], now: datetime) -> Ruling | None:
    if letter.header.created_at > now + AHEAD_TOLERANCE:
        refusals.append(Refusal(letter.header.message_id, CreatedAhead()))
        return Deferred(DeferredCode.AHEAD, RETRY_HINT_MS)
    if letter.header.expires_at < now:
        if _forgotten(letter.header.message_id, forgotten):
            return NotHeld()
        refusals.append(Refusal(letter.header.message_id, PaperExpired(expires_at=letter.header.expires_at)))
        return Ruled(Receipt(letter.header.message_id, Verdict.ABSENT, now))
    return None


# --- commit ---------------------------------------------------------------------------------------------------------


def commit(
    node: Node,
    caller: NodeCode,
    rulings: Mapping[int, Ruling],
    refusals: Sequence[Refusal],
    named: bytes,
    now: datetime,
) -> tuple[dict[int, Outcome], Given]:
    """Sign the receipts, then store everything in one transaction, a savepoint per envelope, and show the log after it.

    `named` is the checkpoint that the caller knows.
    """
    ruled = {index: one for index, one in rulings.items() if isinstance(one, Ruled)}
    signed = dict(zip(ruled, receipts.issue(node, caller, [one.receipt for one in ruled.values()], now), strict=True))
    outcomes: dict[int, Outcome] = {index: one for index, one in rulings.items() if not isinstance(one, Ruled)} | signed
    kept = {index: one for index, one in ruled.items() if one.keep}
    repeated = [one for one in outcomes.values() if isinstance(one, SignedReceipt) and one.repeat]

    def write(tx: Tx) -> tuple[dict[int, Outcome], Given]:
        audit_refusals(tx, caller, refusals, now)
        note_gaps(tx, caller, refusals, now)
        arrival.note_repeats(tx, caller, repeated, now)
        changed = _store(node, tx, caller, kept, signed, now)
        return changed, checkpoints.give_and_keep(node, tx, caller, named, now)

    if not (kept or refusals or repeated):
        return outcomes, node.store.read(lambda tx: checkpoints.give(node, tx, caller, named, now))
    changed, given = node.store.write(write)
    node.wake()
    return outcomes | changed, given


def _store(
    node: Node,
    tx: Tx,
    caller: NodeCode,
    kept: Mapping[int, Ruled],
    signed: Mapping[int, SignedReceipt],
    now: datetime,
) -> dict[int, Outcome]:
    """Re-read what each verdict depended on. What changed is Deferred RACE; a loser gets the winner's receipt."""
    changed: dict[int, Outcome] = {}
    held = stored.held(tx, caller, [one.receipt.message_id for one in kept.values()])
    standing = Standing.read(tx, caller, [one.paper for one in kept.values() if one.paper is not None])
    arrivals: dict[int, Arrival] = {}
    for index, one in kept.items():
        if winner := held.get(one.receipt.message_id):
            same = winner.leaf in (None, one.receipt.leaf)
            changed[index] = replace(winner.signed, repeat=True) if same else _race()
        elif one.paper is not None and one.standing is not None and standing.of(one.paper) != one.standing:
            changed[index] = _race()
        else:
            chain = "" if one.paper is None else standing.chain_of(one.paper)
            arrivals[index] = arrival.arrive(node, caller, one, signed[index], chain, now)
            if one.paper is not None and one.receipt.verdict is Verdict.ACCEPTED:
                standing.add(one.paper)
    return changed | _store_all(tx, caller, arrivals, now)


def _store_all(tx: Tx, caller: NodeCode, arrivals: Mapping[int, Arrival], now: datetime) -> dict[int, Outcome]:
    """All at once; should one lose a race, one by one, so that it takes no neighbour with it.

    Papers that change a register or ledger come one by one at once: each is judged by what the one before it did.
    """
    if any(one.ruled.has_effect for one in arrivals.values()):
        return _store_one_by_one(tx, caller, arrivals, now)
    try:
        with savepoint(tx):
            arrival.store(tx, caller, list(arrivals.values()), now)
    except RaceLost:
        return _store_one_by_one(tx, caller, arrivals, now)
    return {}


def _store_one_by_one(tx: Tx, caller: NodeCode, arrivals: Mapping[int, Arrival], now: datetime) -> dict[int, Outcome]:
    """Each in a savepoint of its own. What rests on a paper of this call that lost its race is not taken either."""
    lost: dict[int, Outcome] = {}
    standing = Standing.read(tx, caller, [one.ruled.paper for one in arrivals.values() if one.ruled.paper is not None])
    for index, one in arrivals.items():
        paper = one.ruled.paper
        try:
            if paper is not None and one.ruled.standing is not None and standing.of(paper) != one.ruled.standing:
                raise RaceLost
            _require_fit_still(tx, caller, one.ruled)
            with savepoint(tx):
                arrival.store(tx, caller, [one], now)
        except RaceLost:
            lost[index] = _race()
            continue
        if paper is not None and one.ruled.receipt.verdict is Verdict.ACCEPTED:
            standing.add(paper)
    return lost


def _require_fit_still(tx: Tx, caller: NodeCode, ruled: Ruled) -> None:
    effect = ruled.effect if ruled.has_effect else None
    if effect is not None and effects.unfit(tx, caller, Direction.IN, effect) is not None:
        raise RaceLost


def _race() -> Deferred:
    return Deferred(DeferredCode.RACE, RETRY_HINT_MS)


# --- status ---------------------------------------------------------------------------------------------------------


def status(node: Node, caller: NodeCode, request: StatusRequest) -> DeliverResponse:
    """What became of the caller's own papers. With `close`, ids not held become signed ABSENT receipts, stored."""
    now = node.clock.now()
    held, forgotten = node.store.read(
        lambda tx: (stored.held(tx, caller, request.message_ids), retention.forgotten_before(tx))
    )
    rulings: dict[int, Ruling] = {}
    for index, identifier in enumerate(request.message_ids):
        before = held.get(identifier)
        if before is not None:
            rulings[index] = replace(before.signed, repeat=True)
        elif request.close and _plausible(identifier, now) and not _forgotten(identifier, forgotten):
            rulings[index] = Ruled(Receipt(identifier, Verdict.ABSENT, now))
        else:
            rulings[index] = NotHeld()
    outcomes, given = commit(node, caller, rulings, (), request.known_checkpoint, now)
    answers = tuple(Answer(identifier, outcomes[index]) for index, identifier in enumerate(request.message_ids))
    return DeliverResponse(answers, given.note, given.proof)


def _plausible(identifier: MessageId, now: datetime) -> bool:
    """Whether a paper with this id can be about: ABSENT is kept for ever, so it is not given for invented times."""
    try:
        return now - CLOSE_WITHIN <= uuid7_moment(identifier) <= now + AHEAD_TOLERANCE
    except (ValueError, OverflowError):
        return False


def _forgotten(identifier: MessageId, horizon: datetime | None) -> bool:
    """Ids older than our evidence may have been accepted once: they are never called ABSENT (protocol 3)."""
    try:
        return horizon is not None and uuid7_moment(identifier) < horizon
    except (ValueError, OverflowError):
        return False  # of a moment that no calendar holds: nothing that we forgot


# --- hand over ------------------------------------------------------------------------------------------------------


def hand_over(node: Node, hub: Hub, claimed: Sequence[Job]) -> None:
    """Give received papers to the hub; what it does not take is offered again later."""
    ids = [job.exchange for job in claimed]
    rows, documents, attached = node.store.read(lambda tx: attachments.with_papers(tx, ids))
    # A body may have gone on its date meanwhile, and a guarded paper is not this hub's to have: nothing to do for them.
    there = [job for job in claimed if job.exchange in documents and may_have(node, rows[job.exchange].kind)]
    if len(there) < len(claimed):
        kept = [job for job in claimed if job not in there]
        node.store.write(lambda tx: jobs.done_all(tx, kept))
    papers = [
        _paper(node, rows[job.exchange], documents[job.exchange], attached.get(job.exchange, ())) for job in there
    ]
    taken: list[Job] = []
    for job, error in zip(there, hub.hand_over(papers), strict=True):
        if error is None:
            taken.append(job)
        else:
            settling.again_for_hub(node, job, error)
    # A crash before this line only means that the hub is given the same files again.
    node.store.write(partial(_handed_over, node, taken))


def _paper(node: Node, exchange: Exchange, document: exchanges.StoredDocument, beside: Beside) -> HubPaper:
    files = attaching.given(node.uploads_in, exchange.partner, beside)
    return HubPaper(exchange, document.content, document.media_type, document.fields, files)


def _handed_over(node: Node, taken: Sequence[Job], tx: Tx) -> None:
    now = node.clock.now()
    ours = jobs.held(tx, taken)
    # Also for one that was answered before: the hub has it now.
    exchanges.move_all(tx, ours, Direction.IN, [State.RECEIVED], State.HANDED_OVER, now)
    evidence.add(tx, [EvidenceFact(exchange, now, Fact.HANDED_OVER) for exchange in sorted(ours)])
    jobs.done_all(tx, [job for job in taken if job.exchange in ours])
