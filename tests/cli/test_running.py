"""`n2n up` and `n2n demo` as real processes."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from node.model.exchange import State
from node.model.ids import ExchangeId, NodeCode
from node.sandbox import demo, impostor
from node.sandbox.demo import STEPS, Crossing, Demonstration
from node.sandbox.demo_registers import Lookups
from node.sandbox.demo_uses import Uses

Run = Callable[..., Any]
ROOT = Path(__file__).parents[2]
START_S = 30
"""Far more than a node needs to start, even beside other tests."""


def n2n_process(*arguments: object) -> "subprocess.Popen[str]":
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "N2N_LANG": "en"}
    command = [sys.executable, "-m", "node.cli", *(str(each) for each in arguments)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.fixture
def home(n2n: Run, tmp_path: Path) -> Path:
    """A node without partners, on whatever port is free."""
    assert n2n("init", tmp_path / "xa", "--code", "XA", "--listen", "127.0.0.1:0").code == 0
    return tmp_path / "xa"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_a_node_runs_until_it_is_told_to_stop(home: Path, number: signal.Signals) -> None:
    with n2n_process("up", "--home", home) as process:
        give_up = time.monotonic() + START_S
        while not (home / "ready").exists():
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < give_up
            time.sleep(0.05)
        process.send_signal(number)
        out, err = process.communicate(timeout=START_S)
    assert process.returncode == 0, err
    assert "Traceback" not in out + err
    assert "node.ready" in err
    assert "node.stopped" in err
    assert not (home / "ready").exists()


@pytest.mark.parametrize("keyless", [True, False], ids=["without", "with"])
def test_a_node_without_checkpoint_key_says_so_when_it_is_ready(home: Path, keyless: bool) -> None:
    (key,) = (home / "keys").glob("checkpoint-*.key")
    if keyless:
        key.unlink()
    with n2n_process("up", "--home", home) as process:
        give_up = time.monotonic() + START_S
        while not (home / "ready").exists():
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < give_up
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=START_S)
    told = [line for line in err.splitlines() if "checkpoints.no-key" in line]
    assert len(told) == keyless
    assert all("warning" in line for line in told)


def test_a_taken_port_is_one_sentence_and_its_exit_code(n2n: Run, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        assert n2n("init", tmp_path / "xa", "--code", "XA", "--listen", address).code == 0
        with n2n_process("up", "--home", tmp_path / "xa") as process:
            out, err = process.communicate(timeout=START_S)
    assert process.returncode == 78
    assert f"N2N-CFG-005  The address {address} cannot be listened on" in err
    assert "Traceback" not in out + err


def test_a_key_others_can_read_stops_the_start(home: Path) -> None:
    (home / "keys" / "sign.key").chmod(0o644)
    with n2n_process("up", "--home", home) as process:
        _, err = process.communicate(timeout=START_S)
    assert process.returncode == 78
    assert "N2N-CFG-002" in err


def test_the_demonstration_holds(tmp_path: Path) -> None:
    """What the README promises first, as a program sees it."""
    with n2n_process("demo", "--json", "--folder", tmp_path / "demo") as process:
        out, err = process.communicate(timeout=180)
    assert process.returncode == 0, err
    assert len(out.splitlines()) == 1
    shown = json.loads(out)
    assert shown["ok"] is True
    assert shown["waited"] > 0
    assert (shown["repeated"], shown["refused"]) == (1, impostor.FORGERIES)
    uses = shown["uses"]
    assert (uses["delivered"], uses["left"]) == (True, {"XA": "0", "XB": "0"})
    assert (uses["refused_at_intake"], uses["refused_by_issuer"]) == ("N2N-USE-003", "EFFECT")
    lookups = shown["lookups"]
    assert lookups["before"] == lookups["yesterday"] == lookups["as_known_before"] == "in_force"
    assert lookups["after"] == lookups["by_partner"] == "suspended"
    crossed = shown["exchanges"]
    assert {(each["direction"], each["kind"]) for each in crossed} == {
        (way, kind) for way in ("XA>XB", "XB>XA") for kind in demo.KINDS
    }
    (answer,) = shown["answers"]
    assert (answer["kind"], answer["direction"], answer["state"]) == ("sps_acknowledgement", "XB>XA", "DELIVERED")
    states = [each["state"] for each in crossed]
    assert (states.count("ANSWERED"), states.count("DELIVERED")) == (1, len(states) - 1)
    everything = [*crossed, answer]
    assert all(each["receipt"] and each["handed_over"] for each in everything)
    assert len({each["evidence"] for each in everything}) == len(everything)
    for each in everything:
        told = verified(each["evidence"], shown["anchors"])
        assert (told["verdict"], told["told"]["kind"]) == ("OK", each["kind"])


def verified(file: str, anchors: str) -> dict[str, Any]:
    """What an auditor hears who has the file, the authorities and this program, and no node."""
    with n2n_process("evidence", "verify", file, "--anchors", anchors, "--json") as process:
        out, _ = process.communicate(timeout=START_S)
    told: dict[str, Any] = json.loads(out)
    return told


WRITTEN_OFF = Uses("XA-CO-1", "24", "C62", "0", "0", True, "N2N-USE-003", "EFFECT")

LOOKED_UP = Lookups("XA-AEO-1", "in_force", "suspended", "in_force", "in_force", "suspended", 1, 0.3)


def shown_by(folder: Path) -> Demonstration:
    one = Crossing(
        ExchangeId("0190"), "certificate_of_origin", "1", demo.XA, demo.XB, "batch", State.DELIVERED, True, True,
        evidence=folder / "0190.asice", proved=True,
    )  # fmt: skip
    other = replace(one, kind="phytosanitary_certificate", assurance="document")
    there = [one, other, *(replace(one, kind=kind) for kind in demo.KINDS[2:])]
    back = [replace(each, sender=demo.XB, recipient=demo.XA) for each in there]
    answer = replace(other, kind="sps_acknowledgement", sender=demo.XB, recipient=demo.XA)
    answered = replace(other, state=State.ANSWERED)
    crossings = (*there, answered, *back)
    return Demonstration(
        crossings, (answer,), 2, impostor.FORGERIES, 1, 1.5, folder, folder / demo.ANCHORS, WRITTEN_OFF, LOOKED_UP
    )


@pytest.mark.parametrize(("language", "closing"), [("en", "Every claim held."), ("zh-TW", "全部成立。")])
def test_a_demonstration_tells_its_steps_and_ends_in_a_table(
    n2n: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, language: str, closing: str
) -> None:
    def shown(folder: Path, progress: Callable[[str], None]) -> Demonstration:
        for step in STEPS:
            progress(step)
        return shown_by(folder)

    monkeypatch.setattr(demo, "run", shown)
    ran = n2n("demo", "--folder", tmp_path, "--lang", language)
    assert ran.code == 0
    assert [line.removeprefix("· ") for line in ran.err.splitlines()[:-1]] == [
        words[language != "en"] for words in STEPS.values()
    ]
    assert ran.err.splitlines()[-1].startswith(closing)
    assert f"{NodeCode('XB')} → {NodeCode('XA')}" in ran.out
    assert str(tmp_path) in ran.out


def test_a_paper_without_proof_fails_the_demonstration(
    n2n: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shown = shown_by(tmp_path)
    unproved = (replace(shown.crossings[0], proved=False), *shown.crossings[1:])
    monkeypatch.setattr(demo, "run", lambda folder, _: replace(shown, crossings=unproved))
    ran = n2n("demo", "--folder", tmp_path, "--json")
    assert ran.code == 70
    told = json.loads(ran.out)["exchanges"]
    assert [each["evidence"] for each in told][:2] == [None, str(tmp_path / "0190.asice")]


def test_a_demonstration_that_does_not_hold_fails(n2n: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(demo, "run", lambda folder, _: replace(shown_by(folder), refused=0))
    ran = n2n("demo", "--folder", tmp_path)
    assert ran.code == 70
    assert "Not everything held" in ran.err


@pytest.mark.parametrize(
    "lie", [{"delivered": False}, {"left_there": "24"}, {"refused_at_intake": ""}, {"refused_by_issuer": ""}], ids=str
)
def test_a_certificate_used_twice_fails_the_demonstration(tmp_path: Path, lie: dict[str, Any]) -> None:
    assert shown_by(tmp_path).ok
    assert not replace(shown_by(tmp_path), uses=replace(WRITTEN_OFF, **lie)).ok


@pytest.mark.parametrize(
    "lie",
    [
        {"before": "unknown"},
        {"after": "in_force"},
        {"yesterday": "suspended"},
        {"as_known_before": "suspended"},
        {"by_partner": "in_force"},
    ],
    ids=str,
)
def test_a_suspension_that_a_lookup_does_not_tell_fails_the_demonstration(tmp_path: Path, lie: dict[str, Any]) -> None:
    assert shown_by(tmp_path).ok
    assert not replace(shown_by(tmp_path), lookups=replace(LOOKED_UP, **lie)).ok
