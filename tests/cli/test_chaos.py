"""`n2n chaos` says whether every promise held: by its exit code, and by what it keeps."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from node.model.ids import NodeCode
from node.sandbox import chaos
from node.sandbox.chaos import Plan, Result
from node.sandbox.chaos_history import HandedIn, Verdict

LOST = HandedIn(NodeCode("XA"), NodeCode("XB"), "chaos-000001", "00")


@pytest.fixture
def ends(monkeypatch: pytest.MonkeyPatch) -> Callable[[Verdict], list[Path]]:
    """The bench comes to this verdict; where it worked."""

    def so(verdict: Verdict) -> list[Path]:
        folders: list[Path] = []

        def run(plan: Plan, folder: Path, _: object) -> Result:
            folders.append(folder)
            return Result(plan.seed, kills=3, missed=["server.call/read"], verdict=verdict)

        monkeypatch.setattr(chaos, "run", run)
        return folders

    return so


@pytest.mark.parametrize("broken", ["waiting", "lost", "doubled", "unproven"])
def test_one_paper_that_breaks_a_promise_ends_it_with_a_failure_and_keeps_everything(
    n2n: Callable[..., Any], ends, broken: str
) -> None:
    folders = ends(Verdict(papers=9, **{broken: [LOST]}))
    ran = n2n("chaos", "--points", "1", "--seed", "7", "--json")
    assert ran.code == 70
    told = json.loads(ran.out.splitlines()[0])
    assert [told[word] for word in ("papers", broken, "seed", "kills")] == [9, 1, 7, 3]
    assert told["missed"] == ["server.call/read"]
    assert folders[0].is_dir()
    folders[0].rmdir()


def test_when_every_promise_held_nothing_is_left(n2n: Callable[..., Any], ends) -> None:
    folders = ends(Verdict(papers=9))
    ran = n2n("chaos", "--kills", "3")
    assert ran.code == 0
    assert "Every promise held." in ran.err
    assert "server.call/read" in ran.out
    assert not folders[0].exists()
