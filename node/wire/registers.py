"""RegisterRequest and RegisterResponse: protobuf and model, both directions side by side (protocol 1)."""

from node.model.register_request import RegisterRequest
from node.protocol.n2n.v1 import exchange_pb2 as pb
from node.wire import limits
from node.wire.checks import KIND, bounded_fields, parse, proved, require, within, writing


def register_request_to_bytes(request: RegisterRequest) -> bytes:
    """The request as it is sent; raises Malformed when a rule is broken."""
    with writing("RegisterRequest"):
        message = pb.RegisterRequest(kind=request.kind, after=request.after)
    return proved("RegisterRequest", message, limits.MAX_REGISTER_BYTES, _request_from_message, request)


def register_request_from_bytes(data: bytes) -> RegisterRequest:
    """The request that `data` carries; raises Malformed or TooLarge."""
    within(data, limits.MAX_REGISTER_BYTES, "RegisterRequest")
    bounded_fields(data, limits.MAX_REGISTER_FIELDS, "RegisterRequest")
    return _request_from_message(parse(pb.RegisterRequest, data))


def _request_from_message(message: pb.RegisterRequest) -> RegisterRequest:
    require(KIND.fullmatch(message.kind) is not None, "RegisterRequest.kind")
    require(message.after <= limits.MAX_SEQUENCE, "RegisterRequest.after")
    return RegisterRequest(message.kind, message.after)


def register_response_to_bytes(sequence: int) -> bytes:
    """How far the register has come, as it is sent; raises Malformed when a rule is broken."""
    with writing("RegisterResponse"):
        message = pb.RegisterResponse(sequence=sequence)
    return proved("RegisterResponse", message, limits.MAX_REGISTER_BYTES, _sequence_from_message, sequence)


def register_response_from_bytes(data: bytes) -> int:
    """How far the partner's register has come, 0 while it has no list; raises Malformed or TooLarge."""
    within(data, limits.MAX_REGISTER_BYTES, "RegisterResponse")
    bounded_fields(data, limits.MAX_REGISTER_FIELDS, "RegisterResponse")
    return _sequence_from_message(parse(pb.RegisterResponse, data))


def _sequence_from_message(message: pb.RegisterResponse) -> int:
    require(message.sequence <= limits.MAX_SEQUENCE, "RegisterResponse.sequence")
    return message.sequence
