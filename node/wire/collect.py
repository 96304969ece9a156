"""Collect and Confirm: protobuf and model, both directions side by side (protocol 1)."""

from node.errors import Malformed
from node.model.collect import CollectRequest, CollectResponse
from node.protocol.n2n.v1 import exchange_pb2
from node.wire import limits
from node.wire.checks import READS_BACK, bounded_fields, parse, proved, require, serialise, within, writing
from node.wire.requests import (
    deliver_request_from_bytes,
    deliver_request_to_bytes,
    status_request_from_bytes,
    status_request_to_bytes,
)


def collect_request_to_bytes(request: CollectRequest) -> bytes:
    """The request as it is sent; raises Malformed when a rule is broken."""
    with writing("CollectRequest"):
        message = exchange_pb2.CollectRequest(
            most=request.most, wait_ms=request.wait_ms, known_checkpoint=request.known_checkpoint
        )
    return proved("CollectRequest", message, limits.MAX_REQUEST_BYTES, _request_from_message, request)


def collect_request_from_bytes(data: bytes) -> CollectRequest:
    """The request that `data` carries; raises Malformed or TooLarge."""
    within(data, limits.MAX_REQUEST_BYTES, "CollectRequest")
    bounded_fields(data, limits.MAX_CALL_FIELDS, "CollectRequest")
    return _request_from_message(parse(exchange_pb2.CollectRequest, data))


def _request_from_message(message: exchange_pb2.CollectRequest) -> CollectRequest:
    require(1 <= message.most <= limits.MAX_ENVELOPES, "CollectRequest.most")
    require(0 <= message.wait_ms <= limits.MAX_WAIT_MS, "CollectRequest.wait_ms")
    within(message.known_checkpoint, limits.MAX_CHECKPOINT_BYTES, "CollectRequest.known_checkpoint")
    return CollectRequest(message.most, message.wait_ms, message.known_checkpoint)


def collect_response_to_bytes(response: CollectResponse) -> bytes:
    """The response as it is sent; raises Malformed or TooLarge when a rule is broken."""
    message = exchange_pb2.CollectResponse(lease_ms=response.lease_ms)
    if response.papers is not None:
        message.papers.MergeFromString(deliver_request_to_bytes(response.papers))
    if response.status is not None:
        message.status.MergeFromString(status_request_to_bytes(response.status))
    data = serialise(message)
    within(data, limits.MAX_RESPONSE_BYTES, "CollectResponse")
    if collect_response_from_bytes(data) != response:
        raise Malformed(field="CollectResponse", rule=READS_BACK)
    return data


def collect_response_from_bytes(data: bytes) -> CollectResponse:
    """The response that `data` carries; raises Malformed or TooLarge."""
    within(data, limits.MAX_RESPONSE_BYTES, "CollectResponse")
    bounded_fields(data, limits.MAX_CALL_FIELDS, "CollectResponse")
    message = parse(exchange_pb2.CollectResponse, data)
    require(0 <= message.lease_ms <= limits.MAX_LEASE_MS, "CollectResponse.lease_ms")
    papers, status = message.HasField("papers"), message.HasField("status")
    return CollectResponse(
        deliver_request_from_bytes(message.papers.SerializeToString()) if papers else None,
        status_request_from_bytes(message.status.SerializeToString()) if status else None,
        message.lease_ms,
    )


def confirm_response_to_bytes(taken: int) -> bytes:
    """How many answers settled or repeated something."""
    return serialise(exchange_pb2.ConfirmResponse(taken=taken))


def confirm_response_from_bytes(data: bytes) -> int:
    """What the partner made of our answers; raises Malformed or TooLarge."""
    within(data, limits.MAX_RESPONSE_BYTES, "ConfirmResponse")
    taken = parse(exchange_pb2.ConfirmResponse, data).taken
    require(taken <= limits.MAX_ENVELOPES, "ConfirmResponse.taken")
    return taken
