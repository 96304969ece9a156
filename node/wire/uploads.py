"""Upload: protobuf and model, both directions side by side, and what a server of that call talks to (protocol 1)."""

from typing import Final, Protocol

from node.model.ids import Digest, NodeCode
from node.model.upload import Chunk, UploadProgress
from node.protocol.n2n.v1 import exchange_pb2
from node.wire import limits
from node.wire.checks import bounded_fields, is_digest, parse, proved, require, serialise, within

UPLOAD: Final = "Upload"
"""The one call that streams its request."""

_FRAME_BYTES: Final = 128
"""Digest, offset and size of a chunk, with room for fields of later versions."""

_FIELDS: Final = 16


class UploadCall(Protocol):
    """One call under way. Plain functions, called in threads, one at a time."""

    def put(self, chunk: Chunk) -> None:
        """Take the next chunk."""
        ...

    def end(self) -> UploadProgress:
        """The caller has no more: how much is on disk now."""
        ...

    def close(self) -> None:
        """The call is over, however it ended; may come more than once."""
        ...


class UploadDoor(Protocol):
    """Where uploads of partners go; `caller` is who the TLS certificate proves."""

    def open(self, caller: NodeCode) -> UploadCall:
        """A call begins."""
        ...


def chunk_to_bytes(chunk: Chunk) -> bytes:
    """The chunk as it is sent; raises Malformed or TooLarge when a rule is broken."""
    message = exchange_pb2.Chunk(
        upload_sha256=chunk.upload_sha256, offset=chunk.offset, size=chunk.size, data=chunk.data
    )
    return proved("Chunk", message, limits.MAX_CHUNK_BYTES + _FRAME_BYTES, _chunk_from_message, chunk)


def chunk_from_bytes(data: bytes) -> Chunk:
    """The chunk that `data` carries; raises Malformed or TooLarge."""
    within(data, limits.MAX_CHUNK_BYTES + _FRAME_BYTES, "Chunk")
    bounded_fields(data, _FIELDS, "Chunk")
    return _chunk_from_message(parse(exchange_pb2.Chunk, data))


def _chunk_from_message(message: exchange_pb2.Chunk) -> Chunk:
    require(is_digest(message.upload_sha256), "Chunk.upload_sha256")
    require(1 <= message.size <= limits.MAX_UPLOAD_BYTES, "Chunk.size")
    within(message.data, limits.MAX_CHUNK_BYTES, "Chunk.data")
    require(message.offset + len(message.data) <= message.size, "Chunk.offset")
    return Chunk(Digest(message.upload_sha256), message.offset, message.size, message.data)


def upload_response_to_bytes(progress: UploadProgress) -> bytes:
    """How far it got, as it is sent."""
    return serialise(exchange_pb2.UploadResponse(held=progress.held, complete=progress.complete))


def upload_response_from_bytes(data: bytes) -> UploadProgress:
    """How far it got at the partner; raises Malformed or TooLarge."""
    within(data, _FRAME_BYTES, "UploadResponse")
    message = parse(exchange_pb2.UploadResponse, data)
    require(message.held <= limits.MAX_UPLOAD_BYTES, "UploadResponse.held")
    return UploadProgress(message.held, message.complete)
