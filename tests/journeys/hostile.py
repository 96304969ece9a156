"""A foreign peer that speaks protocol v1 from raw parts, and a victim that is looked at from all sides after each call.

The peer writes its own protobuf, trees, manifests, XML signatures and boxes; nothing of node/ makes its bytes. So a
good call of this peer shows that the protocol can be spoken by others, and every defect can be made exactly.

    call = peer.call([before, bad, after])            every part of it may now be spoilt
    victim.suffers(peer, call, 1, "deferred BODY", "N2N-ENC-003")
"""

import base64
import hashlib
import secrets
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, MLKEM768X25519PublicKey
from cryptography.hazmat.primitives.hpke import Suite as Hpke
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from lxml import etree

from node.clock import Clock
from node.crypto.keys import Role
from node.documents import samples
from node.model.ids import NodeCode
from node.protocol.n2n.v1.answer_pb2 import Answer, CoarseReason, DeferredCode, Receipt, Verdict
from node.protocol.n2n.v1.exchange_pb2 import DeliverResponse
from node.sandbox.dev_pki import Credential, DevPki, draw, mint
from node.sandbox.homes import furnish_home, shipped_profiles
from node.settings import load_settings
from node.wire import answer
from node.wiring import Wired
from node.wiring import wire as build

# --- protobuf -------------------------------------------------------------------------------------------------------

Value = int | bytes | str
Fields = Iterable[tuple[int, Value]]


def varint(value: int) -> bytes:
    """Base 128, least significant group first."""
    groups = bytearray()
    value &= (1 << 64) - 1
    while value >= 0x80:
        groups.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*groups, value])


def message(fields: Fields) -> bytes:
    """The fields in the order given, as they are given."""
    parts = []
    for number, value in fields:
        if isinstance(value, int):
            parts.append(varint(number << 3) + varint(value))
        else:
            octets = value.encode() if isinstance(value, str) else value
            parts.append(varint(number << 3 | 2) + varint(len(octets)) + octets)
    return b"".join(parts)


def ms(moment: datetime) -> int:
    """Milliseconds UTC."""
    return round(moment.timestamp() * 1000)


def uuid7(moment: datetime) -> str:
    """A fresh UUIDv7 of that moment (RFC 9562 5.7)."""
    low = secrets.randbits(74)
    return str(
        UUID(int=(ms(moment) & (1 << 48) - 1) << 80 | 7 << 76 | (low >> 62) << 64 | 2 << 62 | low & (1 << 62) - 1)
    )


# --- trees ----------------------------------------------------------------------------------------------------------


def sha(*parts: bytes) -> bytes:
    """SHA-256 of the parts, one behind the other."""
    return hashlib.sha256(b"".join(parts)).digest()


def tree(leaves: Sequence[bytes]) -> tuple[bytes, list[list[bytes]]]:
    """Root and inclusion paths, leaf end first (RFC 6962 2.1)."""
    if len(leaves) == 1:
        return leaves[0], [[]]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    (left, left_paths), (right, right_paths) = tree(leaves[:split]), tree(leaves[split:])
    return sha(b"\x01", left, right), [[*path, right] for path in left_paths] + [[*path, left] for path in right_paths]


def climb(leaf: bytes, index: int, count: int, path: Sequence[bytes]) -> bytes:
    """The root that a path leads to (RFC 9162 2.1.3.2, the loop over bits)."""
    last = count - 1
    reached = leaf
    for one in path:
        if index & 1 or index == last:
            reached = sha(b"\x01", one, reached)
            while index and not index & 1:
                index, last = index >> 1, last >> 1
        else:
            reached = sha(b"\x01", reached, one)
        index, last = index >> 1, last >> 1
    return reached


# --- XML signatures -------------------------------------------------------------------------------------------------

DS = "{http://www.w3.org/2000/09/xmldsig#}"
C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
EXC_C14N = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
ECDSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"

Edit = Callable[[etree._Element], object]


@dataclass(frozen=True)
class Signer:
    """A P-256 key and the certificate shown with it."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def load(cls, key: Path, certificate: Path) -> "Signer":
        loaded = serialization.load_pem_private_key(key.read_bytes(), None)
        assert isinstance(loaded, ec.EllipticCurvePrivateKey)
        return cls(loaded, x509.load_pem_x509_certificate(certificate.read_bytes()))

    @classmethod
    def of(cls, credential: Credential) -> "Signer":
        assert isinstance(credential.private_key, ec.EllipticCurvePrivateKey)
        return cls(credential.private_key, credential.certificate)

    def value(self, octets: bytes) -> str:
        r, s = decode_dss_signature(self.key.sign(octets, ec.ECDSA(hashes.SHA256())))
        return base64.b64encode(r.to_bytes(32, "big") + s.to_bytes(32, "big")).decode()

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)


def _64(octets: bytes) -> str:
    return base64.b64encode(octets).decode()


def _octets(element: etree._Element, c14n: str = C14N) -> bytes:
    return etree.tostring(element, method="c14n", exclusive=c14n == EXC_C14N, with_comments=False)


def _reference(attributes: str, transforms: Sequence[str] = ()) -> str:
    listed = "".join(f'<ds:Transform Algorithm="{one}"/>' for one in transforms)
    holder = f"<ds:Transforms>{listed}</ds:Transforms>" if transforms else ""
    digest = f'<ds:DigestMethod Algorithm="{SHA256}"/><ds:DigestValue/>'
    return f"<ds:Reference {attributes}>{holder}{digest}</ds:Reference>"


def _signature(signer: Signer, references: str, rest: str = "", c14n: str = C14N) -> str:
    return (
        f'<ds:Signature xmlns:ds="{DS[1:-1]}" Id="s"><ds:SignedInfo>'
        f'<ds:CanonicalizationMethod Algorithm="{c14n}"/><ds:SignatureMethod Algorithm="{ECDSA_SHA256}"/>{references}'
        f'</ds:SignedInfo><ds:SignatureValue/><ds:KeyInfo Id="k"><ds:X509Data><ds:X509Certificate>{_64(signer.der)}'
        f"</ds:X509Certificate></ds:X509Data></ds:KeyInfo>{rest}</ds:Signature>"
    )


def detached(
    content: bytes, uri: str, mime: str, signer: Signer, moment: datetime, edit: Edit = lambda root: None
) -> bytes:
    """A XAdES signature over `content` in its ASiC wrapper; after `edit` every digest and the value are made right."""
    references = _reference(f'Id="f" URI="{uri}"')
    references += _reference('URI="#p" Type="http://uri.etsi.org/01903#SignedProperties"') + _reference('URI="#k"')
    properties = (
        '<ds:Object><xades:QualifyingProperties xmlns:xades="http://uri.etsi.org/01903/v1.3.2#" Target="#s">'
        '<xades:SignedProperties Id="p"><xades:SignedSignatureProperties>'
        f"<xades:SigningTime>{moment:%Y-%m-%dT%H:%M:%SZ}</xades:SigningTime><xades:SigningCertificateV2><xades:Cert>"
        f'<xades:CertDigest><ds:DigestMethod Algorithm="{SHA256}"/><ds:DigestValue>{_64(sha(signer.der))}'
        "</ds:DigestValue></xades:CertDigest></xades:Cert></xades:SigningCertificateV2></xades:SignedSignatureProperties>"
        f'<xades:SignedDataObjectProperties><xades:DataObjectFormat ObjectReference="#f"><xades:MimeType>{mime}'
        "</xades:MimeType></xades:DataObjectFormat></xades:SignedDataObjectProperties></xades:SignedProperties>"
        "</xades:QualifyingProperties></ds:Object>"
    )
    wrapper = "http://uri.etsi.org/02918/v1.2.1#"
    inner = _signature(signer, references, properties)
    root = etree.fromstring(f'<asic:XAdESSignatures xmlns:asic="{wrapper}">{inner}</asic:XAdESSignatures>')
    edit(root)
    by_id = {element.get("Id"): element for element in root.iter() if element.get("Id")}
    for reference in root.iter(DS + "Reference"):
        target = by_id.get(reference.get("URI", "")[1:]) if reference.get("URI", "").startswith("#") else None
        reference.find(DS + "DigestValue").text = _64(sha(content if target is None else _octets(target)))
    for signature in root.iter(DS + "Signature"):
        signature.find(DS + "SignatureValue").text = signer.value(_octets(signature.find(DS + "SignedInfo")))
    return etree.tostring(root)


def enveloped(
    document: bytes, signer: Signer, uri: str | None = "", transforms: Sequence[str] = (ENVELOPED, EXC_C14N)
) -> bytes:
    """`document` with its issuer's signature as the last child of its root."""
    root = etree.fromstring(document)
    digest = _64(sha(_octets(root, EXC_C14N if EXC_C14N in transforms else C14N)))
    references = _reference("" if uri is None else f'URI="{uri}"', transforms)
    root.append(etree.fromstring(_signature(signer, references, c14n=EXC_C14N)))
    signature = root[-1]
    signature.find(f".//{DS}DigestValue").text = digest
    signature.find(DS + "SignatureValue").text = signer.value(_octets(signature.find(DS + "SignedInfo"), EXC_C14N))
    return etree.tostring(root)


# --- boxes ----------------------------------------------------------------------------------------------------------

X25519 = "X25519-HKDF-SHA256-AES256GCM"
HYBRID = "MLKEM768X25519-HKDF-SHA256-AES256GCM"
_KEM = {X25519: KEM.X25519, HYBRID: KEM.MLKEM768_X25519}


def wrap(suite: str, public: bytes, call_key: bytes, sender: str, recipient: str) -> bytes:
    """HPKE base mode: enc || ct."""
    info = b"n2n/v1 key\0" + sender.encode() + b"\0" + recipient.encode()
    key: X25519PublicKey | MLKEM768X25519PublicKey = X25519PublicKey.from_public_bytes(public[-32:])
    if suite == HYBRID:
        key = MLKEM768X25519PublicKey(MLKEM768PublicKey.from_public_bytes(public[:-32]), key)
    return Hpke(_KEM[suite], KDF.HKDF_SHA256, AEAD.AES_256_GCM).encrypt(call_key, key, info)


def close(body: bytes, call_key: bytes, leaf: bytes) -> bytes:
    """12 random bytes || AES-256-GCM."""
    nonce = secrets.token_bytes(12)
    key = HKDF(hashes.SHA256(), 32, leaf, b"n2n/v1 body").derive(call_key)
    return nonce + AESGCM(key).encrypt(nonce, body, leaf)


# --- the peer -------------------------------------------------------------------------------------------------------

NARROW = 8192
"""Bytes of the largest certificate of origin agreed with XC."""

ORIGIN, PHYTO = "certificate_of_origin", "phytosanitary_certificate"
ISSUER = "XA-CUSTOMS-ORIGIN"
"""The issuer that the sample certificates of origin name."""


def numbered(kind: str = ORIGIN, number: str = "") -> bytes:
    """A good paper under a number of its own."""
    name = "machine_parts" if kind == ORIGIN else "grapefruit"
    return samples.vary(kind, samples.sample(kind, name), number or f"N-{secrets.token_hex(6)}")


def withdrawn(document: bytes) -> bytes:
    """The withdrawal of a certificate of origin: the same number, another status."""
    return document.replace(
        b"<Status>issued</Status>", b"<Status>withdrawn</Status>\n  <StatusReason>Issued in error</StatusReason>"
    )


def other_content(document: bytes) -> bytes:
    """Another certificate of origin under the same number."""
    return document.replace(b"Spindle units", b"Gear units")


@dataclass(frozen=True)
class Paper:
    """What lies under one leaf, and the signatures beside it."""

    id: str
    header: bytes
    metadata: bytes
    document: bytes
    signatures: tuple[bytes, ...] = ()
    salt: bytes = field(default_factory=lambda: secrets.token_bytes(32))

    @property
    def digest(self) -> bytes:
        return sha(self.salt, sha(self.metadata), sha(self.document))

    @property
    def leaf(self) -> bytes:
        return sha(b"\0", sha(self.header), self.digest)

    @property
    def body(self) -> bytes:
        parts = [(1, self.salt), (2, self.metadata), (3, self.document)]
        return message(parts + [(4, one) for one in self.signatures])


@dataclass
class Parcel:
    """An Envelope, part by part."""

    header: bytes
    body_digest: bytes
    seal_index: int
    leaf_index: int
    path: list[bytes]
    sealed_body: bytes

    def octets(self) -> bytes:
        numbers = [(number, value) for number, value in ((3, self.seal_index), (4, self.leaf_index)) if value]
        head = [(1, self.header), (2, self.body_digest), *numbers]
        return message([*head, *((5, one) for one in self.path), (6, self.sealed_body)])


@dataclass
class SealParts:
    """A Seal, part by part."""

    manifest: bytes
    signature: bytes

    def octets(self) -> bytes:
        return message([(1, self.manifest), (2, self.signature)])


@dataclass
class Call:
    """A DeliverRequest, part by part."""

    papers: list[Paper]
    seals: list[SealParts]
    suite: str
    key_id: str
    wrapped: bytes
    call_key: bytes
    parcels: list[Parcel]

    def octets(self) -> bytes:
        key = message([(1, self.suite), (2, self.key_id), (3, self.wrapped)])
        seals = [(1, seal.octets()) for seal in self.seals]
        return message([*seals, (2, key), *((3, parcel.octets()) for parcel in self.parcels)])

    def shut(self, index: int, body: bytes, leaf: bytes | None = None) -> None:
        """Put another body into a parcel, closed under its own leaf or another one."""
        self.parcels[index].sealed_body = close(body, self.call_key, leaf or self.papers[index].leaf)


def manifest(sender: str, recipient: str, count: int, root: bytes, created: datetime, purpose: str = "papers") -> bytes:
    """The one XML form of a manifest."""
    moment = f"{created:%Y-%m-%dT%H:%M:%S}.{created.microsecond // 1000:03d}Z"
    values = {
        "Purpose": purpose,
        "Sender": sender,
        "Recipient": recipient,
        "Created": moment,
        "Count": count,
        "Root": root.hex(),
    }
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in values.items())
    return f'<Seal xmlns="urn:n2n:v1:seal" version="n2n/v1">{inner}</Seal>'.encode()


SEAL_FILES = {"papers": "seal.xml", "receipts": "receipt-seal.xml", "lookups": "lookup-seal.xml"}


@dataclass(frozen=True)
class Peer:
    """A country that calls `partner`, with all its keys; `others` are keys it should not use."""

    code: NodeCode
    partner: NodeCode
    now: datetime
    sign: Signer
    receipt: Signer
    tls: Signer
    issuer: Signer
    partner_keys: Mapping[str, tuple[str, bytes]]

    @classmethod
    def of(cls, pki: DevPki, code: NodeCode, partner: NodeCode, now: datetime) -> "Peer":
        """The peer whose keys were drawn for `code`."""
        files = pki.keys(code)
        return cls(
            code,
            partner,
            now,
            Signer.load(files.sign_key, files.sign_certificate),
            Signer.load(files.receipt_key, files.receipt_certificate),
            Signer.load(files.tls_key, files.tls_certificate),
            Signer.load(pki.issuer_key(code), pki.issuer(code)),
            announced(pki.keys(partner).statement.read_bytes()),
        )

    def header(self, **changes: Value | None) -> dict[int, Value]:
        """The fields of a good header by number; `changes` by name, None drops a field."""
        created = changes.pop("created_at", None) or ms(self.now)
        assert isinstance(created, int)
        moment = self.now + timedelta(milliseconds=created - ms(self.now))
        values: dict[str, Value | None] = {
            "message_id": uuid7(moment),
            "sender": self.code,
            "recipient": self.partner,
            "kind": ORIGIN,
            "kind_version": 1,
            "created_at": created,
            "expires_at": created + 7 * 24 * 3600 * 1000,
            "priority": 2,
            "conversation_id": str(uuid4()),
            "refers_to": None,
        } | changes
        return {number: value for number, value in enumerate(values.values(), 1) if value is not None}

    def metadata(self, predecessor: bytes = b"", chain: Sequence[str] = (ISSUER, "root"), **changes: Value) -> bytes:
        """Good metadata; `changes` by field name."""
        link = message([(1, chain[0]), (2, chain[1]), (3, predecessor)])
        values: dict[int, Value] = {1: changes.get("media_type", "application/xml")}
        if predecessor:
            values[3] = link
        return message(sorted((values | {5: changes.get("arrangement", arrangement(self.code))}).items()))

    def paper(self, document: bytes = b"", *, predecessor: bytes = b"", **header: Value | None) -> Paper:
        """A good paper, unless the document or a header field says otherwise; phytosanitary ones come signed."""
        if header.get("kind") == PHYTO:
            document = document or numbered(PHYTO)
        document = document or numbered()
        fields = self.header(**header)
        signatures = (self.document_signature(document),) if header.get("kind") == PHYTO else ()
        identifier = str(fields.get(1, ""))
        return Paper(identifier, message(sorted(fields.items())), self.metadata(predecessor), document, signatures)

    def document_signature(self, document: bytes, signer: Signer | None = None, **changes: str) -> bytes:
        """A detached signature over a document; `uri` and `mime` may be others."""
        uri, mime = changes.get("uri", "document.xml"), changes.get("mime", "application/xml")
        return detached(document, uri, mime, signer or self.sign, self.now)

    def seal(
        self,
        leaves: Sequence[bytes],
        *,
        signer: Signer | None = None,
        uri: str = "",
        purpose: str = "papers",
        **changes: object,
    ) -> tuple[SealParts, list[list[bytes]]]:
        """A seal over the leaves, with their paths."""
        root, paths = tree(leaves)
        values = {
            "sender": self.code,
            "recipient": self.partner,
            "count": len(leaves),
            "root": root,
            "created": self.now,
        } | changes
        octets = manifest(purpose=purpose, **values)  # type: ignore[arg-type]
        name = uri or SEAL_FILES[purpose]
        return SealParts(octets, detached(octets, name, "application/xml", signer or self.sign, self.now)), paths

    def call(self, *batches: Sequence[Paper], suite: str = X25519, **seal: object) -> Call:
        """A call with one seal for each batch."""
        key_id, public = self.partner_keys[suite]
        call_key = secrets.token_bytes(32)
        wrapped = wrap(suite, public, call_key, self.code, self.partner)
        call = Call([], [], suite, key_id, wrapped, call_key, [])
        for number, batch in enumerate(batches):
            parts, paths = self.seal([paper.leaf for paper in batch], **seal)  # type: ignore[arg-type]
            call.seals.append(parts)
            call.papers += batch
            call.parcels += [
                Parcel(paper.header, paper.digest, number, index, path, close(paper.body, call_key, paper.leaf))
                for index, (paper, path) in enumerate(zip(batch, paths, strict=True))
            ]
        return call


def arrangement(code: str) -> str:
    """The arrangement under which a country's papers travel on this stage."""
    return f"{'xa' if code == 'XB' else code.lower()}-xb-trade-papers"


def announced(statement: bytes) -> dict[str, tuple[str, bytes]]:
    """Id and raw public key by suite, from a key statement."""
    keys = etree.fromstring(statement)
    return {
        key.get("suite"): (key.get("id"), base64.b64decode(key.text)) for key in keys if key.get("use") == "decrypt"
    }


# --- the victim -----------------------------------------------------------------------------------------------------

WATCHED = ("exchange", "document", "sealed", "receipt", "paper", "job")
TAKEN = Counter(WATCHED)
LEFT_BEHIND = {
    "accepted": TAKEN,
    "known": TAKEN - Counter(("paper", "job")),
    "refused": Counter(("exchange", "document", "sealed", "receipt")),
    "unreadable": Counter(("exchange", "sealed", "receipt")),
    "unread": Counter(("receipt",)),
    "absent": Counter(("receipt",)),
    "conflict": Counter(),
    "deferred": Counter(),
    "coarse": Counter(),
}
"""Rows that each sort of answer leaves. `unread`: refused before it was opened; `unreadable`: without good metadata."""

FINAL = frozenset({"accepted", "known", "refused", "unreadable", "unread", "absent"})


@dataclass(frozen=True)
class Said:
    """One answer: in words, and the exact receipt bytes when there are any."""

    words: str
    receipt: bytes = b""
    repeat: bool = False
    octets: bytes = b""


@dataclass
class Victim:
    """A node with a real store, called through real request bytes."""

    wired: Wired
    receipt: Signer
    pki: DevPki

    @property
    def code(self) -> NodeCode:
        return self.wired.node.code

    def told(self, caller: NodeCode, octets: bytes, call: str = "Deliver") -> list[Said]:
        """What `caller` hears; every receipt has been verified."""
        return self.heard(caller, answer(self.wired.door, call, caller, octets))

    def heard(self, caller: NodeCode, octets: bytes) -> list[Said]:
        """The answers in a response."""
        response = DeliverResponse.FromString(octets)
        return [self._said(response, one, caller) for one in response.answers]

    def _said(self, response: DeliverResponse, one: Answer, caller: NodeCode) -> Said:
        octets = one.SerializeToString(deterministic=True)
        match one.WhichOneof("outcome"):
            case "coarse":
                return Said(
                    f"coarse {CoarseReason.Name(one.coarse.reason).removeprefix('COARSE_REASON_')}", octets=octets
                )
            case "deferred":
                word = DeferredCode.Name(one.deferred.code).removeprefix("DEFERRED_CODE_")
                return Said(f"deferred {word}", octets=octets)
            case "not_held":
                return Said("not held", octets=octets)
        signed = one.receipt
        seal = response.seals[signed.seal_index]
        self._require_genuine(seal.manifest, seal.signature, signed, caller)
        receipt = Receipt.FromString(signed.receipt)
        assert receipt.message_id == one.message_id
        words = Verdict.Name(receipt.verdict).removeprefix("VERDICT_").lower()
        words += " known" * receipt.already_known
        codes = sorted({finding.code for finding in receipt.findings})
        return Said(" ".join([words, *codes]), signed.receipt, signed.repeat, octets)

    def _require_genuine(self, manifest: bytes, signature: bytes, signed: object, caller: NodeCode) -> None:
        """The receipt is under a seal for receipts, to this caller, by the victim's receipt key."""
        parts = {etree.QName(one).localname: one.text for one in etree.fromstring(manifest)}
        assert (parts["Purpose"], parts["Sender"], parts["Recipient"]) == ("receipts", self.code, caller)
        leaf = sha(b"\0", signed.receipt)
        assert climb(leaf, signed.leaf_index, int(parts["Count"]), signed.path).hex() == parts["Root"]
        root = etree.fromstring(signature)
        file = root.find(f".//{DS}Reference[@URI='receipt-seal.xml']/{DS}DigestValue")
        assert base64.b64decode(file.text) == sha(manifest)
        value = base64.b64decode(root.findtext(f".//{DS}SignatureValue"))
        r, s = int.from_bytes(value[:32], "big"), int.from_bytes(value[32:], "big")
        self.receipt.certificate.public_key().verify(
            encode_dss_signature(r, s), _octets(root.find(f".//{DS}SignedInfo")), ec.ECDSA(hashes.SHA256())
        )

    # --- what is on disk

    def rows(self, query: str, *values: object) -> list[tuple]:
        """Committed rows, read past the node."""
        database = self.wired.settings.home / "node.db"
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
            return connection.execute(query, values).fetchall()

    def count(self) -> Counter[str]:
        return Counter({table: self.rows(f"SELECT count(*) FROM {table}")[0][0] for table in WATCHED})

    def audited(self, after: int = 0) -> list[tuple[str, str]]:
        """Message id and code of what was refused, oldest first."""
        found = self.rows(
            "SELECT object, json_extract(detail, '$.code') FROM audit WHERE act = 'refused' AND id > ? ORDER BY id",
            after,
        )
        return [(one, code) for one, code in found]

    def last_audit(self) -> int:
        return self.rows("SELECT coalesce(max(id), 0) FROM audit")[0][0]

    def holds(self, paper: Paper) -> bool:
        """Whether the paper lies on disk as accepted, byte for byte, with a job that brings it to the hub."""
        found = self.rows(
            "SELECT d.content FROM exchange e"
            " JOIN document d ON d.exchange_id = e.id JOIN receipt r ON r.exchange_id = e.id"
            " JOIN job j ON j.exchange_id = e.id JOIN paper p ON p.exchange_id = e.id"
            " WHERE e.message_id = ? AND e.state = 'RECEIVED' AND r.verdict = 1 AND e.leaf = ?",
            paper.id,
            paper.leaf,
        )
        return found == [(paper.document,)]

    def require_whole(self) -> None:
        """Nothing is half-written: every exchange has its receipt and every receipt its number in the log."""
        assert self.rows("PRAGMA foreign_key_check") == []
        lonely = (
            "SELECT id FROM exchange WHERE id NOT IN (SELECT exchange_id FROM receipt WHERE exchange_id IS NOT NULL)"
        )
        assert self.rows(lonely) == []
        assert (
            self.rows("SELECT e.id FROM exchange e LEFT JOIN sealed s ON s.exchange_id = e.id WHERE s.leaf IS NULL")
            == []
        )
        logs = "SELECT partner, count(*), max(log_index) + 1, min(log_index) FROM receipt GROUP BY partner"
        for partner, count, most, least in self.rows(logs):
            assert (count, most, least) == (count, count, 0), partner
            assert self.rows("SELECT size FROM receipt_log WHERE partner = ?", partner) == [(count,)]

    # --- the claim

    def suffers(self, peer: Peer, call: Call, bad: int, words: str, code: str | None, stored: str = "") -> Said:
        """The call's papers are all taken but the one at `bad`, which hears `words`; and it can be said again.

        `code` is what our audit says of it (None: nothing), `stored` the key of LEFT_BEHIND where that is not the first
        of `words`.
        """
        stored = stored or words.split()[0]
        octets = call.octets()
        good = [paper for index, paper in enumerate(call.papers) if index != bad]
        before, audit = self.count(), self.last_audit()
        first = self.told(peer.code, octets)
        heard = [one.words for one in first]
        assert heard == ["accepted"] * bad + [words] + ["accepted"] * (len(heard) - bad - 1)
        assert all(map(self.holds, good))
        expected = LEFT_BEHIND[stored].copy()
        for _ in good:
            expected += TAKEN
        assert self.count() - before == expected
        told_of = [said for _, said in self.audited(audit)]
        assert told_of == ([code] if code else [])
        self.require_whole()
        self._says_it_again(peer, octets, first, bad, stored in FINAL)
        return first[bad]

    def _says_it_again(self, peer: Peer, octets: bytes, first: Sequence[Said], bad: int, final: bool) -> None:
        before, audit = self.count(), self.last_audit()
        again = self.told(peer.code, octets)
        assert [one.words for one in again] == [one.words for one in first]
        for index, (one, other) in enumerate(zip(first, again, strict=True)):
            if index != bad or final:
                assert (other.repeat, other.receipt) == (True, one.receipt)
            elif not one.receipt:
                assert other.octets == one.octets
        assert self.count() == before
        assert len(self.audited(audit)) == (0 if final else 1)
        self.require_whole()


def with_signature(paper: Paper, *signatures: bytes) -> Paper:
    """The same leaf with other signatures beside it."""
    return replace(paper, signatures=signatures)


# --- the stage ------------------------------------------------------------------------------------------------------

XA, XB, XC, XD, XE = map(NodeCode, ("XA", "XB", "XC", "XD", "XE"))

ENROLLED_BESIDE = ("expired", "early", "foreign")
"""Certificates of XA that the victim has enrolled beside the good one, though they cannot be used."""


@dataclass(frozen=True)
class Stage:
    """The victim XB and its partners: XA as shipped, XC narrowly agreed, XD suspended, XE with issuers only."""

    victim: Victim
    peers: Mapping[NodeCode, Peer]
    signers: Mapping[str, Signer]

    @property
    def xa(self) -> Peer:
        return self.peers[XA]


def furnish(folder: Path, now: datetime) -> DevPki:
    """Keys of all, and below `profiles` what each is agreed to do with XB."""
    pki = draw(folder / "pki", [XA, XB, XC, XD, XE], now - timedelta(days=1))
    shutil.copytree(shipped_profiles() / XB, folder / "profiles" / XB)
    for code, changes in _AGREED.items():
        place = folder / "profiles" / code
        place.mkdir()
        for file in (shipped_profiles() / XA).iterdir():
            if "origin-rules" in file.name:
                continue  # it names countries, which are no codes of partners
            text = file.read_text().replace("XA", code).replace("xa-", f"{code.lower()}-")
            for old, new in changes:
                text = text.replace(old, new)
            (place / file.name.replace("xa-", f"{code.lower()}-")).write_text(text)
    return pki


_ORIGIN_POLICY = 'assurance = "batch"\npriority = "B"\nissuer_signature = "%s"\nmax_bytes = %d'
_SHIPPED = _ORIGIN_POLICY % ("optional", 1 << 20)
_AGREED: Mapping[NodeCode, Sequence[tuple[str, str]]] = {
    XA: (),
    XC: (
        (_SHIPPED, _ORIGIN_POLICY % ("none", NARROW)),
        ('direction = "both"\nassurance = "document"', 'direction = "out"\nassurance = "document"'),
        (f'suites = ["{HYBRID}", "{X25519}"]', f'suites = ["{X25519}"]'),
    ),
    XD: (("suspended = false", "suspended = true"),),
    XE: ((_SHIPPED, _ORIGIN_POLICY % ("required", 1 << 20)),),
}


def stage(folder: Path, now: datetime, clock: Clock, listen: str = "127.0.0.1:7443") -> Stage:
    """XB's node with a new store, and everybody who may call it."""
    pki = furnish(folder, now)
    partners = dict.fromkeys(_AGREED, "localhost:1")
    home = furnish_home(pki, folder / XB, XB, listen=listen, partners=partners, profiles=folder / "profiles")
    signers = {
        "expired": mint(pki, XA, Role.SIGN, now, begin=now - timedelta(days=9), end=now - timedelta(seconds=1)),
        "early": mint(pki, XA, Role.SIGN, now, begin=now + timedelta(seconds=1)),
        "foreign": mint(pki, XA, Role.SIGN, now, ca=XC),
        "stranger": mint(pki, XA, Role.SIGN, now),
    }
    for name in ENROLLED_BESIDE:
        pem = signers[name].certificate.public_bytes(serialization.Encoding.PEM)
        (home / "certs" / XA / f"{name}.pem").write_bytes(pem)
    partner_file = home / "partner_profiles" / XA / "partner.toml"
    listed = ", ".join(f'"certs/XA/{name}.pem"' for name in ("sign", *ENROLLED_BESIDE))
    text = partner_file.read_text()
    assert 'sign = ["certs/XA/sign.pem"]' in text
    partner_file.write_text(text.replace('sign = ["certs/XA/sign.pem"]', f"sign = [{listed}]"))
    peers = {code: Peer.of(pki, code, XB, now) for code in _AGREED}
    files = pki.keys(XB)
    victim = Victim(
        build(load_settings(home, {}), clock), Signer.load(files.receipt_key, files.receipt_certificate), pki
    )
    return Stage(victim, peers, {name: Signer.of(one) for name, one in signers.items()})
