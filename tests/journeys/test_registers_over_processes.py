"""Real nodes: a country that begins anew asks with one command, and holds the register a moment later."""

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from operators import baseline, delta, record

from node.cli.main import main
from node.clock import SystemClock
from node.sandbox import dev_pki
from node.sandbox.homes import furnish_home
from node.sandbox.processes import NodeProcess, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

XA, XB = "XA", "XB"
A, B = "XA-AEOS-2026-0001", "XA-AEOS-2026-0002"
PATIENCE_S = 60


@pytest.fixture
def border(tmp_path: Path, empty_store: Path) -> "Iterator[tuple[dict[str, Path], dict[str, NodeProcess]]]":
    drawn = dev_pki.draw(tmp_path / "pki", [XA, XB], SystemClock().now())
    addresses = {code: f"127.0.0.1:{free_port()}" for code in (XA, XB)}
    made = {}
    for code, partner in ((XA, XB), (XB, XA)):
        home = furnish_home(
            drawn, tmp_path / code, code, listen=addresses[code], partners={partner: addresses[partner]}
        )
        shutil.copy(empty_store, home)
        made[code] = home
    running = {code: NodeProcess(home) for code, home in made.items()}
    for process in running.values():
        process.start()
    yield made, running
    for process in running.values():
        process.kill()


def until(holds: Callable[[], bool]) -> None:
    give_up = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < give_up, "in vain"
        time.sleep(0.1)


def test_a_country_that_begins_anew_asks_and_holds_the_register(
    border: tuple[dict[str, Path], dict[str, NodeProcess]],
    empty_store: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    homes, running = border

    def said(*words: str, home: str = XB) -> list[dict[str, object]]:
        capsys.readouterr()
        main([*words, "--home", str(homes[home]), "--json"])
        out = capsys.readouterr().out
        found = json.loads(out) if out.strip() else []
        return found if isinstance(found, list) else [found]

    def in_force(code: str) -> bool:
        return any(one["in_force"] for one in said("register", "lookup", code))

    now = SystemClock().now()
    told = [*baseline("L-1", 1, now, [record(A)]), delta("L-2", "L-1", 2, now, [record(B)])]
    for number, paper in enumerate(told):
        file = tmp_path / f"{number}.json"
        file.write_bytes(paper)
        assert main(["send", str(file), "--to", XB, "--home", str(homes[XA])]) == 0
    until(lambda: in_force(B))
    # XB is set up anew: an empty store under the same name and keys.
    running[XB].stop()
    for file in homes[XB].glob("node.db*"):
        file.unlink()
    shutil.copy(empty_store, homes[XB])
    running[XB].start()
    assert not in_force(B)
    (asked,) = said("register", "request", XA)
    assert (asked["sequence"], asked["state"]) == (2, "open")
    until(lambda: in_force(A) and in_force(B))
    (done,) = [one for one in said("register", "requests") if one["request"]]
    assert (done["state"], done["lists"]) == ("done", "in")
    (theirs,) = [one for one in said("register", "requests", home=XA) if one["request"]]
    assert (theirs["state"], theirs["lists"], theirs["partner"]) == ("done", "out", XB)
