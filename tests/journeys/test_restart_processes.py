"""Real nodes, real TLS, real signals: nothing accepted is lost and nothing arrives twice, however a process ends."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from node.clock import SystemClock
from node.documents import samples
from node.errors import AlreadyRunning
from node.model.exchange import Direction, Exchange, State
from node.sandbox import dev_pki, processes
from node.sandbox.homes import furnish_home
from node.sandbox.processes import NodeProcess, free_port
from node.service import READY_FILE
from node.settings import load_settings
from node.store import queries
from node.store.database import Database
from node.store.tables import JOB

XA, XB = "XA", "XB"
PATIENCE_S = 40
"""Far less than a lease (60 s): whoever waited for one to run out would be late."""


def until(holds: Callable[[], bool]) -> None:
    give_up = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < give_up, "in vain"
        time.sleep(0.02)


@dataclass(slots=True)
class RealNode:
    """A node process with its home, its hub's side of the folder, and a second reader of its store."""

    home: Path
    partner: str
    process: NodeProcess
    store: Database | None = None
    handed_in: list[bytes] = field(default_factory=list)

    def signal(self, number: signal.Signals) -> None:
        os.kill(self._running.pid, number)

    def exit_code(self) -> int:
        return self._running.wait(PATIENCE_S)

    def alive(self) -> bool:
        return self._running.poll() is None

    @property
    def _running(self) -> subprocess.Popen[bytes]:
        assert self.process._process is not None
        return self.process._process

    def ensure(self) -> None:
        if self.process._process is None or not self.alive() or not (self.home / READY_FILE).exists():
            self.process.kill()
            self.process.start()
        if self.store is None:
            self.store = Database.open(load_settings(self.home, {}).store_url)

    def hand_in(self, contents: Sequence[bytes]) -> None:
        """What a hub does: the paper first, then its .done."""
        folder = self.home / "hub" / "outbound" / self.partner
        for content in contents:
            name = f"paper-{len(self.handed_in):04d}"
            (folder / f"{name}.xml").write_bytes(content)
            (folder / f"{name}.done").touch()
            self.handed_in.append(content)

    def sent(self) -> list[Exchange]:
        wanted = queries.ExchangeFilter(direction=Direction.OUT, limit=1000)
        return self.store.read(lambda tx: queries.list_exchanges(tx, wanted))

    def all_delivered(self) -> bool:
        states = [one.state for one in self.sent()]
        return len(states) == len(self.handed_in) and set(states) <= {State.DELIVERED}

    def leased(self) -> int:
        """Papers that a call is carrying right now."""
        under_way = JOB.select().where(JOB.c.lease_until.is_not(None), JOB.c.verb == "deliver")
        return len(self.store.read(lambda tx: tx.execute(under_way).all()))

    def hub_has(self) -> list[bytes]:
        inbound = self.home / "hub" / "inbound" / self.partner
        return sorted(done.with_suffix(".xml").read_bytes() for done in inbound.glob("*.done"))


@dataclass(frozen=True, slots=True)
class Border:
    """Both nodes, running."""

    xa: RealNode
    xb: RealNode

    def settled(self) -> None:
        until(lambda: self.xa.all_delivered() and self.xb.all_delivered())
        until(lambda: self.xb.hub_has() == sorted(self.xa.handed_in))
        until(lambda: self.xa.hub_has() == sorted(self.xb.handed_in))


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory, empty_store: Path) -> Iterator[Border]:
    folder = tmp_path_factory.mktemp("border")
    pki = dev_pki.draw(folder / "pki", [XA, XB], SystemClock().now())
    addresses = {code: f"127.0.0.1:{free_port()}" for code in (XA, XB)}
    made = {}
    for code, partner in ((XA, XB), (XB, XA)):
        home = furnish_home(pki, folder / code, code, listen=addresses[code], partners={partner: addresses[partner]})
        shutil.copy(empty_store, home)
        made[code] = RealNode(home, partner, NodeProcess(home))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(processes, "START_S", PATIENCE_S)
        yield Border(made[XA], made[XB])
    for node in made.values():
        node.process.kill()
        if node.store is not None:
            node.store.close()


@pytest.fixture
def border(nodes: Border) -> Border:
    with ThreadPoolExecutor(2) as both:
        list(both.map(RealNode.ensure, (nodes.xa, nodes.xb)))
    return nodes


@pytest.fixture
def fresh() -> Callable[[int, str], list[bytes]]:
    kind = "certificate_of_origin"
    content = samples.sample(kind, samples.sample_names(kind)[0])
    return lambda count, series: [samples.vary(kind, content, f"XA-{series}-{n:04d}") for n in range(count)]


def test_a_sender_killed_in_the_middle_of_a_call_delivers_everything_once_and_waits_for_no_lease(border, fresh) -> None:
    border.xa.hand_in(fresh(1, "FIRST"))
    border.settled()  # and the connection stands
    border.xb.signal(signal.SIGSTOP)
    try:
        border.xa.hand_in(fresh(20, "CALL"))
        until(lambda: border.xa.leased() > 0)
        border.xa.process.kill()
    finally:
        border.xb.signal(signal.SIGCONT)
    border.xa.ensure()
    border.settled()
    assert len(border.xb.hub_has()) == 21


def test_papers_cross_both_ways_once_though_both_nodes_lose_power_on_the_way(border, fresh) -> None:
    border.xa.hand_in(fresh(25, "THERE"))
    border.xb.hand_in(fresh(25, "BACK"))
    already = len(border.xb.hub_has())
    until(lambda: len(border.xb.hub_has()) > already)
    border.xb.process.kill()
    border.xa.process.kill()
    with ThreadPoolExecutor(2) as both:
        list(both.map(RealNode.ensure, (border.xa, border.xb)))
    border.settled()


def test_a_second_process_for_the_same_home_is_refused_and_disturbs_nothing(border, fresh) -> None:
    command = [sys.executable, "-m", "node.cli", "--home", str(border.xa.home), "up"]
    second = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert second.returncode == AlreadyRunning.category.exit_code
    assert AlreadyRunning.code in second.stderr
    assert "Traceback" not in second.stderr
    border.xa.hand_in(fresh(1, "STILL"))
    border.settled()


def test_sigterm_lets_the_call_under_way_finish_and_then_ends_well(border, fresh) -> None:
    border.xa.hand_in(fresh(1, "WARM"))
    border.settled()
    border.xb.signal(signal.SIGSTOP)
    try:
        border.xa.hand_in(fresh(1, "LAST"))
        until(lambda: border.xa.leased() == 1)
        border.xa.signal(signal.SIGTERM)
        time.sleep(0.5)
        assert border.xa.alive()
    finally:
        border.xb.signal(signal.SIGCONT)
    assert border.xa.exit_code() == 0
    assert border.xa.all_delivered()
    assert not (border.xa.home / READY_FILE).exists()
    assert "node.stopped" in border.xa.process.log_tail()
