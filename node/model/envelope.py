"""A paper as it crosses the border: clear header, digests, seal and path, encrypted body (protocol 2)."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum

from node.model.document import MediaType
from node.model.ids import Digest, Leaf, MessageId, NodeCode


class Priority(IntEnum):
    """Lanes of a partner; wire numbers. A: control and revocation, B: normal, C: notifications."""

    A = 1
    B = 2
    C = 3


class Purpose(StrEnum):
    """What a seal is for; part of the signed manifest and fixed to one Reference URI each (protocol 2)."""

    PAPERS = "papers"
    RECEIPTS = "receipts"
    LOOKUPS = "lookups"

    @property
    def file_name(self) -> str:
        """The Reference URI of the seal's signature, and the manifest's name in the evidence container."""
        return {"papers": "seal.xml", "receipts": "receipt-seal.xml", "lookups": "lookup-seal.xml"}[self.value]


@dataclass(frozen=True, slots=True)
class Header:
    """The clear part of an envelope; travels as bytes and is never re-encoded."""

    message_id: MessageId
    sender: NodeCode
    recipient: NodeCode
    kind: str
    kind_version: int
    created_at: datetime
    expires_at: datetime
    priority: Priority
    conversation_id: str
    refers_to: str = ""


@dataclass(frozen=True, slots=True)
class Chain:
    """Where a paper stands in its chain: root issuer and number, digest of the predecessor's document (protocol 5)."""

    issuer: str
    number: str
    predecessor: Digest | None = None


@dataclass(frozen=True, slots=True)
class Attachment:
    """Large content beside a paper, sent by Upload; named by the SHA-256 of its ciphertext (protocol 1)."""

    name: str
    media_type: str
    size: int
    sha256: Digest
    upload_sha256: Digest
    key: bytes


@dataclass(frozen=True, slots=True)
class Metadata:
    """The encrypted particulars of a paper; travels as bytes inside the body and is never re-encoded."""

    media_type: MediaType
    arrangement: str
    ucr: tuple[str, ...] = ()
    chain: Chain | None = None
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Body:
    """What is encrypted: salt, metadata and document under the leaf, document signatures beside it."""

    salt: bytes
    metadata: bytes
    document: bytes
    signatures: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a seal signs: one Merkle root for 1 to 64 leaves between two nodes, for one purpose (protocol 2)."""

    purpose: Purpose
    sender: NodeCode
    recipient: NodeCode
    created: datetime
    count: int
    root: Digest
    profile: str = ""
    profile_version: int = 0


@dataclass(frozen=True, slots=True)
class Seal:
    """A manifest and the XAdES signature over its exact bytes."""

    manifest: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Place:
    """Where a leaf stands in its seal: index and RFC 6962 inclusion path, leaf end first."""

    leaf_index: int
    path: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class KeyWrap:
    """The call key of one request, wrapped by HPKE to one key of the recipient."""

    suite: str
    recipient_key_id: str
    wrapped: bytes


@dataclass(frozen=True, slots=True)
class Envelope:
    """One paper in a request, as received or to be sent; `header` is the exact bytes."""

    header: bytes
    body_digest: Digest
    seal_index: int
    place: Place
    sealed_body: bytes


@dataclass(frozen=True, slots=True)
class DeliverRequest:
    """Envelopes for one partner, with the seals they belong to and the wrapped call key."""

    seals: tuple[Seal, ...]
    key: KeyWrap
    envelopes: tuple[Envelope, ...]
    known_checkpoint: bytes = b""


@dataclass(frozen=True, slots=True)
class StatusRequest:
    """A sender asks what became of its own papers; `close` turns unknown ids into signed ABSENT receipts."""

    message_ids: tuple[MessageId, ...]
    close: bool = False
    known_checkpoint: bytes = b""


@dataclass(frozen=True, slots=True)
class SealedPaper:
    """A paper fixed for ever by `seal`: leaf, header, metadata, content. Encryption comes later, each time."""

    message_id: MessageId
    header: bytes
    body: Body
    body_digest: Digest
    leaf: Leaf
