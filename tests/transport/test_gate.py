"""Who comes in: enrolled partners over TLS 1.3, known by their certificate alone, for all four kinds of call."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from node.errors import CallerUnknown, CallUnsupported, Malformed, NodeError, PartnerRefusedCall, TlsFailed, TlsTooOld
from node.model.ids import NodeCode
from node.server.callers import Gate
from node.wire import deliver_request_to_bytes, deliver_response_from_bytes, error_from_status

XA, XB, XC = NodeCode("XA"), NodeCode("XB"), NodeCode("XC")
NOW = datetime.now(UTC)
DELIVER = "/n2n.v1.Exchange/Deliver"


def named(error: grpc.aio.AioRpcError) -> NodeError | None:
    """The error of ours that the status names."""
    details = dict(error.trailing_metadata()).get("grpc-status-details-bin", b"")
    return error_from_status(details)


async def health_check(channel: grpc.aio.Channel) -> object:
    return await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=5)


async def health_watch(channel: grpc.aio.Channel) -> object:
    async for answer in health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest(), timeout=5):
        return answer
    return None


async def reflect(channel: grpc.aio.Channel) -> object:
    async def question() -> AsyncIterator[object]:
        yield reflection_pb2.ServerReflectionRequest(list_services="")

    stub = reflection_pb2_grpc.ServerReflectionStub(channel)
    async for answer in stub.ServerReflectionInfo(question(), timeout=5):
        return {service.name for service in answer.list_services_response.service}
    return None


async def deliver(channel: grpc.aio.Channel) -> object:
    return await channel.unary_unary(DELIVER)(b"", timeout=5)


async def upload(channel: grpc.aio.Channel) -> object:
    async def chunks() -> AsyncIterator[bytes]:
        yield b""

    return await channel.stream_unary("/n2n.v1.Exchange/Upload")(chunks(), timeout=5)


async def unheard_of(channel: grpc.aio.Channel) -> object:
    return await channel.unary_unary("/no.such/Call")(b"", timeout=5)


EVERY_KIND = [deliver, upload, health_check, health_watch, reflect, unheard_of]


@pytest.mark.parametrize("call", EVERY_KIND)
async def test_a_certificate_of_a_trusted_root_that_is_not_enrolled_gets_nothing(
    lab: SimpleNamespace, call: object
) -> None:
    stranger = lab.minted(XA)
    async with lab.serving() as running, lab.raw(running.address, stranger) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as refusal:
            await call(channel)
    assert refusal.value.code() is grpc.StatusCode.UNAUTHENTICATED
    assert refusal.value.details() == "not authentic"
    assert type(named(refusal.value)) is CallerUnknown
    assert [(fingerprint, type(error)) for fingerprint, error in lab.refusals] == [
        (stranger.fingerprint, CallerUnknown)
    ]
    assert lab.door.calls == []


async def test_an_enrolled_partner_is_served_in_all_kinds(lab: SimpleNamespace) -> None:
    async with lab.serving() as running, lab.raw(running.address) as channel:
        assert (await health_check(channel)).status == health_pb2.HealthCheckResponse.SERVING
        assert (await health_watch(channel)).status == health_pb2.HealthCheckResponse.SERVING
        services = await reflect(channel)
        data = await channel.unary_unary(DELIVER)(deliver_request_to_bytes(lab.request), timeout=5)
    assert services == {
        "n2n.v1.Exchange",
        "grpc.health.v1.Health",
        "grpc.reflection.v1alpha.ServerReflection",
    }
    assert len(deliver_response_from_bytes(data).answers) == 2
    assert lab.refusals == []


async def test_the_caller_is_whom_the_certificate_proves_and_not_whom_the_metadata_claims(lab: SimpleNamespace) -> None:
    claims = (
        ("caller", "XA"),
        ("x-partner", "XA"),
        ("x-forwarded-client-cert", f"Hash={lab.identity(XA).fingerprint}"),
        ("x509_pem_cert", "XA"),
        ("x-ssl-client-cert-bin", lab.identity(XA).certificates),
        ("forwarded", "for=XA;host=XA"),
        ("authorization", "Bearer XA"),
    )
    async with lab.serving() as running, lab.raw(running.address, lab.identity(XC)) as channel:
        await channel.unary_unary(DELIVER)(deliver_request_to_bytes(lab.request), timeout=5, metadata=claims)
    assert lab.door.calls == [("Deliver", XC)]


async def test_calls_at_once_do_not_take_each_others_identity(lab: SimpleNamespace) -> None:
    data = deliver_request_to_bytes(lab.request)
    async with (
        lab.serving() as running,
        lab.raw(running.address, lab.identity(XA)) as first,
        lab.raw(running.address, lab.identity(XC)) as second,
    ):
        calls = [channel.unary_unary(DELIVER)(data, timeout=5) for _ in range(20) for channel in (first, second)]
        await asyncio.gather(*calls)
    assert sorted(caller for _, caller in lab.door.calls) == [XA] * 20 + [XC] * 20


@pytest.mark.parametrize(
    ("departure", "why"),
    [
        ({"ca": XB}, "signed by a root that is no partner's"),
        ({"end": NOW - timedelta(hours=1)}, "expired"),
        ({"begin": NOW + timedelta(hours=1)}, "not valid yet"),
    ],
    ids=["other root", "expired", "not yet valid"],
)
async def test_a_certificate_that_tls_refuses_never_reaches_the_gate(
    lab: SimpleNamespace, departure: dict[str, object], why: str
) -> None:
    outsider = lab.minted(XA, **departure)
    lab.enrolled[outsider.fingerprint] = XA
    async with lab.serving() as running, lab.channel(running.address, outsider) as channel:
        with pytest.raises(TlsFailed) as refusal:
            await channel.deliver(lab.request, 5)
    assert "our certificate may not be accepted" in refusal.value.fields["detail"], why
    assert lab.refusals == []
    assert lab.door.calls == []


async def test_a_client_without_certificate_does_not_connect(lab: SimpleNamespace) -> None:
    credentials = grpc.ssl_channel_credentials(lab.roots(XB))
    async with (
        lab.serving() as running,
        grpc.aio.secure_channel(f"localhost:{running.port}", credentials) as channel,
    ):
        with pytest.raises(grpc.aio.AioRpcError) as refusal:
            await deliver(channel)
    assert refusal.value.code() is grpc.StatusCode.UNAVAILABLE
    assert lab.refusals == []


async def test_a_client_without_tls_does_not_connect(lab: SimpleNamespace) -> None:
    async with lab.serving() as running, grpc.aio.insecure_channel(running.address) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as refusal:
            await deliver(channel)
    assert refusal.value.code() is grpc.StatusCode.UNAVAILABLE


def literal(name: bytes, value: bytes) -> bytes:
    """An HPACK field: literal, never indexed, not compressed (RFC 7541 6.2.3)."""
    return b"\x10" + bytes([len(name)]) + name + bytes([len(value)]) + value


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def call_by_hand(address: str, context: ssl.SSLContext) -> str | None:
    """One gRPC call written frame by frame, because gRPC's own client cannot be told to speak an older TLS."""
    headers = {b":method": b"POST", b":scheme": b"https", b":path": DELIVER.encode(), b":authority": b"localhost"}
    headers |= {b"te": b"trailers", b"content-type": b"application/grpc", b"grpc-timeout": b"5S"}
    block = b"".join(literal(name, value) for name, value in headers.items())
    host, _, port = address.rpartition(":")
    with (
        socket.create_connection((host, int(port)), 5) as plain,
        context.wrap_socket(plain, server_hostname=host) as tls,
    ):
        tls.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0, b"") + frame(1, 4, 1, block))
        tls.sendall(frame(0, 1, 1, bytes(5)))
        heard = b""
        while b"grpc-status" not in heard and (more := tls.recv(65536)):
            heard += more
        return tls.version()


def openssl_client(lab: SimpleNamespace, version: ssl.TLSVersion) -> ssl.SSLContext:
    context = ssl.create_default_context(cadata=lab.roots(XB).decode())
    context.minimum_version = context.maximum_version = version
    context.set_alpn_protocols(["h2"])
    files = lab.pki.keys(XA)
    context.load_cert_chain(files.tls_certificate, files.tls_key)
    return context


async def test_tls_1_2_is_not_agreed_even_with_an_enrolled_certificate(lab: SimpleNamespace) -> None:
    async with lab.serving() as running:
        new = openssl_client(lab, ssl.TLSVersion.TLSv1_3)
        assert await asyncio.to_thread(call_by_hand, running.address, new) == "TLSv1.3"
        with pytest.raises(ssl.SSLError):
            await asyncio.to_thread(call_by_hand, running.address, openssl_client(lab, ssl.TLSVersion.TLSv1_2))
    assert [type(error) for _, error in lab.refusals] == [Malformed]  # the empty request, over 1.3


@pytest.mark.parametrize(
    ("proved", "refusal"),
    [
        ({"ssl_tls_version": [b"TLSv1.2"]}, TlsTooOld),
        ({"ssl_tls_version": [b"TLSv1.3", b"TLSv1.2"]}, TlsTooOld),
        ({"ssl_tls_version": []}, TlsTooOld),
        ({}, TlsTooOld),
        ({"ssl_tls_version": [b"TLSv1.3"]}, CallerUnknown),
        ({"ssl_tls_version": [b"TLSv1.3"], "x509_pem_cert": []}, CallerUnknown),
        ({"ssl_tls_version": [b"TLSv1.3"], "x509_pem_cert": [b"", b""]}, CallerUnknown),
    ],
)
async def test_the_gate_trusts_no_handshake_to_have_been_as_it_should(
    lab: SimpleNamespace, proved: dict[str, list[bytes]], refusal: type[NodeError]
) -> None:
    statuses = []

    class Connection:
        """What gRPC tells of a connection that our listener would not have let through."""

        def auth_context(self) -> dict[str, list[bytes]]:
            return proved

        async def abort_with_status(self, status: object) -> None:
            statuses.append(status)
            raise grpc.aio.AbortError

    async def serve(request: bytes, context: object) -> bytes:
        lab.door.calls.append(("Deliver", "?"))
        return b""

    async def continuation(details: object) -> object:
        return grpc.unary_unary_rpc_method_handler(serve)

    gate = Gate(lab.partner_of, lambda fingerprint, error: lab.refusals.append((fingerprint, error)), print)
    handler = await gate.intercept_service(continuation, SimpleNamespace(method=DELIVER))
    with pytest.raises(grpc.aio.AbortError):
        await handler.stream_unary(None, Connection())
    assert [type(error) for _, error in lab.refusals] == [refusal]
    assert [status.code for status in statuses] == [grpc.StatusCode.UNAUTHENTICATED]
    assert lab.door.calls == []


@pytest.mark.parametrize("call", ["Upload", "Anything"])
async def test_a_call_that_is_not_served_says_so_by_its_code(lab: SimpleNamespace, call: str) -> None:
    async with lab.serving() as running, lab.raw(running.address) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as refusal:
            await channel.unary_unary(f"/n2n.v1.Exchange/{call}")(b"", timeout=5)
    assert refusal.value.code() is grpc.StatusCode.UNIMPLEMENTED
    assert type(named(refusal.value)) is CallUnsupported


async def test_an_enrolment_that_is_withdrawn_stops_the_next_call_on_an_open_connection(lab: SimpleNamespace) -> None:
    async with lab.serving() as running, lab.channel(running.address) as channel:
        await channel.deliver(lab.request, 5)
        del lab.enrolled[lab.identity(XA).fingerprint]
        with pytest.raises(PartnerRefusedCall) as refusal:
            await channel.deliver(lab.request, 5)
    assert refusal.value.fields["reason"] == CallerUnknown.code


async def test_a_silent_socket_is_closed_within_seconds(lab: SimpleNamespace) -> None:
    async with lab.serving() as running:
        reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
        assert await asyncio.wait_for(reader.read(), 6) == b""
        writer.close()
