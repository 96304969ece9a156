"""The truth about a call that went wrong: nothing was sent, nobody knows, refused, or an answer that is none."""

import asyncio
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from types import SimpleNamespace

import grpc
import pytest

from node.errors import (
    AnswerRefused,
    CallUnsupported,
    DeliveryError,
    NoAnswer,
    PartnerRefusedCall,
    PartnerUnreachable,
    TlsFailed,
)
from node.model.ids import NodeCode
from node.wire import MAX_RESPONSE_BYTES, status_from_error

XA, XB, XC = NodeCode("XA"), NodeCode("XB"), NodeCode("XC")


async def failure(lab: SimpleNamespace, address: str, deadline_s: float = 5, **how: object) -> DeliveryError:
    async with lab.channel(address, **how) as channel:
        with pytest.raises(DeliveryError) as raised:
            await channel.deliver(lab.request, deadline_s)
    return raised.value


async def test_nobody_listening_means_nothing_was_sent(lab: SimpleNamespace) -> None:
    error = await failure(lab, "127.0.0.1:1")
    assert type(error) is PartnerUnreachable
    assert error.fields == {"partner": "XB", "address": "127.0.0.1:1", "detail": "connection refused"}


async def test_a_name_that_nobody_knows_means_nothing_was_sent(lab: SimpleNamespace) -> None:
    error = await failure(lab, "nobody.invalid:7443")
    assert type(error) is PartnerUnreachable
    assert "name" in error.fields["detail"]


async def test_a_black_hole_means_nothing_was_sent(lab: SimpleNamespace, black_hole: str) -> None:
    error = await failure(lab, black_hole, 0.5)
    assert type(error) is PartnerUnreachable
    assert error.fields["detail"] == "no connection within 0.5 seconds"


async def test_a_server_of_another_root_is_not_spoken_to(lab: SimpleNamespace) -> None:
    async with lab.serving() as running:
        error = await failure(lab, running.address, roots=lab.roots(XA))
    assert type(error) is TlsFailed
    assert error.fields["detail"] == "the server's certificate does not lead to the partner's roots"
    assert lab.door.calls == []


async def test_a_server_of_another_name_is_not_spoken_to(lab: SimpleNamespace) -> None:
    async with lab.serving() as running:
        error = await failure(lab, running.address, server_name="exchange.xb.example")
    assert type(error) is TlsFailed
    assert error.fields["detail"] == "the server's certificate is for another name"
    assert lab.door.calls == []


@contextmanager
def openssl_server(lab: SimpleNamespace, version: ssl.TLSVersion) -> Iterator[tuple[str, list[str | None]]]:
    """XB's certificate behind a server that speaks nothing newer than `version`, and which versions were agreed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.maximum_version = version
    context.set_alpn_protocols(["h2"])
    files = lab.pki.keys(XB)
    context.load_cert_chain(files.tls_certificate, files.tls_key)
    agreed: list[str | None] = []

    def meet() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with suppress(ssl.SSLError), connection, context.wrap_socket(connection, server_side=True) as tls:
                    agreed.append(tls.version())

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=meet)
        thread.start()
        yield f"127.0.0.1:{listener.getsockname()[1]}", agreed
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(5)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])
async def test_a_server_that_only_knows_tls_1_2_is_not_spoken_to(lab: SimpleNamespace, version: ssl.TLSVersion) -> None:
    with openssl_server(lab, version) as (address, agreed):
        error = await failure(lab, address, 2)
    if version is ssl.TLSVersion.TLSv1_2:
        assert type(error) is TlsFailed
        assert agreed == []
    else:
        assert isinstance(error, TlsFailed | PartnerUnreachable)
        assert set(agreed) == {"TLSv1.3"}


async def test_a_server_without_tls_is_not_spoken_to(lab: SimpleNamespace) -> None:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
        error = await failure(lab, f"127.0.0.1:{server.sockets[0].getsockname()[1]}")
    assert isinstance(error, TlsFailed | PartnerUnreachable)


async def test_the_same_channel_reaches_a_server_that_comes_back(lab: SimpleNamespace) -> None:
    async with lab.serving() as running:
        address = running.address
        async with lab.channel(address) as channel:
            await channel.deliver(lab.request, 5)
            await running.server.stop(0)
            with pytest.raises(PartnerUnreachable):
                await channel.deliver(lab.request, 2)
            async with lab.serving(address):
                await asyncio.sleep(1.3)  # the channel's own pause after a failure is at most a second
                assert len((await channel.deliver(lab.request, 5)).answers) == 2


class Relay:
    """A TCP relay that can cut both ways after a number of bytes, or stop passing anything on."""

    def __init__(self, target: str) -> None:
        self._target = target
        self.cut_after: int | None = None
        self.stalled = False
        self.passed = 0
        self._writers: list[asyncio.StreamWriter] = []
        self._tasks: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        try:
            yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        finally:
            server.close()
            self.cut()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, _, port = self._target.rpartition(":")
        onward_reader, onward_writer = await asyncio.open_connection(host, int(port))
        self._writers += [writer, onward_writer]
        for source, sink in ((reader, onward_writer), (onward_reader, writer)):
            task = asyncio.create_task(self._pass_on(source, sink))
            self._tasks.add(task)

    async def _pass_on(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(65536):
                if self.stalled:
                    continue
                if self.cut_after is not None and self.passed + len(data) > self.cut_after:
                    sink.write(data[: self.cut_after - self.passed])
                    await sink.drain()
                    self.cut()
                    return
                self.passed += len(data)
                sink.write(data)
        except OSError:
            return


async def test_a_connection_that_falls_silent_after_papers_left_leaves_the_fate_unknown(lab: SimpleNamespace) -> None:
    async with lab.serving() as running:
        relay = Relay(running.address)
        async with relay.running() as address, lab.channel(address) as channel:
            await channel.deliver(lab.request, 5)
            relay.stalled = True
            with pytest.raises(NoAnswer):
                await channel.deliver(lab.request, 0.5)


async def test_a_connection_cut_anywhere_never_hides_that_papers_arrived(lab: SimpleNamespace) -> None:
    # At many byte offsets of handshake, request and answer: when the door was reached, nobody says "nothing was sent".
    async with lab.serving() as running:
        whole = Relay(running.address)
        async with whole.running() as address, lab.channel(address) as channel:
            await channel.deliver(lab.request, 5)
        fates: dict[str, int] = {}
        for cut_after in range(0, whole.passed, max(1, whole.passed // 40)):
            lab.door.calls.clear()
            relay = Relay(running.address)
            relay.cut_after = cut_after
            async with relay.running() as address, lab.channel(address) as channel:
                try:
                    await channel.deliver(lab.request, 5)
                    fate: type[Exception] | None = None
                except DeliveryError as error:
                    fate = type(error)
            assert fate in {None, NoAnswer, PartnerUnreachable, TlsFailed}
            if lab.door.calls:
                assert fate in {None, NoAnswer}, cut_after
            fates[fate.__name__ if fate else "answered"] = fates.get(fate.__name__ if fate else "answered", 0) + 1
    assert fates.get("TlsFailed", 0) + fates.get("PartnerUnreachable", 0) > 5
    assert fates.get("NoAnswer", 0) > 2


@asynccontextmanager
async def pretender(
    lab: SimpleNamespace, answer: Callable[[grpc.aio.ServicerContext], object], health: bool = True
) -> AsyncIterator[str]:
    """A partner with the right certificate and software of its own making."""

    async def exchange(request: bytes, context: grpc.aio.ServicerContext) -> bytes:
        lab.door.calls.append(("Deliver", "pretender"))
        said = answer(context)
        return await said if asyncio.iscoroutine(said) else said

    async def check(request: bytes, context: grpc.aio.ServicerContext) -> bytes:
        return b"\x08\x01"

    def handlers(name: str, call: str, serve: object) -> grpc.GenericRpcHandler:
        return grpc.method_handlers_generic_handler(name, {call: grpc.unary_unary_rpc_method_handler(serve)})

    server = grpc.aio.server(options=[("grpc.max_send_message_length", -1)])
    served = [handlers("n2n.v1.Exchange", "Deliver", exchange)]
    if health:
        served.append(handlers("grpc.health.v1.Health", "Check", check))
    server.add_generic_rpc_handlers(served)
    port = server.add_secure_port("127.0.0.1:0", lab.server_identity().credentials())
    await server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        await server.stop(0)


@pytest.mark.parametrize(
    "garbage",
    [b"", b"\xff", b"\x12\x00" * 65, b"\x12\x00" * 100_000, b"\x0a\x00\x12\x02\x22\x00", bytes(1000)],
    ids=["empty", "corrupt", "too many answers", "a flood of answers", "empty seal", "zeroes"],
)
async def test_an_answer_that_is_none_is_refused_and_not_quoted(lab: SimpleNamespace, garbage: bytes) -> None:
    async with pretender(lab, lambda context: garbage) as address:
        error = await failure(lab, address)
    assert type(error) is AnswerRefused
    assert error.fields["detail"].startswith("N2N-WIRE-00")
    assert len(lab.door.calls) == 1


async def test_an_answer_beyond_the_limit_is_refused(lab: SimpleNamespace) -> None:
    async with pretender(lab, lambda context: bytes(MAX_RESPONSE_BYTES + 1)) as address:
        error = await failure(lab, address)
    assert type(error) is AnswerRefused
    assert "larger than" in error.fields["detail"]


async def test_a_partner_without_health_service_is_reached_all_the_same(lab: SimpleNamespace) -> None:
    async with pretender(lab, lambda context: b"\xff", health=False) as address:
        assert type(await failure(lab, address)) is AnswerRefused


@pytest.mark.parametrize("code", [code for code in grpc.StatusCode if code is not grpc.StatusCode.OK])
async def test_every_status_without_our_code_is_either_a_refusal_or_an_unknown_fate(
    lab: SimpleNamespace, code: grpc.StatusCode
) -> None:
    async with pretender(lab, lambda context: context.abort(code, "words of theirs\x1b[31m")) as address:
        error = await failure(lab, address)
    unknown = {"UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED", "INTERNAL", "UNKNOWN", "DATA_LOSS"}
    assert type(error) is (NoAnswer if code.name in unknown else PartnerRefusedCall)
    assert "theirs" not in error.message()
    assert len(lab.door.calls) == 1


async def test_a_status_with_garbage_for_details_is_a_refusal_by_its_name(lab: SimpleNamespace) -> None:
    details = (("grpc-status-details-bin", b"\xff\xfe"),)
    answer = lambda context: context.abort(grpc.StatusCode.NOT_FOUND, "", details)  # noqa: E731
    async with pretender(lab, answer) as address:
        error = await failure(lab, address)
    assert type(error) is PartnerRefusedCall
    assert error.fields["reason"] == "NOT_FOUND"
    assert type(error.__cause__) is grpc.aio.AioRpcError


async def test_a_refusal_with_our_code_is_named_by_it_even_when_its_status_could_mean_a_lost_connection(
    lab: SimpleNamespace,
) -> None:
    status = status_from_error(CallUnsupported(call="Deliver")).SerializeToString()
    details = (("grpc-status-details-bin", status),)
    answer = lambda context: context.abort(grpc.StatusCode.UNAVAILABLE, "", details)  # noqa: E731
    async with pretender(lab, answer) as address:
        error = await failure(lab, address)
    assert type(error) is PartnerRefusedCall
    assert error.fields["reason"] == CallUnsupported.code


async def test_an_unhealthy_partner_is_told_from_a_healthy_one(lab: SimpleNamespace) -> None:
    async with lab.serving() as running, lab.channel(running.address) as channel:
        assert await channel.healthy(5)
        await running.server.stop(0)
        assert not await channel.healthy(1)
