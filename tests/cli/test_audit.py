"""`n2n audit` beside a real node: what is done shows at once, and what the node signs at its end is found again."""

import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from node.clock import SystemClock
from node.settings import load_settings
from node.store import actors, audit
from node.store.database import Database, Tx

Run = Callable[..., Any]
ROOT = Path(__file__).parents[2]
START_S = 30
"""Far more than a command needs to start, even beside other tests."""


@pytest.fixture
def home(n2n: Run, tmp_path: Path) -> Path:
    assert n2n("init", tmp_path / "xa", "--code", "XA", "--listen", "127.0.0.1:0").code == 0
    return tmp_path / "xa"


@pytest.fixture
def act(home: Path) -> Iterator[Callable[[str], None]]:
    """Does something at that home, as another process does."""
    store = Database.open(load_settings(home, {}).store_url)

    def do(object_: str) -> None:
        now = SystemClock().now()

        def work(tx: Tx) -> None:
            actor = actors.ensure(tx, "clerk", actors.ActorKind.HUMAN, now)
            audit.add(tx, actor, "looked", object_, {"why": "\x1b[2J"}, now)

        store.write(work)

    yield do
    store.close()


@pytest.fixture
def process(home: Path) -> Iterator[Callable[..., "subprocess.Popen[str]"]]:
    """Starts `n2n ARGUMENTS` at that home; nothing of it outlives the test."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "N2N_LANG": "en", "N2N_HOME": str(home)}
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: object, stderr: int = subprocess.PIPE) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "node.cli", *(str(each) for each in arguments)]
        started.append(
            subprocess.Popen(
                command,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
                # Whoever runs the tests in the background has Ctrl-C ignored, and children inherit that.
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            )
        )
        return started[-1]

    yield start
    for one in started:
        one.kill()
        one.communicate()


@pytest.mark.parametrize("as_json", [True, False], ids=["json", "text"])
def test_follow_shows_acts_as_they_are_done_until_it_is_interrupted(process, act, as_json: bool) -> None:
    act("before")
    running = process("audit", "tail", "--follow", *(["--json"] if as_json else []))
    assert running.stdout is not None
    first = running.stdout.readline()
    act("meanwhile")
    second = running.stdout.readline()
    running.send_signal(signal.SIGINT)
    rest, err = running.communicate(timeout=START_S)
    assert (running.returncode, rest, err) == (130, "", "")
    if as_json:
        assert [json.loads(line)["object"] for line in (first, second)] == ["before", "meanwhile"]
    else:
        assert "clerk (human)  looked  before" in first
        assert "clerk (human)  looked  meanwhile" in second
    assert "\x1b" not in first + second


def test_a_node_signs_where_its_acts_end_when_it_starts_and_when_it_stops(home: Path, process, act, n2n: Run) -> None:
    def covered() -> int:
        (acts,) = n2n("audit", "verify", "--home", home, "--json").data
        assert (acts["log"], acts["holds"]) == ("XA/acts", True)
        return int(acts["covered"])

    act("before the start")
    assert covered() == 0
    running = process("up")
    give_up = time.monotonic() + START_S
    while covered() != 1:
        assert running.poll() is None, running.communicate()
        assert time.monotonic() < give_up
        time.sleep(0.05)
    act("while it runs")
    running.send_signal(signal.SIGTERM)
    _, err = running.communicate(timeout=START_S)
    assert running.returncode == 0, err
    assert covered() == 2


def test_a_person_at_a_terminal_sees_how_far_it_is(process, act) -> None:
    for number in range(3):
        act(str(number))
    ours, theirs = pty.openpty()
    running = process("audit", "verify", stderr=theirs)
    out, _ = running.communicate(timeout=START_S)
    os.close(theirs)
    seen = os.read(ours, 65536).decode()
    os.close(ours)
    assert running.returncode == 0
    assert "fits, but nothing was signed" in out
    assert "XA/acts" in seen
    assert "100%" in seen
