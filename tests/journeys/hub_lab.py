"""Two nodes with real listeners, and domestic systems that call them over real sockets with their own certificates."""

import asyncio
import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import node.transport  # noqa: F401  (sets the floor of TLS, which gRPC reads while it is imported)

import grpc  # isort: skip

from node.documents import samples
from node.errors import NodeError
from node.protocol.n2n.v1 import hub_pb2, hub_pb2_grpc
from node.sandbox.dev_pki import Credential, DevPki, mint_domestic
from node.sandbox.homes import furnish_home
from node.sandbox.processes import free_port
from node.service import READY_FILE, serve
from node.settings import HubKind, load_settings
from node.wire import error_from_status
from node.wiring import Wired, wire

XA, XB = "XA", "XB"
PATIENCE_S = 30
KIND = "certificate_of_origin"


def until(holds: Callable[[], bool], patience_s: float = PATIENCE_S) -> None:
    give_up = time.monotonic() + patience_s
    while not holds():
        assert time.monotonic() < give_up, "in vain"
        time.sleep(0.02)


def papers(count: int, begin: int = 0) -> list[bytes]:
    """So many certificates of origin, each under a number of its own."""
    content = samples.sample(KIND, samples.sample_names(KIND)[0])
    return [samples.vary(KIND, content, f"HUB-{number:05d}") for number in range(begin, begin + count)]


@dataclass
class Running:
    """A node served in a thread of its own; `stop` and `start` are a restart from its home."""

    home: Path
    wired: Wired | None = None
    _thread: threading.Thread | None = None
    _stop: Callable[[], None] = lambda: None
    hub_address: str = ""

    def start(self) -> None:
        self.wired = wire(load_settings(self.home, {}))
        began = threading.Event()

        async def run() -> None:
            stop, loop = asyncio.Event(), asyncio.get_running_loop()
            self._stop = lambda: loop.call_soon_threadsafe(stop.set)
            await serve(self.wired, stop, lambda _: began.set())

        self._thread = threading.Thread(target=lambda: asyncio.run(run()), daemon=True)
        self._thread.start()
        assert began.wait(PATIENCE_S)
        # The port stays the same from now on, as it does for a hub's configuration.
        lines = (self.home / READY_FILE).read_text().splitlines()
        self.hub_address = lines[1] if len(lines) > 1 else ""

    def stop(self) -> None:
        if self._thread is not None:
            self._stop()
            self._thread.join(PATIENCE_S)
            assert not self._thread.is_alive()
            self.wired.close()
            self._thread = None


@dataclass
class HubLab:
    """XA and XB, both watched by hubs; every credential of the domestic and the partners' side."""

    pki: DevPki
    xa: Running
    xb: Running
    folder: Path
    channels: list[grpc.Channel] = field(default_factory=list)

    def agency(self, running: Running) -> "Client":
        """The enrolled domestic system of a node."""
        code = running.home.name
        key, certificate = self.pki.agency(code)
        return self.client(running, key.read_bytes(), certificate.read_bytes())

    def client(self, running: Running, key: bytes, certificate: bytes, roots: bytes | None = None) -> "Client":
        channel = self.channel(running.hub_address, key, certificate, roots or self.hub_roots(running.home.name))
        return Client(channel)

    def channel(self, address: str, key: bytes, certificate: bytes, roots: bytes) -> grpc.Channel:
        credentials = grpc.ssl_channel_credentials(roots, key, certificate)
        options = [
            ("grpc.enable_retries", 0),
            ("grpc.use_local_subchannel_pool", 1),
            ("grpc.ssl_target_name_override", "localhost"),
        ]
        channel = grpc.secure_channel(address, credentials, options)
        self.channels.append(channel)
        return channel

    def hub_roots(self, code: str) -> bytes:
        return self.pki.hub_ca(code).read_bytes()

    def enrol(self, running: Running, name: str, kinds: str = "") -> tuple[bytes, bytes]:
        """One more domestic system in a node's settings, restricted to `kinds` where given; its key and certificate."""
        key, certificate = self.minted(name, running.home.name)
        (running.home / "certs" / "hub" / f"{name}.pem").write_bytes(certificate)
        entry = f'\n[[hub.client]]\nname = "{name}"\ncertificate = "certs/hub/{name}.pem"\n{kinds}\n'
        with (running.home / "node.toml").open("a", encoding="utf-8") as settings:
            settings.write(entry)
        return key, certificate

    def minted(self, name: str, ca: str = XA) -> tuple[bytes, bytes]:
        """A certificate of a domestic root that nobody has enrolled."""
        made: Credential = mint_domestic(self.pki, XA, name, datetime.now(UTC), ca=ca)
        key, certificate = self.folder / f"{name}.key", self.folder / f"{name}.pem"
        made.write(key, certificate)
        return key.read_bytes(), certificate.read_bytes()


class Client:
    """A domestic system in a few lines, as docs/hub-grpc.md shows it."""

    def __init__(self, channel: grpc.Channel) -> None:
        self.channel = channel
        self.stub = hub_pb2_grpc.HubStub(channel)

    def submit(self, *papers: tuple[str, bytes], partner: str = XB, kind: str = "") -> list[hub_pb2.SubmitOutcome]:
        request = hub_pb2.SubmitRequest(
            papers=[
                hub_pb2.Submission(idempotency_key=key, partner=partner, kind=kind, document=content)
                for key, content in papers
            ]
        )
        return list(self.stub.Submit(request, timeout=PATIENCE_S).outcomes)

    def view(self, exchange: str) -> hub_pb2.GetExchangeResponse:
        return self.stub.GetExchange(hub_pb2.GetExchangeRequest(exchange=exchange), timeout=PATIENCE_S)

    def acknowledge(self, *exchanges: str) -> hub_pb2.AcknowledgeInboundResponse:
        request = hub_pb2.AcknowledgeInboundRequest(exchanges=exchanges)
        return self.stub.AcknowledgeInbound(request, timeout=PATIENCE_S)

    def answer(self, exchange: str, verdict: str = "ACCEPTED", **texts: str) -> hub_pb2.AnswerResponse:
        decision = hub_pb2.Decision(verdict=f"DECISION_VERDICT_{verdict}", **texts)
        return self.stub.Answer(hub_pb2.AnswerRequest(exchange=exchange, decision=decision), timeout=PATIENCE_S)

    @contextmanager
    def inbound(self, cursor: str = "") -> Iterator[Iterator[hub_pb2.InboundPapers]]:
        stream = self.stub.WatchInbound(hub_pb2.WatchInboundRequest(cursor=cursor), timeout=PATIENCE_S)
        try:
            yield stream
        finally:
            stream.cancel()

    @contextmanager
    def moves(self, cursor: str = "", *, from_now: bool = False) -> Iterator[Iterator[hub_pb2.StatusChanges]]:
        request = hub_pb2.WatchStatusRequest(cursor=cursor, from_now=from_now)
        stream = self.stub.WatchStatus(request, timeout=PATIENCE_S)
        try:
            yield stream
        finally:
            stream.cancel()

    def take(self, count: int, cursor: str = "") -> tuple[list[hub_pb2.InboundPaper], str]:
        """The next so many papers, or more where one message holds more, and the cursor behind them."""
        found: list[hub_pb2.InboundPaper] = []
        with self.inbound(cursor) as stream:
            while len(found) < count:
                message = next(stream)
                found += message.papers
                cursor = message.cursor
        return found, cursor

    def follow(self, wanted: Callable[[hub_pb2.StatusChange], bool], cursor: str = "") -> list[hub_pb2.StatusChange]:
        """Every change up to the first that is wanted."""
        seen: list[hub_pb2.StatusChange] = []
        with self.moves(cursor) as stream:
            for message in stream:
                for change in message.changes:
                    seen.append(change)
                    if wanted(change):
                        return seen
        raise AssertionError("the feed ended")


def refusal(error: grpc.RpcError) -> tuple[grpc.StatusCode, str]:
    """The status and our stable code of a refused call."""
    details = dict(error.trailing_metadata() or ()).get("grpc-status-details-bin", b"")
    named: NodeError | None = error_from_status(details)
    return error.code(), named.code if named else ""


@contextmanager
def two_nodes(folder: Path, pki: DevPki, before: Callable[[HubLab], None] = lambda _: None) -> Iterator[HubLab]:
    """XA and XB, running, each the other's partner over real TLS; `before` may change their homes."""
    ports = {code: free_port() for code in (XA, XB)}
    running = {}
    for code, partner in ((XA, XB), (XB, XA)):
        home = furnish_home(
            pki,
            folder / code,
            code,
            listen=f"127.0.0.1:{ports[code]}",
            partners={partner: f"localhost:{ports[partner]}"},
            hub=HubKind.GRPC,
            hub_listen=f"127.0.0.1:{free_port()}",
        )
        running[code] = Running(home)
    lab = HubLab(pki, running[XA], running[XB], folder)
    before(lab)
    try:
        for one in running.values():
            one.start()
        yield lab
    finally:
        for channel in lab.channels:
            channel.close()
        for one in running.values():
            one.stop()


def digest(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()
