"""The calls that a node answers, bytes in and bytes out: what every transport's server side has in common.

gRPC, the HTTPS twin and the loopback hand the request's bytes to `answer`; none of them judges a message itself.
"""

from collections.abc import Callable, Mapping
from typing import Final, Protocol

from node.errors import CallUnsupported, Unexpected
from node.model.collect import CollectRequest, CollectResponse
from node.model.describe import Description
from node.model.envelope import DeliverRequest, StatusRequest
from node.model.ids import NodeCode
from node.model.lookup import LookupRequest, SealedAnswer
from node.model.receipt import DeliverResponse
from node.model.register_request import RegisterRequest
from node.wire.answers import deliver_response_from_bytes, deliver_response_to_bytes
from node.wire.collect import collect_request_from_bytes, collect_response_to_bytes, confirm_response_to_bytes
from node.wire.describe import describe_request_from_bytes, description_to_bytes
from node.wire.lookups import lookup_request_from_bytes, lookup_response_to_bytes
from node.wire.registers import register_request_from_bytes, register_response_to_bytes
from node.wire.requests import deliver_request_from_bytes, status_request_from_bytes

SERVICE: Final = "n2n.v1.Exchange"


class InboundDoor(Protocol):
    """The node behind the server. Plain functions, called in a thread; `caller` is who the TLS certificate proves."""

    def deliver(self, caller: NodeCode, request: DeliverRequest) -> DeliverResponse:
        """One answer for each envelope, in order; what the answers say is already stored."""
        ...

    def status(self, caller: NodeCode, request: StatusRequest) -> DeliverResponse:
        """One answer for each asked id, in order."""
        ...

    def collect(self, caller: NodeCode, request: CollectRequest) -> CollectResponse:
        """What waits for that caller, leased to it; never waits itself."""
        ...

    def confirm(self, caller: NodeCode, response: DeliverResponse) -> int:
        """How many of the answers that it brings settled or repeated something."""
        ...

    def lookup(self, caller: NodeCode, request: LookupRequest, asked: bytes) -> SealedAnswer:
        """What our register says; `asked` are the request's bytes, which the answer's leaf covers."""
        ...

    def request_register(self, caller: NodeCode, request: RegisterRequest) -> int:
        """The sequence of the register that is asked for; its content follows as papers."""
        ...

    def describe(self, caller: NodeCode) -> Description:
        """What this node serves to that caller."""
        ...


def answer(door: InboundDoor, call: str, caller: NodeCode, request: bytes) -> bytes:
    """The response to `call`; raises CallUnsupported, Malformed, TooLarge, and whatever the door raises."""
    serve = SERVED.get(call)
    if serve is None:
        raise CallUnsupported(call=call)
    return serve(door, caller, request)


def _deliver(door: InboundDoor, caller: NodeCode, data: bytes) -> bytes:
    request = deliver_request_from_bytes(data)
    return _response(door.deliver(caller, request), len(request.envelopes))


def _status(door: InboundDoor, caller: NodeCode, data: bytes) -> bytes:
    request = status_request_from_bytes(data)
    return _response(door.status(caller, request), len(request.message_ids))


def _collect(door: InboundDoor, caller: NodeCode, data: bytes) -> bytes:
    return collect_response_to_bytes(door.collect(caller, collect_request_from_bytes(data)))


def _confirm(door: InboundDoor, caller: NodeCode, data: bytes) -> bytes:
    return confirm_response_to_bytes(door.confirm(caller, deliver_response_from_bytes(data)))


def _lookup(door: InboundDoor, caller: NodeCode, data: bytes) -> bytes:
    return lookup_response_to_bytes(door.lookup(caller, lookup_request_from_bytes(data), data))


def _request_register(door: InboundDoor, caller: NodeCode, data: bytes) -> bytes:
    return register_response_to_bytes(door.request_register(caller, register_request_from_bytes(data)))


def _describe(door: InboundDoor, caller: NodeCode, data: bytes) -> bytes:
    describe_request_from_bytes(data)
    return description_to_bytes(door.describe(caller))


def _response(response: DeliverResponse, asked: int) -> bytes:
    if len(response.answers) != asked:
        raise Unexpected(detail=f"{len(response.answers)} answers for {asked} questions")
    return deliver_response_to_bytes(response)


SERVED: Final[Mapping[str, Callable[[InboundDoor, NodeCode, bytes], bytes]]] = {
    "Deliver": _deliver,
    "Status": _status,
    "Collect": _collect,
    "Confirm": _confirm,
    "Lookup": _lookup,
    "RequestRegister": _request_register,
    "Describe": _describe,
}
"""Calls of this version; the others of the service answer CallUnsupported."""
