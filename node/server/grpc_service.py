"""The Exchange service over gRPC: own listener, mutual TLS 1.3, enrolled partners only (protocol 1)."""

from collections.abc import Awaitable, Callable
from functools import partial

import grpc
from grpc.aio import ServicerContext

from node.errors import NodeError, Unexpected
from node.model.ids import NodeCode
from node.server.callers import CALLER, CallerOf, OnDefect, OnRefusal
from node.server.gated import GatedServer
from node.server.limits import Limits, Workers
from node.transport.tls import ServerIdentity
from node.wire import SERVED, SERVICE, InboundDoor, answer


class ExchangeServer(GatedServer):
    """Serves a door to partners."""

    def __init__(
        self,
        door: InboundDoor,
        identity: ServerIdentity,
        caller_of: CallerOf,
        on_refusal: OnRefusal,
        on_defect: OnDefect,
        limits: Limits = Limits(),  # noqa: B008 (frozen)
    ) -> None:
        def handler(workers: Workers) -> grpc.GenericRpcHandler:
            return exchange_handler(door, workers, on_defect)

        super().__init__(SERVICE, handler, identity, caller_of, on_refusal, on_defect, limits)


def exchange_handler(door: InboundDoor, workers: Workers, on_defect: OnDefect) -> grpc.GenericRpcHandler:
    """The served calls of `n2n.v1.Exchange`, bytes in and bytes out; the gate refuses the others."""

    def served(call: str) -> Callable[[bytes, ServicerContext[bytes, bytes]], Awaitable[bytes]]:
        async def serve(request: bytes, context: ServicerContext[bytes, bytes]) -> bytes:
            # A cancelled call does not stop the thread: what it commits stands, and a repeat fetches the answer.
            # The partners' listener enrols nobody but partners.
            caller = NodeCode(CALLER.get())
            return await workers.run(caller, partial(_work, door, call, caller, request, on_defect))

        return serve

    return grpc.method_handlers_generic_handler(
        SERVICE, {call: grpc.unary_unary_rpc_method_handler(served(call)) for call in SERVED}
    )


def _work(door: InboundDoor, call: str, caller: NodeCode, request: bytes, on_defect: OnDefect) -> bytes:
    try:
        return answer(door, call, caller, request)
    except NodeError:
        raise
    except Exception as error:
        # Told here, in the thread: a caller who hung up would otherwise take the defect along.
        on_defect(call, error)
        raise Unexpected() from error
