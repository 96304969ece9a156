"""Putting an arrival on disk: what came, what was proved about it, our receipt, and the job that hands it over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from node.flows import answers, effects
from node.flows.ports import Node
from node.flows.rulings import Opened, Ruled
from node.model.document import Identity
from node.model.envelope import Attachment, Metadata, Purpose, Seal
from node.model.evidence import EvidenceFact, Fact
from node.model.exchange import Assurance, Direction, Exchange, State
from node.model.ids import Digest, ExchangeId, MessageId, NodeCode, sha256, uuid7
from node.model.job import Verb
from node.model.receipt import SignedReceipt, Verdict
from node.store import attachments, evidence, exchanges, jobs, papers, partner_keys
from node.store import receipts as stored
from node.store.database import Tx
from node.wire import receipt_from_bytes


@dataclass(frozen=True, slots=True)
class Arrival:
    """One ruling about to become final: the exchange it makes, if it makes one, and our signed receipt."""

    ruled: Ruled
    signed: SignedReceipt
    exchange: Exchange | None
    chain_number: str
    hub_pushed: bool


def arrive(
    node: Node, caller: NodeCode, ruled: Ruled, signed: SignedReceipt, chain_number: str, now: datetime
) -> Arrival:
    """A paper refused before it was opened, and an ABSENT, make no exchange: they leave only their receipt."""
    opened = ruled.opened
    exchange = None if opened is None else _exchange(node, caller, ruled, opened, now)
    return Arrival(ruled, signed, exchange, chain_number, node.hub_pushed)


def store(tx: Tx, caller: NodeCode, arrivals: Sequence[Arrival], now: datetime) -> None:
    """Everything that belongs to these rulings. Raises RaceLost when an id or a paper was taken meanwhile."""
    seals = _store_seals(tx, caller, arrivals, now)
    opened = [
        (one, one.exchange, one.ruled.opened)
        for one in arrivals
        if one.exchange is not None and one.ruled.opened is not None
    ]
    exchanges.insert(tx, [exchange for _, exchange, _ in opened])
    # Without readable metadata nobody knows what the bytes are; then only what was sealed is kept.
    exchanges.insert_documents(
        tx,
        [
            _document(one.ruled, one.ruled.metadata, content.body.document, exchange.id)
            for one, exchange, content in opened
            if one.ruled.metadata is not None
        ],
    )
    attachments.insert(tx, [(exchange.id, caller, _attached(one.ruled)) for one, exchange, _ in opened])
    exchanges.insert_sealed(tx, [_sealed(exchange.id, content, seals) for _, exchange, content in opened])
    fresh = [
        (exchange, one.chain_number, _fields(one.ruled))
        for one, exchange, _ in opened
        if one.ruled.paper is not None and _first_state(one.ruled) is State.RECEIVED
    ]
    for one in arrivals:
        if one.ruled.statement is not None:
            partner_keys.offer(tx, caller, one.ruled.statement.sequence, one.ruled.statement.statement, now)
    # The same paper under a new id has no second effect: it is not registered twice, and the hub has it already.
    papers.record(tx, [papers.NewPaper.of(*paper) for paper in fresh])
    # A hub that watches us sees what is RECEIVED as soon as this commits, and needs no job.
    if arrivals and arrivals[0].hub_pushed:
        jobs.add(tx, [jobs.NewJob(one.id, caller, Verb.HAND_OVER, now, None, one.priority) for one, *_ in fresh], now)
    stored.insert_issued(tx, [_issued(caller, one, seals) for one in arrivals])
    _store_answers(tx, opened, now)
    effects.apply(
        tx,
        [
            (exchange, one.ruled.effect)
            for one, exchange, _ in opened
            if one.ruled.effect is not None and one.ruled.has_effect
        ],
        now,
    )
    evidence.add(tx, [fact for one, exchange, _ in opened for fact in _facts(one.ruled, one.signed, exchange.id, now)])


def _attached(ruled: Ruled) -> tuple[Attachment, ...]:
    """What is kept beside a paper that was taken."""
    taken = ruled.receipt.verdict is Verdict.ACCEPTED
    return ruled.metadata.attachments if taken and ruled.metadata is not None else ()


def _store_answers(tx: Tx, opened: Sequence[tuple[Arrival, Exchange, Opened]], now: datetime) -> None:
    decided = [(one.ruled.decided, exchange.id) for one, exchange, _ in opened if one.ruled.decided is not None]
    if decided:
        answers.arrived(tx, decided, now, hub_pushed=opened[0][0].hub_pushed)


def _store_seals(tx: Tx, caller: NodeCode, arrivals: Sequence[Arrival], now: datetime) -> dict[Seal, str]:
    ours = {one.signed.seal for one in arrivals}
    theirs = {one.ruled.opened.letter.sealed.seal.seal for one in arrivals if one.ruled.opened is not None}
    made = {seal: exchanges.insert_seal(tx, seal, Purpose.RECEIPTS, True, caller, now) for seal in ours}
    return made | {seal: exchanges.insert_seal(tx, seal, Purpose.PAPERS, False, caller, now) for seal in theirs}


def _issued(caller: NodeCode, one: Arrival, seals: Mapping[Seal, str]) -> stored.IssuedReceipt:
    receipt = one.ruled.receipt
    return stored.IssuedReceipt(
        partner=caller,
        message_id=receipt.message_id,
        leaf=receipt.leaf,
        verdict=receipt.verdict,
        receipt=one.signed.receipt,
        seal_id=seals[one.signed.seal],
        place=one.signed.place,
        exchange=one.exchange.id if one.exchange is not None else None,
        received_at=receipt.received_at,
    )


def _exchange(node: Node, caller: NodeCode, ruled: Ruled, opened: Opened, now: datetime) -> Exchange:
    header, body = opened.letter.header, opened.body
    identity = _identity(caller, ruled)
    refused = ruled.receipt.verdict is not Verdict.ACCEPTED
    cause = ruled.receipt.findings[0].code if refused and ruled.receipt.findings else ""
    return Exchange(
        id=ExchangeId(uuid7(now, node.random)),
        direction=Direction.IN,
        partner=caller,
        arrangement=opened.profile.id,
        arrangement_version=opened.profile.version,
        kind=header.kind,
        kind_version=header.kind_version,
        assurance=Assurance.DOCUMENT if body.signatures else Assurance.BATCH,
        state=_first_state(ruled),
        priority=ruled.due_priority,
        issuer=identity.issuer,
        number=identity.number,
        version=identity.version,
        document_sha256=sha256(body.document),
        created_at=now,
        updated_at=now,
        message_id=header.message_id,
        leaf=opened.letter.sealed.leaf,
        expires_at=header.expires_at,
        conversation_id=header.conversation_id,
        refers_to=header.refers_to,
        first_cause=cause,
        last_cause=cause,
        already_known=ruled.receipt.already_known,
    )


def _identity(caller: NodeCode, ruled: Ruled) -> Identity:
    """What names the paper; empty when it could not be read."""
    if ruled.statement is not None:
        return Identity(caller, str(ruled.statement.sequence))
    if ruled.decided is not None:
        return Identity(caller, ruled.decided.about.message_id)
    return ruled.document.reading.identity if ruled.document is not None else Identity("", "", "")


def _first_state(ruled: Ruled) -> State:
    if ruled.receipt.verdict is not Verdict.ACCEPTED:
        return State.REFUSED
    # A known paper is with the hub already, and a control paper is not for the hub.
    return State.HANDED_OVER if ruled.receipt.already_known or ruled.paper is None else State.RECEIVED


def _sealed(exchange: ExchangeId, opened: Opened, seals: Mapping[Seal, str]) -> exchanges.StoredSealed:
    letter, body = opened.letter, opened.body
    return exchanges.StoredSealed(
        exchange=exchange,
        message_id=letter.header.message_id,
        header=letter.envelope.header,
        metadata=body.metadata,
        salt=body.salt,
        body_digest=letter.envelope.body_digest,
        leaf=letter.sealed.leaf,
        seal_id=seals[letter.sealed.seal.seal],
        place=letter.envelope.place,
        signatures=body.signatures,
    )


def _document(ruled: Ruled, metadata: Metadata, content: bytes, exchange: ExchangeId) -> exchanges.StoredDocument:
    return exchanges.StoredDocument(
        exchange=exchange,
        content=content,
        media_type=metadata.media_type,
        ucr=metadata.ucr,
        chain=metadata.chain,
        fields=_fields(ruled),
    )


def _fields(ruled: Ruled) -> Mapping[str, str]:
    return ruled.document.reading.fields if ruled.document is not None else {}


def _facts(ruled: Ruled, signed: SignedReceipt, exchange: ExchangeId, now: datetime) -> list[EvidenceFact]:
    facts: list[EvidenceFact] = []
    if ruled.letter is not None:
        verified = ruled.letter.sealed
        facts.append(EvidenceFact(exchange, now, Fact.RECEIVED, Digest(verified.leaf), ruled.letter.header.message_id))
        facts.append(
            EvidenceFact(
                exchange, now, Fact.SEAL_VERIFIED, sha256(verified.seal.seal.manifest), verified.seal.signer_fingerprint
            )
        )
    facts += [
        EvidenceFact(exchange, now, Fact.DOCUMENT_VERIFIED, one.document_sha256, one.signer_fingerprint)
        for one in ruled.proofs.signatures
    ]
    if ruled.proofs.issuer is not None:
        issuer = ruled.proofs.issuer
        facts.append(
            EvidenceFact(exchange, now, Fact.ISSUER_VERIFIED, issuer.document_sha256, issuer.signer_fingerprint)
        )
    facts.append(EvidenceFact(exchange, now, Fact.RECEIPT_ISSUED, sha256(signed.receipt), ruled.receipt.verdict.name))
    return facts


def note_repeats(tx: Tx, caller: NodeCode, repeated: Sequence[SignedReceipt], now: datetime) -> None:
    """A stored receipt was given again: one line in the timeline of its exchange."""
    if not repeated:
        return
    ids = [receipt_from_bytes(one.receipt).message_id for one in repeated]
    held = stored.held(tx, caller, [MessageId(identifier) for identifier in ids])
    facts = [
        EvidenceFact(one.exchange, now, Fact.REPEATED, sha256(one.signed.receipt))
        for one in held.values()
        if one.exchange is not None
    ]
    evidence.add(tx, facts)
