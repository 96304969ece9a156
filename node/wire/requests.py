"""DeliverRequest and StatusRequest: protobuf and model, both directions side by side (protocol 1 and 2).

What is judged here is the call: counts, sizes, indices, the key wrap. A defect refuses the whole call. Headers stay
bytes; a bad one is judged later and spoils its own envelope only.
"""

from collections.abc import Iterable, Sequence

from google.protobuf.message import DecodeError

from node.errors import Malformed
from node.model.envelope import DeliverRequest, Envelope, KeyWrap, Place, Seal, StatusRequest
from node.model.ids import Digest, MessageId, is_uuid7
from node.protocol.n2n.v1 import envelope_pb2, exchange_pb2
from node.wire import limits
from node.wire.checks import (
    READS_BACK,
    VISIBLE,
    are_digests,
    bounded_fields,
    broken,
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
    """The request as it is sent; raises Malformed or TooLarge when a rule of the call is broken.

    Written envelope by envelope: protobuf's messages may be joined, and megabytes written at once cost several times
    as much. Each part is read by the partner's rules before it counts.
    """
    with writing("DeliverRequest"):
        call = exchange_pb2.DeliverRequest(
            seals=[seal_to_message(seal) for seal in request.seals],
            key=envelope_pb2.KeyWrap(
                suite=request.key.suite, recipient_key_id=request.key.recipient_key_id, wrapped=request.key.wrapped
            ),
        )
        rest = exchange_pb2.DeliverRequest(known_checkpoint=request.known_checkpoint)
        seals, key = _call_from_message(call, len(request.envelopes), rest.known_checkpoint)
        papers = [_envelope_to_bytes(each, len(request.seals)) for each in request.envelopes]
        data = b"".join((serialise(call), *papers, serialise(rest)))
    within(data, limits.MAX_REQUEST_BYTES, "DeliverRequest")
    if _whole(DeliverRequest(seals, key, request.envelopes, rest.known_checkpoint)) != request:
        raise Malformed(field="DeliverRequest", rule=READS_BACK)
    return data


def deliver_request_from_bytes(data: bytes) -> DeliverRequest:
    """The request that `data` carries, judged as a call only; raises Malformed or TooLarge."""
    within(data, limits.MAX_REQUEST_BYTES, "DeliverRequest")
    bounded_fields(data, limits.MAX_CALL_FIELDS, "DeliverRequest")
    message = parse(exchange_pb2.DeliverRequest, data)
    known_checkpoint = message.known_checkpoint
    seals, key = _call_from_message(message, len(message.envelopes), known_checkpoint)
    envelopes = tuple([_envelope_from_message(each, len(seals)) for each in message.envelopes])
    return _whole(DeliverRequest(seals, key, envelopes, known_checkpoint))


def _call_from_message(
    call: exchange_pb2.DeliverRequest, envelopes: int, known_checkpoint: bytes
) -> tuple[tuple[Seal, ...], KeyWrap]:
    """What a call says besides its papers: its seals, and the key."""
    require(1 <= len(call.seals) <= limits.MAX_SEALS, "DeliverRequest.seals")
    require(1 <= envelopes <= limits.MAX_ENVELOPES, "DeliverRequest.envelopes")
    require(call.HasField("key"), "DeliverRequest.key")
    within(known_checkpoint, limits.MAX_CHECKPOINT_BYTES, "DeliverRequest.known_checkpoint")
    return tuple([seal_from_message(seal) for seal in call.seals]), _key_wrap_from_message(call.key)


def _whole(request: DeliverRequest) -> DeliverRequest:
    """The request, when its parts fit together."""
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
    return proved("StatusRequest", message, limits.MAX_REQUEST_BYTES, _status_request_from_message, request)


def status_request_from_bytes(data: bytes) -> StatusRequest:
    """The request that `data` carries; raises Malformed or TooLarge."""
    within(data, limits.MAX_REQUEST_BYTES, "StatusRequest")
    bounded_fields(data, limits.MAX_CALL_FIELDS, "StatusRequest")
    return _status_request_from_message(parse(exchange_pb2.StatusRequest, data))


def _status_request_from_message(message: exchange_pb2.StatusRequest) -> StatusRequest:
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
    nodes = tuple(path)
    if leaf_index >= limits.MAX_ENVELOPES:
        raise broken(f"{owner}.leaf_index")
    if len(nodes) > limits.MAX_PATH or not are_digests(nodes):
        raise broken(f"{owner}.path")
    return Place(leaf_index, nodes)


def _key_wrap_from_message(message: envelope_pb2.KeyWrap) -> KeyWrap:
    require(_is_visible(message.suite, limits.MAX_SUITE_CHARACTERS), "KeyWrap.suite")
    require(_is_visible(message.recipient_key_id, limits.MAX_KEY_ID_CHARACTERS), "KeyWrap.recipient_key_id")
    wrapped = filled(message.wrapped, limits.MAX_WRAPPED_BYTES, "KeyWrap.wrapped")
    return KeyWrap(message.suite, message.recipient_key_id, wrapped)


def _envelope_to_bytes(envelope: Envelope, seals: int) -> bytes:
    """A request of this envelope alone, as bytes: joined to others it is one of theirs."""
    message = exchange_pb2.DeliverRequest()
    message.envelopes.add(
        header=envelope.header,
        body_digest=envelope.body_digest,
        seal_index=envelope.seal_index,
        leaf_index=envelope.place.leaf_index,
        path=envelope.place.path,
        sealed_body=envelope.sealed_body,
    )
    if _envelope_from_message(message.envelopes[0], seals) != envelope:
        raise Malformed(field="Envelope", rule=READS_BACK)
    return serialise(message)


def _envelope_from_message(message: envelope_pb2.Envelope, seals: int) -> Envelope:
    body_digest, seal_index, sealed_body = message.body_digest, message.seal_index, message.sealed_body
    require(is_digest(body_digest), "Envelope.body_digest")
    require(seal_index < seals, "Envelope.seal_index")
    within(sealed_body, limits.MAX_SEALED_BODY_BYTES, "Envelope.sealed_body")
    require(len(sealed_body) > limits.SEALED_BODY_OVERHEAD, "Envelope.sealed_body")
    return Envelope(
        header=filled(message.header, limits.MAX_HEADER_BYTES, "Envelope.header"),
        body_digest=Digest(body_digest),
        seal_index=seal_index,
        place=place_from_message(message.leaf_index, message.path, "Envelope"),
        sealed_body=sealed_body,
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
