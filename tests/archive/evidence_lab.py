"""Two countries' keys, and proofs of one paper made from them with nothing but crypto: no node, no store."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from cryptography import x509

from node import merkle
from node.archive import container
from node.archive.package import SUMS, Proof, sums_of
from node.crypto.algorithms import SignatureAlgorithm
from node.crypto.keys import Role, SigningKey
from node.crypto.manifest import manifest_to_xml
from node.crypto.seal import body_digest, paper_leaf, receipt_leaf
from node.crypto.trust import load_certificates
from node.crypto.xades import sign_detached
from node.model.document import Finding, MediaType
from node.model.envelope import Header, Manifest, Metadata, Place, Priority, Purpose, Seal
from node.model.ids import Digest, Leaf, MessageId, NodeCode, uuid7
from node.model.receipt import Receipt, Verdict
from node.sandbox import dev_pki
from node.wire import header_to_bytes, metadata_to_bytes, receipt_to_bytes

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
XA, XB, XC = NodeCode("XA"), NodeCode("XB"), NodeCode("XC")
P256, PSS = SignatureAlgorithm.ECDSA_P256_SHA256, SignatureAlgorithm.RSA3072_PSS_SHA256
DOCUMENTS = {
    MediaType.XML: '<Paper xmlns="urn:example:paper"><Name>產地</Name></Paper>\n'.encode(),
    MediaType.JSON: b'{"paper": "1"}',
}


@dataclass(frozen=True)
class Lab:
    """Keys and authorities of XA and XB, and the making of proofs."""

    pki: dev_pki.DevPki
    keys: dict[tuple[NodeCode, Role, SignatureAlgorithm], SigningKey] = field(default_factory=dict)

    @property
    def anchors(self) -> tuple[x509.Certificate, ...]:
        return (*self.anchor(XA), *self.anchor(XB))

    def anchor(self, code: NodeCode) -> tuple[x509.Certificate, ...]:
        return load_certificates(self.pki.ca(code))

    def key(self, code: NodeCode, role: Role, algorithm: SignatureAlgorithm = P256) -> SigningKey:
        """The node's key for a role; RSA keys are slow to make, so each is made once."""
        if (code, role, algorithm) not in self.keys:
            self.keys[code, role, algorithm] = self.mint(code, role, algorithm)
        return self.keys[code, role, algorithm]

    def mint(self, code: NodeCode, role: Role, algorithm: SignatureAlgorithm = P256, **wrong: object) -> SigningKey:
        made = dev_pki.mint(self.pki, code, role, NOW, algorithm=algorithm, **wrong)
        return SigningKey(code, role, made.private_key, made.certificate, algorithm)

    def seal(
        self, leaf: Leaf, key: SigningKey, manifest: Manifest, name: str, index: int = 0, signed_at: datetime = NOW
    ) -> tuple[Seal, Place]:
        leaves = [Leaf(merkle.leaf_hash(bytes([number]))) for number in range(manifest.count)]
        leaves[index] = leaf
        octets = manifest_to_xml(replace(manifest, root=Digest(merkle.root(leaves))))
        signature = sign_detached(octets, name, MediaType.XML, key, signed_at)
        return Seal(octets, signature), Place(index, merkle.paths(leaves)[index])

    def proof(
        self,
        *,
        algorithm: SignatureAlgorithm = P256,
        sign: SigningKey | None = None,
        receipt_key: SigningKey | None = None,
        media_type: MediaType = MediaType.XML,
        signed: bool = True,
        index: int = 1,
        count: int = 3,
        verdict: Verdict = Verdict.ACCEPTED,
        sender: NodeCode = XA,
        recipient: NodeCode = XB,
        signed_at: datetime = NOW,
        received_at: datetime = NOW + timedelta(seconds=2),
        answered_at: datetime = NOW + timedelta(seconds=2),
        receipt_of: MessageId | None = None,
        leaf_of: Leaf | None = None,
        purpose: Purpose = Purpose.PAPERS,
        receipt_purpose: Purpose = Purpose.RECEIPTS,
        to: NodeCode | None = None,
        back_to: NodeCode | None = None,
        told_media_type: MediaType | None = None,
    ) -> Proof:
        """A proof that is good, but for what is asked otherwise."""
        sign = sign or self.key(sender, Role.SIGN, algorithm)
        receipt_key = receipt_key or self.key(recipient, Role.RECEIPT, algorithm)
        message = MessageId(uuid7(NOW, bytes))
        header = header_to_bytes(
            Header(message, sender, recipient, "example", 1, NOW, NOW + timedelta(days=7), Priority.B, message)
        )
        metadata = metadata_to_bytes(Metadata(told_media_type or media_type, "xa-xb-example"))
        document, salt = DOCUMENTS[media_type], bytes(range(32))
        leaf = paper_leaf(header, body_digest(salt, metadata, document))
        manifest = Manifest(purpose, sender, to or recipient, NOW, count, Digest(bytes(32)), "xa-xb-example", 1)
        seal, place = self.seal(leaf, sign, manifest, "seal.xml", index, signed_at)
        findings = (Finding("RULE", "/Paper", "must be better"),) if verdict is Verdict.REFUSED else ()
        its_leaf = None if verdict is Verdict.ABSENT else leaf_of or leaf
        receipt = receipt_to_bytes(Receipt(receipt_of or message, verdict, received_at, its_leaf, findings))
        receipts = Manifest(receipt_purpose, recipient, back_to or sender, answered_at, 2, Digest(bytes(32)))
        receipt_seal, receipt_place = self.seal(
            receipt_leaf(receipt), receipt_key, receipts, "receipt-seal.xml", 0, answered_at
        )
        name = media_type.file_name
        return Proof(
            media_type=media_type,
            document=document,
            header=header,
            metadata=metadata,
            salt=salt,
            seal=seal,
            place=place,
            count=count,
            receipt=receipt,
            receipt_seal=receipt_seal,
            receipt_place=receipt_place,
            receipt_count=2,
            document_signature=sign_detached(document, name, media_type, sign, signed_at) if signed else None,
            certificates=(),
        )


Entries = dict[str, bytes]


def repacked(entries: Entries) -> bytes:
    """The container with the sums made right again, as somebody who tampers would."""
    others = [(name, content) for name, content in entries.items() if name != SUMS]
    return container.write([*others, (SUMS, sums_of(others))])


def changed(data: bytes, **by: Callable[[bytes], bytes]) -> bytes:
    """The container with entries changed by functions; `__` stands for a dot in their names."""
    entries = dict(container.read(data))
    for name, change in by.items():
        key = next(each for each in entries if each.rpartition("/")[2] == name.replace("__", ".").replace("_", "-"))
        entries[key] = change(entries[key])
    return repacked(entries)


def flipped(content: bytes, position: int = 20) -> bytes:
    """One bit changed."""
    return content[:position] + bytes([content[position] ^ 1]) + content[position + 1 :]
