"""DeliverRequest and StatusRequest: protobuf and model, both directions side by side (protocol 1 and 2).

What is judged here is the call: counts, sizes, indices, the key wrap. A defect refuses the whole call. Headers stay
bytes; a bad one is judged later and spoils its own envelope only.
"""

from collections.abc import Iterable, Sequence

from google.protobuf.message import DecodeError

from node.model.envelope import DeliverRequest, Envelope, KeyWrap, Place, Seal, StatusRequest
from node.model.ids import Digest, MessageId, is_uuid7
from node.protocol.n2n.v1 import envelope_pb2, exchange_pb2
from node.wire import limits
from node.wire.checks import (
    VISIBLE,
    bounded_fields,
    filled,
    is_digest,
    parse,
    proved,
    require,
    serialise,
    within,
    writing,
)


def deliver_request_to_bytes(request: DeliverRequest) -> bytes:
    """The request as it is sent; raises Malformed or TooLarge when a rule of the call is broken."""
    with writing("DeliverRequest"):
        message = exchange_pb2.DeliverRequest(
            seals=[seal_to_message(seal) for seal in request.seals],
            key=envelope_pb2.KeyWrap(
                suite=request.key.suite, recipient_key_id=request.key.recipient_key_id, wrapped=request.key.wrapped
            ),
            envelopes=[_envelope_to_message(envelope) for envelope in request.envelopes],
            known_checkpoint=request.known_checkpoint,
        )
        data = serialise(message)
    return proved("DeliverRequest", data, deliver_request_from_bytes, request)


def deliver_request_from_bytes(data: bytes) -> DeliverRequest:
    """The request that `data` carries, judged as a call only; raises Malformed or TooLarge."""
    within(data, limits.MAX_REQUEST_BYTES, "DeliverRequest")
    bounded_fields(data, limits.MAX_CALL_FIELDS, "DeliverRequest")
    message = parse(exchange_pb2.DeliverRequest, data)
    require(1 <= len(message.seals) <= limits.MAX_SEALS, "DeliverRequest.seals")
    require(1 <= len(message.envelopes) <= limits.MAX_ENVELOPES, "DeliverRequest.envelopes")
    require(message.HasField("key"), "DeliverRequest.key")
    within(message.known_checkpoint, limits.MAX_CHECKPOINT_BYTES, "DeliverRequest.known_checkpoint")
    request = DeliverRequest(
        seals=tuple(seal_from_message(seal) for seal in message.seals),
        key=_key_wrap_from_message(message.key),
        envelopes=tuple(_envelope_from_message(each, len(message.seals)) for each in message.envelopes),
        known_checkpoint=message.known_checkpoint,
    )
    used = {envelope.seal_index for envelope in request.envelopes}
    require(len(used) == len(request.seals), "DeliverRequest.seals")
    require(_are_distinct(_readable_ids(request.envelopes)), "DeliverRequest.envelopes")
    return request


def status_request_to_bytes(request: StatusRequest) -> bytes:
    """The request as it is sent; raises Malformed or TooLarge when a rule of the call is broken."""
    with writing("StatusRequest"):
        message = exchange_pb2.StatusRequest(
            message_ids=request.message_ids, close=request.close, known_checkpoint=request.known_checkpoint
        )
        data = serialise(message)
    return proved("StatusRequest", data, status_request_from_bytes, request)


def status_request_from_bytes(data: bytes) -> StatusRequest:
    """The request that `data` carries; raises Malformed or TooLarge."""
    within(data, limits.MAX_REQUEST_BYTES, "StatusRequest")
    bounded_fields(data, limits.MAX_CALL_FIELDS, "StatusRequest")
    message = parse(exchange_pb2.StatusRequest, data)
    require(1 <= len(message.message_ids) <= limits.MAX_ENVELOPES, "StatusRequest.message_ids")
    require(all(is_uuid7(each) for each in message.message_ids), "StatusRequest.message_ids")
    require(_are_distinct(message.message_ids), "StatusRequest.message_ids")
    within(message.known_checkpoint, limits.MAX_CHECKPOINT_BYTES, "StatusRequest.known_checkpoint")
    return StatusRequest(
        message_ids=tuple(MessageId(each) for each in message.message_ids),
        close=message.close,
        known_checkpoint=message.known_checkpoint,
    )


def seal_to_message(seal: Seal) -> envelope_pb2.Seal:
    """The seal as requests and responses carry it."""
    return envelope_pb2.Seal(manifest=seal.manifest, signature=seal.signature)


def seal_from_message(message: envelope_pb2.Seal) -> Seal:
    """The seal of a request or response; raises Malformed or TooLarge."""
    return Seal(
        manifest=filled(message.manifest, limits.MAX_MANIFEST_BYTES, "Seal.manifest"),
        signature=filled(message.signature, limits.MAX_SIGNATURE_BYTES, "Seal.signature"),
    )


def place_from_message(leaf_index: int, path: Sequence[bytes], owner: str) -> Place:
    """A leaf's place under its seal, `owner` naming the message it stands in; raises Malformed."""
    require(leaf_index < limits.MAX_ENVELOPES, f"{owner}.leaf_index")
    require(len(path) <= limits.MAX_PATH and all(is_digest(node) for node in path), f"{owner}.path")
    return Place(leaf_index, tuple(path))


def _key_wrap_from_message(message: envelope_pb2.KeyWrap) -> KeyWrap:
    require(_is_visible(message.suite, limits.MAX_SUITE_CHARACTERS), "KeyWrap.suite")
    require(_is_visible(message.recipient_key_id, limits.MAX_KEY_ID_CHARACTERS), "KeyWrap.recipient_key_id")
    wrapped = filled(message.wrapped, limits.MAX_WRAPPED_BYTES, "KeyWrap.wrapped")
    return KeyWrap(message.suite, message.recipient_key_id, wrapped)


def _envelope_to_message(envelope: Envelope) -> envelope_pb2.Envelope:
    return envelope_pb2.Envelope(
        header=envelope.header,
        body_digest=envelope.body_digest,
        seal_index=envelope.seal_index,
        leaf_index=envelope.place.leaf_index,
        path=envelope.place.path,
        sealed_body=envelope.sealed_body,
    )


def _envelope_from_message(message: envelope_pb2.Envelope, seals: int) -> Envelope:
    require(is_digest(message.body_digest), "Envelope.body_digest")
    require(message.seal_index < seals, "Envelope.seal_index")
    within(message.sealed_body, limits.MAX_SEALED_BODY_BYTES, "Envelope.sealed_body")
    require(len(message.sealed_body) > limits.SEALED_BODY_OVERHEAD, "Envelope.sealed_body")
    return Envelope(
        header=filled(message.header, limits.MAX_HEADER_BYTES, "Envelope.header"),
        body_digest=Digest(message.body_digest),
        seal_index=message.seal_index,
        place=place_from_message(message.leaf_index, message.path, "Envelope"),
        sealed_body=message.sealed_body,
    )


def _is_visible(text: str, most: int) -> bool:
    return len(text) <= most and VISIBLE.fullmatch(text) is not None


def _are_distinct(ids: Iterable[str]) -> bool:
    listed = list(ids)
    return len(set(listed)) == len(listed)


def _readable_ids(envelopes: Iterable[Envelope]) -> list[str]:
    """Ids of the headers that parse at all: two of a kind refuse the call, an unreadable one only its own envelope."""
    ids: list[str] = []
    for envelope in envelopes:
        try:
            ids.append(envelope_pb2.Header.FromString(envelope.header).message_id)
        except DecodeError:
            continue
    return [each for each in ids if each]
