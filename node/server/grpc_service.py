"""The Exchange service over gRPC: own listener, mutual TLS 1.3, enrolled partners only (protocol 1)."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Final

import grpc
from grpc.aio import ServicerContext

from node import kill_points
from node.errors import NodeError, RequestSlow, Unexpected
from node.model.ids import NodeCode
from node.server.bell import Bell
from node.server.callers import CALLER, CallerOf, OnDefect, OnRefusal
from node.server.gated import GatedServer
from node.server.limits import Limits, Workers
from node.transport.tls import ServerIdentity
from node.wire import (
    SERVED,
    SERVICE,
    UPLOAD,
    InboundDoor,
    UploadDoor,
    answer,
    chunk_from_bytes,
    collect_request_from_bytes,
    collect_response_from_bytes,
    upload_response_to_bytes,
)

COLLECT: Final = "Collect"

LOOK_S: Final = 1.0
"""Longest time between looks while a partner waits for papers, seconds."""


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
        bell: Bell | None = None,
        uploads: UploadDoor | None = None,
    ) -> None:
        """Without `uploads` the call Upload is not served."""
        self._bell = bell or Bell()

        def handler(workers: Workers) -> grpc.GenericRpcHandler:
            calls = exchange_calls(door, workers, on_defect, self._bell)
            if uploads is not None:
                calls[UPLOAD] = _upload_call(uploads, workers, limits.request_s)
            return grpc.method_handlers_generic_handler(SERVICE, calls)

        super().__init__(SERVICE, handler, identity, caller_of, on_refusal, on_defect, limits)

    async def start(self) -> None:
        """Begin to answer."""
        self._bell.open()
        await super().start()

    async def stop(self, grace_s: float) -> None:
        """As every server; who waits for papers goes home."""
        self._bell.stop()
        await super().stop(grace_s)


def exchange_calls(
    door: InboundDoor, workers: Workers, on_defect: OnDefect, bell: Bell
) -> "dict[str, grpc.RpcMethodHandler[bytes, bytes]]":
    """The unary calls of `n2n.v1.Exchange`, bytes in and bytes out; the gate refuses what is not served."""

    def served(call: str) -> Callable[[bytes, ServicerContext[bytes, bytes]], Awaitable[bytes]]:
        async def serve(request: bytes, context: ServicerContext[bytes, bytes]) -> bytes:
            # A cancelled call does not stop the thread: what it commits stands, and a repeat fetches the answer.
            # The partners' listener enrols nobody but partners.
            caller = NodeCode(CALLER.get())
            work = partial(_work, door, call, caller, request, on_defect)
            kill_points.reach("server.call/read")
            if call == COLLECT:
                response = await _long_poll(lambda: workers.run(caller, work), request, bell)
            else:
                response = await workers.run(caller, work)
            kill_points.reach("server.call/unanswered")
            if kill_points.ARMED is not None:
                context.add_done_callback(_answered)  # type: ignore[arg-type] # the stubs have it wrong
            return response

        return serve

    return {call: grpc.unary_unary_rpc_method_handler(served(call)) for call in SERVED}


def _upload_call(uploads: UploadDoor, workers: Workers, piece_s: float) -> "grpc.RpcMethodHandler[bytes, bytes]":
    """Chunks in, one answer out. Each chunk is on its way for `piece_s` seconds at most, all of them for a call's time.

    One chunk is in memory at a time: the next is read when this one is written.
    """

    async def serve(requests: AsyncIterator[bytes], context: ServicerContext[bytes, bytes]) -> bytes:
        caller = NodeCode(CALLER.get())
        call = uploads.open(caller)
        try:
            while (data := await _next(requests, piece_s)) is not None:
                await workers.run(caller, partial(call.put, chunk_from_bytes(data)))
            return upload_response_to_bytes(await workers.run(caller, call.end))
        finally:
            # Also when the caller hung up: a thread may still be writing, and what it writes to is let go behind it.
            await asyncio.shield(workers.run(caller, call.close))

    return grpc.stream_unary_rpc_method_handler(serve)


async def _next(requests: AsyncIterator[bytes], seconds: float) -> bytes | None:
    try:
        async with asyncio.timeout(seconds):
            return await anext(requests, None)
    except TimeoutError as error:
        raise RequestSlow(seconds=f"{seconds:g}") from error


def _answered(_: ServicerContext[bytes, bytes]) -> None:
    kill_points.reach("server.call/answered")


async def _long_poll(look: Callable[[], Awaitable[bytes]], request: bytes, bell: Bell) -> bytes:
    """Look until there is something, or the caller's time is over; between looks no thread is kept."""
    loop = asyncio.get_running_loop()
    with bell.watched():
        ear = bell.ear()
        response = await look()
        until = loop.time() + collect_request_from_bytes(request).wait_ms / 1000
        while collect_response_from_bytes(response).is_empty and not bell.stopped:
            left = until - loop.time()
            if left <= 0:
                break
            # Papers may be handed in by another process, which rings no bell of ours.
            await bell.heard(ear, min(left, LOOK_S))
            ear = bell.ear()
            response = await look()
    return response


def _work(door: InboundDoor, call: str, caller: NodeCode, request: bytes, on_defect: OnDefect) -> bytes:
    try:
        return answer(door, call, caller, request)
    except NodeError:
        raise
    except Exception as error:
        # Told here, in the thread: a caller who hung up would otherwise take the defect along.
        on_defect(call, error)
        raise Unexpected() from error
