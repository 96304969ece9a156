"""The way out: accept, seal, deliver, settle. Every verb takes a list for one partner and commits all it did at once.

hub ─accept─▶ ACCEPTED ─seal─▶ SEALED ─deliver─▶ (UNRESOLVED) ─settle─▶ DELIVERED | REFUSED | EXPIRED
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from node.crypto.keys import Role
from node.crypto.seal import body_digest, make_seal, paper_leaf
from node.errors import (
    CertificateTooShort,
    NoAnswer,
    NodeError,
    PredecessorNeverSent,
)
from node.flows import calls, receipts, settling
from node.flows.admission import Admitted, admit
from node.flows.ports import ActorName, Hub, Node, Transport
from node.model.envelope import Body, Chain, Header, Metadata, Priority, Purpose, SealedPaper
from node.model.evidence import EvidenceFact, Fact
from node.model.exchange import Assurance, Direction, Exchange, State
from node.model.ids import Digest, ExchangeId, MessageId, NodeCode, sha256, uuid7
from node.model.job import Job, Verb
from node.store import actors, audit, evidence, exchanges, jobs, papers
from node.store import receipts as stored
from node.store.database import Tx
from node.wire import header_to_bytes, metadata_to_bytes, receipt_from_bytes

SALT_BYTES = 32
"""So that the clear body digest of a guessable paper cannot be guessed (protocol 2)."""

MAX_LIFE = timedelta(days=30)
"""An envelope expires at most this long after it was created (protocol 2)."""


# --- accept ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Submission:
    """One paper handed in: exact bytes, for whom, and the hub's own key that makes handing it in twice harmless."""

    content: bytes
    partner: NodeCode
    key: str
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """On disk. `repeated` when the same submission was accepted before."""

    exchange: ExchangeId
    repeated: bool


def accept(node: Node, submissions: Sequence[Submission], by: ActorName) -> list[Accepted | NodeError]:
    """Take papers in. Each is answered only when it is committed; one bad paper never touches the others."""
    now = node.clock.now()
    judged = [_admitted(node, submission, now) for submission in submissions]

    def commit(tx: Tx) -> list[Accepted | NodeError]:
        actor = actors.ensure(tx, by.name, actors.ActorKind(by.kind), now)
        outcomes: list[Accepted | NodeError] = []
        for submission, admitted in zip(submissions, judged, strict=True):
            outcome = admitted if isinstance(admitted, NodeError) else _take(node, tx, submission, admitted, now)
            if isinstance(outcome, NodeError):
                digest = sha256(submission.content).hex()
                detail = {"partner": submission.partner, "code": outcome.code, "sha256": digest}
                audit.add(tx, actor, "refused", submission.key, detail, now)
            elif not outcome.repeated:
                audit.add(tx, actor, "accepted", outcome.exchange, {"key": submission.key}, now)
            outcomes.append(outcome)
        return outcomes

    outcomes = node.store.write(commit)
    node.wake()
    return outcomes


def _admitted(node: Node, submission: Submission, now: datetime) -> Admitted | NodeError:
    try:
        return admit(node, submission.content, submission.partner, submission.kind, now)
    except NodeError as error:
        return error


def _take(node: Node, tx: Tx, submission: Submission, admitted: Admitted, now: datetime) -> Accepted | NodeError:
    """Store one admitted paper inside `accept`'s transaction."""
    document, profile, agreed = admitted.document, admitted.profile, admitted.agreed
    submitted = sha256(submission.content)
    identifier = ExchangeId(uuid7(now, node.random))
    try:
        chain, follows = _chain(tx, admitted, submission.partner)
        owner = exchanges.insert_submission(tx, submission.key, submitted, identifier)
    except NodeError as error:
        return error
    if owner != identifier:
        return Accepted(owner, repeated=True)
    exchange = Exchange(
        id=identifier,
        direction=Direction.OUT,
        partner=submission.partner,
        arrangement=profile.id,
        arrangement_version=profile.version,
        kind=document.kind,
        kind_version=document.kind_version,
        assurance=agreed.assurance,
        state=State.ACCEPTED,
        priority=agreed.priority,
        issuer=document.reading.identity.issuer,
        number=document.reading.identity.number,
        version=document.reading.identity.version,
        document_sha256=submitted,
        created_at=now,
        updated_at=now,
        idempotency_key=submission.key,
        conversation_id=uuid7(now, node.random),
        follows=follows,
    )
    exchanges.insert(tx, [exchange])
    exchanges.insert_documents(
        tx,
        [
            exchanges.StoredDocument(
                exchange=exchange.id,
                content=document.content,
                media_type=document.media_type,
                ucr=document.reading.ucr,
                chain=chain,
                fields=document.reading.fields,
            )
        ],
    )
    jobs.add(tx, [jobs.NewJob(exchange.id, exchange.partner, Verb.SEAL, now, follows, exchange.priority)], now)
    evidence.add(tx, [EvidenceFact(exchange.id, now, Fact.SUBMITTED, submitted, submission.key)])
    if not papers.by_document(tx, exchange.partner, Direction.OUT, [submitted]):
        # Handed in again under another key, it is another exchange about the same paper.
        papers.record(tx, [papers.NewPaper.of(exchange)])
    return Accepted(exchange.id, repeated=False)


def _chain(tx: Tx, admitted: Admitted, partner: NodeCode) -> tuple[Chain, ExchangeId | None]:
    """The paper's place in its chain, and the exchange it must not overtake (protocol 5).

    A paper that says it follows one we sent to this partner names that one's digest. One that replaces a number we
    never sent heads a chain of its own; one that changes a paper under the same number needs that paper.
    """
    identity, succession = admitted.document.reading.identity, admitted.document.reading.succession
    own = Chain(identity.issuer, identity.number)
    if succession is None:
        return own, None
    known = papers.known(tx, partner, Direction.OUT, [(identity.issuer, succession.number)])
    versions = known.get((identity.issuer, succession.number), ())
    if versions:
        last = versions[-1]
        document = exchanges.documents(tx, [last.exchange]).get(last.exchange)
        root = document.chain if document is not None and document.chain is not None else own
        return Chain(root.issuer, root.number, Digest(last.document_sha256)), last.exchange
    if succession.number == identity.number:
        raise PredecessorNeverSent(number=succession.number, partner=partner)
    return own, None


# --- seal -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Sealable:
    """A paper with everything drawn that will never change again."""

    job: Job
    exchange: Exchange
    paper: SealedPaper
    expires_at: datetime


def seal(node: Node, claimed: Sequence[Job]) -> None:
    """Sign the papers that want their own signature, then all of them under one seal, and fix them for ever.

    Own work is verified by the inbound verifier before anything is committed (SignatureError → OwnWorkFailed).
    """
    now = node.clock.now()
    rows, documents = node.store.read(
        lambda tx: (exchanges.load(tx, _ids(claimed)), exchanges.documents(tx, _ids(claimed)))
    )
    ready: list[_Sealable] = []
    for job in claimed:
        exchange = rows[job.exchange]
        try:
            ready.append(_sealable(node, job, exchange, documents[job.exchange], now))
        except NodeError as error:
            settling.try_again(node, [(job, exchange, error)], now)
    for agreement in _by_agreement(ready):
        _commit_seal(node, agreement, now)


def _by_agreement(ready: Sequence[_Sealable]) -> list[list[_Sealable]]:
    """A manifest names one profile version, so papers of two arrangements get two seals."""
    groups: dict[tuple[str, int], list[_Sealable]] = {}
    for one in ready:
        groups.setdefault((one.exchange.arrangement, one.exchange.arrangement_version), []).append(one)
    return list(groups.values())


def _sealable(node: Node, job: Job, exchange: Exchange, document: exchanges.StoredDocument, now: datetime) -> _Sealable:
    profile, _ = node.book.outbound(exchange.partner, exchange.kind, now)
    expires_at = now + min(timedelta(hours=profile.retry.expires_after_h), MAX_LIFE)
    _require_outlasting(node, expires_at)
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


def _require_outlasting(node: Node, expires_at: datetime) -> None:
    not_after = node.keys.sign.not_after
    if not_after < expires_at:
        raise CertificateTooShort(role=Role.SIGN, not_after=not_after.isoformat(), expires_at=expires_at.isoformat())


def _commit_seal(node: Node, ready: Sequence[_Sealable], now: datetime) -> None:
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

    def commit(tx: Tx) -> None:
        seal_id = exchanges.insert_seal(tx, made, Purpose.PAPERS, True, partner, now)
        for one, place in zip(ready, places, strict=True):
            if not jobs.holds(tx, one.job):
                continue
            paper = one.paper
            if not exchanges.move(tx, one.exchange.id, Direction.OUT, [State.ACCEPTED], State.SEALED, now):
                jobs.done(tx, one.job)
                continue
            exchanges.set_sealed(tx, one.exchange.id, paper.message_id, paper.leaf, one.expires_at)
            exchanges.insert_sealed(
                tx,
                [
                    exchanges.StoredSealed(
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
                ],
            )
            jobs.follow(tx, one.job, Verb.DELIVER, now)
            evidence.add(tx, _seal_facts(one, now))

    node.store.write(commit)
    node.wake()


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
    for question in calls.questions(load):
        try:
            owed += await _ask(node, transport, question)
        except NodeError as error:
            answered = await _failed(node, question.consignments, error) and answered
    cargoes = await asyncio.to_thread(calls.cargoes, node, load.partner, owed)
    for index, cargo in enumerate(cargoes):
        try:
            await _send(node, transport, cargo)
        except NodeError as error:
            answered = await _failed(node, cargo.consignments, error) and answered
            # Whoever did not answer this call will not answer the next: the rest was not sent and simply waits.
            rest = [one for later in cargoes[index + 1 :] for one in later.consignments]
            await asyncio.to_thread(settling.not_sent, node, rest, error)
            break
    return answered


async def _ask(node: Node, transport: Transport, question: calls.Question) -> list[calls.Consignment]:
    answers = await transport.status(question.request, question.deadline_s)
    return await asyncio.to_thread(
        settling.settle, node, question.consignments, answers, closing=question.request.close
    )


async def _send(node: Node, transport: Transport, cargo: calls.Cargo) -> None:
    request = await asyncio.to_thread(calls.encrypt, node, cargo)
    answers = await transport.deliver(request, cargo.deadline_s)
    await asyncio.to_thread(settling.settle, node, cargo.consignments, answers)


async def _failed(node: Node, consignments: Sequence[calls.Consignment], error: NodeError) -> bool:
    await asyncio.to_thread(settling.no_answer, node, consignments, error)
    return not isinstance(error, NoAnswer)


def tell_hub(node: Node, hub: Hub, claimed: Sequence[Job]) -> None:
    """Tell the hub what became of its papers; what it does not take is told again later."""
    ids = _ids(claimed)
    rows, said = node.store.read(lambda tx: (exchanges.load(tx, ids), stored.received(tx, ids)))
    for job in claimed:
        signed = said.get(job.exchange)
        findings = receipt_from_bytes(signed.receipt).findings if signed is not None else ()
        try:
            hub.report(rows[job.exchange], findings)
        except NodeError as error:
            settling.again_for_hub(node, job, error)
        else:
            node.store.write(partial(jobs.done, job=job))


def _ids(claimed: Sequence[Job]) -> list[ExchangeId]:
    return [job.exchange for job in claimed]
