"""Uploads on disk: resumed at any byte, seen by their partner only, kept only when they are what they are called."""

import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from node.errors import Malformed, UploadBusy, UploadMisplaced, UploadsFull, UploadUnlike
from node.model.ids import Digest, NodeCode, sha256
from node.model.upload import UploadProgress
from node.store.upload_files import Receiving, UploadFiles

XA, XC = NodeCode("XA"), NodeCode("XC")
DATA = bytes(range(256)) * 40
NAME = sha256(DATA)
SOON = datetime.now(UTC) + timedelta(hours=1)


@pytest.fixture
def files(tmp_path: Path) -> UploadFiles:
    return UploadFiles(tmp_path / "uploads", 4 * len(DATA))


@contextmanager
def writing(files: UploadFiles, name: Digest = NAME, size: int = len(DATA)) -> Iterator[Receiving]:
    receiving = files.begin(XA, name, size)
    try:
        yield receiving
    finally:
        receiving.close()


def bring(files: UploadFiles, data: bytes = DATA) -> UploadProgress:
    with writing(files, sha256(data), len(data)) as receiving:
        receiving.put(0, data)
        return receiving.end()


def lying(files: UploadFiles) -> list[str]:
    return sorted(path.name for path in files.path(XA, NAME).parent.glob("*"))


def test_what_came_whole_lies_there_under_its_digest(files: UploadFiles) -> None:
    assert bring(files) == UploadProgress(len(DATA), complete=True)
    assert files.path(XA, NAME).read_bytes() == DATA
    assert files.path(XA, NAME).stat().st_mode & 0o077 == 0
    assert lying(files) == [NAME.hex()]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.integers(1, len(DATA) - 1), max_size=6, unique=True))
def test_it_goes_on_wherever_it_was_cut(tmp_path_factory: pytest.TempPathFactory, cuts: list[int]) -> None:
    files = UploadFiles(tmp_path_factory.mktemp("cut"), len(DATA))
    for end in [*sorted(cuts), len(DATA)]:
        held = files.progress(XA, NAME, len(DATA)).held
        with writing(files) as receiving:
            receiving.put(held, DATA[held:end])
            if end == len(DATA):
                receiving.end()
        # Without `end` the connection broke: what was written counts all the same.
    assert files.path(XA, NAME).read_bytes() == DATA


@pytest.mark.parametrize("offset", [0, 99, 101, 5000], ids=["again", "overlap", "gap", "far"])
def test_a_piece_that_does_not_begin_where_the_last_one_ended_is_refused_and_harms_nothing(files, offset: int) -> None:
    with writing(files) as receiving:
        receiving.put(0, DATA[:100])
        with pytest.raises(UploadMisplaced) as refusal:
            receiving.put(offset, DATA[offset : offset + 10])
    assert refusal.value.fields["held"] == "100"
    assert files.progress(XA, NAME, len(DATA)) == UploadProgress(100, complete=False)


def test_more_than_was_announced_is_refused(files: UploadFiles) -> None:
    with writing(files) as receiving, pytest.raises(Malformed):
        receiving.put(0, DATA + b"!")
    assert lying(files) == []


def test_what_is_not_what_its_name_says_is_thrown_away(files: UploadFiles) -> None:
    with writing(files) as receiving:
        receiving.put(0, bytes(len(DATA)))
        with pytest.raises(UploadUnlike):
            receiving.end()
    assert lying(files) == []
    assert bring(files).complete


def test_the_uploads_of_others_look_like_none(files: UploadFiles) -> None:
    bring(files)
    assert files.progress(XC, NAME, len(DATA)) == files.progress(XC, sha256(b"none"), 1)


def test_content_that_is_here_has_its_own_size_and_no_other(files: UploadFiles) -> None:
    bring(files)
    with pytest.raises(Malformed):
        files.progress(XA, NAME, len(DATA) + 1)


def test_one_writes_at_a_time(files: UploadFiles) -> None:
    with writing(files), pytest.raises(UploadBusy):
        files.begin(XA, NAME, len(DATA))
    with writing(files) as receiving:
        receiving.put(0, DATA)


def _hold(root: Path, held: "multiprocessing.synchronize.Event", let_go: "multiprocessing.synchronize.Event") -> None:
    receiving = UploadFiles(root, 10**9).begin(XA, NAME, len(DATA))
    held.set()
    let_go.wait(10)
    receiving.close()


def test_one_writes_at_a_time_whichever_process_it_is(files: UploadFiles, tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    held, let_go = context.Event(), context.Event()
    other = context.Process(target=_hold, args=(tmp_path / "uploads", held, let_go))
    other.start()
    assert held.wait(20)
    with pytest.raises(UploadBusy):
        files.begin(XA, NAME, len(DATA))
    let_go.set()
    other.join(10)
    assert bring(files).complete


def test_a_partner_has_its_quota_and_what_it_announced_counts_from_then_on(files: UploadFiles) -> None:
    parts = [bytes([number]) * len(DATA) for number in range(4)]
    for data in parts:
        with writing(files, sha256(data), len(data)) as receiving:
            receiving.put(0, data[:1])
    with pytest.raises(UploadsFull):
        files.begin(XA, NAME, 1)
    files.begin(XC, NAME, len(DATA)).close()
    with writing(files, sha256(parts[0]), len(DATA)) as receiving:
        receiving.put(1, parts[0][1:])
        assert receiving.end().complete


def test_what_nobody_wants_is_collected_and_what_is_kept_or_being_written_stays(files: UploadFiles) -> None:
    bring(files)
    bring(files, b"kept")
    with writing(files, sha256(b"part"), 4) as receiving:
        receiving.put(0, b"p")
        assert files.collect(datetime.now(UTC) - timedelta(hours=1)) == 0
        assert files.collect(SOON, {(XA, sha256(b"kept"))}) == 1
        receiving.put(1, b"art")
        assert receiving.end().complete
    assert lying(files) == sorted([sha256(b"kept").hex(), sha256(b"part").hex()])
    assert files.collect(SOON) == 2
    assert files.collect(SOON) == 0
