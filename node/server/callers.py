"""The gate before every call: who is calling, over what, how much at once, and whether the bytes are a message at all.

Identity comes from the TLS certificate and nowhere else; metadata cannot claim one (security G4). All four kinds of
call pass here, health and reflection too; what nobody admits is refused. Everything that can be judged by the headers
is judged before the body is awaited: gRPC therefore sees every call as one that streams its request.
"""

import asyncio
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Final, Protocol, TypeVar, cast

import grpc
from grpc.aio import EOF, AbortError, ServerInterceptor, ServicerContext

from node.errors import CallerUnknown, CallUnsupported, Malformed, NodeError, RequestSlow, TlsTooOld, Unexpected
from node.server.limits import Limits, Slots
from node.server.rendering import abort
from node.transport.tls import TLS_VERSION, pem_fingerprint

CALLER: Final[ContextVar[str]] = ContextVar("caller")
"""Who is being served, by code: a partner or a domestic system, as the listener has it; set by the gate only."""

FINGERPRINT: Final[ContextVar[str]] = ContextVar("fingerprint")
"""SHA-256 of the caller's certificate in lower-case hex, for calls that outlast the caller's enrolment."""

CANCELLATION_S: Final = 0.1
"""gRPC tells of the end of a request and of a cancellation one after the other; this is ample time between the two."""


class KnownCaller(Protocol):
    """A partner or a domestic system as far as the gate is concerned."""

    @property
    def code(self) -> str:
        """A partner's node code, a domestic system's name."""
        ...


CallerOf = Callable[[str], KnownCaller]
"""SHA-256 of a certificate's DER, lower-case hex -> who is enrolled with it; raises CallerUnknown."""

OnRefusal = Callable[[str, NodeError], None]
"""Told of every refused call: the caller's certificate fingerprint, empty without one, and why. Must be quick."""

OnDefect = Callable[[str, Exception], None]
"""Told of every unexpected exception: the call's name and the exception. May be called from any thread."""

Q = TypeVar("Q")
A = TypeVar("A")
_Context = ServicerContext[object, object]
_Unary = Callable[[object, _Context], Awaitable[object]]
_Stream = Callable[[object, _Context], AsyncIterator[object]]


class Gate(ServerInterceptor):
    """Admits who is enrolled, refuses everybody else, and turns every error into what the outside may hear."""

    def __init__(
        self,
        caller_of: CallerOf,
        on_refusal: OnRefusal,
        on_defect: OnDefect,
        limits: Limits = Limits(),  # noqa: B008
    ) -> None:
        self._caller_of = caller_of
        self._on_refusal = on_refusal
        self._on_defect = on_defect
        self._limits = limits
        self._calls = Slots(limits.caller_calls, limits.node_calls)
        self._streams = Slots(limits.caller_streams, limits.node_streams)

    async def intercept_service(
        self,
        continuation: "Callable[[grpc.HandlerCallDetails], Awaitable[grpc.RpcMethodHandler[Q, A] | None]]",
        handler_call_details: grpc.HandlerCallDetails,
    ) -> "grpc.RpcMethodHandler[Q, A] | None":
        """The handler of the call behind this gate; a call that nobody serves is refused behind it too."""
        method = handler_call_details.method
        handler = await continuation(handler_call_details)
        gated: object
        if handler is None:
            gated = grpc.stream_stream_rpc_method_handler(self._unserved(method))
        elif handler.response_streaming:
            gated = self._streamed(handler, method)
        else:
            gated = self._unary(handler, method)
        return cast("grpc.RpcMethodHandler[Q, A]", gated)

    def _unary(self, handler: "grpc.RpcMethodHandler[Q, A]", method: str) -> object:
        serve = cast(_Unary, handler.stream_unary if handler.request_streaming else handler.unary_unary)
        admit = self._take_long_call if handler.request_streaming else self._take_call

        async def behind_gate(requests: AsyncIterator[bytes], context: _Context) -> object:
            async with self._admitted(context, method, admit):
                return await serve(await self._read(handler, requests, context), context)

        return grpc.stream_unary_rpc_method_handler(behind_gate, None, handler.response_serializer)

    def _streamed(self, handler: "grpc.RpcMethodHandler[Q, A]", method: str) -> object:
        serve = handler.stream_stream if handler.request_streaming else handler.unary_stream

        async def yielding(requests: AsyncIterator[bytes], context: _Context) -> AsyncIterator[object]:
            async with self._admitted(context, method, self._take_stream):
                async for answer in cast(_Stream, serve)(await self._read(handler, requests, context), context):
                    yield answer

        async def writing(requests: AsyncIterator[bytes], context: _Context) -> None:
            async with self._admitted(context, method, self._take_stream):
                await cast(_Unary, serve)(await self._read(handler, requests, context), context)

        # gRPC tells the two styles apart by the function's nature, so the wrapper must have the same one.
        behind_gate = yielding if inspect.isasyncgenfunction(serve) else writing
        return grpc.stream_stream_rpc_method_handler(behind_gate, None, handler.response_serializer)

    def _unserved(self, method: str) -> Callable[[AsyncIterator[bytes], _Context], Awaitable[None]]:
        def refuse(caller: str, context: _Context) -> None:
            raise CallUnsupported(call=method.rpartition("/")[2])

        async def behind_gate(requests: AsyncIterator[bytes], context: _Context) -> None:
            async with self._admitted(context, method, refuse):
                pass

        return behind_gate

    def _take_call(self, caller: str, context: _Context) -> None:
        remaining = cast(float | None, context.time_remaining())
        if remaining is None or remaining > self._limits.deadline_s:
            raise Malformed(field="deadline", rule=f"every call carries one, of at most {self._limits.deadline_s} s")
        self._take(self._calls, caller, context)

    def _take_long_call(self, caller: str, context: _Context) -> None:
        """One that streams its request: a call with a deadline, and a stream besides."""
        self._take_call(caller, context)
        self._take_stream(caller, context)

    def _take_stream(self, caller: str, context: _Context) -> None:
        self._take(self._streams, caller, context)

    def _take(self, slots: Slots, caller: str, context: _Context) -> None:
        give_back = slots.take(caller)
        # Not when the handler returns: an answer that the caller does not read holds its slot too.
        context.add_done_callback(lambda _: give_back())  # type: ignore[arg-type]  # the stub takes no function at all

    async def _read(
        self, handler: "grpc.RpcMethodHandler[Q, A]", requests: AsyncIterator[bytes], context: _Context
    ) -> object:
        """What the handler wants: its one message, or the stream of them."""
        if handler.request_streaming:
            return _messages(handler.request_deserializer, requests)
        try:
            async with asyncio.timeout(self._limits.request_s):
                data = await _only_message(context)
        except TimeoutError as error:
            raise RequestSlow(seconds=f"{self._limits.request_s:g}") from error
        return _message(handler.request_deserializer, data)

    @asynccontextmanager
    async def _admitted(
        self, context: _Context, method: str, admit: Callable[[str, _Context], None]
    ) -> AsyncIterator[None]:
        fingerprint = ""
        try:
            fingerprint = _fingerprint(context)
            caller = self._caller_of(fingerprint).code
            CALLER.set(caller)
            FINGERPRINT.set(fingerprint)
            admit(caller, context)
            yield
        except NodeError as error:
            self._on_refusal(fingerprint, error)
            await abort(context, error)
        except AbortError:
            raise
        except Exception as error:
            self._on_defect(method, error)
            await abort(context, Unexpected())


def _fingerprint(context: _Context) -> str:
    """The fingerprint of the client certificate on this connection; raises TlsTooOld or CallerUnknown."""
    proved = context.auth_context()
    chain = list(proved.get("x509_pem_cert", ()))
    version = list(proved.get("ssl_tls_version", ()))
    if version != [TLS_VERSION]:
        raise TlsTooOld(version=b" ".join(version).decode("ascii", "replace") or "no TLS")
    if len(chain) != 1:
        raise CallerUnknown()
    return pem_fingerprint(chain[0])


async def _only_message(context: _Context) -> bytes:
    """The message of a unary request, which ends behind it. Raises Malformed."""
    data = await context.read()
    if data is EOF:
        # Who hung up, or was cut off for sending too much, looks so at first. The cancellation ends this sleep.
        await asyncio.sleep(CANCELLATION_S)
    if data is EOF or await context.read() is not EOF:
        raise Malformed(field="request", rule="is exactly one message")
    return cast(bytes, data)


def _message(deserialise: Callable[[bytes], object] | None, data: bytes) -> object:
    if deserialise is None:
        return data
    # gRPC alone would answer UNKNOWN with the name of a Python class.
    try:
        return deserialise(data)
    except Exception as error:
        raise Malformed(field="request", rule="is a protobuf message of this kind") from error


async def _messages(
    deserialise: Callable[[bytes], object] | None, requests: AsyncIterator[bytes]
) -> AsyncIterator[object]:
    async for data in requests:
        yield _message(deserialise, data)
