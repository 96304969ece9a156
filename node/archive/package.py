"""The evidence file: which entries it has, in which order, and what each of them holds (protocol 4).

`build` makes it, the same proof always into the same bytes; `proof_of` takes it apart again.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from node.archive import container
from node.archive.verify_page import Page, Signed, verify_page
from node.crypto.algorithms import SignatureAlgorithm
from node.crypto.claimed import Certificate, canonical_parts, certificate_from_pem, claimed_signer, pem_of
from node.crypto.keys import Role
from node.crypto.manifest import MAX_LEAVES
from node.crypto.trust import fingerprint
from node.errors import EntryMissing, PackageMalformed
from node.model.document import MediaType
from node.model.envelope import Place, Purpose, Seal
from node.model.ids import Digest, NodeCode, is_node_code, sha256
from node.wire import header_from_bytes, receipt_from_bytes

MIME_TYPE = b"application/vnd.etsi.asic-e+zip"
"""ETSI EN 319 162-1, 4.4.1: without a line end."""

SEAL, RECEIPT_SEAL = Purpose.PAPERS.file_name, Purpose.RECEIPTS.file_name
DOCUMENT_SIGNATURE = "META-INF/signatures-document.xml"
SEAL_SIGNATURE = "META-INF/signatures-seal.xml"
RECEIPT_SIGNATURE = "META-INF/signatures-receipt.xml"
PAGE, SUMS = "VERIFY.txt", "SHA256SUMS"

DIGEST = "document.sha256"
"""In the place of a document that was purged: its SHA-256 and its name, as `sha256sum -c` reads them."""

NO_DIGEST = Digest(b"")
"""Beside a document that is there."""

_DOCUMENTS = {media_type.file_name: media_type for media_type in MediaType}
_FIXED = (
    "mimetype", *_DOCUMENTS, DIGEST, "header.bin", "metadata.bin", "salt.bin", SEAL, "path.txt", "receipt.bin",
    RECEIPT_SEAL, "receipt-path.txt", DOCUMENT_SIGNATURE, SEAL_SIGNATURE, RECEIPT_SIGNATURE,
)  # fmt: skip
_OPTIONAL = frozenset({*_DOCUMENTS, DIGEST, DOCUMENT_SIGNATURE})

MAX_CERTIFICATES = 64
"""Both parties' certificates for two roles, and their authorities, over all renewals that a profile still lists."""

_SHOWN_DIGITS = 16
"""Of a certificate's SHA-256, as part of its name."""

_PATH_LINE = re.compile(r"[0-9a-f]{64}", re.ASCII)
_DIGEST_LINE = re.compile(rf"([0-9a-f]{{64}})  ({'|'.join(map(re.escape, _DOCUMENTS))})\n", re.ASCII)
_PATH_HEAD = re.compile(r"(0|[1-9][0-9]?) ([1-9][0-9]?)", re.ASCII)


class CertificateUse(StrEnum):
    """What a certificate is in the file for."""

    SIGN = "sign"
    RECEIPT = "receipt"
    ANCHOR = "anchor"
    """An authority, for convenience: trust comes from the copy that the reader got elsewhere."""


_CERTIFICATE_NAME = re.compile(rf"certificates/([A-Z0-9]+)-({'|'.join(CertificateUse)})-[0-9a-f]{{16}}\.pem", re.ASCII)


@dataclass(frozen=True, slots=True)
class EnclosedCertificate:
    """A certificate in the file; whose it is and for what is only claimed by its name."""

    party: NodeCode
    use: CertificateUse
    certificate: Certificate

    @property
    def name(self) -> str:
        """Its entry: named after a digest, never after anything a partner wrote (security W6)."""
        return f"certificates/{self.party}-{self.use}-{fingerprint(self.certificate)[:_SHOWN_DIGITS]}.pem"


@dataclass(frozen=True, slots=True)
class Proof:
    """One paper with all that proves its journey, as bytes; `counts` are how many leaves each seal covers.

    `document` is None where it was purged; `purged_sha256` stands in for it.
    """

    media_type: MediaType
    document: bytes | None
    header: bytes
    metadata: bytes
    salt: bytes
    seal: Seal
    place: Place
    count: int
    receipt: bytes
    receipt_seal: Seal
    receipt_place: Place
    receipt_count: int
    document_signature: bytes | None = None
    certificates: tuple[EnclosedCertificate, ...] = ()
    purged_sha256: Digest = NO_DIGEST

    @property
    def document_sha256(self) -> Digest:
        """Of the document, whether it is there or not."""
        return self.purged_sha256 if self.document is None else sha256(self.document)


def build(proof: Proof) -> bytes:
    """The evidence file; the certificates of all signers are enclosed, whether `proof` lists them or not.

    Raises SignatureError, Malformed or NotCanonical when a part cannot even be read.
    """
    header = header_from_bytes(proof.header)
    signers = _signers(proof, header.sender, header.recipient)
    enclosed = {one.name: one for one in (*proof.certificates, *signers.values())}
    if len(enclosed) > MAX_CERTIFICATES:
        raise PackageMalformed(detail=f"more than {MAX_CERTIFICATES} certificates")
    entries = [*_fixed(proof), *((name, pem_of(enclosed[name].certificate)) for name in sorted(enclosed))]
    entries.append((PAGE, _page(proof, signers).encode("utf-8")))
    entries.append((SUMS, sums_of(entries)))
    return container.write(entries)


def proof_of(entries: Mapping[str, bytes]) -> Proof:
    """The parts of an evidence file; raises EntryMissing or PackageMalformed. Nothing is verified."""
    _require_names(entries)
    media_type, document, digest = _document(entries)
    if entries["mimetype"] != MIME_TYPE:
        raise PackageMalformed(detail="mimetype names another format")
    place, count = _place(entries["path.txt"], "path.txt")
    receipt_place, receipt_count = _place(entries["receipt-path.txt"], "receipt-path.txt")
    return Proof(
        media_type=media_type,
        document=document,
        purged_sha256=digest,
        header=entries["header.bin"],
        metadata=entries["metadata.bin"],
        salt=entries["salt.bin"],
        seal=Seal(entries[SEAL], entries[SEAL_SIGNATURE]),
        place=place,
        count=count,
        receipt=entries["receipt.bin"],
        receipt_seal=Seal(entries[RECEIPT_SEAL], entries[RECEIPT_SIGNATURE]),
        receipt_place=receipt_place,
        receipt_count=receipt_count,
        document_signature=entries.get(DOCUMENT_SIGNATURE),
        certificates=tuple(_enclosed(name, content) for name, content in entries.items() if _is_certificate(name)),
    )


def sums_of(entries: Sequence[tuple[str, bytes]]) -> bytes:
    """SHA256SUMS over these entries, as `sha256sum -c` reads it."""
    return "".join(f"{sha256(content).hex()}  {name}\n" for name, content in entries).encode("ascii")


def path_to_text(place: Place, count: int) -> bytes:
    """A path file: `index count`, then one line of hex for each node, leaf end first."""
    return "".join([f"{place.leaf_index} {count}\n", *(f"{node.hex()}\n" for node in place.path)]).encode("ascii")


def _fixed(proof: Proof) -> Iterator[tuple[str, bytes]]:
    """The entries before the certificates, in the order of _FIXED."""
    yield "mimetype", MIME_TYPE
    name = proof.media_type.file_name
    if proof.document is None:
        yield DIGEST, f"{proof.document_sha256.hex()}  {name}\n".encode("ascii")
    else:
        yield name, proof.document
    yield "header.bin", proof.header
    yield "metadata.bin", proof.metadata
    yield "salt.bin", proof.salt
    yield SEAL, proof.seal.manifest
    yield "path.txt", path_to_text(proof.place, proof.count)
    yield "receipt.bin", proof.receipt
    yield RECEIPT_SEAL, proof.receipt_seal.manifest
    yield "receipt-path.txt", path_to_text(proof.receipt_place, proof.receipt_count)
    if proof.document_signature is not None:
        yield DOCUMENT_SIGNATURE, proof.document_signature
    yield SEAL_SIGNATURE, proof.seal.signature
    yield RECEIPT_SIGNATURE, proof.receipt_seal.signature


def _signers(proof: Proof, sender: NodeCode, recipient: NodeCode) -> dict[str, EnclosedCertificate]:
    """Signature entry → the certificate that it says it was made with, under the party that should have made it."""
    return {
        entry: EnclosedCertificate(party, use, claimed_signer(signed, media_type, signature).certificate)
        for entry, signed, media_type, signature, party, use in _signatures(proof, sender, recipient)
    }


def _signatures(
    proof: Proof, sender: NodeCode, recipient: NodeCode
) -> Iterator[tuple[str, str, MediaType, bytes, NodeCode, CertificateUse]]:
    """Signature entry, what it signs, its media type, its bytes, who should have made it, with which key."""
    sign, receipt = CertificateUse.SIGN, CertificateUse.RECEIPT
    yield SEAL_SIGNATURE, SEAL, MediaType.XML, proof.seal.signature, sender, sign
    if proof.document_signature is not None:
        document, media_type = proof.media_type.file_name, proof.media_type
        yield DOCUMENT_SIGNATURE, document, media_type, proof.document_signature, sender, sign
    yield RECEIPT_SIGNATURE, RECEIPT_SEAL, MediaType.XML, proof.receipt_seal.signature, recipient, receipt


def _page(proof: Proof, signers: Mapping[str, EnclosedCertificate]) -> str:
    header, receipt = header_from_bytes(proof.header), receipt_from_bytes(proof.receipt)
    signed = {}
    for entry, file, media_type, signature, party, use in _signatures(proof, header.sender, header.recipient):
        claimed = claimed_signer(file, media_type, signature)
        by_openssl = claimed.algorithm is SignatureAlgorithm.RSA3072_PSS_SHA256
        parts = canonical_parts(file, media_type, signature) if by_openssl else None
        signed[entry] = Signed(
            file, entry, signers[entry].name, party, Role(use), claimed.signed_at, sha256(signature), parts
        )
    seal, document, answer = signed[SEAL_SIGNATURE], signed.get(DOCUMENT_SIGNATURE), signed[RECEIPT_SIGNATURE]
    return verify_page(
        Page(header, receipt, proof.media_type.file_name, seal, document, answer, proof.document is not None)
    )


def _require_names(entries: Mapping[str, bytes]) -> None:
    """Raise EntryMissing, or PackageMalformed, unless these are the entries of an evidence file in their order."""
    documents = [name for name in entries if name in _DOCUMENTS or name == DIGEST]
    if not documents:
        raise EntryMissing(entry=f"document.xml, document.json or {DIGEST}")
    if len(documents) > 1:
        raise PackageMalformed(detail="it has two documents")
    for name in (*_FIXED, PAGE, SUMS):
        if name not in entries and name not in _OPTIONAL:
            raise EntryMissing(entry=name)
    certificates = sorted(filter(_is_certificate, entries))
    if len(certificates) > MAX_CERTIFICATES:
        raise PackageMalformed(detail=f"more than {MAX_CERTIFICATES} certificates")
    if list(entries) != [*(name for name in _FIXED if name in entries), *certificates, PAGE, SUMS]:
        raise PackageMalformed(detail="its entries are not those of an evidence file in their order")


def _document(entries: Mapping[str, bytes]) -> tuple[MediaType, bytes | None, Digest]:
    """Media type, the document if it is there, else its SHA-256."""
    if (line := entries.get(DIGEST)) is not None:
        said = _DIGEST_LINE.fullmatch(line.decode("ascii", errors="replace"))
        if said is None:
            raise PackageMalformed(detail=f"{DIGEST} is not one line of a digest and a name")
        return _DOCUMENTS[said[2]], None, Digest(bytes.fromhex(said[1]))
    (name,) = (name for name in entries if name in _DOCUMENTS)
    return _DOCUMENTS[name], entries[name], NO_DIGEST


def _is_certificate(name: str) -> bool:
    return _CERTIFICATE_NAME.fullmatch(name) is not None


def _enclosed(name: str, content: bytes) -> EnclosedCertificate:
    said = _CERTIFICATE_NAME.fullmatch(name)
    if said is None or not is_node_code(said[1]):
        raise PackageMalformed(detail="a certificate has a name that no evidence has")
    found = EnclosedCertificate(NodeCode(said[1]), CertificateUse(said[2]), certificate_from_pem(content, name))
    if found.name != name:
        raise PackageMalformed(detail=f"{name} holds another certificate")
    return found


def _place(data: bytes, name: str) -> tuple[Place, int]:
    lines = data.decode("ascii", errors="replace").split("\n")
    head, nodes, end = _PATH_HEAD.fullmatch(lines[0]), lines[1:-1], lines[-1]
    if head is None or end or not all(_PATH_LINE.fullmatch(node) for node in nodes):
        raise PackageMalformed(detail=f"{name} is not an index, a count and lines of hex")
    index, count = int(head[1]), int(head[2])
    if not index < count <= MAX_LEAVES:
        raise PackageMalformed(detail=f"{name} names no leaf")
    return Place(index, tuple(bytes.fromhex(node) for node in nodes)), count
