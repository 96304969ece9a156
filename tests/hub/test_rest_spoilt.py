"""An item that spoils every page it is on hides nothing behind it, and a hub is held to the number it was asked for."""

import json

import pytest
from hub_over_https import instead

from node.errors import HubAnswerUnusable
from node.hub.rest import RestHub
from node.hub.rest_list import PAGE_ITEMS, PROBES_A_LOOK
from node.model.hub import HandedIn

ROOM = 6000
"""Bytes a page may have here."""

SPOILT = {
    "a control character": {"name": "bad", "partner": "XB", "sha256": "\0", "document": ""},
    "half a character": {"name": "bad", "partner": "\ud800"},
    "a number without end": {"name": "bad", "partner": float("inf")},
    "too deep": {"name": "bad", "partner": [[[[1]]]]},
    "too large": {"name": "bad", "partner": "XB", "sha256": "0", "document": "A" * ROOM},
}


def look(hub: RestHub) -> list[HandedIn]:
    """What comes in one look, as the node does it: one that fails is followed by another."""
    try:
        return hub.waiting()
    except HubAnswerUnusable:
        return []


def take_all(hub: RestHub, looks: int, until: int) -> list[str]:
    taken = []
    for _ in range(looks):
        for paper in look(hub):
            hub.taken(paper, "e")
            taken.append(paper.name)
        if len(taken) == until:
            break
    return taken


@pytest.mark.parametrize("spoilt", SPOILT.values(), ids=SPOILT)
@pytest.mark.parametrize("where", [0, 1, 20, 39])
def test_an_item_that_spoils_its_page_hides_nothing(web, open_rest, lines, spoilt, where: int) -> None:
    names = [f"g{number:02d}" for number in range(40)]
    for name in names:
        web.hand_in(name, b"<a/>")
    web.outbound.insert(where, spoilt)
    assert take_all(open_rest(max_bytes=ROOM), looks=40, until=40) == names
    assert web.outbound == [spoilt]
    (said,) = [line for line in lines if "hub.item-spoils-its-page" in line]
    assert "warning" in said
    assert "N2N-HUB-004" in said


@pytest.mark.parametrize("count", [2, PROBES_A_LOOK, PROBES_A_LOOK + 1, 3 * PROBES_A_LOOK])
def test_many_of_them_in_a_row_hide_nothing(web, open_rest, count: int) -> None:
    web.outbound[:] = [SPOILT["too deep"]] * count
    for number in range(5):
        web.hand_in(f"g{number}", b"<a/>")
    assert take_all(open_rest(), looks=60, until=5) == [f"g{number}" for number in range(5)]


def test_it_hides_nothing_behind_papers_that_must_wait(web, open_rest) -> None:
    for number in range(40):
        web.hand_in(f"w{number:02d}", b"<a/>")
    web.outbound.append(SPOILT["too deep"])
    web.hand_in("good", b"<a/>")
    hub = open_rest()
    for _ in range(40):
        papers = look(hub)
        if "good" in [paper.name for paper in papers]:
            break
        for paper in papers:
            hub.put_off(paper)
    assert "good" in [paper.name for paper in papers]


def test_answers_are_held_to_the_same_rules(web, open_rest) -> None:
    web.outgoing_answers[:] = [
        {"name": "bad", "partner": [[[[1]]]]},
        {"name": "good", "partner": "XB", "exchange": "e-1", "verdict": "accepted"},
    ]
    hub, answers = open_rest(), []
    for _ in range(10):
        try:
            answers = hub.answers()
        except HubAnswerUnusable:
            continue
        break
    assert [one.name for one in answers] == ["good"]


def test_once_repaired_it_is_first_again(web, open_rest) -> None:
    web.outbound[:] = [SPOILT["too deep"]]
    web.hand_in("withdrawal", b"<a/>")
    hub = open_rest()
    while not look(hub):
        pass
    withdrawal = web.outbound.pop()
    web.outbound.clear()
    web.hand_in("paper", b"<a/>")
    web.outbound.append(withdrawal)
    assert take_all(hub, looks=3, until=2) == ["paper", "withdrawal"]


def test_a_hub_that_talks_nonsense_for_a_moment_makes_no_paper_overtake_another(web, open_rest) -> None:
    web.hand_in("paper", b"<a/>")
    web.hand_in("withdrawal", b"<a/>")
    for moment in range(1, 12):
        left = moment

        def nonsense(request) -> bool:
            nonlocal left
            left -= 1
            return left >= 0 and instead(lambda one: one.answer_bytes(200, b"[", "application/json"))(request)

        web.fault = nonsense
        hub, papers = open_rest(), []
        for _ in range(20):
            if papers := look(hub):
                break
        assert papers[0].name == "paper"


def test_a_hub_that_knows_nothing_else_is_asked_a_bounded_number_of_times_in_a_look(web, open_rest) -> None:
    web.fault = instead(lambda request: request.answer_bytes(200, b"[]", "application/json"))
    hub = open_rest()
    for _ in range(20):
        before = len(web.asked)
        with pytest.raises(HubAnswerUnusable):
            hub.waiting()
        assert len(web.asked) - before <= 1 + PROBES_A_LOOK


@pytest.mark.parametrize("item", [{}, {"name": "bad"}, {"name": "good", "partner": "XB"}])
def test_more_items_than_were_asked_for_are_an_answer_that_cannot_be_used(web, open_rest, item) -> None:
    body = json.dumps({"items": [item] * (PAGE_ITEMS + 1)}).encode()
    web.fault = lambda request: (
        request.command == "GET" and instead(lambda one: one.answer_bytes(200, body, "application/json"))(request)
    )
    hub = open_rest()
    for _ in range(10):
        with pytest.raises(HubAnswerUnusable, match="33 items"):
            hub.waiting()
    assert {method for method, _ in web.asked} == {"GET"}
    assert web.outcomes == {}


def test_as_many_as_were_asked_for_are_taken(web, open_rest) -> None:
    for number in range(PAGE_ITEMS):
        web.hand_in(f"p{number:02d}", b"<a/>")
    assert len(open_rest().waiting()) == PAGE_ITEMS
