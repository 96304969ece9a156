"""Upload, whichever way its bytes go: asked first, resumed, held to its rules, and never seen by others."""

import asyncio
import hashlib
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import pytest

from node.errors import (
    DiskNearlyFull,
    Malformed,
    NodeError,
    PartnerRefusedCall,
    RequestSlow,
    TooManyCalls,
    UploadBusy,
    UploadMisplaced,
    UploadsFull,
    UploadUnlike,
)
from node.flows.upload_desk import UploadDesk
from node.flows.uploading import bring
from node.model.ids import NodeCode, sha256
from node.model.upload import Chunk, UploadProgress
from node.server.grpc_service import ExchangeServer
from node.server.limits import Limits
from node.store.upload_files import UploadFiles
from node.transport.loopback import Loopback
from node.wire import MAX_CHUNKS, SERVICE, UPLOAD, chunk_to_bytes

XA, XB, XC = NodeCode("XA"), NodeCode("XB"), NodeCode("XC")
DATA = hashlib.shake_256(b"scan").digest(1_700_000)
NAME = sha256(DATA)

both = pytest.mark.parametrize("way", ["loopback", "grpc"])


@dataclass
class Room:
    """Stands for the node's capacity."""

    error: NodeError | None = None

    def disk_full(self) -> NodeError | None:
        return self.error


@dataclass
class Dock:
    """XB's place for uploads, and XA's ways to it."""

    lab: SimpleNamespace
    files: UploadFiles
    room: Room = field(default_factory=Room)

    @asynccontextmanager
    async def over(self, way: str, caller: NodeCode = XA) -> AsyncIterator[SimpleNamespace]:
        desk = UploadDesk(self.files, self.room)
        if way == "loopback":
            yield Loopback(XB, caller, self.lab.door, desk)
            return
        async with self.serving() as address, self.lab.channel(address, self.lab.identity(caller)) as channel:
            yield channel

    @asynccontextmanager
    async def serving(self, **limits: float) -> AsyncIterator[str]:
        server = ExchangeServer(
            self.lab.door,
            self.lab.server_identity(),
            self.lab.partner_of,
            lambda fingerprint, error: self.lab.refusals.append((fingerprint, error)),
            lambda call, error: self.lab.defects.append((call, error)),
            Limits(**limits),
            uploads=UploadDesk(self.files, self.room),
        )
        port = server.listen("127.0.0.1:0")
        await server.start()
        try:
            yield f"127.0.0.1:{port}"
        finally:
            await server.stop(0)


@pytest.fixture
def dock(lab: SimpleNamespace, tmp_path: Path) -> Dock:
    return Dock(lab, UploadFiles(tmp_path / "uploads", 4_000_000))


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    path = tmp_path / "scan"
    path.write_bytes(DATA)
    return path


def chunk(offset: int, data: bytes, size: int = len(DATA), name: bytes = NAME) -> Chunk:
    return Chunk(name, offset, size, data)


ASK = chunk(0, b"")


@both
async def test_content_arrives_whole_and_a_second_time_for_nothing(dock: Dock, scan: Path, way: str) -> None:
    async with dock.over(way) as transport:
        assert await bring(transport, XB, scan, NAME, 20) == len(DATA)
        assert await bring(transport, XB, scan, NAME, 20) == 0
    assert dock.files.path(XA, NAME).read_bytes() == DATA


@both
@pytest.mark.parametrize("held", [1, 65_551, 1_048_577, len(DATA) - 1])
async def test_only_what_is_missing_travels(dock: Dock, scan: Path, way: str, held: int) -> None:
    async with dock.over(way) as transport:
        parts = [chunk(at, DATA[at : min(at + 500_000, held)]) for at in range(0, held, 500_000)]
        assert await transport.upload(parts, 20) == UploadProgress(held, complete=False)
        assert await bring(transport, XB, scan, NAME, 20) == len(DATA) - held
    assert dock.files.path(XA, NAME).read_bytes() == DATA


@both
async def test_the_content_of_another_partner_looks_like_none(dock: Dock, scan: Path, way: str) -> None:
    async with dock.over(way) as transport:
        await bring(transport, XB, scan, NAME, 20)
    async with dock.over(way, XC) as other:
        assert await other.upload([ASK], 20) == UploadProgress(0, complete=False)
        assert await other.upload([chunk(0, b"", name=bytes(32))], 20) == UploadProgress(0, complete=False)


REFUSED: dict[str, tuple[list[Chunk], type[NodeError]]] = {
    "a gap": ([chunk(0, b"a"), chunk(2, b"c")], UploadMisplaced),
    "an overlap": ([chunk(0, b"ab"), chunk(1, b"bc")], UploadMisplaced),
    "it begins far behind": ([chunk(1_000_000, b"a")], UploadMisplaced),
    "another digest in the same call": ([chunk(0, b"a"), chunk(1, b"b", name=bytes(32))], Malformed),
    "another size in the same call": ([chunk(0, b"a"), chunk(1, b"b", size=9)], Malformed),
    "nothing at all": ([], Malformed),
    "a question and then data": ([ASK, chunk(0, b"a")], Malformed),
    "data and then a question": ([chunk(0, b"a"), chunk(1, b"")], Malformed),
    "two questions": ([ASK, ASK], Malformed),
    "more than there is room for": ([chunk(0, b"a", size=4_000_001)], UploadsFull),
    "not what its name says": ([chunk(0, b"abc", size=3)], UploadUnlike),
}


@both
@pytest.mark.parametrize("defect", REFUSED)
async def test_what_breaks_a_rule_is_refused_by_name(dock: Dock, way: str, defect: str) -> None:
    chunks, refusal = REFUSED[defect]
    async with dock.over(way) as transport:
        with pytest.raises(PartnerRefusedCall) as refused:
            await transport.upload(chunks, 20)
        assert type(refused.value.__cause__) is refusal
        # The lock went with the call: the next one is served.
        assert (await transport.upload([chunk(0, b"whole", 5, sha256(b"whole"))], 20)).complete
    assert dock.lab.defects == []


@both
async def test_what_is_here_already_is_not_written_again(dock: Dock, scan: Path, way: str) -> None:
    async with dock.over(way) as transport:
        await bring(transport, XB, scan, NAME, 20)
        with pytest.raises(PartnerRefusedCall) as refused:
            await transport.upload([chunk(0, DATA[:10])], 20)
    assert type(refused.value.__cause__) is UploadMisplaced


@both
async def test_a_disk_that_is_nearly_full_takes_none_and_still_answers(dock: Dock, way: str) -> None:
    dock.room.error = DiskNearlyFull(free=1, reserve=2, seconds=30)
    async with dock.over(way) as transport:
        assert (await transport.upload([ASK], 20)).held == 0
        with pytest.raises(PartnerRefusedCall) as refused:
            await transport.upload([chunk(0, b"a")], 20)
    assert type(refused.value.__cause__) is DiskNearlyFull


@both
async def test_pieces_that_are_too_small_are_bounded_by_their_number(dock: Dock, way: str) -> None:
    async with dock.over(way) as transport:
        with pytest.raises(PartnerRefusedCall) as refused:
            await transport.upload((chunk(at, b"x") for at in range(MAX_CHUNKS + 1)), 20)
    assert type(refused.value.__cause__) is Malformed


async def test_who_says_nothing_more_is_let_go_and_may_go_on_later(dock: Dock, scan: Path) -> None:
    silent = threading.Event()

    def slowly() -> Iterator[Chunk]:
        yield chunk(0, DATA[:1000])
        silent.wait(10)

    async with dock.serving(request_s=0.3) as address, dock.lab.channel(address) as channel:
        with pytest.raises(PartnerRefusedCall) as refused:
            await channel.upload(slowly(), 20)
        assert type(refused.value.__cause__) is RequestSlow
        silent.set()
        assert await bring(channel, XB, scan, NAME, 20) == len(DATA) - 1000


async def test_the_same_content_in_two_calls_at_once_is_written_by_one(dock: Dock, scan: Path) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def halting() -> Iterator[Chunk]:
        yield chunk(0, DATA[:500_000])
        begun.set()
        go_on.wait(10)
        for at in range(500_000, len(DATA), 500_000):
            yield chunk(at, DATA[at : at + 500_000])

    async with dock.over("grpc") as transport:
        first = asyncio.create_task(transport.upload(halting(), 20))
        await asyncio.to_thread(begun.wait, 10)
        while not (await transport.upload([ASK], 20)).held:
            await asyncio.sleep(0.01)
        with pytest.raises(PartnerRefusedCall) as refused:
            await transport.upload([chunk(500_000, b"x")], 20)
        go_on.set()
        assert (await first).complete
    assert type(refused.value.__cause__) is UploadBusy


async def test_a_call_that_is_cut_keeps_what_it_brought(dock: Dock, scan: Path) -> None:
    held = threading.Event()

    def endless() -> Iterator[Chunk]:
        yield chunk(0, DATA[:700_000])
        held.wait(10)

    async with dock.over("grpc") as transport:
        cut = asyncio.create_task(transport.upload(endless(), 20))
        while not (await transport.upload([ASK], 20)).held:
            await asyncio.sleep(0.01)
        cut.cancel()
        held.set()
        assert await _soon(lambda: bring(transport, XB, scan, NAME, 20)) == len(DATA) - 700_000


async def _soon(again: Callable[[], object]) -> object:
    """The server hears of the cut a moment later; until then the content is busy."""
    for _ in range(200):
        try:
            return await again()
        except PartnerRefusedCall as refused:
            if type(refused.__cause__) is not UploadBusy:
                raise
            await asyncio.sleep(0.02)
    raise AssertionError("the upload was never let go")


async def test_a_caller_has_a_few_uploads_at_once(dock: Dock) -> None:
    let_go = threading.Event()

    def waiting(data: bytes) -> Iterator[Chunk]:
        yield chunk(0, data[:1], len(data), sha256(data))
        let_go.wait(10)

    async with dock.serving(caller_streams=2) as address, dock.lab.channel(address) as channel:
        calls = [asyncio.create_task(channel.upload(waiting(data), 20)) for data in (b"one", b"two")]
        while not all([(await dock_held(dock, data)) for data in (b"one", b"two")]):
            await asyncio.sleep(0.01)
        with pytest.raises(PartnerRefusedCall) as refused:
            await channel.upload([ASK], 20)
        let_go.set()
        await asyncio.gather(*calls)
    assert type(refused.value.__cause__) is TooManyCalls


async def dock_held(dock: Dock, data: bytes) -> int:
    return dock.files.progress(XA, sha256(data), len(data)).held


async def test_a_stream_without_deadline_is_not_begun(dock: Dock) -> None:
    async with dock.serving() as address, dock.lab.raw(address) as channel:
        call = channel.stream_unary(f"/{SERVICE}/{UPLOAD}")
        with pytest.raises(Exception, match="malformed"):
            await call(iter([chunk_to_bytes(chunk(0, b"a"))]))
