"""One bad entry in the shared folder is its own trouble: papers and answers behind it are taken, and the hub knows."""

import os
import time
from pathlib import Path

import pytest

from node.errors import HubUnavailable
from node.model.ids import NodeCode
from node.service import take_from_hub

XA, XB = NodeCode("XA"), NodeCode("XB")


def hand_in(folder: Path, name: str, content: bytes) -> None:
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.xml").write_bytes(content)
    (folder / f"{name}.done").touch()


def oldest(folder: Path, name: str) -> None:
    """Let an entry be first in every look."""
    os.utime(folder / f"{name}.done", (1, 1))


@pytest.fixture
def hub(pair) -> Path:
    return pair.xa.home / "hub"


def test_a_folder_for_a_partner_that_nobody_knows_stops_nobody(pair, hub: Path, papers) -> None:
    bad, *good = papers(3)
    hand_in(hub / "outbound/ZZ", "bad", bad)
    oldest(hub / "outbound/ZZ", "bad")
    for number, content in enumerate(good):
        hand_in(hub / "outbound/XB", f"good{number}", content)
    assert take_from_hub(pair.xa.wired)
    assert sorted(note.name for note in (hub / "taken/XB").glob("*.note")) == ["good0.note", "good1.note"]
    assert "N2N-" in (hub / "refused/ZZ/bad.note").read_text()
    assert not take_from_hub(pair.xa.wired)


@pytest.mark.parametrize("where", ["taken/XB/first.note", "taken/XB/first.xml"])
def test_something_laid_in_the_way_of_one_outcome_stops_no_other(
    pair, hub: Path, papers, capsys: pytest.CaptureFixture[str], where: str
) -> None:
    (hub / where).mkdir()
    (hub / where / "in the way").touch()
    first, second = papers(2)
    hand_in(hub / "outbound/XB", "first", first)
    oldest(hub / "outbound/XB", "first")
    hand_in(hub / "outbound/XB", "second", second)
    for _ in range(2):
        take_from_hub(pair.xa.wired)
    assert (hub / "taken/XB/second.note").is_file()
    assert not (hub / "outbound/XB/second.done").exists()
    assert (hub / "outbound/XB/first.done").exists()
    assert [
        line for line in capsys.readouterr().err.splitlines() if "hub.outcome-not-taken" in line and "first" in line
    ]


def test_what_was_in_the_way_and_is_gone_is_told_later_as_the_same_exchange(
    pair, hub: Path, papers, monkeypatch: pytest.MonkeyPatch
) -> None:
    (hub / "taken/XB/one.note").mkdir()
    hand_in(hub / "outbound/XB", "one", papers(1)[0])
    take_from_hub(pair.xa.wired)
    (hub / "taken/XB/one.note").rmdir()
    later = time.monotonic() + 60
    monkeypatch.setattr(time, "monotonic", lambda: later)
    take_from_hub(pair.xa.wired)
    assert (hub / "taken/XB/one.note").is_file()
    assert (hub / "taken/XB/one.xml").is_file()
    pair.cross()
    assert len(pair.xb.received()) == 1


def test_papers_that_cannot_be_had_leave_no_answer_lying(pair, hub: Path, origin: bytes) -> None:
    pair.xb.hand_in(origin, XA)
    pair.cross()
    (there,) = pair.xa.received()
    (hub / "answers/XB/yes.json").write_text(f'{{"exchange": "{there.id}", "verdict": "accepted"}}')
    (hub / "answers/XB/yes.done").touch()
    (hub / "outbound").rename(hub / "away")
    (hub / "outbound").symlink_to("away")
    with pytest.raises(HubUnavailable, match="outbound"):
        take_from_hub(pair.xa.wired)
    assert (hub / "answers-taken/XB/yes.note").is_file()
