"""A partner that cannot be reached: papers wait, keep trying, and cross once when the road is back."""

from datetime import timedelta
from typing import Never

import pytest

from node.errors import NoAnswer, PartnerUnreachable
from node.jobs.retry import JITTER
from node.model.envelope import DeliverRequest
from node.model.exchange import State

XA, XB, XC = "XA", "XB", "XC"


def test_a_paper_waits_and_crosses_once_the_road_is_back(pair, origin: bytes) -> None:
    pair.xa.road.cut = True
    sent = pair.xa.hand_in(origin, XB)
    pair.xa.work()
    for _ in range(3):
        pair.xa.next_try()
    waiting = pair.xa.exchange(sent)
    assert (waiting.state, waiting.first_cause) == (State.SEALED, PartnerUnreachable.code)

    pair.xa.road.cut = False
    pair.xa.next_try()
    assert pair.xa.exchange(sent).state is State.DELIVERED
    assert len(pair.xb.received()) == 1
    assert len(pair.xa.road.carried) == 1


def test_waits_grow_up_to_the_agreed_longest(pair, origin: bytes) -> None:
    def swallow(_: DeliverRequest) -> Never:
        raise NoAnswer(partner=XB, seconds=30)

    pair.xa.road.tamper = swallow
    pair.xa.hand_in(origin, XB)
    pair.xa.work()
    waits = [pair.xa.next_try().total_seconds() for _ in range(10)]
    agreed = [5, 10, 20, 40, 80, 160, 320, 640, 900, 900]
    for wait, plain in zip(waits, agreed, strict=True):
        assert plain * (1 - JITTER) <= wait <= plain * (1 + JITTER)


def test_nothing_happens_before_it_is_due(pair, origin: bytes) -> None:
    pair.xa.road.cut = True
    pair.xa.hand_in(origin, XB)
    pair.xa.work()
    pair.xa.road.cut = False
    pair.xa.later(seconds=1)
    assert pair.xa.road.carried == []
    pair.xa.later(seconds=6)
    assert len(pair.xa.road.carried) == 1


def test_the_first_cause_stays_whatever_comes_later(pair, origin: bytes) -> None:
    pair.xa.road.cut = True
    sent = pair.xa.hand_in(origin, XB)
    pair.xa.work()
    pair.xa.road.cut, pair.xa.road.loses_answers = False, 1
    pair.xa.next_try()
    tried = pair.xa.exchange(sent)
    assert (tried.first_cause, tried.last_cause) == (PartnerUnreachable.code, NoAnswer.code)


def test_however_often_it_is_sent_it_is_the_same_paper_freshly_encrypted(pair, phyto: bytes) -> None:
    def dropped(_: DeliverRequest) -> Never:
        raise NoAnswer(partner=XB, seconds=30)

    sent_requests = []
    pair.xa.road.tamper = lambda request: sent_requests.append(request) or dropped(request)
    pair.xa.hand_in(phyto, XB)
    pair.xa.work()
    for _ in range(3):
        pair.xa.next_try()
    assert len(sent_requests) == 4
    fixed = {(one.seals, e.header, e.body_digest, e.place) for one in sent_requests for e in one.envelopes}
    assert len(fixed) == 1
    assert len({one.key.wrapped for one in sent_requests}) == 4
    assert len({e.sealed_body for one in sent_requests for e in one.envelopes}) == 4


def test_papers_handed_in_on_different_days_of_an_outage_travel_together_under_their_own_seals(pair, papers) -> None:
    pair.xa.road.cut = True
    sent = []
    for key, content in enumerate(papers(3)):
        sent.append(pair.xa.hand_in(content, XB, f"day {key}"))
        pair.xa.work()
        pair.xa.clock.advance(timedelta(hours=1))
    pair.xa.road.cut = False
    pair.xa.work()
    (request,) = pair.xa.road.carried
    assert (len(request.envelopes), len(request.seals)) == (3, 3)
    assert {pair.xa.exchange(one).state for one in sent} == {State.DELIVERED}


def test_a_dead_partner_does_not_hold_up_another(trio, papers) -> None:
    trio.to_xb.cut = True
    first, second = papers(2)
    waits, goes = trio.xa.hand_in(first, XB, "b"), trio.xa.hand_in(second, XC, "c")
    trio.xa.work()
    trio.xc.work()
    assert trio.xa.exchange(goes).state is State.DELIVERED
    assert trio.xc.hub_has() == [second]
    assert trio.xa.exchange(waits).state is State.SEALED

    trio.to_xb.cut = False
    trio.xa.next_try()
    trio.xb.work()
    assert trio.xb.hub_has() == [first]


def test_the_same_paper_may_go_to_two_partners(trio, origin: bytes) -> None:
    sent = [trio.xa.hand_in(origin, XB, "b"), trio.xa.hand_in(origin, XC, "c")]
    trio.xa.work()
    assert [trio.xa.exchange(one).state for one in sent] == [State.DELIVERED] * 2
    leaves = {trio.xa.exchange(one).leaf for one in sent}
    assert len(leaves) == 2


@pytest.mark.parametrize("error", [PartnerUnreachable(), NoAnswer()], ids=["unreachable", "no answer"])
def test_a_road_that_is_bad_for_long_loses_nothing(pair, papers, error) -> None:
    def fail(_: DeliverRequest) -> Never:
        raise error

    pair.xa.road.tamper = fail
    sent = [pair.xa.hand_in(content, XB, f"k{n}") for n, content in enumerate(papers(2))]
    pair.xa.work()
    for _ in range(12):
        pair.xa.next_try()
    pair.xa.road.tamper = lambda request: request
    pair.xa.later(hours=1)
    assert {pair.xa.exchange(one).state for one in sent} == {State.DELIVERED}
    assert len(pair.xb.received()) == 2
