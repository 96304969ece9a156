"""Sealing: everything drawn that will never change again, one seal over a batch, and what its commit stores."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from node.crypto.keys import Role
from node.crypto.seal import body_digest, make_seal, paper_leaf
from node.errors import CertificateTooShort
from node.flows import calls, control, receipts, witness
from node.flows.ports import Node
from node.model.envelope import Attachment, Body, Header, Metadata, Place, Priority, Purpose, SealedPaper
from node.model.evidence import EvidenceFact, Fact
from node.model.exchange import Assurance, Direction, Exchange, State
from node.model.guarded import GUARDED
from node.model.ids import Digest, MessageId, sha256, uuid7
from node.model.job import Job, Verb
from node.store import evidence, exchanges, jobs
from node.store.database import Tx
from node.wire import header_to_bytes, metadata_to_bytes

SALT_BYTES = 32
"""So that the clear body digest of a guessable paper cannot be guessed (protocol 2)."""

MAX_LIFE = timedelta(days=30)
"""An envelope expires at most this long after it was created (protocol 2)."""


@dataclass(frozen=True, slots=True)
class Sealable:
    """A paper with everything drawn that will never change again."""

    job: Job
    exchange: Exchange
    paper: SealedPaper
    expires_at: datetime
    attachments: tuple[Attachment, ...] = ()


def by_agreement(ready: Sequence[Sealable]) -> list[list[Sealable]]:
    """A manifest names one profile version, so papers of two arrangements get two seals; a guarded one gets its own."""
    groups: dict[tuple[str, int, str], list[Sealable]] = {}
    for one in ready:
        paper = one.exchange
        alone = paper.id if paper.kind in GUARDED else ""
        groups.setdefault((paper.arrangement, paper.arrangement_version, alone), []).append(one)
    return list(groups.values())


def draw(
    node: Node,
    job: Job,
    exchange: Exchange,
    document: exchanges.StoredDocument,
    attached: tuple[Attachment, ...],
    until: datetime,
    now: datetime,
) -> Sealable:
    """Draw what fixes a paper for ever: id, times, salt, digests, and its own signature where that was agreed.

    `until` is when our sign certificate ends. Raises NotAgreed, CertificateTooShort, OwnWorkFailed.
    """
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
        Metadata(document.media_type, exchange.arrangement, document.ucr, document.chain, attached)
    )
    signatures = (
        (receipts.sign_document(node, document.content, document.media_type, now),)
        if exchange.assurance is Assurance.DOCUMENT
        else ()
    )
    body = Body(node.random(SALT_BYTES), metadata, document.content, signatures)
    digest = body_digest(body.salt, body.metadata, body.document)
    paper = SealedPaper(message_id, header, body, digest, paper_leaf(header, digest))
    return Sealable(job, exchange, paper, expires_at, attached)


def _require_outlasting(not_after: datetime, expires_at: datetime) -> None:
    if not_after < expires_at:
        raise CertificateTooShort(role=Role.SIGN, not_after=not_after.isoformat(), expires_at=expires_at.isoformat())


def commit(node: Node, ready: Sequence[Sealable], lease: timedelta | None, now: datetime) -> calls.Sealed:
    """Seal papers of one agreement and store that; with `lease`, what is claimed to be sent at once.

    Raises OwnWorkFailed.
    """
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

    def write(tx: Tx) -> calls.Sealed:
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

    claimed = node.store.write(write)
    if lease is None:
        node.wake()
    return claimed


def _consignment(job: Job, one: Sealable, row: exchanges.StoredSealed, now: datetime) -> calls.Consignment:
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
    return calls.Consignment(job, exchange, row, paper.body.document, one.expires_at, attachments=one.attachments)


def _sealed_row(one: Sealable, place: Place, seal_id: str) -> exchanges.StoredSealed:
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


def _seal_facts(one: Sealable, now: datetime) -> list[EvidenceFact]:
    signed = [
        EvidenceFact(one.exchange.id, now, Fact.DOCUMENT_SIGNED, sha256(signature))
        for signature in one.paper.body.signatures
    ]
    return [*signed, EvidenceFact(one.exchange.id, now, Fact.SEALED, Digest(one.paper.leaf), one.paper.message_id)]
