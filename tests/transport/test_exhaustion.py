"""What one caller can hold: strangers nothing, a partner its own share, and nobody what the others need."""

import asyncio
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from types import SimpleNamespace

import grpc
import pytest
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2

from node.errors import CallerUnknown, CallUnsupported, Malformed, NodeError, RequestSlow, TooManyCalls
from node.model.ids import NodeCode
from node.server.limits import Limits, Slots, Workers
from node.wire import deliver_request_to_bytes, error_from_status

XA, XC = NodeCode("XA"), NodeCode("XC")
DELIVER = "/n2n.v1.Exchange/Deliver"
CHECK = "/grpc.health.v1.Health/Check"
WATCH = "/grpc.health.v1.Health/Watch"
REFLECT = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"
UPLOAD = "/n2n.v1.Exchange/Upload"

SOON_S = 3
"""Far below the deadlines that the callers name, so that a refusal is not the deadline's doing."""

Held = grpc.aio.StreamStreamCall[bytes, bytes]


def named(error: grpc.aio.AioRpcError) -> type[NodeError]:
    """Which error of ours the status names."""
    details = dict(error.trailing_metadata()).get("grpc-status-details-bin", b"")
    return type(error_from_status(details))


async def headers_only(channel: grpc.aio.Channel, method: str = DELIVER, timeout: float | None = 25) -> Held:
    """A call of which nothing but the headers is sent."""
    call = channel.stream_stream(method)(timeout=timeout)
    with suppress(grpc.aio.AioRpcError):  # refused so soon already; reading tells
        await call.wait_for_connection()
    return call


async def refusal(call: Held) -> type[NodeError]:
    """What a call ends with, soon."""
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        async with asyncio.timeout(SOON_S):
            await call.read()
    return named(refused.value)


async def hold(channel: grpc.aio.Channel) -> Held:
    """A call that came through the gate and now only holds its place."""
    call = await headers_only(channel)
    # Calls of one connection come to the gate in order, and this one takes no place.
    assert await refusal(await headers_only(channel, UPLOAD)) is CallUnsupported
    return call


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something has become true, at most for SOON_S."""
    async with asyncio.timeout(SOON_S):
        while not await true():
            await asyncio.sleep(0.02)


@asynccontextmanager
async def staged(lab: SimpleNamespace, **limits: float) -> AsyncIterator[SimpleNamespace]:
    """XB's server under small limits, and connections of XA and XC to it."""
    async with (
        lab.serving(**limits) as running,
        lab.raw(running.address, lab.identity(XA)) as xa,
        lab.raw(running.address, lab.identity(XC)) as xc,
    ):
        data = deliver_request_to_bytes(lab.request)

        async def deliver(channel: grpc.aio.Channel, timeout: float = SOON_S) -> bytes:
            return await channel.unary_unary(DELIVER)(data, timeout=timeout)

        yield SimpleNamespace(address=running.address, xa=xa, xc=xc, data=data, deliver=deliver)


# --- judged by the headers alone ------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", [DELIVER, CHECK, WATCH, REFLECT, UPLOAD, "/no.such/Call"])
async def test_a_stranger_is_refused_before_any_body(lab: SimpleNamespace, method: str) -> None:
    async with lab.serving() as running, lab.raw(running.address, lab.minted(XA)) as channel:
        assert await refusal(await headers_only(channel, method)) is CallerUnknown


async def test_strangers_hold_nothing_however_many_calls_they_open(lab: SimpleNamespace) -> None:
    stranger = lab.minted(XA)
    async with (
        staged(lab, node_calls=4, node_streams=4) as on,
        lab.raw(on.address, stranger) as one,
        lab.raw(on.address, stranger) as another,
    ):
        channels = (one, another)
        held = [await headers_only(each, method) for each in channels for method in (DELIVER, WATCH) * 15]
        assert await on.deliver(on.xa)
        assert [await refusal(each) for each in held] == [CallerUnknown] * 60
        assert await on.deliver(on.xc)


async def test_a_call_that_is_not_served_is_refused_before_any_body(lab: SimpleNamespace) -> None:
    async with staged(lab) as on:
        assert await refusal(await headers_only(on.xa, UPLOAD)) is CallUnsupported


@pytest.mark.parametrize("method", [DELIVER, CHECK])
@pytest.mark.parametrize("deadline", [None, 700, 1_000_000])
async def test_a_call_without_a_fit_deadline_is_refused_before_any_body(
    lab: SimpleNamespace, method: str, deadline: float | None
) -> None:
    async with staged(lab) as on:
        assert await refusal(await headers_only(on.xa, method, deadline)) is Malformed
    assert lab.door.calls == []


async def test_the_longest_deadline_that_a_partner_file_admits_is_taken(lab: SimpleNamespace) -> None:
    async with staged(lab) as on:
        assert await on.deliver(on.xa, 600)


# --- a request is one message, and arrives in time ------------------------------------------------------------------


@pytest.mark.parametrize("method", [DELIVER, CHECK, WATCH])
@pytest.mark.parametrize("messages", [0, 2])
async def test_a_request_of_no_or_two_messages_is_malformed(lab: SimpleNamespace, method: str, messages: int) -> None:
    async with staged(lab) as on:
        call = await headers_only(on.xa, method)
        for _ in range(messages):
            with suppress(asyncio.InvalidStateError, grpc.aio.AioRpcError):
                await call.write(b"")
        with suppress(asyncio.InvalidStateError):
            await call.done_writing()
        assert await refusal(call) is Malformed
    assert lab.door.calls == []


@pytest.mark.parametrize("method", [DELIVER, CHECK, WATCH])
@pytest.mark.parametrize("sent", ["headers", "a message without end"])
async def test_a_request_that_does_not_come_gives_its_place_back(lab: SimpleNamespace, method: str, sent: str) -> None:
    async with staged(lab, request_s=0.3, caller_calls=1, caller_streams=1) as on:
        call = await headers_only(on.xa, method)
        if sent != "headers":
            await call.write(b"")
        assert await refusal(call) is RequestSlow
        assert await on.deliver(on.xa)
        watching = on.xa.unary_stream(WATCH)(b"", timeout=25)
        assert await watching.read()


async def test_who_hangs_up_before_the_body_gives_the_place_back(lab: SimpleNamespace) -> None:
    async with staged(lab, caller_calls=1) as on:
        call = await hold(on.xa)
        assert not await is_free(on)
        call.cancel()
        await until(lambda: is_free(on))
    assert {type(error) for _, error in lab.refusals} == {CallUnsupported, TooManyCalls}


async def is_free(on: SimpleNamespace) -> bool:
    """Whether XA may call; when not, it is told to try later and why."""
    try:
        return bool(await on.deliver(on.xa))
    except grpc.aio.AioRpcError as error:
        told = (error.code(), error.details(), named(error))
    assert told == (grpc.StatusCode.RESOURCE_EXHAUSTED, "try later", TooManyCalls)
    return False


# --- shares ---------------------------------------------------------------------------------------------------------


async def test_a_partner_holds_its_own_share_and_no_more(lab: SimpleNamespace) -> None:
    async with staged(lab, caller_calls=2) as on, lab.raw(on.address) as another_connection:
        held = [await hold(each) for each in (on.xa, another_connection)]
        assert not await is_free(on)
        assert await on.deliver(on.xc)
        assert await refusal(await headers_only(another_connection, CHECK)) is TooManyCalls
        for each in held:
            each.cancel()
        await until(lambda: is_free(on))
    assert TooManyCalls in {type(error) for _, error in lab.refusals}


async def test_the_node_as_a_whole_has_a_limit_too(lab: SimpleNamespace) -> None:
    async with staged(lab, caller_calls=2, node_calls=3) as on:
        held = [await hold(each) for each in (on.xc, on.xc, on.xa)]
        assert not await is_free(on)
        held[0].cancel()
        await until(lambda: is_free(on))


async def test_streams_are_counted_apart_from_calls(lab: SimpleNamespace) -> None:
    async with staged(lab, caller_calls=1, caller_streams=2) as on:
        watching = on.xa.unary_stream(WATCH)(health_pb2.HealthCheckRequest().SerializeToString())
        assert await watching.read()
        reflecting = on.xa.stream_stream(REFLECT)()
        await reflecting.write(reflection_pb2.ServerReflectionRequest(list_services="").SerializeToString())
        assert await reflecting.read()
        for method in (WATCH, REFLECT):
            assert await refusal(await headers_only(on.xa, method, None)) is TooManyCalls
        assert await on.deliver(on.xa)
        assert await on.xc.unary_stream(WATCH)(b"", timeout=25).read()
        watching.cancel()
        await until(lambda: watched(on.xa))


async def watched(channel: grpc.aio.Channel) -> bool:
    try:
        return bool(await channel.unary_stream(WATCH)(b"", timeout=25).read())
    except grpc.aio.AioRpcError:
        return False


async def test_an_answer_that_is_not_read_holds_its_place_until_the_deadline(lab: SimpleNamespace) -> None:
    async with staged(lab, caller_calls=1) as on:
        with closed_window(lab, on.address, on.data, deadline_s=2):
            await asyncio.to_thread(lab.door.seen.wait, SOON_S)
            await until(lambda: done(lab))
            assert not await is_free(on)
            assert await on.deliver(on.xc)
            await until(lambda: is_free(on))


async def done(lab: SimpleNamespace) -> bool:
    return bool(lab.door.done)


def closed_window(lab: SimpleNamespace, address: str, data: bytes, deadline_s: int) -> ssl.SSLSocket:
    """A call of XA written frame by frame, whose caller takes no byte of the answer (RFC 9113 6.9.2)."""
    files = lab.pki.keys(XA)
    context = ssl.create_default_context(cadata=lab.roots(NodeCode("XB")).decode())
    context.set_alpn_protocols(["h2"])
    context.load_cert_chain(files.tls_certificate, files.tls_key)
    host, _, port = address.rpartition(":")
    tls = context.wrap_socket(socket.create_connection((host, int(port)), 5), server_hostname=host)
    headers = {":method": "POST", ":scheme": "https", ":path": DELIVER, ":authority": "localhost", "te": "trailers"}
    headers |= {"content-type": "application/grpc", "grpc-timeout": f"{deadline_s}S"}
    block = b"".join(
        b"\x10" + bytes([len(name)]) + name.encode() + bytes([len(value)]) + value.encode()
        for name, value in headers.items()
    )
    no_window = b"\x00\x04" + bytes(4)
    tls.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0, no_window) + frame(1, 4, 1, block))
    tls.sendall(frame(0, 1, 1, b"\x00" + len(data).to_bytes(4, "big") + data))
    return tls


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


# --- threads --------------------------------------------------------------------------------------------------------


@pytest.fixture
def slow_xa(lab: SimpleNamespace) -> SimpleNamespace:
    """The door takes its time over what XA sends; how many of its calls are in a thread, and what lets them go."""
    inside = SimpleNamespace(now=0, most=0, let_go=threading.Event())
    lock = threading.Lock()
    enter = lab.door._enter

    def entering(call: str, caller: NodeCode) -> None:
        enter(call, caller)
        if caller == XA:
            with lock:
                inside.now += 1
                inside.most = max(inside.most, inside.now)
            inside.let_go.wait(10)
            with lock:
                inside.now -= 1

    lab.door._enter = entering
    return inside


async def test_the_heavy_calls_of_one_partner_leave_threads_to_the_others(
    lab: SimpleNamespace, slow_xa: SimpleNamespace
) -> None:
    async with staged(lab, threads=2, caller_threads=1) as on:
        heavy = [asyncio.ensure_future(on.deliver(on.xa, 20)) for _ in range(4)]
        await until(lambda: busy(slow_xa))
        assert [bool(await on.deliver(on.xc)) for _ in range(3)] == [True] * 3
        slow_xa.let_go.set()
        assert all(await asyncio.gather(*heavy))
    assert slow_xa.most == 1


async def test_who_hangs_up_and_calls_again_gets_no_more_threads(
    lab: SimpleNamespace, slow_xa: SimpleNamespace
) -> None:
    async with staged(lab, threads=2, caller_threads=1) as on:
        for _ in range(4):
            call = asyncio.ensure_future(on.deliver(on.xa, 20))
            await until(lambda: busy(slow_xa))
            await asyncio.sleep(0.05)
            call.cancel()
        assert await on.deliver(on.xc)
        slow_xa.let_go.set()
        assert await on.deliver(on.xa)
    assert slow_xa.most == 1


async def busy(inside: SimpleNamespace) -> bool:
    return inside.now > 0


async def test_work_that_fails_gives_its_thread_back() -> None:
    workers = Workers(2, 1)

    def stumble() -> None:
        raise KeyError("once")

    for _ in range(3):
        with pytest.raises(KeyError):
            await workers.run(XA, stumble)
    assert await workers.run(XA, lambda: 7) == 7
    await asyncio.to_thread(workers.finish)


# --- the count itself -----------------------------------------------------------------------------------------------


def test_a_partner_has_slots_up_to_its_limit_and_gets_back_what_it_gives_back() -> None:
    slots = Slots(per_caller=32, in_all=256)
    taken = [slots.take(XA) for _ in range(32)]
    with pytest.raises(TooManyCalls):
        slots.take(XA)
    taken[7]()
    slots.take(XA)
    with pytest.raises(TooManyCalls):
        slots.take(XA)
    slots.take(XC)


def test_all_partners_together_have_slots_up_to_the_limit_of_the_node() -> None:
    slots = Slots(per_caller=32, in_all=256)
    taken = [slots.take(NodeCode(f"X{letter}")) for letter in "ABCDEFGH" for _ in range(32)]
    with pytest.raises(TooManyCalls):
        slots.take(NodeCode("XZ"))
    taken[-1]()
    slots.take(NodeCode("XZ"))


def test_the_usual_limits_are_those_of_the_design() -> None:
    usual = Limits()
    assert (usual.caller_calls, usual.node_calls) == (32, 256)
    assert usual.caller_threads < usual.threads
