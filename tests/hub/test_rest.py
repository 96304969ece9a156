"""The hub's web service misbehaves in every way it can: nothing is lost, nobody is held up, the cause has a code."""

import base64
import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hub_over_https import Fault, instead
from hub_sides import MAX_BYTES, OURS, exchange, give, tell

from node.errors import HubAnswerUnusable, HubRefused, HubTlsFailed, HubUnavailable, NotAgreed
from node.hub import rest_calls
from node.hub.rest import PAGES_A_LOOK
from node.hub.rest_list import PAGE_ITEMS
from node.model.document import MediaType
from node.model.exchange import Direction, State
from node.model.hub import HubPaper
from node.model.ids import sha256

PAPER = HubPaper(exchange(b"<a/>"), b"<a/>", MediaType.XML, {})
ENDED = exchange(direction=Direction.OUT, state=State.DELIVERED)


def json_bytes(status: int, body: bytes) -> Fault:
    return instead(lambda request: request.answer_bytes(status, body, "application/json"))


# --- pushing ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (301, HubRefused), (307, HubRefused), (400, HubRefused), (401, HubRefused), (403, HubRefused),
        (404, HubRefused), (409, HubRefused), (413, HubRefused), (422, HubRefused),
        (408, HubUnavailable), (425, HubUnavailable), (429, HubUnavailable),
        (500, HubUnavailable), (502, HubUnavailable), (503, HubUnavailable), (504, HubUnavailable),
        (202, HubAnswerUnusable), (206, HubAnswerUnusable),
    ],
)  # fmt: skip
def test_a_status_says_whether_waiting_helps_or_a_human_must_look(web, open_rest, status, error) -> None:
    web.fault = json_bytes(status, b'{"code": "WHY-1"}')
    with pytest.raises(error) as caught:
        tell(open_rest(), ENDED)
    assert str(status) in caught.value.message()
    assert error is HubAnswerUnusable or "WHY-1" in caught.value.message()
    assert caught.value.category.retry is (error is not HubRefused)
    assert web.status == {}


@pytest.mark.parametrize(
    "reason", [b'{"code": "x y<script>"}', b'{"code": 7}', b"[]", b"{", b"", b'{"code": "' + b"x" * 65]
)
def test_a_reason_is_one_word_or_the_name_of_the_status(web, open_rest, reason: bytes) -> None:
    web.fault = json_bytes(409, reason)
    with pytest.raises(HubRefused) as caught:
        give(open_rest(), PAPER)
    assert caught.value.fields["reason"] == "Conflict"


def test_a_reason_may_come_as_a_problem_of_rfc_9457(web, open_rest) -> None:
    problem = b'{"type": "about:blank", "title": "no", "code": "NO-SUCH-OFFICE", "status": 422}'
    web.fault = instead(lambda request: request.answer_bytes(422, problem, "application/problem+json"))
    with pytest.raises(HubRefused, match="NO-SUCH-OFFICE"):
        give(open_rest(), PAPER)


def test_a_status_nobody_knows_is_refused_without_reason(web, open_rest) -> None:
    web.fault = json_bytes(499, b"")
    with pytest.raises(HubRefused) as caught:
        give(open_rest(), PAPER)
    assert caught.value.fields["reason"] == "no reason given"


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"{}", b'{"sha256": null}', b'{"sha256": "' + b"0" * 64 + b'"}', b'{"sha256": 1, "sha256": 1}'],
)
def test_a_paper_is_handed_over_only_when_the_hub_names_its_digest(web, open_rest, body: bytes) -> None:
    web.fault = json_bytes(200, body)
    with pytest.raises(HubAnswerUnusable):
        give(open_rest(), PAPER)


def test_a_login_page_is_no_acknowledgement(web, open_rest) -> None:
    web.fault = instead(lambda request: request.answer_bytes(200, b"<html>log in</html>", "text/html"))
    for push in (lambda hub: give(hub, PAPER), lambda hub: tell(hub, ENDED)):
        with pytest.raises(HubAnswerUnusable):
            push(open_rest())


def test_a_hub_that_lost_its_answer_gets_the_same_again_and_it_is_one_paper(web, open_rest) -> None:
    def serve_and_cut(request) -> None:
        request.outcome()
        request.cut()

    adapter = open_rest()
    web.fault = instead(serve_and_cut)
    with pytest.raises(HubUnavailable) as caught:
        give(adapter, PAPER)
    assert caught.value.fields["detail"].startswith("cut, ")
    web.fault = None
    give(adapter, PAPER)
    assert web.effects == [f"inbound {PAPER.exchange.id}"]


def test_other_bytes_under_the_same_exchange_are_the_hubs_to_refuse(web, open_rest) -> None:
    adapter = open_rest()
    give(adapter, PAPER)
    with pytest.raises(HubRefused, match="OTHER-CONTENT"):
        give(adapter, HubPaper(PAPER.exchange, b"<b/>", MediaType.XML, {}))
    assert base64.b64decode(web.inbound[PAPER.exchange.id]["document"]) == b"<a/>"


def test_a_slow_hub_is_given_up_once_and_not_once_for_each_paper(web, open_rest) -> None:
    web.fault = instead(lambda _: web.released.wait(20))
    adapter = open_rest(timeout_s=0.4)
    began = time.monotonic()
    for _ in range(32):
        with pytest.raises(HubUnavailable) as caught:
            give(adapter, PAPER)
        assert caught.value.fields["detail"].startswith("timeout, ")
    assert time.monotonic() - began < 32 * 0.4
    assert len(web.asked) < 16


def test_a_hub_that_is_back_is_noticed(web, open_rest) -> None:
    adapter = open_rest(timeout_s=0.2)
    web.fault = instead(lambda _: web.released.wait(20))
    with pytest.raises(HubUnavailable):
        give(adapter, PAPER)
    web.fault = None
    back = time.monotonic() + rest_calls.AWAY_S + 5
    while PAPER.exchange.id not in web.inbound and time.monotonic() < back:
        try:
            give(adapter, PAPER)
        except HubUnavailable:
            time.sleep(0.1)
    assert PAPER.exchange.id in web.inbound


def test_a_hub_with_a_wrong_certificate_hears_nothing_and_it_is_told_as_such(pki, web, open_rest) -> None:
    adapter = open_rest(ca=pki.ca(OURS))
    for push in (lambda: give(adapter, PAPER), adapter.waiting):
        with pytest.raises(HubTlsFailed, match="certificate"):
            push()
    assert web.asked == []


def test_many_threads_push_at_once(web, open_rest) -> None:
    adapter = open_rest()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: give(adapter, PAPER), range(40)))
    assert web.effects == [f"inbound {PAPER.exchange.id}"]


# --- pulling ----------------------------------------------------------------------------------------------------------

GOOD = {"name": "good", "partner": "XB", "sha256": sha256(b"<a/>").hex(), "document": "PGEvPg=="}

MALFORMED = {
    "no object": 7,
    "nothing": None,
    "a list": [GOOD],
    "no name": {key: GOOD[key] for key in ("partner", "sha256", "document")},
    "a name that climbs": {**GOOD, "name": "../good"},
    "a name that is a number": {**GOOD, "name": 7},
    "a name with a slash": {**GOOD, "name": "a/b"},
    "an empty name": {**GOOD, "name": ""},
    "a long name": {**GOOD, "name": "x" * 129},
    "no partner": {**GOOD, "name": "bad", "partner": None},
    "a partner that is no code": {**GOOD, "name": "bad", "partner": "xb/.."},
    "no document": {**GOOD, "name": "bad", "document": None},
    "no base64": {**GOOD, "name": "bad", "document": "PGEvPg"},
    "base64 with a line break": {**GOOD, "name": "bad", "document": "PGEv\nPg=="},
    "base64 with other characters": {**GOOD, "name": "bad", "document": "PGÉvPg=="},
    "no digest": {**GOOD, "name": "bad", "sha256": None},
    "another digest": {**GOOD, "name": "bad", "sha256": "0" * 64},
    "a digest in capitals": {**GOOD, "name": "bad", "sha256": sha256(b"<a/>").hex().upper()},
    "an unknown member": {**GOOD, "name": "bad", "urgent": True},
    "too large": {
        **GOOD,
        "name": "bad",
        "document": base64.b64encode(b"x" * (MAX_BYTES + 1)).decode(),
        "sha256": sha256(b"x" * (MAX_BYTES + 1)).hex(),
    },
}


@pytest.mark.parametrize("item", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_item_is_told_where_it_has_a_name_and_never_blocks_the_good_ones(
    web, open_rest, lines, item
) -> None:
    web.outbound[:] = [item, GOOD, item]
    adapter = open_rest()
    for _ in range(2):
        assert [paper.name for paper in adapter.waiting()] == ["good"]
    bad = isinstance(item, dict) and item.get("name") == "bad"
    assert list(web.outcomes) == (["outbound/bad"] if bad else [])
    assert not bad or [one["code"] for one in web.outcomes["outbound/bad"]] == ["N2N-HUB-002"]
    assert [line for line in lines if "hub.item-unreadable" in line]
    assert "<a/>" not in "".join(lines)


@pytest.mark.parametrize("status", [404, 409, 500])
def test_a_hub_that_does_not_take_an_outcome_does_not_hold_up_its_other_papers(
    web, open_rest, lines, status: int
) -> None:
    web.outbound[:] = [{**GOOD, "name": "bad", "sha256": ""}, {**GOOD, "name": "first"}, GOOD]
    refuse = json_bytes(status, b"")
    web.fault = lambda request: request.command == "PUT" and "good" not in request.path and refuse(request)
    adapter = open_rest()
    first, good = adapter.waiting()
    adapter.taken(first, "e-1")
    assert [paper.name for paper in adapter.waiting()] == ["good"]
    adapter.refused(first, NotAgreed(partner="XB", kind="x", direction="out"))
    adapter.taken(good, "e-2")
    assert len([line for line in lines if "hub.outcome-not-taken" in line]) == 3
    assert list(web.outcomes) == ["outbound/good"]
    assert web.outcomes["outbound/good"][0]["sha256"] == GOOD["sha256"]
    # Nothing was told of the first, so a node that starts again takes it up again.
    web.fault = None
    assert [paper.name for paper in open_rest().waiting()] == ["first"]


def test_a_hundred_outcomes_that_the_hub_does_not_take_do_not_hide_the_paper_behind_them(web, open_rest) -> None:
    for number in range(100):
        web.hand_in(f"p{number:02d}", b"<a/>")
    web.hand_in("good", b"<a/>")
    refuse = json_bytes(409, b"")
    web.fault = lambda request: request.command == "PUT" and "good" not in request.path and refuse(request)
    adapter, looks = open_rest(), 0
    while "outbound/good" not in web.outcomes:
        looks += 1
        assert looks < 10
        for paper in adapter.waiting():
            adapter.taken(paper, "e")


def test_duplicates_are_offered_as_they_come_and_other_bytes_are_told_by_their_digest(web, open_rest) -> None:
    web.hand_in("one", b"<a/>")
    web.hand_in("one", b"<a/>")
    web.hand_in("one", b"<b/>")
    adapter = open_rest()
    papers = adapter.waiting()
    assert [(paper.key, paper.content) for paper in papers] == [("XB/one", one) for one in (b"<a/>", b"<a/>", b"<b/>")]
    for paper in papers:
        adapter.taken(paper, "e-1")
    assert [one["sha256"] for one in web.outcomes["outbound/one"]] == [sha256(one.content).hex() for one in papers]


PAGES = {
    "nothing": b"",
    "no JSON": b"<html>",
    "half": b'{"items": [',
    "a list": b"[]",
    "no items": b"{}",
    "items of another kind": b'{"items": {}}',
    "an unknown member": b'{"items": [], "count": 0}',
    "a cursor that is a number": b'{"items": [], "next": 7}',
    "a long cursor": b'{"items": [], "next": "' + b"x" * 257 + b'"}',
    "a member twice": b'{"items": [], "items": []}',
    "too deep": b'{"items": [[[[[]]]]]}',
    "not UTF-8": b'{"items": ["\xff"]}',
    "a byte order mark": b'\xef\xbb\xbf{"items": []}',
}


@pytest.mark.parametrize("body", PAGES.values(), ids=PAGES)
@pytest.mark.parametrize("ask", ["waiting", "answers"])
def test_a_page_that_makes_no_sense_is_one_error_and_the_next_look_begins_anew(web, open_rest, body, ask) -> None:
    adapter = open_rest()
    web.fault = json_bytes(200, body)
    with pytest.raises(HubAnswerUnusable) as caught:
        getattr(adapter, ask)()
    assert caught.value.category.retry
    web.fault = None
    web.outbound[:] = [GOOD]
    web.outgoing_answers[:] = [{"name": "good", "partner": "XB", "exchange": "e-1", "verdict": "accepted"}]
    assert [one.name for one in getattr(adapter, ask)()] == ["good"]


def test_a_page_that_is_too_large_is_asked_for_in_smaller_ones_until_it_fits(web, open_rest) -> None:
    for number in range(40):
        web.hand_in(f"p{number:02d}", b"x" * 900)
    adapter, taken, failures = open_rest(max_bytes=6000), [], 0
    while len(taken) < 40:
        try:
            papers = adapter.waiting()
        except HubAnswerUnusable:
            failures += 1
            assert failures < 40
            continue
        for paper in papers:
            adapter.taken(paper, "e")
            taken.append(paper.name)
    assert taken == [f"p{number:02d}" for number in range(40)]


@pytest.mark.parametrize("fault", ["cut", "half", "slow", "refused", "broken"])
def test_a_list_that_cannot_be_read_now_is_read_later_and_nothing_is_lost(web, open_rest, fault: str) -> None:
    def half(request) -> None:
        request.send_response(200)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", "1000")
        request.end_headers()
        request.wfile.write(b'{"items": [')
        request.cut()

    faults = {
        "cut": instead(lambda request: request.cut()),
        "half": instead(half),
        "slow": instead(lambda _: web.released.wait(20)),
        "refused": json_bytes(401, b""),
        "broken": json_bytes(500, b""),
    }
    web.hand_in("one", b"<a/>")
    web.fault = faults[fault]
    with pytest.raises(HubRefused if fault == "refused" else HubUnavailable):
        open_rest(timeout_s=0.5).waiting()
    web.fault = None
    assert [paper.name for paper in open_rest().waiting()] == ["one"]


def test_a_redirect_leads_nowhere(web, open_rest) -> None:
    web.fault = instead(lambda request: request.answer_bytes(302, b"", "text/html", Location="/n2n/outbound?limit=1"))
    with pytest.raises(HubRefused):
        open_rest().waiting()
    assert len(web.asked) == 1


def test_a_cursor_that_leads_to_itself_ends(web, open_rest) -> None:
    web.fault = json_bytes(200, json.dumps({"items": [{"name": "bad"}], "next": "again"}).encode())
    adapter = open_rest()
    for _ in range(3):
        assert adapter.waiting() == []
    assert len(web.asked) <= 3 * PAGES_A_LOOK


def test_a_cursor_goes_back_as_it_came(web, open_rest) -> None:
    cursor = "a b&limit=9?#/%é"
    pages = iter([{"items": [], "next": cursor}, {"items": []}])
    web.fault = instead(lambda request: request.answer(200, next(pages)))
    assert open_rest().waiting() == []
    assert [path for _, path in web.asked] == [
        f"/n2n/outbound?limit={PAGE_ITEMS}",
        f"/n2n/outbound?limit={PAGE_ITEMS}&after=a+b%26limit%3D9%3F%23%2F%25%C3%A9",
    ]


def test_a_hub_that_always_has_another_page_does_not_hold_the_node_in_one_look(web, open_rest) -> None:
    numbers = iter(range(1000))
    web.fault = instead(lambda request: request.answer(200, {"items": [], "next": str(next(numbers))}))
    assert open_rest().waiting() == []
    assert len(web.asked) == PAGES_A_LOOK


def test_nothing_of_a_paper_is_in_the_journal(web, open_rest, lines) -> None:
    web.hand_in("one", b"<secret/>", sha256="0" * 64)
    open_rest().waiting()
    assert lines
    assert not any("secret" in line or "PHNlY3JldC8+" in line for line in lines)
