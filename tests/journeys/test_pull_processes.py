"""Real nodes over real sockets: XB cannot be called, and yet papers cross both ways, also when it was away."""

import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from node.clock import SystemClock
from node.documents import samples
from node.flows import collecting
from node.model.exchange import Direction, State
from node.sandbox import dev_pki
from node.sandbox.homes import furnish_home
from node.sandbox.processes import STOP_S, NodeProcess, free_port
from node.settings import load_settings
from node.store import queries
from node.store.database import Database

XA, XB = "XA", "XB"
PATIENCE_S = 40


def until(holds: Callable[[], bool]) -> None:
    give_up = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < give_up, "in vain"
        time.sleep(0.05)


@dataclass(frozen=True, slots=True)
class Walled:
    """XA serves; XB only calls."""

    xa: Path
    xb: Path
    processes: dict[str, NodeProcess]

    def hand_in(self, home: Path, partner: str, contents: list[bytes], series: str) -> None:
        folder = home / "hub" / "outbound" / partner
        for number, content in enumerate(contents):
            (folder / f"{series}-{number}.xml").write_bytes(content)
            (folder / f"{series}-{number}.done").touch()

    def hub_has(self, home: Path, partner: str) -> list[bytes]:
        return sorted(one.with_suffix(".xml").read_bytes() for one in (home / "hub/inbound" / partner).glob("*.done"))

    def states(self, home: Path) -> set[State]:
        store = Database.open(load_settings(home, {}).store_url)
        try:
            wanted = queries.ExchangeFilter(direction=Direction.OUT, limit=1000)
            return {one.state for one in store.read(lambda tx: queries.list_exchanges(tx, wanted))}
        finally:
            store.close()


@pytest.fixture
def walled(tmp_path: Path, empty_store: Path) -> Iterator[Walled]:
    pki = dev_pki.draw(tmp_path / "pki", [XA, XB], SystemClock().now())
    address = f"127.0.0.1:{free_port()}"
    xa = furnish_home(pki, tmp_path / XA, XA, listen=address, partners={XB: "127.0.0.1:1"})
    xb = furnish_home(pki, tmp_path / XB, XB, listen=f"127.0.0.1:{free_port()}", partners={XA: address})
    file = xa / "partner_profiles" / XB / "partner.toml"
    before, _, after = file.read_text().partition("[channel]")
    file.write_text(f'{before}[channel]\nkind = "pull"\n\n[trust]{after.partition("[trust]")[2]}')
    file = xb / "partner_profiles" / XA / "partner.toml"
    file.write_text(file.read_text().replace("collect = false", "collect = true"))
    for home in (xa, xb):
        shutil.copy(empty_store, home)
    running = {XA: NodeProcess(xa), XB: NodeProcess(xb)}
    for process in running.values():
        process.start()
    yield Walled(xa, xb, running)
    for process in running.values():
        process.kill()


@pytest.fixture
def fresh() -> Callable[[int, str], list[bytes]]:
    kind = "certificate_of_origin"
    content = samples.sample(kind, samples.sample_names(kind)[0])
    return lambda count, series: [samples.vary(kind, content, f"XA-{series}-{n:04d}") for n in range(count)]


def test_papers_cross_both_ways_although_one_side_cannot_be_called(walled: Walled, fresh) -> None:
    there, back = fresh(30, "THERE"), fresh(10, "BACK")
    walled.hand_in(walled.xa, XB, there, "there")
    walled.hand_in(walled.xb, XA, back, "back")
    until(lambda: walled.hub_has(walled.xb, XA) == sorted(there))
    until(lambda: walled.states(walled.xa) == {State.DELIVERED})
    walled.processes[XB].kill()
    later = fresh(20, "LATER")
    walled.hand_in(walled.xa, XB, later, "later")
    until(lambda: State.SEALED in walled.states(walled.xa))
    walled.processes[XB].start()
    until(lambda: walled.hub_has(walled.xb, XA) == sorted(there + later))
    until(lambda: walled.states(walled.xa) == {State.DELIVERED})
    until(lambda: walled.hub_has(walled.xa, XB) == sorted(back))
    until(lambda: walled.states(walled.xb) == {State.DELIVERED})
    # Who waits for papers, or has somebody wait, does not do so to the end when it is told to stop: it would be killed.
    assert STOP_S < collecting.WAIT_MS / 1000
    walled.processes[XB].stop()
    assert "node.stopped" in walled.processes[XB].log_tail()
    walled.processes[XB].start()
    last = fresh(1, "LAST")
    walled.hand_in(walled.xa, XB, last, "last")
    until(lambda: walled.hub_has(walled.xb, XA) == sorted(there + later + last))
    until(lambda: walled.states(walled.xa) == {State.DELIVERED})
    walled.processes[XA].stop()
    assert "node.stopped" in walled.processes[XA].log_tail()
