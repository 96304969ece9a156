import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from node.errors import HubUnavailable, NotAgreed
from node.hub.folder import MAX_TAKEN_AT_ONCE, FolderHub
from node.model.answer import AnswerVerdict, BusinessAnswer
from node.model.attached import GivenFile
from node.model.document import Finding, MediaType
from node.model.envelope import Attachment
from node.model.exchange import Assurance, Direction, Exchange, State
from node.model.hub import FromHub, HubPaper, HubReport
from node.model.ids import Digest, ExchangeId, NodeCode

XB = NodeCode("XB")
DIGEST = Digest(b"\x01" * 32)
NOW = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.fixture
def hub(tmp_path: Path) -> FolderHub:
    folder = FolderHub(tmp_path, max_bytes=100)
    folder.prepare([XB])
    return folder


def exchange(direction: Direction, state: State) -> Exchange:
    return Exchange(
        ExchangeId("0199"), direction, XB, "a", 1, "certificate_of_origin", 1, Assurance.BATCH, state, 2,
        "I", "N-1", "1", b"\x01" * 32, NOW, NOW, idempotency_key="XB/one",
    )  # fmt: skip


def hand_in(root: Path, name: str, content: bytes = b"<a/>", done: bool = True) -> None:
    (root / "outbound" / "XB" / f"{name}.xml").write_bytes(content)
    if done:
        (root / "outbound" / "XB" / f"{name}.done").touch()


def test_a_paper_without_its_done_file_is_not_seen(hub: FolderHub, tmp_path: Path) -> None:
    hand_in(tmp_path, "one", done=False)
    assert hub.waiting() == []


def test_a_handed_in_paper_is_read_whole_and_keyed_by_its_name(hub: FolderHub, tmp_path: Path) -> None:
    hand_in(tmp_path, "one", b"<a>x</a>")
    (paper,) = hub.waiting()
    assert (paper.partner, paper.key, paper.content) == ("XB", "XB/one", b"<a>x</a>")


def test_a_taken_paper_moves_out_of_the_way_and_names_its_exchange(hub: FolderHub, tmp_path: Path) -> None:
    hand_in(tmp_path, "one")
    (paper,) = hub.waiting()
    hub.taken(paper, "0199")
    assert hub.waiting() == []
    assert (tmp_path / "taken/XB/one.xml").exists()
    assert json.loads((tmp_path / "taken/XB/one.note").read_text())["exchange"] == "0199"
    hub.taken(paper, "0199")  # after a crash between commit and move it is done again


def test_a_refused_paper_says_why_in_both_languages(hub: FolderHub, tmp_path: Path) -> None:
    hand_in(tmp_path, "one")
    (paper,) = hub.waiting()
    hub.refused(paper, NotAgreed(partner="XB", kind="x", direction="out"))
    reason = json.loads((tmp_path / "refused/XB/one.note").read_text())
    assert reason["code"] == "N2N-PROF-003"
    assert "XB" in reason["message"]["en"]
    assert "協定" in reason["message"]["zh-TW"]
    assert (tmp_path / "refused/XB/one.xml").exists()


@pytest.mark.parametrize("size", [99, 100])
def test_papers_up_to_the_limit_are_read(hub: FolderHub, tmp_path: Path, size: int) -> None:
    hand_in(tmp_path, "one", b"x" * size)
    assert len(hub.waiting()) == 1


def test_a_paper_over_the_limit_is_refused_and_does_not_come_back(hub: FolderHub, tmp_path: Path) -> None:
    hand_in(tmp_path, "big", b"x" * 101)
    assert hub.waiting() == []
    assert json.loads((tmp_path / "refused/XB/big.note").read_text())["code"] == "N2N-HUB-002"
    assert hub.waiting() == []


def test_a_link_to_somebody_elses_file_is_refused(hub: FolderHub, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("key")
    (tmp_path / "outbound/XB/link.xml").symlink_to(secret)
    (tmp_path / "outbound/XB/link.done").touch()
    assert hub.waiting() == []
    assert (tmp_path / "refused/XB/link.note").exists()


def test_a_done_file_without_its_paper_is_refused(hub: FolderHub, tmp_path: Path) -> None:
    (tmp_path / "outbound/XB/lonely.done").touch()
    assert hub.waiting() == []
    assert (tmp_path / "refused/XB/lonely.note").exists()


def test_one_look_reads_no_more_than_its_limit(hub: FolderHub, tmp_path: Path) -> None:
    for number in range(MAX_TAKEN_AT_ONCE + 5):
        hand_in(tmp_path, f"p{number:03d}")
    assert len(hub.waiting()) == MAX_TAKEN_AT_ONCE


def test_an_inbound_paper_is_complete_before_its_done_file_and_may_come_twice(hub: FolderHub, tmp_path: Path) -> None:
    paper = HubPaper(exchange(Direction.IN, State.RECEIVED), b"<a/>", MediaType.XML, {"exporter": "𠮷野貿易"})
    for _ in range(2):
        assert hub.hand_over([paper]) == [None]
        folder = tmp_path / "inbound/XB"
        assert sorted(file.suffix for file in folder.iterdir()) == [".done", ".note", ".xml"]
        assert json.loads((folder / "0199.note").read_text())["fields"] == {"exporter": "𠮷野貿易"}


def test_names_of_attachments_too_long_for_a_disk_become_numbers_and_a_pipe_holds_nobody_up(
    hub: FolderHub, tmp_path: Path
) -> None:
    names = ("貨" * 100, "photo.jpg")
    given = tuple(
        GivenFile(Attachment(name, "image/jpeg", 1, DIGEST, DIGEST, b"\x02" * 32), lambda: iter([b"x"]))
        for name in names
    )
    paper = HubPaper(exchange(Direction.IN, State.RECEIVED), b"<a/>", MediaType.XML, {}, given)
    folder = tmp_path / "inbound/XB/0199.files"
    folder.mkdir()
    os.mkfifo(folder / ".photo.jpg")
    assert hub.hand_over([paper]) == [None]
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == {"_1": b"x", "photo.jpg": b"x"}
    told = json.loads((tmp_path / "inbound/XB/0199.note").read_text())["attachments"]
    assert [(one["name"], one["file"]) for one in told] == [(names[0], "_1"), (names[1], "photo.jpg")]


def test_the_hub_is_told_what_became_of_its_paper(hub: FolderHub, tmp_path: Path) -> None:
    report = HubReport(exchange(Direction.OUT, State.REFUSED), (Finding("RULE", "/A/B", "must be positive"),))
    assert hub.report([report]) == [None]
    status = json.loads((tmp_path / "status/0199.json").read_text())
    assert (status["state"], status["key"]) == ("REFUSED", "XB/one")
    (finding,) = status["findings"]
    assert (finding["code"], finding["path"], finding["rule"]) == ("RULE", "/A/B", "must be positive")
    assert (finding["severity"], finding["whose"], set(finding["reason"])) == ("error", "kind", {"en", "zh-TW"})


def test_a_hub_whose_folder_is_gone_is_unavailable_not_a_crash(hub: FolderHub, tmp_path: Path) -> None:
    (tmp_path / "inbound/XB").rmdir()
    (outcome,) = hub.hand_over([HubPaper(exchange(Direction.IN, State.RECEIVED), b"<a/>", MediaType.XML, {})])
    assert isinstance(outcome, HubUnavailable)


def test_a_json_paper_goes_in_and_out_as_json(hub: FolderHub, tmp_path: Path) -> None:
    (tmp_path / "outbound/XB/aeo.json").write_bytes(b'{"a": 1}')
    (tmp_path / "outbound/XB/aeo.done").touch()
    (paper,) = hub.waiting()
    assert paper.content == b'{"a": 1}'
    hub.taken(paper, "0199")
    assert sorted(file.name for file in (tmp_path / "taken/XB").iterdir()) == ["aeo.json", "aeo.note"]
    assert hub.hand_over([HubPaper(exchange(Direction.IN, State.RECEIVED), b"{}", MediaType.JSON, {})]) == [None]
    assert (tmp_path / "inbound/XB/0199.json").read_bytes() == b"{}"


def test_a_pipe_is_refused_and_holds_nobody_up(hub: FolderHub, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "outbound/XB/pipe.xml")
    (tmp_path / "outbound/XB/pipe.done").touch()
    hand_in(tmp_path, "good")
    assert [paper.name for paper in hub.waiting()] == ["good"]
    assert (tmp_path / "refused/XB/pipe.note").exists()


def test_a_link_to_itself_is_refused_and_holds_nobody_up(hub: FolderHub, tmp_path: Path) -> None:
    (tmp_path / "outbound/XB/loop.done").symlink_to("loop.done")
    hand_in(tmp_path, "good")
    assert [paper.name for paper in hub.waiting()] == ["good"]


def test_an_entry_that_cannot_be_moved_stops_nobody(hub: FolderHub, tmp_path: Path) -> None:
    (tmp_path / "outbound/XB/folder.done").mkdir()
    hand_in(tmp_path, "good")
    assert [paper.name for paper in hub.waiting()] == ["good"]
    assert [paper.name for paper in hub.waiting()] == ["good"]


def test_papers_that_must_wait_let_others_pass(hub: FolderHub, tmp_path: Path) -> None:
    for number in range(MAX_TAKEN_AT_ONCE):
        hand_in(tmp_path, f"early{number:03d}")
    hand_in(tmp_path, "late")
    for paper in hub.waiting():
        hub.put_off(paper)
    assert [paper.name for paper in hub.waiting()] == ["late"]


def test_a_paper_for_a_partner_nobody_prepared_for_is_refused_beside_it(hub: FolderHub, tmp_path: Path) -> None:
    (tmp_path / "outbound/ZZ").mkdir()
    (tmp_path / "outbound/ZZ/one.xml").write_bytes(b"<a/>")
    (tmp_path / "outbound/ZZ/one.done").touch()
    (paper,) = hub.waiting()
    hub.refused(paper, NotAgreed(partner="ZZ", kind="x", direction="out"))
    assert hub.waiting() == []
    assert sorted(file.name for file in (tmp_path / "refused/ZZ").iterdir()) == ["one.note", "one.xml"]


def elsewhere(tmp_path: Path, place: str) -> Path:
    """A folder outside the tree, with a file in it, that `place` in the tree leads to."""
    outside = tmp_path.with_name(f"{tmp_path.name}-outside")
    outside.mkdir()
    (outside / "one.xml").write_bytes(b"<original/>")
    (outside / "one.done").touch()
    for folder in sorted((tmp_path / place).glob("*")):
        folder.rmdir()
    (tmp_path / place).rmdir()
    (tmp_path / place).symlink_to(outside, target_is_directory=True)
    return outside


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def settle(hub: FolderHub, item: FromHub, place: str) -> None:
    """Say what makes the node write in `place`."""
    if "taken" in place:
        hub.taken(item, "0199")
    else:
        hub.refused(item, NotAgreed(partner="XB", kind="x", direction="out"))


ANSWER = {"exchange": "e-1", "verdict": "accepted"}


@pytest.mark.parametrize("place", ["taken", "taken/XB", "refused", "refused/XB"])
def test_a_link_in_the_place_of_a_folder_never_makes_the_node_write_elsewhere(
    hub: FolderHub, tmp_path: Path, place: str
) -> None:
    outside = elsewhere(tmp_path, place)
    (outside / "XB").mkdir()
    hand_in(tmp_path, "one", b"<attacker/>")
    hand_in(tmp_path, "big", b"x" * 101)
    (paper,) = hub.waiting()
    with pytest.raises(HubUnavailable):
        settle(hub, paper, place)
    assert list((outside / "XB").iterdir()) == []
    (outside / "XB").rmdir()
    assert contents(outside) == {"one.xml": b"<original/>", "one.done": b""}


@pytest.mark.parametrize("place", ["answers-taken/XB", "answers-refused/XB"])
def test_a_link_in_the_place_of_a_folder_for_answers_leads_nowhere(hub: FolderHub, tmp_path: Path, place: str) -> None:
    outside = elsewhere(tmp_path, place)
    (tmp_path / "answers/XB/two.json").write_text(json.dumps(ANSWER))
    (tmp_path / "answers/XB/two.done").touch()
    (answer,) = hub.answers()
    with pytest.raises(HubUnavailable):
        settle(hub, answer, place)
    assert contents(outside) == {"one.xml": b"<original/>", "one.done": b""}


@pytest.mark.parametrize("place", ["inbound", "inbound/XB", "status", "answered"])
def test_what_the_node_brings_never_goes_through_a_link(hub: FolderHub, tmp_path: Path, place: str) -> None:
    outside = elsewhere(tmp_path, place)
    ended = HubReport(exchange(Direction.OUT, State.REFUSED), (), BusinessAnswer(AnswerVerdict.ACCEPTED))
    inbound = HubPaper(exchange(Direction.IN, State.RECEIVED), b"<a/>", MediaType.XML, {})
    (outcome,) = hub.hand_over([inbound]) if place.startswith("inbound") else hub.report([ended])
    assert isinstance(outcome, HubUnavailable)
    assert contents(outside) == {"one.xml": b"<original/>", "one.done": b""}


@pytest.mark.parametrize("place", ["outbound/XB", "answers/XB"])
def test_papers_are_never_read_through_a_linked_folder(hub: FolderHub, tmp_path: Path, place: str) -> None:
    outside = elsewhere(tmp_path, place)
    assert (hub.waiting(), hub.answers()) == ([], [])
    assert contents(outside) == {"one.xml": b"<original/>", "one.done": b""}


def test_a_linked_place_is_a_hub_that_is_away(hub: FolderHub, tmp_path: Path) -> None:
    outside = elsewhere(tmp_path, "outbound")
    (outside / "XB").mkdir()
    with pytest.raises(HubUnavailable):
        hub.waiting()
    assert hub.answers() == []


def test_a_folder_that_becomes_a_link_between_look_and_outcome_leads_nowhere(hub: FolderHub, tmp_path: Path) -> None:
    hand_in(tmp_path, "one", b"<attacker/>")
    (paper,) = hub.waiting()
    for file in (tmp_path / "outbound/XB").iterdir():
        file.unlink()
    outside = elsewhere(tmp_path, "outbound/XB")
    with pytest.raises(HubUnavailable):
        hub.taken(paper, "0199")
    assert contents(outside) == {"one.xml": b"<original/>", "one.done": b""}
