"""Putting an arrival on disk: what came, what was proved about it, our receipt, and the job that hands it over."""

from collections.abc import Sequence
from datetime import datetime

from node.flows.judgement import Opened, Ruled
from node.flows.ports import Node
from node.model.envelope import Metadata, Purpose, Seal
from node.model.evidence import EvidenceFact, Fact
from node.model.exchange import Assurance, Direction, Exchange, State
from node.model.ids import Digest, ExchangeId, MessageId, NodeCode, sha256, uuid7
from node.model.job import Verb
from node.model.receipt import SignedReceipt, Verdict
from node.store import evidence, exchanges, jobs, papers
from node.store import receipts as stored
from node.store.database import Tx
from node.wire import receipt_from_bytes


def store(
    node: Node, tx: Tx, caller: NodeCode, ruled: Ruled, signed: SignedReceipt, seals: dict[Seal, str], now: datetime
) -> None:
    """One ruling with everything that belongs to it. Raises RaceLost when its id was taken meanwhile.

    `seals` remembers which seals of this call are stored already. A paper refused before it was opened, and an ABSENT,
    leave only their receipt.
    """
    exchange = _exchange(node, caller, ruled, now) if ruled.opened is not None else None
    if exchange is not None and ruled.opened is not None:
        _store_paper(tx, caller, ruled, ruled.opened, exchange, seals, now)
    receipt_seal = _seal_id(tx, signed.seal, Purpose.RECEIPTS, True, caller, seals, now)
    stored.insert_issued(
        tx,
        [
            stored.IssuedReceipt(
                partner=caller,
                message_id=ruled.receipt.message_id,
                leaf=ruled.receipt.leaf,
                verdict=ruled.receipt.verdict,
                receipt=signed.receipt,
                seal_id=receipt_seal,
                place=signed.place,
                exchange=exchange.id if exchange is not None else None,
                received_at=ruled.receipt.received_at,
            )
        ],
    )
    if exchange is not None:
        evidence.add(tx, _facts(ruled, signed, exchange.id, now))


def _exchange(node: Node, caller: NodeCode, ruled: Ruled, now: datetime) -> Exchange | None:
    opened = ruled.opened
    if opened is None:
        return None
    header, body = opened.letter.header, opened.body
    identity = ruled.document.reading.identity if ruled.document is not None else None
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
        priority=header.priority,
        issuer=identity.issuer if identity is not None else "",
        number=identity.number if identity is not None else "",
        version=identity.version if identity is not None else "",
        document_sha256=sha256(body.document),
        created_at=now,
        updated_at=now,
        message_id=header.message_id,
        leaf=opened.letter.sealed.leaf,
        expires_at=header.expires_at,
        conversation_id=header.conversation_id,
        refers_to=header.refers_to,
        first_cause=ruled.receipt.findings[0].code if ruled.receipt.findings else "",
        last_cause=ruled.receipt.findings[0].code if ruled.receipt.findings else "",
        already_known=ruled.receipt.already_known,
    )


def _first_state(ruled: Ruled) -> State:
    if ruled.receipt.verdict is not Verdict.ACCEPTED:
        return State.REFUSED
    return State.HANDED_OVER if ruled.receipt.already_known else State.RECEIVED


def _store_paper(
    tx: Tx,
    caller: NodeCode,
    ruled: Ruled,
    opened: Opened,
    exchange: Exchange,
    seals: dict[Seal, str],
    now: datetime,
) -> None:
    letter, body = opened.letter, opened.body
    exchanges.insert(tx, [exchange])
    if ruled.metadata is not None:
        # Without readable metadata nobody knows what the bytes are; then only what was sealed is kept.
        exchanges.insert_documents(tx, [_document(ruled, ruled.metadata, body.document, exchange.id)])
    exchanges.insert_sealed(
        tx,
        [
            exchanges.StoredSealed(
                exchange=exchange.id,
                message_id=letter.header.message_id,
                header=letter.envelope.header,
                metadata=body.metadata,
                salt=body.salt,
                body_digest=letter.envelope.body_digest,
                leaf=letter.sealed.leaf,
                seal_id=_seal_id(tx, letter.sealed.seal.seal, Purpose.PAPERS, False, caller, seals, now),
                place=letter.envelope.place,
                signatures=body.signatures,
            )
        ],
    )
    if ruled.receipt.verdict is not Verdict.ACCEPTED:
        return
    if not ruled.receipt.already_known:
        # The same paper under a new id has no second effect: it is not registered twice, and the hub has it already.
        papers.record(tx, [papers.NewPaper.of(exchange)])
        jobs.add(tx, [jobs.NewJob(exchange.id, caller, Verb.HAND_OVER, now, None, exchange.priority)], now)


def _document(ruled: Ruled, metadata: Metadata, content: bytes, exchange: ExchangeId) -> exchanges.StoredDocument:
    return exchanges.StoredDocument(
        exchange=exchange,
        content=content,
        media_type=metadata.media_type,
        ucr=metadata.ucr,
        chain=metadata.chain,
        fields=ruled.document.reading.fields if ruled.document is not None else {},
    )


def _seal_id(
    tx: Tx, seal: Seal, purpose: Purpose, ours: bool, partner: NodeCode, seals: dict[Seal, str], now: datetime
) -> str:
    if seal not in seals:
        seals[seal] = exchanges.insert_seal(tx, seal, purpose, ours, partner, now)
    return seals[seal]


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
    ids = [receipt_from_bytes(one.receipt).message_id for one in repeated]
    held = stored.held(tx, caller, [MessageId(identifier) for identifier in ids])
    facts = [
        EvidenceFact(one.exchange, now, Fact.REPEATED, sha256(one.signed.receipt))
        for one in held.values()
        if one.exchange is not None
    ]
    evidence.add(tx, facts)
