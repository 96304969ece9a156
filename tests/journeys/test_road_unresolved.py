"""An answer that never comes: the partner may have the papers, so it is asked before anything is sent again."""

from typing import Never, TypeVar

import pytest

from node.errors import NoAnswer
from node.flows.outbound import Submission, accept
from node.flows.ports import ActorName
from node.model.envelope import DeliverRequest
from node.model.exchange import State
from node.store import exchanges
from node.wire import header_from_bytes

T = TypeVar("T")

XB = "XB"


def swallow(_: object) -> Never:
    """The call breaks before the partner hears of it; the sender cannot know."""
    raise NoAnswer(partner=XB, seconds=30)


def untouched(carried: T) -> T:
    return carried


@pytest.mark.parametrize("lost", [1, 2, 5])
def test_a_lost_answer_is_fetched_and_no_second_body_travels(pair, phyto: bytes, lost: int) -> None:
    pair.xa.road.loses_answers = lost
    sent = pair.xa.hand_in(phyto, XB)
    pair.xa.work()
    assert pair.xa.exchange(sent).state is State.UNRESOLVED
    for _ in range(lost):
        pair.xa.next_try()
    settled = pair.xa.exchange(sent)
    assert settled.state is State.DELIVERED
    assert len(pair.xa.road.carried) == 1
    assert [request.message_ids for request in pair.xa.road.asked] == [(settled.message_id,)] * lost
    assert not any(request.close for request in pair.xa.road.asked)


def test_what_settles_is_the_receipt_that_was_stored_then_byte_for_byte(pair, phyto: bytes) -> None:
    lost = []
    pair.xa.road.spoil = lambda answers: lost.extend(answers) or swallow(answers)
    sent = pair.xa.hand_in(phyto, XB)
    pair.xa.work()
    pair.xa.road.spoil = untouched
    pair.xa.next_try()
    assert pair.xa.receipt(sent).signed.receipt == lost[0].outcome.receipt
    assert pair.xa.receipt(sent).signed.seal == lost[0].outcome.seal
    assert pair.xb.hub_has() == []
    pair.xb.work()
    assert pair.xb.hub_has() == [phyto]


def test_what_the_partner_does_not_hold_is_sent_again_in_the_same_turn(pair, origin: bytes) -> None:
    pair.xa.road.tamper = swallow
    sent = pair.xa.hand_in(origin, XB)
    pair.xa.work()
    assert pair.xa.exchange(sent).state is State.UNRESOLVED
    pair.xa.road.tamper = untouched
    pair.xa.next_try()
    assert len(pair.xa.road.asked) == 1
    assert pair.xa.exchange(sent).state is State.DELIVERED
    first, second = pair.xa.road.carried
    assert (first.seals, first.envelopes[0].header) == (second.seals, second.envelopes[0].header)
    assert len(pair.xb.received()) == 1


def test_held_and_not_held_papers_of_one_outage_are_told_apart(pair, papers) -> None:
    never_came, came = papers(2)
    pair.xa.road.tamper = swallow
    sent = pair.xa.hand_in(never_came, XB, "never came")
    pair.xa.work()
    pair.xa.road.tamper, pair.xa.road.loses_answers = untouched, 1
    sent_too = pair.xa.hand_in(came, XB, "came")
    pair.xa.work()
    pair.xa.road.carried.clear()
    pair.xa.later(seconds=10)
    asked = sorted(identifier for request in pair.xa.road.asked for identifier in request.message_ids)
    assert asked == sorted(pair.xa.exchange(one).message_id for one in (sent, sent_too))
    (again,) = pair.xa.road.carried
    assert [header_from_bytes(one.header).message_id for one in again.envelopes] == [pair.xa.exchange(sent).message_id]
    pair.xb.work()
    assert pair.xb.hub_has() == sorted([never_came, came])
    assert len(pair.xb.received()) == 2


def test_a_paper_that_was_only_claimed_counts_as_sent(pair, origin: bytes, reopen) -> None:
    """Whoever crashed between claim and commit may have sent it."""

    class PowerCutError(BaseException):
        pass

    def cut_off(_: DeliverRequest) -> Never:
        raise PowerCutError

    pair.xa.road.tamper = cut_off
    pair.xa.hand_in(origin, XB)
    with pytest.raises(PowerCutError):
        pair.xa.work()
    pair.xa.road.tamper = untouched
    reopen(pair.xa)
    pair.xa.work()
    assert len(pair.xa.road.asked) == 1
    assert len(pair.xb.received()) == 1


def hand_in_all(country, contents) -> list[str]:
    submissions = [Submission(content, XB, f"k{n}") for n, content in enumerate(contents)]
    return [one.exchange for one in accept(country.wired.node, submissions, ActorName("clerk", "human"))]


def test_calls_halve_while_no_answer_comes_and_grow_back(pair, papers) -> None:
    pair.xa.road.loses_answers = 7
    sent = hand_in_all(pair.xa, papers(32))
    pair.xa.work()
    pair.xa.later(seconds=10)
    assert [len(request.envelopes) for request in pair.xa.road.carried] == [32]
    assert [len(request.message_ids) for request in pair.xa.road.asked] == [16, 8, 4, 2, 1, 1]

    pair.xa.road.asked.clear()
    pair.xa.later(seconds=60)
    assert [len(request.message_ids) for request in pair.xa.road.asked] == [1, 2, 4, 8, 16, 1]
    assert {pair.xa.exchange(one).state for one in sent} == {State.DELIVERED}
    assert len(pair.xa.road.carried) == 1
    assert len(pair.xb.received()) == 32


def test_one_paper_that_breaks_the_partner_does_not_hold_its_neighbours(pair, papers) -> None:
    poison = set()

    def drop_when_poisoned(request: DeliverRequest) -> DeliverRequest:
        if any(envelope.header in poison for envelope in request.envelopes):
            raise NoAnswer(partner=XB, seconds=30)
        return request

    pair.xa.road.cut = True
    sent = hand_in_all(pair.xa, papers(8))
    pair.xa.work()
    pair.xa.road.cut = False
    bad, *good = sorted(sent)
    poison.add(pair.xa.wired.node.store.read(lambda tx: exchanges.sealed(tx, [bad]))[bad].header)
    pair.xa.road.tamper = drop_when_poisoned
    for _ in range(8):
        pair.xa.later(minutes=20)
    assert pair.xa.exchange(bad).state is State.UNRESOLVED
    assert {pair.xa.exchange(one).state for one in good} == {State.DELIVERED}
    assert len(pair.xb.received()) == 7
