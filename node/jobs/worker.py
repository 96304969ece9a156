"""The worker: the only loop in the node. It claims due jobs lane by lane and hands each batch to the verb's flow.

A lane is one verb for one partner in one priority: a partner that hangs holds up nobody else, and what is urgent no
longer queue. A batch in which no answer came is followed by one half its size, down to a single paper, so that one
paper that breaks the partner cannot hold its neighbours for ever (protocol 3).

A flow may claim the next verb of its batch in the transaction that ends its own, and say `Onward`: the batch goes on
beside the lane, which meanwhile works at the next one.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from functools import partial
from typing import Literal, Protocol, TypeVar

from node.clock import Clock
from node.errors import NodeError, Unexpected
from node.model.ids import NodeCode
from node.model.job import Job, Verb
from node.store import jobs
from node.store.database import Database

T = TypeVar("T")

POLL_S = 0.5
"""Longest sleep between looks at the job table; due jobs of this process wake the loop at once."""


AHEAD = 2
"""Batches of one lane that go on at once: while one is at the partner another is made ready. Then the lane waits."""


class Pace(Enum):
    """How a batch went, for the size of the lane's next one."""

    STEADY = "steady"
    NO_ANSWER = "no answer"
    """The partner may have the batch, and may break over it: the next one is half its size."""
    AWAY = "away"
    """Nothing of it can have reached the partner."""


@dataclass(frozen=True, slots=True)
class Onward:
    """The next verb of a batch, claimed already, and what does it."""

    verb: Verb
    jobs: Sequence[Job]
    go: Callable[[], Awaitable[Pace]]


VerbFlow = Callable[[Sequence[Job]], Awaitable[Pace | Onward]]
"""A verb of the walk: does its one act for a batch, commits the outcome of every job, never raises for one paper."""


class Partners(Protocol):
    """What the worker asks about partners: whether something may be sent, and whether one that is away is back."""

    def holds(self, lane: jobs.Lane) -> bool:
        """Whether this lane has to wait."""
        ...

    async def went(self, partner: NodeCode, pace: "Pace") -> None:
        """A batch for the partner ended so."""
        ...

    async def to_probe(self) -> Sequence[NodeCode]:
        """Partners that are away and may be back."""
        ...

    async def probe(self, partner: NodeCode) -> None:
        """Ask one whether it is back, and act on what it says; never raises for the partner's sake."""
        ...


class _Free:
    """All partners are there, for all we know."""

    def holds(self, lane: jobs.Lane) -> bool:
        return False

    async def went(self, partner: NodeCode, pace: "Pace") -> None:
        return None

    async def to_probe(self) -> Sequence[NodeCode]:
        return ()

    async def probe(self, partner: NodeCode) -> None:
        return None


GiveBack = Callable[[Sequence[Job], NodeError], None]
"""Commits the next try of jobs whose flow failed as a whole."""


@dataclass(frozen=True, slots=True)
class WorkerLimits:
    """Sizes and times of one worker."""

    name: str
    batch: int
    lease: timedelta


class Worker:
    """Claims and runs jobs until stopped."""

    def __init__(
        self,
        store: Database,
        clock: Clock,
        flows: Mapping[Verb, VerbFlow],
        give_back: GiveBack,
        limits: WorkerLimits,
        report: Callable[[str, Exception], None],
        partners: Partners = _Free(),  # noqa: B008 (it has no state)
    ) -> None:
        self._store = store
        self._clock = clock
        self._flows = flows
        self._give_back = give_back
        self._limits = limits
        self._report = report
        self._partners = partners
        self._probing: dict[NodeCode, asyncio.Task[None]] = {}
        self._busy: dict[jobs.Lane, asyncio.Task[bool]] = {}
        self._onward: dict[jobs.Lane, set[asyncio.Task[None]]] = {}
        self._sizes: dict[jobs.Lane, int] = {}
        self._ending = False
        self._wake = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def wake(self) -> None:
        """Look at the job table now; safe from any thread."""
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._wake.set)

    def well(self, lane: jobs.Lane) -> bool:
        """Whether the lane's batches have their full size, as they have unless one of the last brought no answer."""
        return self._sizes.get(lane, self._limits.batch) >= self._limits.batch

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set, then finish the batches under way; nothing more is claimed."""
        self._loop = asyncio.get_running_loop()
        stopper = asyncio.create_task(stop.wait())
        stopper.add_done_callback(lambda _: self._end())
        while not stop.is_set():
            self._wake.clear()
            try:
                await self._start_due_lanes()
            except NodeError as error:
                # A store that is away must not end the loop: it comes back and the jobs are still there.
                self._report("worker.store-away", error)
            await self._sleep()
        await asyncio.gather(*self._busy.values(), return_exceptions=True)
        await asyncio.gather(*self._going_on(), *self._probing.values())
        stopper.cancel()

    async def drain(self) -> None:
        """Work off what is due now, and what that makes due, then return: one look instead of the endless loop."""
        stuck: set[jobs.Lane] = set()
        await self._start_due_lanes()
        while self._busy or self._going_on() or self._probing:
            await asyncio.gather(*self._probing.values())
            lanes = list(self._busy)
            ended_well = await asyncio.gather(*self._busy.values())
            await asyncio.gather(*self._going_on())
            stuck |= {lane for lane, well in zip(lanes, ended_well, strict=True) if not well}
            await self._start_due_lanes(stuck)

    def _end(self) -> None:
        self._ending = True
        self._wake.set()

    async def _sleep(self) -> None:
        try:
            await asyncio.wait_for(self._wake.wait(), POLL_S)
        except TimeoutError:
            return

    async def _start_due_lanes(self, but_not: Collection[jobs.Lane] = ()) -> None:
        now = self._clock.now()
        for partner in await self._partners.to_probe():
            if partner not in self._probing:
                self._probing[partner] = asyncio.create_task(self._probe(partner))
        lanes = await asyncio.to_thread(self._store.read, lambda tx: jobs.due_lanes(tx, now))
        begun: set[tuple[NodeCode, Verb]] = set()
        for lane in lanes:
            # Most urgent first: what is less urgent for the same partner begins when nothing more urgent is due.
            if (lane.partner, lane.verb) in begun or lane in but_not or not self._serves(lane):
                continue
            begun.add((lane.partner, lane.verb))
            if lane not in self._busy:
                self._busy[lane] = asyncio.create_task(self._serve(lane))

    async def _probe(self, partner: NodeCode) -> None:
        try:
            await self._partners.probe(partner)
        except Exception as error:
            # The store is away: the partner is asked again at the next look.
            self._report("worker.probe-failed", error)
        finally:
            del self._probing[partner]
            self._wake.set()

    def _serves(self, lane: jobs.Lane) -> bool:
        return lane.verb in self._flows and not self._partners.holds(lane)

    async def _serve(self, lane: jobs.Lane) -> bool:
        """Work the lane off until nothing in it is due; whether it came to that."""
        try:
            while not self._ending:
                size = self._sizes.get(lane, self._limits.batch)
                claimed = await asyncio.to_thread(self._claim, lane, size)
                if not claimed:
                    break
                pace = await self._run(claimed, partial(self._flows[lane.verb], claimed))
                if isinstance(pace, Onward):
                    await self._go_on(jobs.Lane(lane.partner, pace.verb, lane.priority), pace)
                    pace = Pace.STEADY
                elif lane.verb is Verb.DELIVER:
                    await self._partners.went(lane.partner, pace)
                self._resize(lane, len(claimed), pace)
                if pace is not Pace.STEADY or len(claimed) < size or self._partners.holds(lane):
                    break
        except Exception as error:
            # The store is away, or cannot even take the batch back: its leases run out. The loop looks again at its
            # next poll, not at once, so that a lasting failure does not become a busy wait.
            self._report("worker.lane-stopped", error)
            return False
        else:
            self._wake.set()
            return True
        finally:
            del self._busy[lane]

    async def _go_on(self, lane: jobs.Lane, onward: Onward) -> None:
        """Let the batch go on beside its lane; wait when AHEAD of them do."""
        underway = self._onward.setdefault(lane, set())
        task = asyncio.create_task(self._carry_on(lane, onward))
        underway.add(task)
        task.add_done_callback(underway.discard)
        if len(underway) >= AHEAD:
            await asyncio.wait(underway, return_when=asyncio.FIRST_COMPLETED)

    def _going_on(self) -> list[asyncio.Task[None]]:
        return [task for underway in self._onward.values() for task in underway]

    async def _carry_on(self, lane: jobs.Lane, onward: Onward) -> None:
        try:
            pace = await self._run(onward.jobs, onward.go)
        except Exception as error:
            # The batch could not even be given back: its leases run out.
            self._report("worker.lane-stopped", error)
            return
        if onward.verb is Verb.DELIVER:
            await self._partners.went(lane.partner, pace)
        self._resize(lane, len(onward.jobs), pace)
        self._wake.set()

    def _claim(self, lane: jobs.Lane, size: int) -> list[Job]:
        now = self._clock.now()
        # Only a claim to deliver must outlive a power cut: it says that a paper may have been sent (protocol 3).
        return self._store.write(
            lambda tx: jobs.claim(tx, lane, self._limits.name, size, now, self._limits.lease),
            lasting=lane.verb is Verb.DELIVER,
        )

    async def _run(self, claimed: Sequence[Job], go: Callable[[], Awaitable[T]]) -> T | Literal[Pace.STEADY]:
        try:
            return await go()
        except NodeError as error:
            await asyncio.to_thread(self._give_back, claimed, error)
        except Exception as defect:
            # A defect of ours in one batch must neither end the loop nor lose the batch.
            self._report("worker.defect", defect)
            await asyncio.to_thread(self._give_back, claimed, Unexpected(detail=type(defect).__name__))
        return Pace.STEADY

    def _resize(self, lane: jobs.Lane, size: int, pace: Pace) -> None:
        if pace is Pace.NO_ANSWER:
            self._sizes[lane] = max(1, size // 2)
        elif pace is Pace.STEADY:
            self._sizes[lane] = min(self._limits.batch, max(1, self._sizes.get(lane, self._limits.batch) * 2))
