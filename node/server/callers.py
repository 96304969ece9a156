"""The gate before every call: who is calling, over what, and whether the bytes are a message at all.

Identity comes from the TLS certificate and nowhere else; metadata cannot claim one (security G4). All four kinds of
call pass here, health and reflection too; what nobody admits is refused.
"""

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Final, Protocol, TypeVar, cast

import grpc
from grpc.aio import AbortError, ServerInterceptor, ServicerContext

from node.errors import CallerUnknown, CallUnsupported, Malformed, NodeError, TlsTooOld, Unexpected
from node.model.ids import NodeCode
from node.server.rendering import abort
from node.transport.tls import TLS_VERSION, pem_fingerprint

CALLER: Final[ContextVar[NodeCode]] = ContextVar("caller")
"""The partner whose call is being served; set by the gate only."""


class KnownCaller(Protocol):
    """A partner as far as the gate is concerned."""

    @property
    def code(self) -> NodeCode:
        """Its node code."""
        ...


PartnerOf = Callable[[str], KnownCaller]
"""SHA-256 of a certificate's DER, lower-case hex -> the partner enrolled with it; raises CallerUnknown."""

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
    """Admits enrolled partners, refuses everybody else, and turns every error into what the outside may hear."""

    def __init__(self, partner_of: PartnerOf, on_refusal: OnRefusal, on_defect: OnDefect) -> None:
        self._partner_of = partner_of
        self._on_refusal = on_refusal
        self._on_defect = on_defect

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

        async def behind_gate(request: object, context: _Context) -> object:
            async with self._admitted(context, method, deadline=True):
                return await serve(_read(handler, request), context)

        if handler.request_streaming:
            return grpc.stream_unary_rpc_method_handler(behind_gate, None, handler.response_serializer)
        return grpc.unary_unary_rpc_method_handler(behind_gate, None, handler.response_serializer)

    def _streamed(self, handler: "grpc.RpcMethodHandler[Q, A]", method: str) -> object:
        serve = handler.stream_stream if handler.request_streaming else handler.unary_stream

        async def yielding(request: object, context: _Context) -> AsyncIterator[object]:
            async with self._admitted(context, method, deadline=False):
                async for answer in cast(_Stream, serve)(_read(handler, request), context):
                    yield answer

        async def writing(request: object, context: _Context) -> None:
            async with self._admitted(context, method, deadline=False):
                await cast(_Unary, serve)(_read(handler, request), context)

        # gRPC tells the two styles apart by the function's nature, so the wrapper must have the same one.
        behind_gate = yielding if inspect.isasyncgenfunction(serve) else writing
        if handler.request_streaming:
            return grpc.stream_stream_rpc_method_handler(behind_gate, None, handler.response_serializer)
        return grpc.unary_stream_rpc_method_handler(behind_gate, None, handler.response_serializer)

    def _unserved(self, method: str) -> Callable[[object, _Context], Awaitable[None]]:
        async def behind_gate(request: object, context: _Context) -> None:
            async with self._admitted(context, method, deadline=False):
                raise CallUnsupported(call=method.rpartition("/")[2])

        return behind_gate

    @asynccontextmanager
    async def _admitted(self, context: _Context, method: str, *, deadline: bool) -> AsyncIterator[None]:
        fingerprint = ""
        try:
            fingerprint = _fingerprint(context)
            CALLER.set(self._partner_of(fingerprint).code)
            if deadline and context.time_remaining() is None:
                raise Malformed(field="deadline", rule="every call carries one")
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


def _read(handler: "grpc.RpcMethodHandler[Q, A]", request: object) -> object:
    """What the handler wants for the raw bytes of one request, or of a stream of them."""
    deserialise = handler.request_deserializer
    if deserialise is None:
        return request
    if handler.request_streaming:
        return _messages(deserialise, cast(AsyncIterator[bytes], request))
    return _message(deserialise, cast(bytes, request))


def _message(deserialise: Callable[[bytes], object], data: bytes) -> object:
    # gRPC alone would answer UNKNOWN with the name of a Python class.
    try:
        return deserialise(data)
    except Exception as error:
        raise Malformed(field="request", rule="is a protobuf message of this kind") from error


async def _messages(deserialise: Callable[[bytes], object], requests: AsyncIterator[bytes]) -> AsyncIterator[object]:
    async for data in requests:
        yield _message(deserialise, data)
