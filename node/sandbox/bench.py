"""The measurement: whole exchanges per second, what they cost, and how long a lone paper takes – beside the naive way.

result = run(Plan(seconds=5, rounds=3), folder, progress)
result.runs[0].ratio_to_naive

An exchange counts when its receipt is verified and committed at the sender and its document is committed at the
receiver. Both processes are real, so are the TLS sockets between them. The naive program (`sandbox.naive`) is measured
in the same rounds, so that a busy minute of the machine strikes both.
"""

import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

from node.clock import SystemClock
from node.errors import Unexpected
from node.model.exchange import Assurance, Direction, State
from node.model.ids import NodeCode
from node.sandbox import dev_pki
from node.sandbox.bench_papers import KIND
from node.sandbox.bench_process import Child, Done, Load, cpu_s, peak_rss_mb
from node.sandbox.homes import furnish_home, shipped_profiles
from node.sandbox.processes import NodeProcess, free_port
from node.settings import HubKind, load_settings
from node.store import jobs, queries
from node.store.database import Database

XA, XB = NodeCode("XA"), NodeCode("XB")

ASSURANCES = (Assurance.BATCH, Assurance.DOCUMENT)
SIZES = (4_096, 30_720)
BATCHES = (32,)

WARM_UP_S = 0.3
"""Before each measurement: connections, caches and compiled statements are there when it begins."""

LONE_SHARE = 0.5
"""Part of a run's seconds, in addition to them, for papers one at a time."""

QUIET_S = 60
"""The hubs' files are written after the receipt; whoever needs longer for them than this has stopped."""

LOOK_S = 0.05

_RECEIVED = {HubKind.GRPC: State.RECEIVED, HubKind.FOLDER: State.HANDED_OVER}
"""Where a received paper has come to when its node has nothing left to do for it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure: every size at every level with every batch size, `rounds` times for `seconds` each."""

    seconds: float = 5.0
    rounds: int = 3
    sizes: tuple[int, ...] = SIZES
    batches: tuple[int, ...] = BATCHES
    assurances: tuple[Assurance, ...] = ASSURANCES
    hub: HubKind = HubKind.GRPC
    """`grpc`: papers lie ready for whoever watches the feed, and nobody does. `folder`: the node writes the files."""

    @property
    def steps(self) -> int:
        """How many measurements that makes, the naive ones included."""
        return self.rounds * len(self.sizes) * (1 + len(self.assurances) * len(self.batches))


@dataclass(frozen=True, slots=True)
class Figures:
    """One run: medians over its rounds; latencies over the papers of all rounds; the larger process at its peak."""

    exchanges_per_s: float
    cpu_us_sender: float
    cpu_us_receiver: float
    p50_ms: float
    p99_ms: float
    rss_mb: float


@dataclass(frozen=True, slots=True)
class Run:
    """A node's figures at one level, size and batch size; the ratio is the median of each round's own."""

    assurance: Assurance
    size: int
    batch: int
    figures: Figures
    ratio_to_naive: float


@dataclass(frozen=True, slots=True)
class Result:
    """All that was measured; `naive` by size."""

    runs: tuple[Run, ...]
    naive: Mapping[int, Figures]


@dataclass(frozen=True, slots=True)
class _Sample:
    """One measurement in one round."""

    rate: float
    cpu_us_sender: float
    cpu_us_receiver: float
    latencies_ms: tuple[float, ...]
    rss_mb: float


@dataclass(frozen=True, slots=True)
class _Case:
    """What is measured: a node at a level with a batch size, or the naive program (no level)."""

    assurance: Assurance | None
    size: int
    batch: int


Progress = Callable[[str], None]
"""Told what was just measured, once for each of the plan's steps."""


def run(plan: Plan, folder: Path, progress: Progress) -> Result:
    """Measure inside `folder`, new or empty. Raises HomeExists, Unexpected when an exchange is lost or never ends."""
    samples: dict[_Case, list[_Sample]] = {}
    homes = {assurance: furnish(folder / assurance, assurance, plan.hub) for assurance in plan.assurances}
    naive_home = furnish(folder / "naive", Assurance.BATCH, plan.hub)
    for _ in range(plan.rounds):
        with _naive(naive_home) as pair:
            _measure(pair, plan, None, 1, samples, progress)
        for assurance, home in homes.items():
            for batch in plan.batches:
                with _nodes(home, batch, _RECEIVED[plan.hub]) as pair:
                    _measure(pair, plan, assurance, batch, samples, progress)
    return _result(samples)


# --- one pair of processes ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Pair:
    """A sender and a receiver that are running; `settled` returns when both are idle and have counted right."""

    sender: Child
    receiver_pid: int
    settled: Callable[[int], None]

    def measure(self, size: int, seconds: float, batch: int) -> _Sample:
        """Warm up, then many papers, then one at a time."""
        self.work(Load(size, WARM_UP_S, batch))
        before = self._cpu()
        done = self.work(Load(size, seconds, batch))
        sender, receiver = (1e6 * (now - then) / done.exchanges for now, then in zip(self._cpu(), before, strict=True))
        lone = self.work(Load(size, seconds * LONE_SHARE, 1, lone=True))
        rss = max(peak_rss_mb(pid) for pid in (self.sender.pid, self.receiver_pid))
        return _Sample(done.exchanges / done.seconds, sender, receiver, lone.latencies_ms, rss)

    def work(self, load: Load) -> Done:
        """Do a load and wait until nothing of it is left to do."""
        done = self.sender.work(load)
        self.settled(done.exchanges)
        return done

    def _cpu(self) -> tuple[float, float]:
        return cpu_s(self.sender.pid), cpu_s(self.receiver_pid)


def _measure(
    pair: _Pair,
    plan: Plan,
    assurance: Assurance | None,
    batch: int,
    samples: dict[_Case, list[_Sample]],
    progress: Progress,
) -> None:
    for size in plan.sizes:
        sample = pair.measure(size, plan.seconds, batch)
        samples.setdefault(_Case(assurance, size, batch), []).append(sample)
        progress(f"{assurance or 'naive'} {size} B")


@contextmanager
def _nodes(folder: Path, batch: int, received_as: State) -> Iterator[_Pair]:
    """XA with the feeder inside, XB as `n2n up` starts it; `received_as` is where papers have come to in XB."""
    with ExitStack() as stack:
        receiver = MeasuredNode(folder / XB)
        stack.callback(receiver.stop)
        receiver.start()
        env = {"N2N_BATCH_ENVELOPES": str(batch)}
        sender = Child("node.sandbox.bench_feed", [str(folder / XA), XB], folder / "sender.log", env)
        stack.callback(sender.stop)
        sender.launch()
        sender.ready()
        sent = stack.enter_context(_ledger(folder / XA, Direction.OUT, State.DELIVERED))
        received = stack.enter_context(_ledger(folder / XB, Direction.IN, received_as))

        def settled(count: int) -> None:
            sent.settle(count)
            received.settle(count)

        yield _Pair(sender, receiver.pid, settled)


@contextmanager
def _naive(folder: Path) -> Iterator[_Pair]:
    with ExitStack() as stack:
        address = f"127.0.0.1:{free_port()}"
        receiver = Child("node.sandbox.naive", ["receiver", str(folder / XB), XA, address], folder / "receiver.log", {})
        sender = Child("node.sandbox.naive", ["sender", str(folder / XA), XB, address], folder / "sender.log", {})
        for child in (sender, receiver):
            stack.callback(child.stop)
            child.launch()
        for child in (sender, receiver):
            child.ready()
        # Its calls end when everything is committed on both sides: nothing is left to wait for.
        yield _Pair(sender, receiver.pid, lambda _: None)


class MeasuredNode(NodeProcess):
    """A node whose process can be looked at."""

    @property
    def pid(self) -> int:
        """The process to look at."""
        if self._process is None:
            raise Unexpected(detail="the receiving node was not started")
        return self._process.pid


class Ledger:
    """Counts what a node has finished, by reading its store beside it."""

    def __init__(self, store: Database, direction: Direction, state: State) -> None:
        self._store = store
        self._end = (direction, state)
        self._counted = self._count()

    def settle(self, count: int) -> None:
        """Wait until nothing is due any more; exactly `count` exchanges more must then have come to their end."""
        give_up = time.monotonic() + QUIET_S
        while self._store.read(jobs.next_due) is not None:
            if time.monotonic() > give_up:
                raise Unexpected(detail=f"a node still has work {QUIET_S} seconds after the last receipt")
            time.sleep(LOOK_S)
        before, self._counted = self._counted, self._count()
        if self._counted - before != count:
            raise Unexpected(detail=f"{count} exchanges were made, {self._counted - before} are {self._end[1]}")

    def _count(self) -> int:
        counts = self._store.read(queries.counts)
        return sum(one.count for one in counts if (one.direction, one.state) == self._end)


@contextmanager
def _ledger(home: Path, direction: Direction, state: State) -> Iterator[Ledger]:
    store = Database.open(load_settings(home, {}).store_url)
    try:
        yield Ledger(store, direction, state)
    finally:
        store.close()


# --- homes ----------------------------------------------------------------------------------------------------------


def furnish(folder: Path, assurance: Assurance, hub: HubKind) -> Path:
    """Two homes whose arrangement has certificates of origin travel at `assurance`, each with such a hub."""
    pki = dev_pki.draw(folder / "pki", [XA, XB], SystemClock().now())
    profiles = folder / "partner_profiles"
    shutil.copytree(shipped_profiles(), profiles)
    for file in profiles.glob("*/*.toml"):
        file.write_text(_at_level(file.read_text(encoding="utf-8"), assurance), encoding="utf-8")
    addresses = {code: f"127.0.0.1:{free_port()}" for code in (XA, XB)}
    for code, partner in ((XA, XB), (XB, XA)):
        furnish_home(
            pki,
            folder / code,
            code,
            listen=addresses[code],
            partners={partner: addresses[partner]},
            profiles=profiles,
            hub=hub,
            hub_listen=f"127.0.0.1:{free_port()}",
        )
    return folder


def _at_level(arrangement: str, assurance: Assurance) -> str:
    """The text of an arrangement with the level of the measured kind set; other files come back as they are."""
    head, named, rest = arrangement.partition(f'name = "{KIND}"')
    for level in Assurance:
        rest = rest.replace(f'assurance = "{level}"', f'assurance = "{assurance}"', 1)
    return head + named + rest


# --- figures --------------------------------------------------------------------------------------------------------


def _result(samples: Mapping[_Case, list[_Sample]]) -> Result:
    naive = {case.size: taken for case, taken in samples.items() if case.assurance is None}
    runs = [
        Run(case.assurance, case.size, case.batch, _figures(taken), _ratio(taken, naive[case.size]))
        for case, taken in samples.items()
        if case.assurance is not None
    ]
    return Result(tuple(runs), {size: _figures(taken) for size, taken in naive.items()})


def _ratio(ours: list[_Sample], naive: list[_Sample]) -> float:
    return round(median(mine.rate / theirs.rate for mine, theirs in zip(ours, naive, strict=True)), 2)


def _figures(taken: list[_Sample]) -> Figures:
    latencies = [one for sample in taken for one in sample.latencies_ms]
    return Figures(
        exchanges_per_s=round(median(one.rate for one in taken), 1),
        cpu_us_sender=round(median(one.cpu_us_sender for one in taken)),
        cpu_us_receiver=round(median(one.cpu_us_receiver for one in taken)),
        p50_ms=round(median(latencies), 1),
        p99_ms=round(_p99(latencies), 1),
        rss_mb=round(max(one.rss_mb for one in taken), 1),
    )


def _p99(latencies: list[float]) -> float:
    """The 99th percentile, by interpolation between the papers that there were."""
    return latencies[0] if len(latencies) == 1 else quantiles(latencies, n=100, method="inclusive")[98]
