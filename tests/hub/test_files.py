"""Files for a hub: complete or not there, on disk before they are called so, and nobody's failure but their own."""

import errno
import os
import stat
from pathlib import Path

import pytest

from node.hub import files
from node.hub.files import FEW, Bundle, write_all

MANY = FEW + 3


def bundles(count: int, content: bytes = b"x", folder: tuple[str, ...] = ()) -> list[Bundle]:
    return [Bundle(folder, ((f"{n}.xml", content), (f"{n}.note", b"{}")), mark=f"{n}.done") for n in range(count)]


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


@pytest.fixture(params=["nameless", "hidden"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways of writing a file that nobody sees yet; not every file system knows the first."""
    if request.param == "hidden":
        monkeypatch.setattr(files, "_NAMELESS", 0)


@pytest.mark.parametrize("count", [1, MANY])
def test_all_files_of_a_batch_are_there_and_nothing_else(tmp_path: Path, way: None, count: int) -> None:
    assert write_all(tmp_path, bundles(count)) == [None] * count
    assert names(tmp_path) == sorted(f"{n}.{end}" for n in range(count) for end in ("xml", "note", "done"))
    assert {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()} == {0o640}


def test_a_batch_that_comes_again_replaces_what_it_wrote(tmp_path: Path, way: None) -> None:
    write_all(tmp_path, bundles(MANY, b"cut sh"))
    assert write_all(tmp_path, bundles(MANY, b"whole")) == [None] * MANY
    assert (tmp_path / "0.xml").read_bytes() == b"whole"
    assert len(names(tmp_path)) == 3 * MANY


@pytest.mark.parametrize("part", ["xml", "done"])
def test_a_paper_that_cannot_be_written_spoils_no_other(tmp_path: Path, way: None, part: str) -> None:
    (tmp_path / f"1.{part}").mkdir()
    (tmp_path / f"1.{part}" / "in the way").touch()
    outcomes = write_all(tmp_path, bundles(3))
    assert [outcome is None for outcome in outcomes] == [True, False, True]
    assert not (tmp_path / "1.done").is_file()
    assert {"0.done", "2.done"} < set(names(tmp_path))
    assert not [name for name in names(tmp_path) if name.startswith(".")]


@pytest.mark.parametrize("planted", ["link", "pipe"])
def test_what_lies_in_the_place_of_a_mark_is_neither_followed_nor_waited_for(tmp_path: Path, planted: str) -> None:
    if planted == "link":
        (tmp_path / "0.done").symlink_to(tmp_path / "elsewhere")
    else:
        os.mkfifo(tmp_path / "0.done")
    (outcome,) = write_all(tmp_path, bundles(1))
    assert isinstance(outcome, FileExistsError)
    assert not (tmp_path / "elsewhere").exists()


def test_hidden_names_that_are_taken_are_neither_followed_nor_in_the_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_NAMELESS", 0)
    (tmp_path / ".0.xml.0").symlink_to(tmp_path / "elsewhere")
    (tmp_path / ".0.xml.1").write_bytes(b"left by a crash")
    assert write_all(tmp_path, bundles(1)) == [None]
    assert (tmp_path / "0.xml").read_bytes() == b"x"
    assert (tmp_path / ".0.xml.1").read_bytes() == b"left by a crash"
    assert not (tmp_path / "elsewhere").exists()


def test_when_all_hidden_names_are_taken_only_that_file_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_NAMELESS", 0)
    for number in range(files.HIDDEN_NAMES):
        (tmp_path / f".0.xml.{number}").touch()
    outcomes = write_all(tmp_path, bundles(2))
    assert isinstance(outcomes[0], FileExistsError)
    assert outcomes[1] is None


def test_a_folder_that_is_gone_fails_its_own_papers_only(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    outcomes = write_all(tmp_path, [*bundles(1, folder=("gone",)), *bundles(1, folder=("here",))])
    assert isinstance(outcomes[0], FileNotFoundError)
    assert outcomes[1] is None


@pytest.mark.parametrize("count", [1, MANY])
def test_nothing_is_marked_done_when_the_disk_does_not_take_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    def refuse(_: int) -> None:
        raise OSError(errno.EIO, "input/output error")

    monkeypatch.setattr(os, "fsync", refuse)
    monkeypatch.setattr(files, "_SYNCFS", None)
    outcomes = write_all(tmp_path, bundles(count))
    assert [outcome.errno for outcome in outcomes if outcome is not None] == [errno.EIO] * count
    assert names(tmp_path) == []


def test_a_flush_of_the_whole_file_system_that_fails_is_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_SYNCFS", lambda _: -1)
    assert None not in write_all(tmp_path, bundles(MANY))
    assert names(tmp_path) == []


def test_files_are_flushed_before_they_have_a_name_and_the_folder_before_the_mark(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[str]] = []
    flush = os.fsync

    def watched(fd: int) -> None:
        flush(fd)
        seen.append(names(tmp_path))

    monkeypatch.setattr(os, "fsync", watched)
    assert write_all(tmp_path, bundles(1)) == [None]
    assert seen == [[], [], ["0.note", "0.xml"], ["0.done", "0.note", "0.xml"]]
