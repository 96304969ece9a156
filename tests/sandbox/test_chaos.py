"""The fault bench, short: each kill point once with papers in flight both ways; and a judge that can say no."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from node.clock import SystemClock
from node.model.ids import NodeCode, sha256
from node.sandbox import dev_pki
from node.sandbox.chaos import Plan, run
from node.sandbox.chaos_history import HandedIn, Judge

PARTS = 4
POINTS = Plan().armed()

RARE = {"flows.settling.try_again/uncommitted", "flows.settling.try_again/committed"}
"""Reached by papers that stay behind a call that failed: by more at once than one call carries, as in `make chaos`."""

XA, XB = NodeCode("XA"), NodeCode("XB")


@pytest.mark.parametrize("part", range(PARTS))
def test_a_node_killed_at_any_point_loses_nothing_sends_nothing_twice_and_can_prove_it(
    tmp_path: Path, part: int
) -> None:
    result = run(Plan(repeats=1, in_flight=6, points=POINTS[part::PARTS]), tmp_path, lambda _: None)
    assert result.verdict.papers > 0
    assert result.ok, result
    assert set(result.missed) <= RARE
    assert result.kills >= len(POINTS[part::PARTS]) - len(result.missed)


def test_a_paper_is_unproven_when_its_evidence_is_of_strangers_or_of_another_paper(tmp_path: Path) -> None:
    border = tmp_path / "border"
    assert run(Plan(kills=1, in_flight=20), border, lambda _: None).ok
    lines = (border / "history.jsonl").read_text(encoding="utf-8").splitlines()
    history = [HandedIn(NodeCode(one), NodeCode(other), *rest) for one, other, *rest in map(json.loads, lines)]
    later, judge = timedelta(hours=1), Judge(border, history)
    assert judge.judge(border / "anchors.pem", later).unproven == []
    strangers = dev_pki.draw(tmp_path / "strangers", [XA, XB], SystemClock().now())
    assert len(judge.judge(strangers.folder / XA / "ca.pem", later).unproven) == len(history)
    first, second = (one.name for one in history if one.sender == XA)
    notes = [border / f"XA/hub/taken/XB/{name}.note" for name in (first, second)]
    one, other = (note.read_bytes() for note in notes)
    notes[0].write_bytes(other)
    notes[1].write_bytes(one)
    assert [one.name for one in judge.judge(border / "anchors.pem", later).unproven] == [first, second]


# --- the judge --------------------------------------------------------------------------------------------------------


@pytest.fixture
def border(tmp_path: Path) -> Iterator[Path]:
    for folder in ("XB/hub/inbound/XA", "XA/hub/taken/XB", "XA/hub/refused/XB", "XA/hub/status"):
        (tmp_path / folder).mkdir(parents=True)
    return tmp_path


def handed_in(name: str, content: bytes) -> HandedIn:
    return HandedIn(XA, XB, name, sha256(content).hex())


def take(border: Path, name: str, exchange: str) -> None:
    (border / f"XA/hub/taken/XB/{name}.note").write_text(json.dumps({"exchange": exchange}))


def arrive(border: Path, exchange: str, content: bytes) -> None:
    (border / f"XB/hub/inbound/XA/{exchange}.xml").write_bytes(content)
    (border / f"XB/hub/inbound/XA/{exchange}.done").touch()


@pytest.fixture
def judge(border: Path, monkeypatch) -> Judge:
    judge = Judge(border, [handed_in("a", b"A"), handed_in("b", b"B"), handed_in("c", b"C")])
    monkeypatch.setattr(judge, "_unproven", lambda *_: iter(()))
    take(border, "a", "e1")
    take(border, "b", "e2")
    arrive(border, "i1", b"A")
    return judge


def test_a_paper_that_was_taken_and_never_came_is_lost_and_one_that_was_never_taken_only_waits(judge: Judge) -> None:
    verdict = judge.judge(Path("anchors"))
    assert [one.name for one in verdict.lost] == ["b"]
    assert [one.name for one in verdict.waiting] == ["c"]
    assert judge.open_papers() == 2
    assert not verdict.ok


def test_a_paper_is_not_lost_whose_hub_was_told_that_it_was_refused(judge: Judge, border: Path) -> None:
    (border / "XA/hub/status/e2.json").write_text(json.dumps({"state": "REFUSED"}))
    assert judge.judge(Path("anchors")).lost == []


def test_the_same_paper_twice_and_a_paper_that_nobody_sent_are_both_doubled(judge: Judge, border: Path) -> None:
    arrive(border, "i2", b"A")
    arrive(border, "i3", b"stranger")
    assert sorted(one.name for one in judge.judge(Path("anchors")).doubled) == ["?", "a"]
