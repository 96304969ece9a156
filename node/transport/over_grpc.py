"""The gRPC way to one partner: mutual TLS, one call, one try (protocol 1).

What the sender must know afterwards is whether anything of its papers left. So a fresh connection first carries a
health question; only when that came back do papers follow. A failure before is PartnerUnreachable or TlsFailed (nothing
was sent), one after it NoAnswer (unknown).
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from typing import Final

import grpc
from grpc.aio import AioRpcError, StreamUnaryMultiCallable, UnaryUnaryMultiCallable, UsageError
from grpc_health.v1 import health_pb2

from node import kill_points
from node.errors import AnswerRefused, DeliveryError, NoAnswer, PartnerUnreachable, TlsFailed
from node.model.collect import CollectRequest, CollectResponse
from node.model.describe import Description
from node.model.envelope import DeliverRequest, StatusRequest
from node.model.ids import NodeCode
from node.model.lookup import SealedAnswer
from node.model.receipt import DeliverResponse
from node.model.register_request import RegisterRequest
from node.model.upload import Chunk, UploadProgress
from node.transport.outcomes import read_answer, refused_call
from node.transport.tls import TlsIdentity
from node.wire import (
    MAX_REQUEST_BYTES,
    MAX_RESPONSE_BYTES,
    SERVED,
    SERVICE,
    UPLOAD,
    chunk_to_bytes,
    collect_request_to_bytes,
    collect_response_from_bytes,
    confirm_response_from_bytes,
    deliver_request_to_bytes,
    deliver_response_from_bytes,
    deliver_response_to_bytes,
    describe_request_to_bytes,
    description_from_bytes,
    lookup_response_from_bytes,
    register_request_to_bytes,
    register_response_from_bytes,
    status_request_to_bytes,
    upload_response_from_bytes,
)

CONNECT_S: Final = 10.0
"""A handshake across the world takes under a second; after ten nobody is there."""

STATUS_DETAILS: Final = "grpc-status-details-bin"

_ON_ITS_WAY_S: Final = 0.002
"""So long after a call began a test that kills takes it for under way."""

OPTIONS: Final[tuple[tuple[str, int], ...]] = (
    # Retrying is the job table's work; one attempt here is one attempt on record.
    ("grpc.enable_retries", 0),
    ("grpc.max_send_message_length", MAX_REQUEST_BYTES),
    ("grpc.max_receive_message_length", MAX_RESPONSE_BYTES),
    ("grpc.max_metadata_size", 8192),
    ("grpc.absolute_max_metadata_size", 8192),
    # Firewalls drop idle flows; the server allows a ping every 30 s.
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.keepalive_permit_without_calls", 1),
    # The job table says when to try again; the channel must then try at once, not in two minutes.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
    # Despite its name, the time that one attempt may take, handshake included.
    ("grpc.min_reconnect_backoff_ms", int(CONNECT_S * 1000)),
    # A replaced channel makes its own connection; the environment's proxies and DNS TXT records have no say.
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.enable_http_proxy", 0),
    ("grpc.service_config_disable_resolution", 1),
)

_AS_THEY_ARE: Final[Callable[[bytes], bytes]] = bytes

# Codes that gRPC gives by itself when a connection breaks or the peer's bytes make no sense: nobody knows what became.
_UNKNOWN_FATE: Final = frozenset(
    {
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.CANCELLED,
        grpc.StatusCode.INTERNAL,
        grpc.StatusCode.UNKNOWN,
        grpc.StatusCode.DATA_LOSS,
    }
)
# A partner without a health service, or one that does not know the name asked for, is there all the same.
_THERE: Final = frozenset({grpc.StatusCode.UNIMPLEMENTED, grpc.StatusCode.NOT_FOUND})

# What gRPC calls itself when an answer is longer than we take.
_CLIENT_SIDE: Final = "CLIENT: "

# gRPC tells why a connection failed in words only. The first sign found wins; the text itself is never shown.
_CAUSES: Final[tuple[tuple[str, type[DeliveryError], str], ...]] = (
    ("connection refused", PartnerUnreachable, "connection refused"),
    ("domain name not found", PartnerUnreachable, "the name is not known"),
    ("errors resolving", PartnerUnreachable, "the name cannot be resolved"),
    ("hostname verification", TlsFailed, "the server's certificate is for another name"),
    ("certificate_verify_failed", TlsFailed, "the server's certificate does not lead to the partner's roots"),
    ("handshake", TlsFailed, "the handshake failed"),
    ("verification", TlsFailed, "the server's certificate was not accepted"),
    ("socket closed", TlsFailed, "closed right after the handshake; our certificate may not be accepted"),
    ("connection reset", TlsFailed, "closed right after the handshake; our certificate may not be accepted"),
)

_Call = UnaryUnaryMultiCallable[bytes, bytes]


class GrpcChannel:
    """The connection to one partner. Made inside the running loop; replaced, not changed, when keys or roots change."""

    def __init__(
        self, partner: NodeCode, address: str, identity: TlsIdentity, roots: bytes, server_name: str = ""
    ) -> None:
        self._partner = partner
        self._address = address
        named = (("grpc.ssl_target_name_override", server_name),) if server_name else ()
        credentials = grpc.ssl_channel_credentials(roots, identity.private_key, identity.certificates)
        self._channel = grpc.aio.secure_channel(address, credentials, options=[*OPTIONS, *named])
        self._calls: Mapping[str, _Call] = {call: self._open(f"/{SERVICE}/{call}") for call in SERVED}
        self._upload: StreamUnaryMultiCallable[bytes, bytes] = self._channel.stream_unary(
            f"/{SERVICE}/{UPLOAD}", request_serializer=_AS_THEY_ARE, response_deserializer=_AS_THEY_ARE
        )
        self._health: _Call = self._open("/grpc.health.v1.Health/Check")

    async def deliver(self, request: DeliverRequest, deadline_s: float) -> DeliverResponse:
        """Send envelopes once; the partner's answers, well-formed but not yet judged.

        Raises PartnerUnreachable, TlsFailed, NoAnswer, PartnerRefusedCall or AnswerRefused.
        """
        answer = await self._call("Deliver", deliver_request_to_bytes(request), deadline_s)
        return read_answer(self._partner, deliver_response_from_bytes, answer)

    async def status(self, request: StatusRequest, deadline_s: float) -> DeliverResponse:
        """Ask what became of our papers; raises as `deliver`."""
        answer = await self._call("Status", status_request_to_bytes(request), deadline_s)
        return read_answer(self._partner, deliver_response_from_bytes, answer)

    async def collect(self, request: CollectRequest, deadline_s: float) -> CollectResponse:
        """Take what waits for us; raises as `deliver`."""
        answer = await self._call("Collect", collect_request_to_bytes(request), deadline_s)
        return read_answer(self._partner, collect_response_from_bytes, answer)

    async def confirm(self, response: DeliverResponse, deadline_s: float) -> int:
        """Bring the answers to what we took; how many the partner took. Raises as `deliver`."""
        answer = await self._call("Confirm", deliver_response_to_bytes(response), deadline_s)
        return read_answer(self._partner, confirm_response_from_bytes, answer)

    async def lookup(self, asked: bytes, deadline_s: float) -> SealedAnswer:
        """Put a LookupRequest, given as the bytes that the answer will cover; raises as `deliver`."""
        answer = await self._call("Lookup", asked, deadline_s)
        return read_answer(self._partner, lookup_response_from_bytes, answer)

    async def request_register(self, request: RegisterRequest, deadline_s: float) -> int:
        """Ask for a register's lists; its sequence at the partner. Raises as `deliver`."""
        answer = await self._call("RequestRegister", register_request_to_bytes(request), deadline_s)
        return read_answer(self._partner, register_response_from_bytes, answer)

    async def describe(self, deadline_s: float) -> Description:
        """Ask what the partner serves; raises as `deliver`."""
        answer = await self._call("Describe", describe_request_to_bytes(), deadline_s)
        return read_answer(self._partner, description_from_bytes, answer)

    async def upload(self, chunks: Iterable[Chunk], deadline_s: float) -> UploadProgress:
        """Bring pieces of one content; how much the partner holds then. Raises as `deliver`.

        `chunks` is read in a thread, one piece at a time, as fast as the partner takes them.
        """

        def send(seconds: float) -> Awaitable[bytes]:
            return self._upload(_pieces(chunks), timeout=seconds)

        answer = await self._sent(send, deadline_s)
        return read_answer(self._partner, upload_response_from_bytes, answer)

    async def healthy(self, deadline_s: float) -> bool:
        """Whether the partner's health service says SERVING within `deadline_s` seconds."""
        try:
            answer = await self._health(health_pb2.HealthCheckRequest().SerializeToString(), timeout=deadline_s)
        except (AioRpcError, UsageError):
            return False
        return answer == health_pb2.HealthCheckResponse(status="SERVING").SerializeToString()

    async def close(self) -> None:
        """Let the connection go; calls under way are cut off."""
        await self._channel.close()

    def _open(self, method: str) -> _Call:
        return self._channel.unary_unary(method, request_serializer=_AS_THEY_ARE, response_deserializer=_AS_THEY_ARE)

    async def _call(self, call: str, request: bytes, deadline_s: float) -> bytes:
        return await self._sent(lambda seconds: self._calls[call](request, timeout=seconds), deadline_s)

    async def _sent(self, send: Callable[[float], Awaitable[bytes]], deadline_s: float) -> bytes:
        loop = asyncio.get_running_loop()
        give_up = loop.time() + deadline_s
        try:
            kill_points.reach("transport.call/unconnected")
            await self._connect(min(CONNECT_S, deadline_s))
            kill_points.reach("transport.call/connected")
            answering = send(max(0.0, give_up - loop.time()))
            if kill_points.ARMED is not None:
                loop.call_later(_ON_ITS_WAY_S, kill_points.reach, "transport.call/on-its-way")
            answer = await answering
            kill_points.reach("transport.call/answered")
            return answer
        except UsageError as error:
            raise self._unreachable("the channel is closed") from error
        except AioRpcError as error:
            failure = self._failed(error, deadline_s)
            raise failure from failure.__cause__ or error

    async def _connect(self, seconds: float) -> None:
        if self._channel.get_state() is grpc.ChannelConnectivity.READY:
            return
        try:
            await self._health(health_pb2.HealthCheckRequest().SerializeToString(), timeout=seconds)
        except AioRpcError as error:
            if error.code() not in _THERE:
                failure = self._not_connected(error, seconds)
                raise failure from failure.__cause__ or error

    def _not_connected(self, error: AioRpcError, seconds: float) -> DeliveryError:
        if error.code() not in _UNKNOWN_FATE or _details(error):
            return self._refused(error)
        if error.code() is grpc.StatusCode.DEADLINE_EXCEEDED:
            return self._unreachable(f"no connection within {seconds:g} seconds")
        text = (error.details() or "").casefold()
        for sign, kind, detail in _CAUSES:
            if sign in text:
                return kind(partner=self._partner, address=self._address, detail=detail)
        return self._unreachable("the connection failed")

    def _failed(self, error: AioRpcError, deadline_s: float) -> DeliveryError:
        if _details(error) or error.code() not in _UNKNOWN_FATE:
            return self._refused(error)
        return NoAnswer(partner=self._partner, seconds=f"{deadline_s:g}")

    def _refused(self, error: AioRpcError) -> DeliveryError:
        # gRPC itself stops an answer that is too long, and says so in words only.
        if error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED and _CLIENT_SIDE in (error.details() or ""):
            return AnswerRefused(partner=self._partner, detail=f"larger than {MAX_RESPONSE_BYTES} bytes")
        return refused_call(self._partner, _details(error), error.code().name)

    def _unreachable(self, detail: str) -> PartnerUnreachable:
        return PartnerUnreachable(partner=self._partner, address=self._address, detail=detail)


async def _pieces(chunks: Iterable[Chunk]) -> AsyncIterator[bytes]:
    source = iter(chunks)
    while (chunk := await asyncio.to_thread(next, source, None)) is not None:
        yield chunk_to_bytes(chunk)


def _details(error: AioRpcError) -> bytes:
    for key, value in error.trailing_metadata() or ():
        if key == STATUS_DETAILS and isinstance(value, bytes):
            return value
    return b""
