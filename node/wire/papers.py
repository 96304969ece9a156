"""Header, metadata and body: protobuf and model, both directions side by side (protocol 2).

Their bytes are hashed or encrypted, so only the canonical form is read, and what is written is read back first.
"""

import re
from uuid import UUID

from node.clock import to_ms
from node.model.document import MediaType
from node.model.envelope import Attachment, Body, Chain, Header, Metadata, Priority
from node.model.ids import Digest, MessageId, NodeCode, is_node_code, is_uuid, is_uuid7
from node.protocol.n2n.v1 import envelope_pb2 as pb
from node.wire import limits
from node.wire.checks import (
    ARRANGEMENT,
    KIND,
    canonical,
    filled,
    is_digest,
    is_plain,
    member,
    moment,
    proved,
    require,
    serialise,
    writing,
)

_SEPARATORS = re.compile(r"[/\\]|\A\.{1,2}\Z")
_MEDIA_TYPES = frozenset(MediaType)
_UUID7_TIME_SHIFT = 80


def header_to_bytes(header: Header) -> bytes:
    """The header as it is hashed and carried; raises Malformed or TooLarge when a rule of protocol 2 is broken."""
    with writing("Header"):
        message = pb.Header(
            message_id=header.message_id,
            sender=header.sender,
            recipient=header.recipient,
            kind=header.kind,
            kind_version=header.kind_version,
            created_at=to_ms(header.created_at),
            expires_at=to_ms(header.expires_at),
            priority=pb.Priority.Name(header.priority),
            conversation_id=header.conversation_id,
            refers_to=header.refers_to,
        )
        data = serialise(message)
    return proved("Header", data, header_from_bytes, header)


def header_from_bytes(data: bytes) -> Header:
    """The header that `data` carries; raises Malformed, NotCanonical or TooLarge."""
    message = canonical(pb.Header, data, limits.MAX_HEADER_BYTES)
    require(is_uuid7(message.message_id), "Header.message_id")
    require(is_node_code(message.sender), "Header.sender")
    require(is_node_code(message.recipient), "Header.recipient")
    require(KIND.fullmatch(message.kind) is not None, "Header.kind")
    require(1 <= message.kind_version <= limits.MAX_KIND_VERSION, "Header.kind_version")
    created_at = moment(message.created_at, "Header.created_at")
    require(UUID(message.message_id).int >> _UUID7_TIME_SHIFT == message.created_at, "Header.message_id")
    require(0 < message.expires_at - message.created_at <= limits.MAX_LIFE_MS, "Header.expires_at")
    require(is_uuid(message.conversation_id), "Header.conversation_id")
    require(not message.refers_to or is_uuid7(message.refers_to), "Header.refers_to")
    return Header(
        message_id=MessageId(message.message_id),
        sender=NodeCode(message.sender),
        recipient=NodeCode(message.recipient),
        kind=message.kind,
        kind_version=message.kind_version,
        created_at=created_at,
        expires_at=moment(message.expires_at, "Header.expires_at"),
        priority=member(Priority, message.priority, "Header.priority"),
        conversation_id=message.conversation_id,
        refers_to=message.refers_to,
    )


def metadata_to_bytes(metadata: Metadata) -> bytes:
    """The metadata as they are hashed and carried; raises Malformed or TooLarge when a rule is broken."""
    with writing("Metadata"):
        message = pb.Metadata(
            media_type=metadata.media_type,
            ucr=metadata.ucr,
            chain=None if metadata.chain is None else _chain_to_message(metadata.chain),
            attachments=[_attachment_to_message(each) for each in metadata.attachments],
            arrangement=metadata.arrangement,
        )
        data = serialise(message)
    return proved("Metadata", data, metadata_from_bytes, metadata)


def metadata_from_bytes(data: bytes) -> Metadata:
    """The metadata that `data` carries; raises Malformed, NotCanonical or TooLarge."""
    message = canonical(pb.Metadata, data, limits.MAX_METADATA_BYTES)
    require(message.media_type in _MEDIA_TYPES, "Metadata.media_type")
    require(len(message.ucr) <= limits.MAX_UCR, "Metadata.ucr")
    require(all(is_plain(each, limits.MAX_UCR_CHARACTERS) for each in message.ucr), "Metadata.ucr")
    require(len(message.attachments) <= limits.MAX_ATTACHMENTS, "Metadata.attachments")
    require(ARRANGEMENT.fullmatch(message.arrangement) is not None, "Metadata.arrangement")
    return Metadata(
        media_type=MediaType(message.media_type),
        arrangement=message.arrangement,
        ucr=tuple(message.ucr),
        chain=_chain_from_message(message.chain) if message.HasField("chain") else None,
        attachments=tuple(_attachment_from_message(each) for each in message.attachments),
    )


def _chain_to_message(chain: Chain) -> pb.Chain:
    return pb.Chain(issuer=chain.issuer, number=chain.number, predecessor=chain.predecessor or b"")


def _chain_from_message(message: pb.Chain) -> Chain:
    require(is_plain(message.issuer, limits.MAX_NAME_CHARACTERS), "Chain.issuer")
    require(is_plain(message.number, limits.MAX_NAME_CHARACTERS), "Chain.number")
    require(not message.predecessor or is_digest(message.predecessor), "Chain.predecessor")
    return Chain(message.issuer, message.number, Digest(message.predecessor) if message.predecessor else None)


def _attachment_to_message(attachment: Attachment) -> pb.Attachment:
    return pb.Attachment(
        name=attachment.name,
        media_type=attachment.media_type,
        size=attachment.size,
        sha256=attachment.sha256,
        upload_sha256=attachment.upload_sha256,
        key=attachment.key,
    )


def _attachment_from_message(message: pb.Attachment) -> Attachment:
    require(is_plain(message.name, limits.MAX_NAME_CHARACTERS), "Attachment.name")
    require(_SEPARATORS.search(message.name) is None, "Attachment.name")
    require(is_plain(message.media_type, limits.MAX_NAME_CHARACTERS), "Attachment.media_type")
    require(is_digest(message.sha256), "Attachment.sha256")
    require(is_digest(message.upload_sha256), "Attachment.upload_sha256")
    require(len(message.key) == limits.KEY_BYTES, "Attachment.key")
    return Attachment(
        name=message.name,
        media_type=message.media_type,
        size=message.size,
        sha256=Digest(message.sha256),
        upload_sha256=Digest(message.upload_sha256),
        key=message.key,
    )


def body_to_bytes(body: Body) -> bytes:
    """The body as it is encrypted; raises Malformed or TooLarge when a rule is broken."""
    with writing("Body"):
        message = pb.Body(salt=body.salt, metadata=body.metadata, document=body.document, signatures=body.signatures)
        data = serialise(message)
    return proved("Body", data, body_from_bytes, body)


def body_from_bytes(data: bytes) -> Body:
    """The body that `data` carries, its metadata still as bytes; raises Malformed, NotCanonical or TooLarge."""
    message = canonical(pb.Body, data, limits.MAX_BODY_BYTES)
    require(len(message.salt) == limits.SALT_BYTES, "Body.salt")
    require(len(message.signatures) <= limits.MAX_SIGNATURES, "Body.signatures")
    return Body(
        salt=message.salt,
        metadata=filled(message.metadata, limits.MAX_METADATA_BYTES, "Body.metadata"),
        document=filled(message.document, limits.MAX_DOCUMENT_BYTES, "Body.document"),
        signatures=tuple(filled(each, limits.MAX_SIGNATURE_BYTES, "Body.signatures") for each in message.signatures),
    )
