"""A node's store is copied beside it, and the node goes back to the copy after its disk died."""

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from node.archive import backups
from node.archive.backups import Backup
from node.errors import BackupUnusable, StoreUnavailable
from node.model.exchange import State
from node.model.ids import NodeCode
from node.model.job import Verb
from node.store import backup, jobs

XA, XB = NodeCode("XA"), NodeCode("XB")


def silent(done: int, of: int) -> None:
    assert 0 <= done <= of


def take(country, tmp_path: Path) -> Backup:
    return backups.take(country.wired.settings, tmp_path / "backups", country.clock.now(), silent)


@pytest.fixture
def go_back(reopen) -> Callable[..., backups.Restored]:
    """The disk dies, a new one gets the backup, the node starts again."""

    def again(country, made: Backup) -> backups.Restored:
        country.wired.close()
        for left in country.home.glob("node.db*"):
            left.unlink()
        restored = backups.restore(
            made, country.wired.settings, country.clock.now(), "operator", replace=False, progress=silent
        )
        reopen(country)
        return restored

    return again


def test_a_sender_that_goes_back_loses_no_paper_and_sends_none_twice(pair, papers, tmp_path: Path, go_back) -> None:
    waiting, sealed, settled = papers(3)
    done = pair.xa.hand_in(settled, XB, "settled")
    pair.cross()
    pair.xa.road.cut = True
    halfway = pair.xa.hand_in(sealed, XB, "sealed")
    pair.xa.work()
    fresh = pair.xa.hand_in(waiting, XB, "waiting")
    assert pair.xa.exchange(halfway).state is State.SEALED
    made = take(pair.xa, tmp_path)
    pair.xa.road.cut = False
    pair.xa.later(minutes=1)
    pair.cross()
    assert len(pair.xb.received()) == 3

    restored = go_back(pair.xa, made)
    assert restored.asked_about == (halfway,)
    assert pair.xa.exchange(halfway).state is State.UNRESOLVED
    pair.xa.road.asked.clear()
    pair.xa.later(minutes=1)
    pair.cross()
    assert {pair.xa.exchange(one).state for one in (done, halfway, fresh)} == {State.DELIVERED}
    assert pair.xa.road.asked, "the partner is asked before anything is sent again"
    # The paper that was sealed anew is known there: no second effect, nothing twice at the hub.
    assert pair.xb.hub_has() == sorted([waiting, sealed, settled])
    assert [one["made_at"] for one in pair.xa.audited("restored")] == ["2026-11-22T08:00:00.000Z"]


def test_a_backup_is_taken_while_the_store_is_written_and_shows_one_moment(pair, papers, tmp_path: Path) -> None:
    before = [pair.xa.hand_in(content, XB, f"k{n}") for n, content in enumerate(papers(20))]

    def disturb(done: int, of: int) -> None:
        pair.xa.hand_in(papers(40)[-1 - done % 19], XB, f"during {done}")

    made = backups.take(pair.xa.wired.settings, tmp_path / "backups", pair.xa.clock.now(), disturb)
    assert made.counts["exchange"] == made.counts["document"] == len(before)
    assert backup.counts(backup.path_of(pair.xa.wired.settings.store_url))["exchange"] > len(before)
    assert oct(made.path.stat().st_mode)[-3:] == "600"


def test_a_drill_proves_what_is_in_the_backup_and_touches_nothing(pair, papers, tmp_path: Path) -> None:
    for number, content in enumerate(papers(3)):
        pair.xa.hand_in(content, XB, f"k{number}")
    pair.cross()
    for country in (pair.xa, pair.xb):
        made = take(country, tmp_path / country.code)
        scratch = tmp_path / f"scratch-{country.code}"
        scratch.mkdir()
        wired = country.wired
        done = backups.drill(made, wired.settings, wired.node.book, scratch, 10, silent)
        assert (done.ok, done.verdicts) == (True, {"UNTRUSTED": 3})


def test_a_drill_finds_what_differs(pair, papers, tmp_path: Path) -> None:
    pair.xa.hand_in(papers(1)[0], XB)
    made = take(pair.xa, tmp_path)
    note = made.note.read_text()
    made.note.write_text(note.replace('"exchange": 1', '"exchange": 2'))
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    wired = pair.xa.wired
    done = backups.drill(Backup.read(made.path), wired.settings, wired.node.book, scratch, 10, silent)
    assert (done.ok, done.differing) == (False, ("exchange",))


def _flip_a_bit(made: Backup) -> None:
    with made.path.open("r+b") as file:
        file.seek(made.size // 2)
        byte = file.read(1)[0]
        file.seek(made.size // 2)
        file.write(bytes([byte ^ 1]))


def _cut_short(made: Backup) -> None:
    with made.path.open("r+b") as file:
        file.truncate(made.size - 4096)


@pytest.mark.parametrize(
    "spoil",
    [
        _flip_a_bit,
        _cut_short,
        lambda made: made.path.unlink(),
        lambda made: made.note.unlink(),
        lambda made: made.note.write_text("{}"),
        lambda made: made.note.write_text(made.note.read_text().replace('"code": "XA"', '"code": "XB"')),
        lambda made: made.note.write_text("[" * 1000),
    ],
)
def test_a_spoilt_or_foreign_backup_is_refused_and_changes_nothing(pair, papers, tmp_path: Path, spoil) -> None:
    pair.xa.hand_in(papers(1)[0], XB)
    made = take(pair.xa, tmp_path)
    spoil(made)
    settings, now = pair.xa.wired.settings, pair.xa.clock.now()
    there = backup.counts(backup.path_of(settings.store_url))
    with pytest.raises(BackupUnusable):
        backups.restore(Backup.read(made.path), settings, now, "operator", replace=True, progress=silent)
    assert backup.counts(backup.path_of(settings.store_url)) == there
    assert not list(pair.xa.home.glob("node.db.before-*"))


def test_a_store_that_is_there_is_moved_aside_and_only_when_told(pair, papers, tmp_path: Path, reopen) -> None:
    first, second = papers(2)
    pair.xa.hand_in(first, XB, "first")
    made = take(pair.xa, tmp_path)
    pair.xa.hand_in(second, XB, "second")
    pair.xa.wired.close()
    settings, now = pair.xa.wired.settings, pair.xa.clock.now()
    with pytest.raises(BackupUnusable):
        backups.restore(made, settings, now, "operator", replace=False, progress=silent)
    restored = backups.restore(made, settings, now, "operator", replace=True, progress=silent)
    assert restored.before is not None
    assert backup.counts(restored.before)["exchange"] == 2
    reopen(pair.xa)
    assert backup.counts(backup.path_of(settings.store_url))["exchange"] == 1


def test_a_restore_that_fails_leaves_the_store_where_it_is(pair, papers, tmp_path: Path, reopen, monkeypatch) -> None:
    """A node without its store would begin an empty one, and take everything a second time."""
    sent = pair.xa.hand_in(papers(1)[0], "XB")
    made = take(pair.xa, tmp_path)
    settings, now = pair.xa.wired.settings, pair.xa.clock.now()
    pair.xa.wired.close()

    def full(*_: object) -> None:
        raise StoreUnavailable(detail="no space left on device")

    for place, name in ((backups.backup, "copy"), (backups.backup, "mark_restored")):
        with monkeypatch.context() as patch:
            patch.setattr(place, name, full)
            with pytest.raises(StoreUnavailable):
                backups.restore(made, settings, now, "operator", replace=True, progress=silent)
        assert [path.name for path in settings.home.glob("node.db*") if path.suffix == ".db"] == ["node.db"]
        assert not list(settings.home.glob("node.db.*"))
    reopen(pair.xa)
    assert pair.xa.exchange(sent).id == sent


def test_a_name_that_is_taken_is_left_alone_and_no_half_backup_stays(pair, papers, tmp_path: Path) -> None:
    pair.xa.hand_in(papers(1)[0], XB)
    folder = tmp_path / "backups"
    folder.mkdir()
    occupied = folder / "node-XA-20261122T080000Z.db"
    occupied.write_bytes(b"something else")
    with pytest.raises(StoreUnavailable):
        take(pair.xa, tmp_path)
    assert occupied.read_bytes() == b"something else"
    assert [one.name for one in folder.iterdir()] == [occupied.name]
    shutil.rmtree(folder)


def test_what_another_worker_held_when_the_copy_was_made_is_free_after_going_back(
    pair, papers, tmp_path: Path, go_back
) -> None:
    sent = pair.xa.hand_in(papers(1)[0], XB)
    now, lane = pair.xa.clock.now(), jobs.Lane(XB, Verb.SEAL)
    pair.xa.wired.node.store.write(lambda tx: jobs.claim(tx, lane, "another process", 9, now, timedelta(hours=9)))
    made = take(pair.xa, tmp_path)
    go_back(pair.xa, made)
    pair.cross()
    assert pair.xa.exchange(sent).state is State.DELIVERED


def test_a_backup_in_which_one_letter_of_a_paper_differs_is_refused(pair, papers, tmp_path: Path) -> None:
    pair.xa.hand_in(papers(1)[0], XB)
    made = take(pair.xa, tmp_path)
    whole = made.path.read_bytes()
    made.path.write_bytes(whole.replace(b"<ExportCountry>XA<", b"<ExportCountry>XZ<"))
    assert made.path.read_bytes() != whole
    assert backup.faults(made.path) == [], "SQLite sees nothing"
    with pytest.raises(BackupUnusable):
        made.require_whole()


def test_a_backup_that_is_byte_for_byte_a_damaged_store_is_refused(pair, papers, tmp_path: Path) -> None:
    pair.xa.hand_in(papers(1)[0], XB)
    made = take(pair.xa, tmp_path)
    with made.path.open("r+b") as file:
        file.seek(2 * 4096)
        file.write(b"\xff" * 4096)
    told = replace(made, sha256=hashlib.sha256(made.path.read_bytes()).hexdigest())
    with pytest.raises(BackupUnusable):
        told.require_whole()


def test_a_copy_with_other_rows_than_the_store_had_is_no_backup_and_does_not_stay(
    pair, papers, tmp_path: Path, monkeypatch
) -> None:
    pair.xa.hand_in(papers(1)[0], XB)
    counts = backup.counts
    monkeypatch.setattr(backup, "counts", lambda path: {**counts(path), "exchange": 0})
    with pytest.raises(BackupUnusable):
        take(pair.xa, tmp_path)
    assert list((tmp_path / "backups").iterdir()) == []
