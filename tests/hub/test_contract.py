"""What every adapter promises that is given things for the hub and asked what waits there."""

import pytest
from hub_sides import MAX_BYTES, XB, exchange, give, tell

from node.errors import HubUnavailable, NotAgreed
from node.model.answer import AnswerVerdict, BusinessAnswer
from node.model.document import Finding, MediaType
from node.model.exchange import Direction, State
from node.model.hub import HubPaper
from node.model.ids import sha256

PAPER = "<證書>產地：臺灣 𠮷</證書>\r\n".encode()
ENDED = exchange(direction=Direction.OUT, state=State.REFUSED)


def inbound(content: bytes = PAPER, media_type: MediaType = MediaType.XML, **fields: str) -> HubPaper:
    return HubPaper(exchange(content), content, media_type, fields)


# --- to the hub -------------------------------------------------------------------------------------------------------


def test_a_paper_arrives_with_exact_bytes_their_digest_and_its_particulars(side) -> None:
    paper = inbound(exporter="𠮷野貿易")
    give(side.open(), paper)
    content, note = side.brought(paper.exchange.id)
    assert content == PAPER
    assert note["sha256"] == sha256(PAPER).hex()
    assert note["fields"] == {"exporter": "𠮷野貿易"}
    assert (note["partner"], note["kind"], note["number"]) == (XB, "certificate_of_origin", "N-1")


def test_a_json_paper_stays_as_it_is(side) -> None:
    content = b'{ "a":1.0,\n"b" : "\\u00e9" }'
    give(side.open(), inbound(content, MediaType.JSON))
    assert side.brought(inbound().exchange.id)[0] == content


def test_handing_over_twice_is_one_paper(side) -> None:
    for adapter in (side.open(), side.open()):
        give(adapter, inbound())
        give(adapter, inbound())
    assert side.count_brought() == 1
    assert side.brought(inbound().exchange.id)[0] == PAPER


def test_the_hub_is_told_how_its_paper_ended_with_every_finding(side) -> None:
    for _ in range(2):
        tell(side.open(), ENDED, (Finding("RULE", "/A/B", "must be positive"),))
    told = side.told(ENDED.id)
    assert (told["state"], told["key"]) == ("REFUSED", "XB/one")
    (finding,) = told["findings"]
    assert (finding["code"], finding["path"], finding["rule"]) == ("RULE", "/A/B", "must be positive")
    assert (finding["severity"], finding["whose"], set(finding["reason"])) == ("error", "kind", {"en", "zh-TW"})


def test_the_hub_gets_the_decision_of_the_partners_agency(side) -> None:
    decision = BusinessAnswer(AnswerVerdict.CONDITIONAL, "C2", "抽驗後放行", "B-9")
    for _ in range(2):
        tell(side.open(), ENDED, answer=decision)
    said = side.decided(ENDED.id)
    assert said["key"] == "XB/one"
    assert said["answer"] == {
        "verdict": "conditional",
        "reason_code": "C2",
        "reason": "抽驗後放行",
        "reference": "B-9",
    }


@pytest.mark.parametrize(
    "push",
    [
        lambda adapter: give(adapter, inbound()),
        lambda adapter: tell(adapter, ENDED),
        lambda adapter: tell(adapter, ENDED, answer=BusinessAnswer(AnswerVerdict.ACCEPTED)),
    ],
    ids=["hand_over", "report", "answered"],
)
def test_a_hub_that_is_away_is_unavailable_and_gets_it_when_it_is_back(side, push) -> None:
    adapter = side.open()
    side.go_away()
    for _ in range(2):
        with pytest.raises(HubUnavailable) as caught:
            push(adapter)
        assert caught.value.category.retry
    side.come_back()
    push(adapter)


# --- from the hub -----------------------------------------------------------------------------------------------------


def test_where_nothing_waits_nothing_comes(side) -> None:
    adapter = side.open()
    assert list(adapter.waiting()) == []
    assert list(adapter.answers()) == []


def test_papers_come_in_the_order_they_were_handed_in_with_exact_bytes(side) -> None:
    contents = [PAPER, b'{"a": 1}', b"<z/>"]
    for name, content in zip(("later", "earlier", "between"), contents, strict=True):
        side.hand_in(name, content)
    papers = side.open().waiting()
    assert [paper.key for paper in papers] == ["XB/later", "XB/earlier", "XB/between"]
    assert [paper.content for paper in papers] == contents


def test_a_paper_that_was_taken_does_not_come_back_and_the_hub_knows_its_exchange(side) -> None:
    side.hand_in("one", PAPER)
    adapter = side.open()
    (paper,) = adapter.waiting()
    assert side.outcome("one") is None
    adapter.taken(paper, "e-1")
    adapter.taken(paper, "e-1")
    assert list(adapter.waiting()) == []
    outcome = side.outcome("one")
    assert (outcome["state"], outcome["exchange"]) == ("ACCEPTED", "e-1")


def test_a_refused_paper_does_not_come_back_and_the_hub_knows_why_in_both_languages(side) -> None:
    side.hand_in("one", PAPER)
    adapter = side.open()
    (paper,) = adapter.waiting()
    adapter.refused(paper, NotAgreed(partner="XB", kind="x", direction="out"))
    assert list(adapter.waiting()) == []
    outcome = side.outcome("one")
    assert (outcome["state"], outcome["code"]) == ("REFUSED", "N2N-PROF-003")
    assert "XB" in outcome["message"]["en"]
    assert "協定" in outcome["message"]["zh-TW"]
    assert outcome["next"]["en"]
    assert outcome["next"]["zh-TW"]


def test_a_paper_without_outcome_is_offered_again_after_a_crash(side) -> None:
    """The node holds no cursor that it could lose."""
    for number in range(40):
        side.hand_in(f"p{number:02d}", b"<a/>")
    before = side.open()
    for paper in before.waiting():
        if paper.name != "p00":
            before.put_off(paper)
    before.waiting()
    after = side.open()
    assert [paper.name for paper in after.waiting()][:2] == ["p00", "p01"]


def test_more_papers_than_one_look_holds_all_come(side) -> None:
    for number in range(100):
        side.hand_in(f"p{number:03d}", b"<a/>")
    adapter, taken = side.open(), []
    while papers := adapter.waiting():
        assert len(papers) <= 64
        for paper in papers:
            adapter.taken(paper, "e")
            taken.append(paper.name)
    assert taken == [f"p{number:03d}" for number in range(100)]


def test_papers_that_must_wait_let_others_pass(side) -> None:
    for number in range(70):
        side.hand_in(f"early{number:02d}", b"<a/>")
    side.hand_in("late", b"<a/>")
    adapter = side.open()
    while (papers := adapter.waiting()) and papers[-1].name != "late":
        for paper in papers:
            adapter.put_off(paper)
    assert "late" in [paper.name for paper in papers]


@pytest.mark.parametrize("size", [MAX_BYTES - 1, MAX_BYTES])
def test_papers_up_to_the_limit_come(side, size: int) -> None:
    side.hand_in("one", b"x" * size)
    assert [len(paper.content) for paper in side.open().waiting()] == [size]


@pytest.mark.parametrize("size", [MAX_BYTES + 1, MAX_BYTES + 2, MAX_BYTES * 10])
def test_a_paper_over_the_limit_is_refused_and_holds_nobody_up(side, size: int) -> None:
    side.hand_in("big", b"x" * size)
    side.hand_in("good", b"<a/>")
    adapter = side.open()
    assert [paper.name for paper in adapter.waiting()] == ["good"]
    assert side.outcome("big")["code"] == "N2N-HUB-002"
    assert [paper.name for paper in adapter.waiting()] == ["good"]


# --- decisions from the hub -------------------------------------------------------------------------------------------


def test_a_decision_comes_whole_and_is_settled_like_a_paper(side) -> None:
    side.hand_in_answer(
        "a1", {"exchange": "e-1", "verdict": "rejected", "reason": "文件不符", "reason_code": "R7", "reference": "B-9"}
    )
    adapter = side.open()
    (handed,) = adapter.answers()
    assert (handed.name, handed.partner, handed.exchange) == ("a1", XB, "e-1")
    assert handed.answer == BusinessAnswer(AnswerVerdict.REJECTED, "R7", "文件不符", "B-9")
    adapter.taken(handed, "e-2")
    assert list(adapter.answers()) == []
    assert side.outcome("a1", "answers-")["exchange"] == "e-2"


@pytest.mark.parametrize(
    "wrong",
    [
        {"verdict": "accepted"},
        {"exchange": "e-1", "verdict": "perhaps"},
        {"exchange": "e-1", "verdict": "accepted", "reason": "x" * 1001},
        {"exchange": "e-1", "verdict": "accepted", "reason": 7},
        {"exchange": "e-1", "verdict": "accepted", "why": "x"},
    ],
)
def test_a_decision_that_cannot_be_read_is_refused_and_holds_nobody_up(side, wrong) -> None:
    side.hand_in_answer("a0", wrong)
    side.hand_in_answer("a1", {"exchange": "e-1", "verdict": "accepted"})
    assert [one.name for one in side.open().answers()] == ["a1"]
    assert side.outcome("a0", "answers-")["code"] == "N2N-HUB-002"


def test_a_paper_and_a_decision_may_have_the_same_name(side) -> None:
    side.hand_in("one", PAPER)
    side.hand_in_answer("one", {"exchange": "e-1", "verdict": "accepted"})
    adapter = side.open()
    (paper,), (handed,) = adapter.waiting(), adapter.answers()
    adapter.put_off(paper)
    assert [one.name for one in adapter.answers()] == ["one"]
    adapter.taken(handed, "e-2")
    assert side.outcome("one") is None
