"""What the server does with what it is sent: shapes, sizes, deadlines, defects, rotation, stopping."""

import asyncio
import threading
from types import SimpleNamespace

import grpc
import pytest

from node.errors import Malformed, NodeError, PortTaken, TlsFailed, TooLarge, Unexpected
from node.model.ids import NodeCode
from node.wire import MAX_REQUEST_BYTES, deliver_request_to_bytes, error_from_status

XA, XB, XC = NodeCode("XA"), NodeCode("XB"), NodeCode("XC")
DELIVER = "/n2n.v1.Exchange/Deliver"
HEALTH = "/grpc.health.v1.Health/Check"


def named(error: grpc.aio.AioRpcError) -> NodeError | None:
    details = dict(error.trailing_metadata()).get("grpc-status-details-bin", b"")
    return error_from_status(details)


async def refused(channel: grpc.aio.Channel, method: str, data: bytes, **options: object) -> grpc.aio.AioRpcError:
    options.setdefault("timeout", 5)
    with pytest.raises(grpc.aio.AioRpcError) as refusal:
        await channel.unary_unary(method)(data, **options)
    return refusal.value


@pytest.mark.parametrize("method", [DELIVER, "/n2n.v1.Exchange/Status", "/n2n.v1.Exchange/Describe", HEALTH])
async def test_a_corrupt_message_is_malformed_and_names_no_python(lab: SimpleNamespace, method: str) -> None:
    async with lab.serving() as running, lab.raw(running.address) as channel:
        error = await refused(channel, method, b"\x0a\xff\xff\xff")
    assert (error.code(), error.details()) == (grpc.StatusCode.INVALID_ARGUMENT, "malformed")
    assert type(named(error)) is Malformed
    assert [type(each) for _, each in lab.refusals] == [Malformed]
    assert lab.refusals[0][0] == lab.identity(XA).fingerprint


async def test_a_corrupt_message_in_a_stream_is_malformed_too(lab: SimpleNamespace) -> None:
    async with lab.serving() as running, lab.raw(running.address) as channel:
        stream = channel.stream_stream("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo")(timeout=5)
        await stream.write(b"\x0a\xff\xff\xff")
        with pytest.raises(grpc.aio.AioRpcError) as refusal:
            await stream.read()
    assert refusal.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert type(named(refusal.value)) is Malformed


def padded(data: bytes, size: int) -> bytes:
    """`data` with an unknown field behind it, `size` bytes in all; the field's length takes four bytes."""
    length = size - len(data) - 5
    varint = bytes([length & 0x7F | 0x80, length >> 7 & 0x7F | 0x80, length >> 14 & 0x7F | 0x80, length >> 21])
    return data + b"\x7a" + varint + bytes(length)


@pytest.mark.parametrize("beyond", [-1, 0, 1])
async def test_a_request_of_four_mebibytes_is_the_largest(lab: SimpleNamespace, beyond: int) -> None:
    data = padded(deliver_request_to_bytes(lab.request), MAX_REQUEST_BYTES + beyond)
    assert len(data) == 4_194_304 + beyond
    async with lab.serving() as running, lab.raw(running.address) as channel:
        if beyond <= 0:
            assert await channel.unary_unary(DELIVER)(data, timeout=5)
        else:
            error = await refused(channel, DELIVER, data)
            assert type(named(error)) is TooLarge
    assert len(lab.door.calls) == (1 if beyond <= 0 else 0)


async def test_a_far_larger_request_is_stopped_before_it_is_read(lab: SimpleNamespace) -> None:
    async with lab.serving() as running, lab.raw(running.address) as channel:
        error = await refused(channel, DELIVER, bytes(16 * 1024 * 1024))
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert lab.door.calls == []


async def test_a_compressed_bomb_is_stopped_while_it_inflates(lab: SimpleNamespace) -> None:
    async with lab.serving() as running, lab.raw(running.address) as channel:
        error = await refused(channel, DELIVER, bytes(64 * 1024 * 1024), compression=grpc.Compression.Gzip)
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert lab.door.calls == []


async def test_metadata_beyond_eight_kibibytes_are_refused(lab: SimpleNamespace) -> None:
    data = deliver_request_to_bytes(lab.request)
    async with lab.serving() as running, lab.raw(running.address) as channel:
        await channel.unary_unary(DELIVER)(data, timeout=5, metadata=(("x-note", "n" * 4096),))
        error = await refused(channel, DELIVER, data, metadata=(("x-note", "n" * 9000),))
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert len(lab.door.calls) == 1


async def test_a_call_without_deadline_is_refused(lab: SimpleNamespace) -> None:
    async with lab.serving() as running, lab.raw(running.address) as channel:
        error = await refused(channel, DELIVER, deliver_request_to_bytes(lab.request), timeout=None)
    assert type(named(error)) is Malformed
    assert lab.door.calls == []


async def test_a_defect_is_internal_outside_and_told_inside(lab: SimpleNamespace) -> None:
    def stumble() -> None:
        raise KeyError("/srv/keys/receipt.key")

    lab.door.act = stumble
    async with lab.serving() as running, lab.raw(running.address) as channel:
        error = await refused(channel, DELIVER, deliver_request_to_bytes(lab.request))
    assert (error.code(), error.details()) == (grpc.StatusCode.INTERNAL, "try later")
    assert type(named(error)) is Unexpected
    assert "receipt.key" not in str(error.trailing_metadata())
    assert [(call, type(defect)) for call, defect in lab.defects] == [("Deliver", KeyError)]


async def test_an_answer_short_of_the_envelopes_does_not_leave(lab: SimpleNamespace) -> None:
    lab.door.deliver = lambda caller, request: []
    async with lab.serving() as running, lab.raw(running.address) as channel:
        error = await refused(channel, DELIVER, deliver_request_to_bytes(lab.request))
    assert type(named(error)) is Unexpected


async def test_a_caller_who_hangs_up_does_not_stop_what_is_being_stored(lab: SimpleNamespace) -> None:
    let_go = threading.Event()
    lab.door.act = lambda: let_go.wait(10) and None
    async with lab.serving() as running, lab.raw(running.address) as channel:
        call = channel.unary_unary(DELIVER)(deliver_request_to_bytes(lab.request), timeout=5)
        waiting = asyncio.ensure_future(call)
        assert await asyncio.to_thread(lab.door.seen.wait, 5)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        let_go.set()
    assert lab.door.done == ["Deliver"]  # stopping waited for the thread


async def test_a_defect_after_the_caller_hung_up_is_still_told(lab: SimpleNamespace) -> None:
    let_go = threading.Event()

    def stumble() -> None:
        let_go.wait(10)
        raise KeyError("late")

    lab.door.act = stumble
    async with lab.serving() as running, lab.raw(running.address) as channel:
        call = channel.unary_unary(DELIVER)(deliver_request_to_bytes(lab.request), timeout=5)
        waiting = asyncio.ensure_future(call)
        assert await asyncio.to_thread(lab.door.seen.wait, 5)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        let_go.set()
    assert [type(defect) for _, defect in lab.defects] == [KeyError]


async def test_a_slow_call_does_not_hold_up_others(lab: SimpleNamespace) -> None:
    let_go = threading.Event()
    lab.door.act = lambda: None if lab.door.calls[-1][1] == XA else (let_go.wait(10) and None)
    data = deliver_request_to_bytes(lab.request)
    async with (
        lab.serving() as running,
        lab.raw(running.address, lab.identity(XC)) as slow,
        lab.raw(running.address) as quick,
    ):
        waiting = asyncio.ensure_future(slow.unary_unary(DELIVER)(data, timeout=10))
        assert await asyncio.to_thread(lab.door.seen.wait, 5)
        assert await quick.unary_unary(DELIVER)(data, timeout=2)
        let_go.set()
        assert await waiting


async def test_the_next_handshake_sees_a_rotated_certificate_and_open_connections_go_on(lab: SimpleNamespace) -> None:
    fresh = lab.minted(XB, ca=XC)
    async with lab.serving() as running, lab.channel(running.address) as old:
        await old.deliver(lab.request, 5)
        running.holder.replace(fresh, [lab.roots(XA)])
        await old.deliver(lab.request, 5)
        async with lab.channel(running.address) as believing_the_old_root:
            with pytest.raises(TlsFailed) as refusal:
                await believing_the_old_root.deliver(lab.request, 5)
        assert "roots" in refusal.value.fields["detail"]
        async with lab.channel(running.address, roots=lab.roots(XC)) as believing_the_new_root:
            await believing_the_new_root.deliver(lab.request, 5)
        async with lab.channel(running.address, lab.identity(XC), lab.roots(XC)) as whose_root_was_taken_out:
            with pytest.raises(TlsFailed):
                await whose_root_was_taken_out.deliver(lab.request, 5)
    assert len(lab.door.calls) == 3


async def test_a_port_is_not_shared_silently(lab: SimpleNamespace) -> None:
    async with lab.serving() as running:
        with pytest.raises(PortTaken) as refusal:
            async with lab.serving(running.address):
                pass
    assert refusal.value.fields["address"] == running.address


@pytest.mark.parametrize("address", ["256.256.256.256:1", "no-port", "192.0.2.1:7443"])
async def test_an_address_that_is_not_ours_is_named(lab: SimpleNamespace, address: str) -> None:
    with pytest.raises(PortTaken):
        async with lab.serving(address):
            pass


async def test_stopping_turns_new_calls_away_and_lets_those_under_way_end(lab: SimpleNamespace) -> None:
    let_go = threading.Event()
    lab.door.act = lambda: let_go.wait(10) and None
    data = deliver_request_to_bytes(lab.request)
    async with lab.serving() as running, lab.raw(running.address) as channel:
        health = channel.unary_stream("/grpc.health.v1.Health/Watch")(b"", timeout=10)
        assert await health.read() == b"\x08\x01"
        waiting = asyncio.ensure_future(channel.unary_unary(DELIVER)(data, timeout=10))
        assert await asyncio.to_thread(lab.door.seen.wait, 5)
        stopping = asyncio.create_task(running.server.stop(10))
        assert await health.read() == b"\x08\x02"
        health.cancel()
        late = await refused(channel, DELIVER, data)
        assert late.code() is grpc.StatusCode.UNAVAILABLE
        let_go.set()
        assert await waiting
        await asyncio.wait_for(stopping, 5)
    assert lab.door.done == ["Deliver"]
