"""The fault bench: two real nodes, papers both ways all the time, and everything that can happen to them.

    result = run(Plan(seconds=60, seed=7), folder, progress)
    result.ok

All that is done to the nodes is drawn from the seed; when the machine lets a process reach a point is the machine's.
Then comes a quiet time, in which the clocks run ahead, and the judge looks (`chaos_history`).
"""

import os
import random
import resource
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from node.clock import SHIFT_VARIABLE, SystemClock
from node.errors import Unexpected
from node.kill_points import VARIABLE
from node.model.ids import NodeCode
from node.sandbox import dev_pki
from node.sandbox.chaos_history import Judge, Recorder, Verdict
from node.sandbox.chaos_homes import hurry, move_store
from node.sandbox.fault_proxy import Fault, FaultProxy, Weather
from node.sandbox.homes import furnish_home
from node.sandbox.kill_table import Reached, kill_points
from node.sandbox.processes import NodeProcess, free_port

XA, XB = NodeCode("XA"), NodeCode("XB")
SIDES = {XA: XB, XB: XA}

EVERY_S = 0.1
"""A paper each way so often, in a run by time."""

SETTLE_S = 180
"""The quiet time at most; a paper that is still open then has not come to an end."""

STEP_S, STEP_MS = 2.0, 120_000
"""Clocks run ahead by so much, in the quiet time so often: what waits for its next try or question comes to it."""

LEASE_S = 5
FROZEN_S = 6.5
"""Longer than a lease."""

CALL_BYTES = 65_536
"""Small calls, so that a batch has several, and those after one that failed stay behind."""

HIT_S = 20.0
"""An armed node that is not at its point after so long will not come there; nobody waits longer than it takes."""

TROUBLE_S = HIT_S / 2
"""So long a partner is away: long enough for three tries, after which a circuit opens, on a busy machine too."""

FULL_BYTES = 8_192
"""What a file may grow to on a disk that is full."""

Progress = Callable[[str], None]
"""Told what just happened."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Either `seconds` of all faults, or each kill point `repeats` times with `in_flight` papers, then random kills."""

    seconds: float = 0
    seed: int = 1
    repeats: int = 0
    in_flight: int = 50
    kills: int = 0
    database: str = ""
    """Where the stores are; `{node}` in it is the node's code, small. Empty: a file in each home."""
    points: tuple[str, ...] = ()
    """Only these points; all that traffic, trouble and starts bring a node to when empty."""

    @property
    def steps(self) -> int:
        """How many steps `progress` is told of; a run by time has one for each second."""
        return int(self.seconds) or len(self.armed()) * self.repeats + self.kills

    def armed(self) -> tuple[str, ...]:
        """The points of this plan."""
        walks = (Reached.TRAFFIC, Reached.START, Reached.TROUBLE)
        return self.points or tuple(one.name for one in kill_points(*walks))


@dataclass(slots=True)
class Result:
    """What was done, and the judge's word."""

    seed: int
    kills: int = 0
    faults: int = 0
    worst_restart_s: float = 0
    settled_s: float = 0
    missed: list[str] = field(default_factory=list)
    """Points that a node was armed with and never came to."""
    verdict: Verdict = field(default_factory=Verdict)

    @property
    def ok(self) -> bool:
        """Nothing lost, doubled, unproven or still open."""
        return self.verdict.ok


def run(plan: Plan, folder: Path, progress: Progress) -> Result:
    """Run inside `folder`, new or empty. Raises HomeExists, Unexpected when a node does not come back."""
    bench = Bench(plan, folder, progress)
    with bench.stack:
        bench.open()
        if plan.seconds:
            bench.by_time()
        else:
            bench.by_points()
            bench.by_kills()
        bench.settle()
    bench.result.verdict = bench.judge.judge(bench.anchors, timedelta(milliseconds=bench.furthest_ms))
    return bench.result


class Bench:
    """Two nodes, the proxies between them, and who hands in and breaks."""

    def __init__(self, plan: Plan, folder: Path, progress: Progress) -> None:
        self._plan, self._folder, self._progress = plan, folder, progress
        self._luck = random.Random(plan.seed)  # noqa: S311 - faults that can be repeated
        self._nodes: dict[NodeCode, NodeProcess] = {}
        self._proxies: dict[NodeCode, FaultProxy] = {}
        self._shifts: dict[NodeCode, int] = dict.fromkeys(SIDES, 0)
        self._due: list[tuple[float, Callable[[], None]]] = []
        self.stack = ExitStack()
        self.result = Result(plan.seed)
        self.anchors = folder / "anchors.pem"
        self.furthest_ms = 0

    def open(self) -> None:
        """Furnish both homes and start both nodes."""
        folder = self._folder
        pki = dev_pki.draw(folder / "pki", [XA, XB], SystemClock().now())
        self.anchors.write_bytes(b"".join((folder / "pki" / code / "ca.pem").read_bytes() for code in SIDES))
        ports = {code: free_port() for code in SIDES}
        for code, partner in SIDES.items():
            self._proxies[partner] = self.stack.enter_context(
                FaultProxy("127.0.0.1", ports[partner], self._luck.randrange(1 << 30))
            )
            to = {partner: self._proxies[partner].address}
            home = furnish_home(pki, folder / code, code, listen=f"127.0.0.1:{ports[code]}", partners=to)
            hurry(home)
            move_store(home, code, self._plan.database)
            self._shift(code, 0)
            kept = {
                SHIFT_VARIABLE: str(folder / f"{code}.shift"),
                "N2N_JOBS_LEASE_S": str(LEASE_S),
                "N2N_BATCH_BYTES": str(CALL_BYTES),
            }
            self._nodes[code] = NodeProcess(home, kept)
            self.stack.callback(self._nodes[code].stop)
            self._start(code)
        self.recorder = Recorder(folder, SIDES)
        self.stack.callback(self.recorder.close)
        self.judge = Judge(folder, self.recorder.history)

    # --- a run by time --------------------------------------------------------------------------------------------

    def by_time(self) -> None:
        """Papers all the time, and a fault every second or two."""
        began = now = time.monotonic()
        next_paper = next_fault = began
        told = 0
        while now - began < self._plan.seconds:
            if now >= next_paper:
                for code in SIDES:
                    self.recorder.hand_in(code)
                next_paper = now + EVERY_S
            if now >= next_fault:
                name = self._strike()
                next_fault = now + self._luck.uniform(0.8, 2.5)
                self._progress(name)
            for one in [one for one in self._due if one[0] <= now]:
                self._due.remove(one)
                one[1]()
            self._raise_the_dead()
            time.sleep(0.02)
            now = time.monotonic()
            while told < int(now - began):
                told += 1
                self._progress("")
        self._end_of_faults()

    def _strike(self) -> str:
        """One fault, and when it ends."""
        code = self._luck.choice(list(SIDES))
        strikes: Sequence[Callable[[NodeCode], str]] = (
            self._kill, self._kill, self._kill_at_a_point, self._kill_at_a_point, self._freeze,
            self._clock, self._full, self._storm, self._storm, self._storm, self._storm,
        )  # fmt: skip
        return self._luck.choice(strikes)(code)

    def _later(self, seconds: float, do: Callable[[], None]) -> None:
        self._due.append((time.monotonic() + seconds, do))

    def _storm(self, code: NodeCode) -> str:
        fault = self._luck.choice([one for one in Fault if one is not Fault.NONE])
        weather = Weather(fault, self._luck.randrange(1, 60_000), self._luck.uniform(0.1, 1.5))
        self._proxies[code].turn(weather)
        self._later(self._luck.uniform(1, 4), lambda: self._proxies[code].turn(Weather()))
        self.result.faults += 1
        return f"{fault} → {code}"

    def _freeze(self, code: NodeCode) -> str:
        if (pid := self._nodes[code].pid) is not None:
            os.kill(pid, signal.SIGSTOP)
            self._later(FROZEN_S, lambda: self._thaw(pid))
            self.result.faults += 1
        return f"frozen {code}"

    def _thaw(self, pid: int) -> None:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)

    def _clock(self, code: NodeCode) -> str:
        self._shift(code, self._luck.choice([-600_000, -60_000, 60_000, 600_000]))
        self._later(self._luck.uniform(1, 4), lambda: self._shift(code, 0))
        self.result.faults += 1
        return f"clock {code}"

    def _full(self, code: NodeCode) -> str:
        """A disk on which no file can grow any more."""
        if (pid := self._nodes[code].pid) is not None:
            _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (FULL_BYTES, hard))
            self._later(self._luck.uniform(1, 3), lambda: _room(pid))
            self.result.faults += 1
        return f"disk full {code}"

    def _kill(self, code: NodeCode) -> str:
        if self._nodes[code].pid is not None:
            self._nodes[code].kill()
            self.result.kills += 1
        return f"kill {code}"

    def _kill_at_a_point(self, code: NodeCode) -> str:
        """Killed now, started armed: it dies again at the point, if it comes there."""
        point = self._luck.choice(self._plan.armed())
        self._kill(code)
        self._nodes[code].environment[VARIABLE] = f"{point}:{self._luck.randrange(1, 4)}"
        return f"{point} {code}"

    def _end_of_faults(self) -> None:
        for _, do in self._due:
            do()
        self._due.clear()

    # --- a run by points ------------------------------------------------------------------------------------------

    def by_points(self) -> None:
        """Each point in turn, in one round at one node and in the next at the other, papers in flight both ways.

        What a node died of at one point it recovers from on its way to the next.
        """
        for repeat in range(self._plan.repeats):
            for point in self._plan.armed():
                if not self._die_at(list(SIDES)[repeat % 2], point, 1 + repeat // 2 % 2):
                    self.result.missed.append(point)
                self._progress(point)
            self._raise_the_dead()

    def _die_at(self, code: NodeCode, point: str, hits: int) -> bool:
        """Whether the node died at the point, armed with it and papers coming both ways."""
        node, partner = self._nodes[code], self._nodes[SIDES[code]]
        trouble, at_start = (
            point in {one.name for one in kill_points(how)} for how in (Reached.TROUBLE, Reached.START)
        )
        self._kill(code)
        node.environment[VARIABLE] = f"{point}:{1 if trouble or at_start else hits}"
        hub_away = "again_for_hub" in point
        if not hub_away:
            self._hand_in_some()
        inbound = node.home / "hub" / "inbound"
        with suppress(Unexpected):
            if trouble and not hub_away:
                self._proxies[SIDES[code]].turn(Weather(Fault.HALF_OPEN if "no_answer" in point else Fault.DROP))
            began = time.monotonic()
            node.start()
            self._served(began)
            if hub_away:
                # A node makes its hub's folders when it starts.
                inbound.rename(inbound.with_name("away"))
                self._hand_in_some()
        began, away = time.monotonic(), trouble and not hub_away
        stepped = 0.0
        while node.pid is not None and time.monotonic() - began < HIT_S:
            if time.monotonic() - stepped > STEP_S:
                # The partner holds this node for away, dying as often as it does, and asks for it once a minute.
                stepped = time.monotonic()
                self._clocks_ahead()
            if away and time.monotonic() - began > TROUBLE_S:
                away = False
                self._proxies[SIDES[code]].turn(Weather())
            time.sleep(0.02)
        died = node.pid is None
        self._proxies[SIDES[code]].turn(Weather())
        with suppress(FileNotFoundError):
            inbound.with_name("away").rename(inbound)
        self.result.kills += died
        node.environment.pop(VARIABLE, None)
        if not died:
            # Its device is still armed.
            node.kill()
        if partner.pid is None:
            raise Unexpected(detail=f"{partner.home.name} ended by itself: {partner.log_tail()}")
        return died

    def _hand_in_some(self) -> None:
        for side in SIDES:
            self.recorder.hand_in(side, self._plan.in_flight // 2)

    def by_kills(self) -> None:
        """Kills at random moments, papers in flight both ways."""
        for _ in range(self._plan.kills):
            for side in SIDES:
                self.recorder.hand_in(side, max(1, self._plan.in_flight // 10))
            time.sleep(self._luck.uniform(0, 0.6))
            self._progress(self._kill(self._luck.choice(list(SIDES))))
            self._raise_the_dead()

    # --- both -----------------------------------------------------------------------------------------------------

    def settle(self) -> None:
        """The quiet time: no faults, everybody there, clocks running ahead until all has come to an end."""
        began = stepped = time.monotonic()
        for proxy in self._proxies.values():
            proxy.turn(Weather())
        for node in self._nodes.values():
            node.environment.pop(VARIABLE, None)
        while self.judge.open_papers():
            self._raise_the_dead()
            if time.monotonic() - began > SETTLE_S:
                break
            if time.monotonic() - stepped > STEP_S:
                stepped = time.monotonic()
                self._clocks_ahead()
            time.sleep(0.2)
        self.result.settled_s = round(time.monotonic() - began, 1)

    def _raise_the_dead(self) -> None:
        for code, node in self._nodes.items():
            if node.pid is None:
                self._start(code)

    def _start(self, code: NodeCode) -> None:
        """Start a node; one that is armed may die on the way, once."""
        began = time.monotonic()
        armed = VARIABLE in self._nodes[code].environment
        try:
            self._nodes[code].start()
        except Unexpected:
            if not armed:
                raise
            self.result.kills += 1
            del self._nodes[code].environment[VARIABLE]
            self._start(code)
            return
        # Armed for this once.
        self._nodes[code].environment.pop(VARIABLE, None)
        self._served(began)

    def _served(self, began: float) -> None:
        self.result.worst_restart_s = max(self.result.worst_restart_s, round(time.monotonic() - began, 2))

    def _clocks_ahead(self) -> None:
        for code in SIDES:
            self._shift(code, self._shifts[code] + STEP_MS)

    def _shift(self, code: NodeCode, milliseconds: int) -> None:
        self._shifts[code] = milliseconds
        self.furthest_ms = max(self.furthest_ms, milliseconds)
        file = self._folder / f"{code}.shift"
        new = file.with_suffix(".new")
        new.write_text(str(milliseconds))
        new.replace(file)


def _room(pid: int) -> None:
    with suppress(ProcessLookupError):
        _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))
