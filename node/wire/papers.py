"""Header, metadata and body: protobuf and model, both directions side by side (protocol 2).

Their bytes are hashed or encrypted, so only the canonical form is read, and what is written is read back first.
"""

import re
from functools import lru_cache

from node.clock import to_ms
from node.errors import Malformed
from node.model.document import MediaType
from node.model.envelope import Attachment, Body, Chain, Header, Metadata, Priority
from node.model.ids import Digest, MessageId, NodeCode, is_node_code, is_uuid, is_uuid7
from node.protocol.n2n.v1 import envelope_pb2 as pb
from node.wire import limits
from node.wire.checks import (
    ARRANGEMENT,
    KIND,
    READS_BACK,
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
_MEDIA_TYPES = {each.value: each for each in MediaType}
_REMEMBERED = 512
"""Headers of the calls at hand: a node looks at the same bytes up to four times, and what they say never changes."""


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
    # Read back from its bytes: who seals a paper delivers it soon, and then these are remembered.
    if header_from_bytes(data) != header:
        raise Malformed(field="Header", rule=READS_BACK)
    return data


@lru_cache(maxsize=_REMEMBERED)
def header_from_bytes(data: bytes) -> Header:
    """The header that `data` carries; raises Malformed, NotCanonical or TooLarge."""
    return _header_from_message(canonical(pb.Header, data, limits.MAX_HEADER_BYTES))


def _header_from_message(message: pb.Header) -> Header:
    message_id, created_at, expires_at = message.message_id, message.created_at, message.expires_at
    sender, recipient, kind, kind_version = message.sender, message.recipient, message.kind, message.kind_version
    conversation_id, refers_to = message.conversation_id, message.refers_to
    require(is_uuid7(message_id), "Header.message_id")
    require(is_node_code(sender), "Header.sender")
    require(is_node_code(recipient), "Header.recipient")
    require(KIND.fullmatch(kind) is not None, "Header.kind")
    require(1 <= kind_version <= limits.MAX_KIND_VERSION, "Header.kind_version")
    created = moment(created_at, "Header.created_at")
    require(_uuid7_ms(message_id) == created_at, "Header.message_id")
    require(0 < expires_at - created_at <= limits.MAX_LIFE_MS, "Header.expires_at")
    require(is_uuid(conversation_id), "Header.conversation_id")
    require(not refers_to or is_uuid7(refers_to), "Header.refers_to")
    return Header(
        message_id=MessageId(message_id),
        sender=NodeCode(sender),
        recipient=NodeCode(recipient),
        kind=kind,
        kind_version=kind_version,
        created_at=created,
        expires_at=moment(expires_at, "Header.expires_at"),
        priority=member(Priority, message.priority, "Header.priority"),
        conversation_id=conversation_id,
        refers_to=refers_to,
    )


def _uuid7_ms(identifier: str) -> int:
    """The first 48 bits of a UUIDv7 in its one spelling: milliseconds UTC (RFC 9562 5.7)."""
    return int(identifier[:8] + identifier[9:13], 16)


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
    return proved("Metadata", message, limits.MAX_METADATA_BYTES, _metadata_from_message, metadata)


def metadata_from_bytes(data: bytes) -> Metadata:
    """The metadata that `data` carries; raises Malformed, NotCanonical or TooLarge."""
    return _metadata_from_message(canonical(pb.Metadata, data, limits.MAX_METADATA_BYTES))


def _metadata_from_message(message: pb.Metadata) -> Metadata:
    media_type, ucr, attachments, arrangement = (
        message.media_type,
        message.ucr,
        message.attachments,
        message.arrangement,
    )
    require(media_type in _MEDIA_TYPES, "Metadata.media_type")
    require(len(ucr) <= limits.MAX_UCR, "Metadata.ucr")
    require(all(is_plain(each, limits.MAX_UCR_CHARACTERS) for each in ucr), "Metadata.ucr")
    require(len(attachments) <= limits.MAX_ATTACHMENTS, "Metadata.attachments")
    require(ARRANGEMENT.fullmatch(arrangement) is not None, "Metadata.arrangement")
    return Metadata(
        media_type=_MEDIA_TYPES[media_type],
        arrangement=arrangement,
        ucr=tuple(ucr),
        chain=_chain_from_message(message.chain) if message.HasField("chain") else None,
        attachments=tuple(_attachment_from_message(each) for each in attachments),
    )


def _chain_to_message(chain: Chain) -> pb.Chain:
    return pb.Chain(issuer=chain.issuer, number=chain.number, predecessor=chain.predecessor or b"")


def _chain_from_message(message: pb.Chain) -> Chain:
    issuer, number, predecessor = message.issuer, message.number, message.predecessor
    require(is_plain(issuer, limits.MAX_NAME_CHARACTERS), "Chain.issuer")
    require(is_plain(number, limits.MAX_NAME_CHARACTERS), "Chain.number")
    require(not predecessor or is_digest(predecessor), "Chain.predecessor")
    return Chain(issuer, number, Digest(predecessor) if predecessor else None)


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
    return proved("Body", message, limits.MAX_BODY_BYTES, _body_from_message, body)


def body_from_bytes(data: bytes) -> Body:
    """The body that `data` carries, its metadata still as bytes; raises Malformed, NotCanonical or TooLarge."""
    return _body_from_message(canonical(pb.Body, data, limits.MAX_BODY_BYTES))


def _body_from_message(message: pb.Body) -> Body:
    salt = message.salt
    require(len(salt) == limits.SALT_BYTES, "Body.salt")
    require(len(message.signatures) <= limits.MAX_SIGNATURES, "Body.signatures")
    return Body(
        salt=salt,
        metadata=filled(message.metadata, limits.MAX_METADATA_BYTES, "Body.metadata"),
        document=filled(message.document, limits.MAX_DOCUMENT_BYTES, "Body.document"),
        signatures=tuple(filled(each, limits.MAX_SIGNATURE_BYTES, "Body.signatures") for each in message.signatures),
    )
