"""From what a node stores and trusts to a proof that stands alone."""

from collections.abc import Iterator

from node.archive.check import verify
from node.archive.package import NO_DIGEST, CertificateUse, EnclosedCertificate, Proof, build
from node.archive.report import EvidenceVerdict
from node.crypto.claimed_by_digest import names_by_sha256
from node.crypto.manifest import manifest_from_xml
from node.crypto.trust import load_certificates
from node.errors import EvidenceIncomplete
from node.model.exchange import Exchange
from node.model.ids import Digest, ExchangeId, NodeCode, sha256
from node.profiles.book import Book
from node.profiles.partner import Partner
from node.settings import KeyFiles, Settings
from node.store.database import Database, Tx
from node.store.proof import StoredProof, proof_of
from node.store.queries import find
from node.wire import metadata_from_bytes

_GOOD = (EvidenceVerdict.OK, EvidenceVerdict.UNTRUSTED)
"""We check our own work without authorities: which of them to trust is the reader's to say."""


def export(
    store: Database, settings: Settings, book: Book, exchange: ExchangeId | str, document: bytes | None = None
) -> tuple[Exchange, bytes]:
    """The exchange with this id, or unique beginning of one, and its evidence file.

    Of a paper that was purged the file holds the SHA-256; whoever kept the document brings it as `document`. Raises
    ExchangeUnknown, EvidenceIncomplete (also when `document` is another one), KeyFileUnusable.
    """

    def read(tx: Tx) -> StoredProof:
        return proof_of(tx, find(tx, exchange))

    stored = store.read(read)
    own = tuple(_own(settings.code, settings.keys))
    # A partner that was struck off is still held to what it signed; its signatures carry their certificates.
    theirs = [each for one in book.partners if one.code == stored.exchange.partner for each in _theirs(one)]
    if document is not None and sha256(document) != stored.exchange.document_sha256:
        raise EvidenceIncomplete(exchange=stored.exchange.id, detail="the document given is another one")
    data = build(proof_from(stored, (*own, *theirs), document))
    report = verify(data)
    if report.verdict not in _GOOD:
        failed = next(step for step in report.steps if step.verdict is report.verdict)
        detail = f"its own check ends with {report.verdict} at step {failed.number}, {failed.name}"
        raise EvidenceIncomplete(exchange=stored.exchange.id, detail=detail) from failed.cause
    return stored.exchange, data


def proof_from(
    stored: StoredProof, certificates: tuple[EnclosedCertificate, ...], document: bytes | None = None
) -> Proof:
    """The stored parts as an evidence file holds them; of several document signatures, each good alone, the first.

    Without the document only a signature that names it by SHA-256 can be judged; another one is left out.
    """
    sealed, signatures = stored.sealed, stored.sealed.signatures
    media_type = metadata_from_bytes(sealed.metadata).media_type
    content = stored.document.content if stored.document is not None else document
    if content is None:
        signatures = tuple(one for one in signatures if names_by_sha256(media_type.file_name, media_type, one))
    return Proof(
        media_type=media_type,
        document=content,
        purged_sha256=Digest(stored.exchange.document_sha256) if content is None else NO_DIGEST,
        header=sealed.header,
        metadata=sealed.metadata,
        salt=sealed.salt,
        seal=stored.seal,
        place=sealed.place,
        count=manifest_from_xml(stored.seal.manifest).count,
        receipt=stored.receipt.receipt,
        receipt_seal=stored.receipt.seal,
        receipt_place=stored.receipt.place,
        receipt_count=manifest_from_xml(stored.receipt.seal.manifest).count,
        document_signature=signatures[0] if signatures else None,
        certificates=certificates,
    )


def _own(code: NodeCode, keys: KeyFiles) -> Iterator[EnclosedCertificate]:
    """Our certificates; what stands behind the first one in its file are our authorities."""
    files = ((CertificateUse.SIGN, keys.sign_certificate), (CertificateUse.RECEIPT, keys.receipt_certificate))
    for use, path in files:
        first, *authorities = load_certificates(path)
        yield EnclosedCertificate(code, use, first)
        yield from (EnclosedCertificate(code, CertificateUse.ANCHOR, one) for one in authorities)


def _theirs(partner: Partner) -> Iterator[EnclosedCertificate]:
    trust = partner.trust
    uses = (
        (CertificateUse.SIGN, trust.sign),
        (CertificateUse.RECEIPT, trust.receipt),
        (CertificateUse.ANCHOR, trust.anchors),
    )
    for use, certificates in uses:
        yield from (EnclosedCertificate(partner.code, use, one) for one in certificates)
