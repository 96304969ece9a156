"""The measurement of registers: judging a paper, a whole list of operators from node to node, and looking one up.

figures = run(RegisterPlan(operators=100_000), folder, progress)

The receiver is a node as `n2n up` starts it, in a process of its own; the sender hands the lists in here and delivers
them over TLS. `baseline_s` is from the first seal to the last receipt: sealed, sent, opened, verified, judged, stored
and searchable. Handing in is measured apart: the sender's hub does that before.
"""

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import quantiles

from node.clock import Clock, SystemClock
from node.documents import aeo_compose, reader
from node.errors import NodeError, Unexpected
from node.flows import outbound
from node.flows.intake import Submission
from node.flows.ports import ActorName
from node.model.document import MediaType
from node.model.exchange import Assurance, Direction, State
from node.model.ids import ExchangeId, sha256
from node.model.operator import OperatorState
from node.sandbox.bench import XA, XB, MeasuredNode, furnish
from node.sandbox.bench_operators import HEAD, code_of, record
from node.sandbox.bench_papers import KIND, template
from node.sandbox.bench_process import cpu_s, peak_rss_mb
from node.settings import HubKind, load_settings
from node.store import exchanges, operators
from node.store.database import Database, Tx
from node.wiring import Wired, wire

FEEDER = ActorName("bench", "hub")

PAPER_BYTES = 4_096
JUDGED = 1_000
"""Papers judged for `validate_ms`; what it costs is CPU time, the least of several rounds."""

ROUNDS = 5
LOOKUPS = 5_000
DELTA = 1_000

PARTS_AT_ONCE = 8
"""Parts handed in together: what a hub has in its hands at once, not the whole list."""


@dataclass(frozen=True, slots=True)
class RegisterPlan:
    """How many operators the list has."""

    operators: int = 100_000

    @property
    def steps(self) -> int:
        """Steps that progress is told of: judging, handing in, baseline, lookups, delta."""
        return 5


@dataclass(frozen=True, slots=True)
class RegisterFigures:
    """CPU milliseconds for judging a paper of 4 KB, milliseconds of a lookup (99th percentile), seconds of lists.

    `baseline_cpu_s` and `baseline_rss_mb` are the receiver's CPU seconds and its peak in MB; `handed_in_s` what the
    sender needed to take the parts from its hub.
    """

    validate_ms: float
    lookup_p99_ms: float
    operators: int
    baseline_s: float
    baseline_cpu_s: float
    baseline_rss_mb: float
    delta_s: float
    handed_in_s: float
    parts: int


def run(plan: RegisterPlan, folder: Path, progress: Callable[[str], None]) -> RegisterFigures:
    """Measure inside `folder`, new or empty. Raises Unexpected when a list does not arrive, and what refuses one."""
    validate_ms = _validate_ms()
    progress("judged")
    homes = furnish(folder, Assurance.DOCUMENT, HubKind.GRPC)
    clock = SystemClock()
    receiver = MeasuredNode(homes / XB)
    receiver.start()
    wired = wire(load_settings(homes / XA, {}))
    try:
        issued = clock.now() - timedelta(minutes=10)
        listed = [record(number, version=1) for number in range(plan.operators)]
        parts = aeo_compose.baseline(HEAD, "L-1", 1, issued, listed)
        del listed
        handed_in_s, last = _handed_in(wired, parts)
        progress("handed in")
        before = cpu_s(receiver.pid)
        baseline_s = _delivered(wired, last)
        cpu = cpu_s(receiver.pid) - before
        rss = peak_rss_mb(receiver.pid)
        progress("baseline")
        lookup_p99_ms = _lookup_p99_ms(homes / XB, plan.operators, clock)
        progress("lookups")
        previous = f"L-1-{len(parts)}" if len(parts) > 1 else "L-1"
        changed = [record(number, version=2) for number in range(min(DELTA, plan.operators))]
        delta = aeo_compose.delta(HEAD, "L-2", previous, 2, clock.now() - timedelta(seconds=1), changed)
        taken_s, last = _handed_in(wired, [delta])
        delta_s = taken_s + _delivered(wired, last)
        progress("delta")
    finally:
        wired.close()
        receiver.stop()
    return RegisterFigures(
        validate_ms=round(validate_ms, 3),
        lookup_p99_ms=round(lookup_p99_ms, 3),
        operators=plan.operators,
        baseline_s=round(baseline_s, 2),
        baseline_cpu_s=round(cpu, 2),
        baseline_rss_mb=round(rss, 1),
        delta_s=round(delta_s, 2),
        handed_in_s=round(handed_in_s, 2),
        parts=len(parts),
    )


def _validate_ms() -> float:
    """What reading and judging costs, of a certificate of origin; the best of the rounds, as others use the machine."""
    paper = template(PAPER_BYTES)
    costs = []
    for _ in range(ROUNDS):
        began = time.process_time()
        for _ in range(JUDGED // ROUNDS):
            reader.read(paper, KIND, 1, MediaType.XML)
        costs.append((time.process_time() - began) / (JUDGED // ROUNDS) * 1000)
    return min(costs)


def _handed_in(wired: Wired, papers: Sequence[bytes]) -> tuple[float, ExchangeId]:
    began = time.monotonic()
    last: ExchangeId | None = None
    for start in range(0, len(papers), PARTS_AT_ONCE):
        handed = [Submission(one, XB, sha256(one).hex()) for one in papers[start : start + PARTS_AT_ONCE]]
        for outcome in outbound.accept(wired.node, handed, FEEDER):
            if isinstance(outcome, NodeError):
                raise outcome
            last = outcome.exchange
    if last is None:
        raise Unexpected(detail="no list was handed in")
    return time.monotonic() - began, last


def _delivered(wired: Wired, last: ExchangeId) -> float:
    """Seconds until the receipt for the last of these papers is here."""
    took = asyncio.run(_drained(wired))
    state = wired.node.store.read(lambda tx: exchanges.load(tx, [last]))[last].state
    if state is not State.DELIVERED:
        raise Unexpected(detail=f"the last list is {state} and not delivered")
    return took


async def _drained(wired: Wired) -> float:
    """The channel belongs to this loop, so it is closed with it and opened anew by the next."""
    wired.transports[XB] = wired.transport_to(XB)
    began = time.monotonic()
    try:
        await wired.worker.drain()
        return time.monotonic() - began
    finally:
        await wired.transports[XB].close()


def _find(tx: Tx, code: str, on: datetime) -> tuple[OperatorState, ...]:
    return operators.find(tx, code, partner=XA, on=on)


def _lookup_p99_ms(home: Path, count: int, clock: Clock) -> float:
    """Through the store's door, as every caller asks; codes at random, each operator found."""
    store = Database.open(load_settings(home, {}).store_url)
    now, chance = clock.now(), random.Random(1)  # noqa: S311 (which operators are looked up is no secret)
    took: list[float] = []
    try:
        for _ in range(LOOKUPS):
            code = code_of(chance.randrange(count))
            began = time.perf_counter()
            found = store.read(partial(_find, code=code, on=now))
            took.append((time.perf_counter() - began) * 1000)
            if len(found) != 1 or found[0].direction is not Direction.IN:
                raise Unexpected(detail="an operator of the list is not found")
    finally:
        store.close()
    return quantiles(took, n=100, method="inclusive")[98]
