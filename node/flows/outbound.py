"""The way out: accept, seal, deliver, settle. Every verb takes a list for one partner and commits all it did at once.

hub ─accept─▶ ACCEPTED ─seal─▶ SEALED ─deliver─▶ (UNRESOLVED) ─settle─▶ DELIVERED | REFUSED | EXPIRED
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from node.crypto.keys import Role
from node.crypto.seal import body_digest, make_seal, paper_leaf
from node.errors import (
    AnswerRefused,
    CertificateTooShort,
    EncryptionError,
    NoAnswer,
    NodeError,
    Unexpected,
)
from node.flows import calls, control, receipts, settling, witness
from node.flows.admission import Admitted, admit
from node.flows.intake import Accepted, Intake, Submission, attempt
from node.flows.ports import ActorName, Hub, Node, Transport
from node.model.answer import BusinessAnswer
from node.model.document import Finding
from node.model.envelope import Body, Header, Metadata, Place, Priority, Purpose, SealedPaper
from node.model.evidence import EvidenceFact, Fact
from node.model.exchange import Assurance, Direction, Exchange, State
from node.model.hub import HubReport
from node.model.ids import Digest, ExchangeId, MessageId, NodeCode, sha256, uuid7
from node.model.job import Job, Verb
from node.model.receipt import SignedReceipt
from node.store import actors, answers, audit, evidence, exchanges, jobs
from node.store import receipts as stored
from node.store.database import Tx
from node.wire import header_to_bytes, metadata_to_bytes, receipt_from_bytes

__all__ = ["Accepted", "Submission", "accept", "deliver", "seal", "send", "tell_hub"]

SALT_BYTES = 32
"""So that the clear body digest of a guessable paper cannot be guessed (protocol 2)."""

MAX_LIFE = timedelta(days=30)
"""An envelope expires at most this long after it was created (protocol 2)."""


# --- accept ---------------------------------------------------------------------------------------------------------


def accept(node: Node, submissions: Sequence[Submission], by: ActorName) -> list[Accepted | NodeError]:
    """Take papers in. Each is answered only when it is committed; one bad paper never touches the others."""
    now = node.clock.now()
    judged = [_admitted(node, submission, now) for submission in submissions]

    def commit(tx: Tx) -> list[Accepted | NodeError]:
        intake = Intake(node, tx, [submission.key for submission in submissions], now)
        outcomes = [
            attempt(intake, submission, admitted) for submission, admitted in zip(submissions, judged, strict=True)
        ]
        intake.store()
        _audit_intake(tx, by, submissions, outcomes, now)
        return outcomes

    outcomes = node.store.write(commit)
    node.wake()
    return outcomes


def _admitted(node: Node, submission: Submission, now: datetime) -> Admitted | NodeError:
    try:
        return admit(node, submission.content, submission.partner, submission.kind, now)
    except NodeError as error:
        return error
    except Exception as defect:
        # A defect of ours in judging one paper must not take the whole hand-in, or the node, along.
        node.report("admission.defect", key=submission.key, error=defect)
        return Unexpected(detail=type(defect).__name__)


def _audit_intake(
    tx: Tx,
    by: ActorName,
    submissions: Sequence[Submission],
    outcomes: Sequence[Accepted | NodeError],
    now: datetime,
) -> None:
    """Who handed in what, and what was refused; a repeat changes nothing and says nothing."""
    actor = actors.ensure(tx, by.name, actors.ActorKind(by.kind), now)
    pairs = list(zip(submissions, outcomes, strict=True))
    accepted = [
        (outcome.exchange, {"key": submission.key})
        for submission, outcome in pairs
        if isinstance(outcome, Accepted) and not outcome.repeated
    ]
    refused = [
        (
            submission.key,
            {"partner": submission.partner, "code": outcome.code, "sha256": sha256(submission.content).hex()},
        )
        for submission, outcome in pairs
        if isinstance(outcome, NodeError)
    ]
    audit.add_all(tx, actor, "accepted", accepted, now)
    audit.add_all(tx, actor, "refused", refused, now)


# --- seal -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Sealable:
    """A paper with everything drawn that will never change again."""

    job: Job
    exchange: Exchange
    paper: SealedPaper
    expires_at: datetime


def seal(node: Node, claimed: Sequence[Job], lease: timedelta | None = None) -> calls.Sealed:
    """Sign the papers that want their own signature, then all of them under one seal, and fix them for ever.

    Own work is verified by the inbound verifier before anything is committed (SignatureError → OwnWorkFailed).
    With `lease`, delivering them is claimed in the same transaction: what is to be sent at once is returned.
    """
    now = node.clock.now()
    rows, documents = node.store.read(
        lambda tx: (exchanges.load(tx, _ids(claimed)), exchanges.documents(tx, _ids(claimed), fields=False))
    )
    until = node.keys.sign.not_after
    ready: list[_Sealable] = []
    for job in claimed:
        exchange = rows[job.exchange]
        try:
            ready.append(_sealable(node, job, exchange, documents[job.exchange], until, now))
        except NodeError as error:
            settling.try_again(node, [(job, exchange, error)], now)
    parts = [_commit_seal(node, agreement, lease, now) for agreement in _by_agreement(ready)]
    return calls.Sealed(
        tuple(one for part in parts for one in part.consignments),
        {seal_id: seal for part in parts for seal_id, seal in part.seals.items()},
        parts[-1].known if parts else None,
    )


def _by_agreement(ready: Sequence[_Sealable]) -> list[list[_Sealable]]:
    """A manifest names one profile version, so papers of two arrangements get two seals."""
    groups: dict[tuple[str, int], list[_Sealable]] = {}
    for one in ready:
        groups.setdefault((one.exchange.arrangement, one.exchange.arrangement_version), []).append(one)
    return list(groups.values())


def _sealable(
    node: Node, job: Job, exchange: Exchange, document: exchanges.StoredDocument, until: datetime, now: datetime
) -> _Sealable:
    """`until` is when our sign certificate ends."""
    profile, _ = control.outbound_agreement(node, exchange.partner, exchange.kind, now)
    expires_at = now + min(timedelta(hours=profile.retry.expires_after_h), MAX_LIFE)
    _require_outlasting(until, expires_at)
    message_id = MessageId(uuid7(now, node.random))
    header = header_to_bytes(
        Header(
            message_id=message_id,
            sender=node.code,
            recipient=exchange.partner,
            kind=exchange.kind,
            kind_version=exchange.kind_version,
            created_at=now,
            expires_at=expires_at,
            priority=Priority(exchange.priority),
            conversation_id=exchange.conversation_id,
            refers_to=exchange.refers_to,
        )
    )
    metadata = metadata_to_bytes(
        Metadata(document.media_type, exchange.arrangement, document.ucr, chain=document.chain)
    )
    signatures = (
        (receipts.sign_document(node, document.content, document.media_type, now),)
        if exchange.assurance is Assurance.DOCUMENT
        else ()
    )
    body = Body(node.random(SALT_BYTES), metadata, document.content, signatures)
    digest = body_digest(body.salt, body.metadata, body.document)
    paper = SealedPaper(message_id, header, body, digest, paper_leaf(header, digest))
    return _Sealable(job, exchange, paper, expires_at)


def _require_outlasting(not_after: datetime, expires_at: datetime) -> None:
    if not_after < expires_at:
        raise CertificateTooShort(role=Role.SIGN, not_after=not_after.isoformat(), expires_at=expires_at.isoformat())


def _commit_seal(node: Node, ready: Sequence[_Sealable], lease: timedelta | None, now: datetime) -> calls.Sealed:
    first = ready[0].exchange
    partner = first.partner
    made, places = make_seal(
        [one.paper.leaf for one in ready],
        Purpose.PAPERS,
        node.code,
        partner,
        node.keys.sign,
        now,
        node.own_trust,
        profile=first.arrangement,
        profile_version=first.arrangement_version,
    )

    def commit(tx: Tx) -> calls.Sealed:
        ours = jobs.held(tx, [one.job for one in ready])
        mine = [(one, place) for one, place in zip(ready, places, strict=True) if one.exchange.id in ours]
        seal_id = exchanges.insert_seal(tx, made, Purpose.PAPERS, True, partner, now)
        ids = [one.exchange.id for one, _ in mine]
        moved = exchanges.move_all(tx, ids, Direction.OUT, [State.ACCEPTED], State.SEALED, now)
        sealed = [(one, place) for one, place in mine if one.exchange.id in moved]
        exchanges.set_all_sealed(
            tx, [(one.exchange.id, one.paper.message_id, one.paper.leaf, one.expires_at) for one, _ in sealed]
        )
        rows = [_sealed_row(one, place, seal_id) for one, place in sealed]
        exchanges.insert_sealed(tx, rows)
        following = [one.job for one, _ in sealed]
        if lease is None:
            jobs.follow_all(tx, following, Verb.DELIVER, now)
        else:
            following = jobs.go_on(tx, following, Verb.DELIVER, now, lease)
        # Somebody parked or cancelled these meanwhile: nothing is left to do for them.
        jobs.done_all(tx, [one.job for one, _ in mine if one.exchange.id not in moved])
        evidence.add(tx, [fact for one, _ in sealed for fact in _seal_facts(one, now)])
        if lease is None:
            return calls.Sealed()
        going_on = zip(following, sealed, rows, strict=True)
        consignments = tuple(_consignment(job, one, row, now) for job, (one, _), row in going_on)
        return calls.Sealed(consignments, {seal_id: made}, witness.known(tx, partner))

    claimed = node.store.write(commit)
    if lease is None:
        node.wake()
    return claimed


def _consignment(job: Job, one: _Sealable, row: exchanges.StoredSealed, now: datetime) -> calls.Consignment:
    """What `calls.load` would read back."""
    paper = one.paper
    exchange = replace(
        one.exchange,
        state=State.SEALED,
        updated_at=now,
        message_id=paper.message_id,
        leaf=paper.leaf,
        expires_at=one.expires_at,
        last_cause="",
    )
    return calls.Consignment(job, exchange, row, paper.body.document, one.expires_at)


def _sealed_row(one: _Sealable, place: Place, seal_id: str) -> exchanges.StoredSealed:
    paper = one.paper
    return exchanges.StoredSealed(
        exchange=one.exchange.id,
        message_id=paper.message_id,
        header=paper.header,
        metadata=paper.body.metadata,
        salt=paper.body.salt,
        body_digest=paper.body_digest,
        leaf=paper.leaf,
        seal_id=seal_id,
        place=place,
        signatures=paper.body.signatures,
    )


def _seal_facts(one: _Sealable, now: datetime) -> list[EvidenceFact]:
    signed = [
        EvidenceFact(one.exchange.id, now, Fact.DOCUMENT_SIGNED, sha256(signature))
        for signature in one.paper.body.signatures
    ]
    return [*signed, EvidenceFact(one.exchange.id, now, Fact.SEALED, Digest(one.paper.leaf), one.paper.message_id)]


# --- deliver --------------------------------------------------------------------------------------------------------


async def deliver(node: Node, transport: Transport, claimed: Sequence[Job]) -> bool:
    """Carry sealed papers to the partner, once, and settle what it answers. False when a call brought no answer.

    Papers that an earlier call may have carried are asked about first; what the partner does not hold is sent again,
    the same leaf. Papers past their expiry are closed: the partner's signed ABSENT ends them (protocol 3).
    """
    load = await asyncio.to_thread(calls.load, node, claimed)
    await asyncio.to_thread(settling.expire_unsent, node, load.expired_unsent)
    owed, answered = list(load.fresh), True
    names = _Names(node, load.partner.code, load.known)
    for question in calls.questions(load):
        try:
            owed += await _ask(node, transport, question, await names.known())
        except NodeError as error:
            answered = await _failed(node, question.consignments, error) and answered
    agreed = await asyncio.to_thread(_still_agreed, node, owed)
    cargoes = await asyncio.to_thread(calls.cargoes, node, load.partner, agreed)
    return await _carry(node, transport, cargoes, names) and answered


async def send(node: Node, transport: Transport, sealed: calls.Sealed) -> bool:
    """Carry what `seal` has just sealed and claimed, as `deliver` does. False when a call brought no answer."""
    partner = node.book.partner(sealed.consignments[0].exchange.partner)
    cargoes = calls.pack(node, partner, sealed.consignments, sealed.seals)
    return await _carry(node, transport, cargoes, _Names(node, partner.code, sealed.known))


async def _carry(node: Node, transport: Transport, cargoes: Sequence[calls.Cargo], names: "_Names") -> bool:
    answered = True
    for index, cargo in enumerate(cargoes):
        try:
            await _send(node, transport, cargo, await names.known())
        except NodeError as error:
            answered = await _failed(node, cargo.consignments, error) and answered
            # Whoever did not answer this call will not answer the next: the rest was not sent and simply waits.
            rest = [one for later in cargoes[index + 1 :] for one in later.consignments]
            await asyncio.to_thread(settling.not_sent, node, rest, error)
            break
    return answered


class _Names:
    """What each call names of the partner's log: what was found with the load, then what the last answer made of it."""

    def __init__(self, node: Node, partner: NodeCode, read: witness.Known | None = None) -> None:
        self._node = node
        self._partner = partner
        self._read = read

    async def known(self) -> witness.Known:
        known, self._read = self._read, None
        if known is None:
            known = await asyncio.to_thread(self._node.store.read, lambda tx: witness.known(tx, self._partner))
        return known


async def _ask(
    node: Node, transport: Transport, question: calls.Question, known: witness.Known
) -> list[calls.Consignment]:
    request = replace(question.request, known_checkpoint=known.note)
    response = await transport.status(request, question.deadline_s)
    return await asyncio.to_thread(settling.settle, node, question.consignments, response, known, closing=request.close)


def _still_agreed(node: Node, owed: Sequence[calls.Consignment]) -> list[calls.Consignment]:
    """What may go out today; what was sealed before its arrangement was suspended or changed stays here."""
    now = node.clock.now()
    agreed: list[calls.Consignment] = []
    held: list[tuple[Job, Exchange, NodeError]] = []
    for one in owed:
        try:
            control.outbound_agreement(node, one.exchange.partner, one.exchange.kind, now)
        except NodeError as error:
            held.append((one.job, one.exchange, error))
        else:
            agreed.append(one)
    if held:
        settling.try_again(node, held, now)
    return agreed


async def _send(node: Node, transport: Transport, cargo: calls.Cargo, known: witness.Known) -> None:
    try:
        request = replace(await asyncio.to_thread(calls.encrypt, node, cargo), known_checkpoint=known.note)
    except EncryptionError as error:
        await asyncio.to_thread(settling.not_sent, node, cargo.consignments, error)
        return
    response = await transport.deliver(request, cargo.deadline_s)
    not_held = await asyncio.to_thread(settling.settle, node, cargo.consignments, response, known)
    if not_held:
        no_use = AnswerRefused(partner=cargo.partner.code, detail="not held is no answer to the paper itself")
        await asyncio.to_thread(settling.no_answer, node, not_held, no_use)


async def _failed(node: Node, consignments: Sequence[calls.Consignment], error: NodeError) -> bool:
    await asyncio.to_thread(settling.no_answer, node, consignments, error)
    return not isinstance(error, NoAnswer)


def tell_hub(node: Node, hub: Hub, claimed: Sequence[Job]) -> None:
    """Tell the hub what became of its papers; what it does not take is told again later."""
    ids = _ids(claimed)

    def read(tx: Tx) -> tuple[dict[ExchangeId, Exchange], dict[ExchangeId, SignedReceipt]]:
        rows = exchanges.load(tx, ids)
        # Only refusals have findings (protocol 2).
        return rows, stored.received(tx, [key for key, row in rows.items() if row.state is State.REFUSED])

    rows, said = node.store.read(read)
    decided = _decided(node, rows)
    reports = [HubReport(rows[key], _findings(said.get(key)), decided.get(key)) for key in ids]
    told: list[Job] = []
    for job, error in zip(claimed, hub.report(reports), strict=True):
        if error is None:
            told.append(job)
        else:
            settling.again_for_hub(node, job, error)
    # A crash before this line only means that the hub is told the same again.
    node.store.write(lambda tx: jobs.done_all(tx, told), lasting=False)


def _findings(signed: SignedReceipt | None) -> tuple[Finding, ...]:
    """What a refusal said; an exchange that ended without a receipt has none."""
    return receipt_from_bytes(signed.receipt).findings if signed is not None else ()


def _decided(node: Node, rows: Mapping[ExchangeId, Exchange]) -> dict[ExchangeId, BusinessAnswer]:
    ids = [exchange for exchange, row in rows.items() if row.state is State.ANSWERED]
    found = node.store.read(lambda tx: answers.told(tx, ids)) if ids else {}
    return {exchange: one.answer for exchange, one in found.items()}


def _ids(claimed: Sequence[Job]) -> list[ExchangeId]:
    return [job.exchange for job in claimed]
