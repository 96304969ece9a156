"""A server over real TLS sockets, certificates drawn for it, and a door that does what the test says."""

import asyncio
import inspect
import os
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import node.transport  # noqa: F401  (sets the floor of TLS, which gRPC reads while it is imported)

os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # refused handshakes are what these tests are about

import grpc
import pytest
from cryptography.hazmat.primitives import serialization

from node.crypto.keys import Role
from node.errors import CallerUnknown, NodeError
from node.model.checkpoint import ConsistencyProof
from node.model.collect import CollectRequest, CollectResponse
from node.model.describe import CallLimits, Description
from node.model.envelope import DeliverRequest, Envelope, Header, KeyWrap, Place, Priority, Seal, StatusRequest
from node.model.ids import MessageId, NodeCode, sha256, uuid7
from node.model.lookup import LookupRequest, SealedAnswer
from node.model.receipt import Answer, DeliverResponse, NotHeld, SignedReceipt
from node.model.register_request import RegisterRequest
from node.sandbox.dev_pki import DevPki, draw, mint
from node.server.grpc_service import ExchangeServer
from node.server.limits import Limits
from node.transport.loopback import Loopback
from node.transport.over_grpc import GrpcChannel
from node.transport.tls import ServerIdentity, TlsIdentity, load_tls_identity
from node.wire import header_from_bytes, header_to_bytes

XA, XB, XC = NodeCode("XA"), NodeCode("XB"), NodeCode("XC")
NOW = datetime.now(UTC).replace(microsecond=0)


def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Tests that speak over the network are coroutines; each gets a loop of its own and at most 30 seconds."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = inspect.signature(pyfuncitem.obj).parameters
    asyncio.run(asyncio.wait_for(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names}), 30))
    return True


@dataclass
class StagedDoor:
    """Answers everything with a receipt; `act` runs first, in the server's thread, and may wait or raise."""

    act: Callable[[], None] = lambda: None
    checkpoint: bytes = b""
    proof: ConsistencyProof | None = None
    waiting: list[DeliverRequest] = field(default_factory=list)
    calls: list[tuple[str, NodeCode]] = field(default_factory=list)
    asked: list[bytes] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    seen: threading.Event = field(default_factory=threading.Event)

    def deliver(self, caller: NodeCode, request: DeliverRequest) -> DeliverResponse:
        self._enter("Deliver", caller)
        answers = [
            Answer(header_from_bytes(envelope.header).message_id, SignedReceipt(b"receipt", SEAL, envelope.place))
            for envelope in request.envelopes
        ]
        self.done.append("Deliver")
        return DeliverResponse(tuple(answers), self.checkpoint, self.proof)

    def status(self, caller: NodeCode, request: StatusRequest) -> DeliverResponse:
        self._enter("Status", caller)
        return DeliverResponse(tuple(Answer(each, NotHeld()) for each in request.message_ids))

    def collect(self, caller: NodeCode, request: CollectRequest) -> CollectResponse:
        self._enter("Collect", caller)
        return CollectResponse(self.waiting.pop(0) if self.waiting else None, None, 120_000)

    def confirm(self, caller: NodeCode, response: DeliverResponse) -> int:
        self._enter("Confirm", caller)
        return len(response.answers)

    def lookup(self, caller: NodeCode, request: LookupRequest, asked: bytes) -> SealedAnswer:
        self._enter("Lookup", caller)
        self.asked.append(asked)
        return SealedAnswer(request.nonce, SEAL, Place(0, ()))

    def request_register(self, caller: NodeCode, request: RegisterRequest) -> int:
        self._enter("RequestRegister", caller)
        return request.after + 1

    def describe(self, caller: NodeCode) -> Description:
        self._enter("Describe", caller)
        return Description(XB, ("n2n/v1",), (), ("X25519",), CallLimits(4, 64, 1), NOW, ("Deliver",))

    def _enter(self, call: str, caller: NodeCode) -> None:
        self.calls.append((call, caller))
        self.seen.set()
        self.act()


SEAL = Seal(b"<manifest/>", b"<signature/>")


def deliver_request(count: int = 2, body: bytes = bytes(64)) -> DeliverRequest:
    def envelope(number: int) -> Envelope:
        header = Header(
            message_id=MessageId(uuid7(NOW, lambda length: number.to_bytes(length, "big"))),
            sender=XA,
            recipient=XB,
            kind="aeo_status",
            kind_version=1,
            created_at=NOW,
            expires_at=NOW + timedelta(days=1),
            priority=Priority.B,
            conversation_id="6f1c3f0e-0000-4000-8000-000000000001",
        )
        return Envelope(header_to_bytes(header), sha256(b"body"), 0, Place(number, ()), body)

    return DeliverRequest((SEAL,), KeyWrap("suite", "key", b"wrapped"), tuple(map(envelope, range(count))))


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> DevPki:
    return draw(tmp_path_factory.mktemp("pki") / "nodes", [XA, XB, XC], NOW)


@dataclass
class Lab:
    """What the tests of this folder stand on."""

    pki: DevPki
    folder: Path
    door: StagedDoor = field(default_factory=StagedDoor)
    enrolled: dict[str, NodeCode] = field(default_factory=dict)
    refusals: list[tuple[str, NodeError]] = field(default_factory=list)
    defects: list[tuple[str, Exception]] = field(default_factory=list)
    request: DeliverRequest = field(default_factory=deliver_request)

    def many(self, count: int, body: bytes) -> DeliverRequest:
        return deliver_request(count, body)

    def identity(self, node: NodeCode) -> TlsIdentity:
        files = self.pki.keys(node)
        return load_tls_identity(files.tls_key, files.tls_certificate, node)

    def minted(self, node: NodeCode, **departures: object) -> TlsIdentity:
        """Another TLS identity of `node`, wrong in the way that `departures` say."""
        credential = mint(self.pki, node, Role.TLS, NOW, **departures)
        pem = credential.certificate.public_bytes(serialization.Encoding.PEM)
        key = credential.private_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return TlsIdentity(node, credential.certificate, pem, key)

    def roots(self, node: NodeCode) -> bytes:
        return self.pki.ca(node).read_bytes()

    def partner_of(self, fingerprint: str) -> SimpleNamespace:
        if fingerprint not in self.enrolled:
            raise CallerUnknown
        return SimpleNamespace(code=self.enrolled[fingerprint])

    def server_identity(self) -> ServerIdentity:
        return ServerIdentity(self.identity(XB), [self.roots(XA), self.roots(XC)])

    @asynccontextmanager
    async def serving(
        self, address: str = "127.0.0.1:0", holder: ServerIdentity | None = None, **limits: float
    ) -> AsyncIterator[SimpleNamespace]:
        """XB's server, with XA and XC enrolled; `limits` are those that shall not be the usual ones."""
        holder = holder or self.server_identity()
        server = ExchangeServer(
            self.door,
            holder,
            self.partner_of,
            lambda fingerprint, error: self.refusals.append((fingerprint, error)),
            lambda call, error: self.defects.append((call, error)),
            Limits(**limits),
        )
        port = server.listen(address)
        await server.start()
        try:
            yield SimpleNamespace(server=server, holder=holder, port=port, address=f"127.0.0.1:{port}")
        finally:
            await server.stop(0)

    @asynccontextmanager
    async def channel(
        self,
        address: str,
        identity: TlsIdentity | None = None,
        roots: bytes | None = None,
        server_name: str = "localhost",
    ) -> AsyncIterator[GrpcChannel]:
        """XA's way to XB."""
        channel = GrpcChannel(XB, address, identity or self.identity(XA), roots or self.roots(XB), server_name)
        try:
            yield channel
        finally:
            await channel.close()

    @asynccontextmanager
    async def raw(self, address: str, identity: TlsIdentity | None = None) -> AsyncIterator[grpc.aio.Channel]:
        """A gRPC channel without our rules, as a hostile or foreign client has it."""
        identity = identity or self.identity(XA)
        credentials = grpc.ssl_channel_credentials(self.roots(XB), identity.private_key, identity.certificates)
        options = [("grpc.ssl_target_name_override", "localhost"), ("grpc.enable_retries", 0)]
        async with grpc.aio.secure_channel(address, credentials, options=options) as channel:
            yield channel

    @asynccontextmanager
    async def over(self, word: str) -> AsyncIterator[Loopback | GrpcChannel]:
        """The same way to the same door, by the transport that `word` names."""
        if word == "loopback":
            loopback = Loopback(XB, XA, self.door)
            yield loopback
            await loopback.close()
        else:
            async with self.serving() as running, self.channel(running.address) as channel:
                yield channel


@pytest.fixture
def lab(pki: DevPki, tmp_path: Path) -> Lab:
    made = Lab(pki, tmp_path)
    made.enrolled = {made.identity(node).fingerprint: node for node in (XA, XC)}
    return made


@pytest.fixture
def black_hole() -> Iterator[str]:
    """An address that accepts connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"127.0.0.1:{listener.getsockname()[1]}"
