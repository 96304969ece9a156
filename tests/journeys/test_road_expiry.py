"""Papers past their time: only a signed ABSENT, or never having been sent, makes them EXPIRED (protocol 3)."""

from datetime import timedelta
from typing import Never, TypeVar

import pytest

from node.errors import NoAnswer, PartnerUnreachable
from node.flows import outbound
from node.model.exchange import State
from node.model.job import Verb
from node.model.receipt import NotHeld, Verdict
from node.store import jobs

T = TypeVar("T")

XA, XB = "XA", "XB"
AGREED_LIFE = timedelta(hours=168)


def swallow(_: object) -> Never:
    raise NoAnswer(partner=XB, seconds=30)


def untouched(carried: T) -> T:
    return carried


def seal_and_stop(country) -> None:
    """The node goes down right after sealing."""
    node = country.wired.node
    lane, now = jobs.Lane(XB, Verb.SEAL), country.clock.now()
    claimed = node.store.write(lambda tx: jobs.claim(tx, lane, "worker", 64, now, timedelta(minutes=1)))
    outbound.seal(node, claimed)


def told(country, exchange) -> str:
    return (country.home / "hub" / "status" / f"{exchange}.json").read_text()


def test_a_paper_that_was_never_sent_expires_without_asking_anybody(pair, origin: bytes) -> None:
    sent = pair.xa.hand_in(origin, XB)
    seal_and_stop(pair.xa)
    pair.xa.later(days=8)
    assert pair.xa.exchange(sent).state is State.EXPIRED
    assert pair.xa.road.carried == pair.xa.road.asked == []
    assert '"state": "EXPIRED"' in told(pair.xa, sent)


@pytest.mark.parametrize(
    ("past", "state"),
    [(timedelta(0), State.DELIVERED), (timedelta(milliseconds=1), State.EXPIRED)],
    ids=["on time", "late"],
)
def test_the_last_moment_counts(pair, origin: bytes, past: timedelta, state: State) -> None:
    sent = pair.xa.hand_in(origin, XB)
    seal_and_stop(pair.xa)
    pair.xa.clock.advance(AGREED_LIFE + past)
    pair.xa.work()
    assert pair.xa.exchange(sent).state is state


def test_a_paper_the_partner_never_got_expires_with_its_signed_absent(pair, origin: bytes) -> None:
    pair.xa.road.tamper = swallow
    sent = pair.xa.hand_in(origin, XB)
    pair.xa.work()
    pair.xa.road.tamper = untouched
    pair.xa.later(days=8)
    assert pair.xa.exchange(sent).state is State.EXPIRED
    assert pair.xa.receipt(sent).verdict is Verdict.ABSENT
    (question,) = pair.xa.road.asked
    assert question.close
    assert len(pair.xa.road.carried) == 1
    assert '"state": "EXPIRED"' in told(pair.xa, sent)


def test_a_paper_the_partner_had_all_along_is_delivered_however_late_we_ask(pair, origin: bytes) -> None:
    pair.xa.road.loses_answers = 1
    sent = pair.xa.hand_in(origin, XB)
    pair.xa.work()
    pair.xa.later(days=8)
    assert pair.xa.exchange(sent).state is State.DELIVERED
    assert len(pair.xa.road.carried) == 1


def test_without_the_partners_word_nothing_expires(pair, origin: bytes) -> None:
    pair.xa.road.tamper = swallow
    sent = pair.xa.hand_in(origin, XB)
    pair.xa.work()
    pair.xa.road.cut = True
    pair.xa.later(days=8)
    assert pair.xa.exchange(sent).state is State.PARKED


def test_a_partner_that_will_not_close_leaves_it_to_a_human(pair, origin: bytes) -> None:
    """Its evidence of that time is gone, so it may have accepted the paper once."""
    pair.xa.road.tamper = swallow
    sent = pair.xa.hand_in(origin, XB)
    pair.xa.work()
    pair.xa.road.spoil = lambda answers: [type(one)(one.message_id, NotHeld()) for one in answers]
    pair.xa.later(days=8)
    assert pair.xa.exchange(sent).state is State.PARKED
    assert len(pair.xa.road.carried) == 1


def test_a_closed_paper_is_absent_for_ever_even_if_it_turns_up_after_all(pair, origin: bytes) -> None:
    late = []
    pair.xa.road.tamper = lambda request: late.append(request) or swallow(request)
    sent = pair.xa.hand_in(origin, XB)
    pair.xa.work()
    pair.xa.road.tamper = untouched
    pair.xa.later(days=8)
    (answer,) = pair.xb.wired.door.deliver(XA, late[0]).answers
    assert answer.outcome.receipt == pair.xa.receipt(sent).signed.receipt
    assert pair.xb.received() == []


def test_old_and_new_papers_of_one_turn_are_not_mixed_up(pair, papers) -> None:
    old, unsent, new = papers(3)
    pair.xa.road.tamper = swallow
    first = pair.xa.hand_in(old, XB, "old")
    pair.xa.work()
    pair.xa.road.tamper = untouched
    second = pair.xa.hand_in(unsent, XB, "unsent")
    seal_and_stop(pair.xa)
    pair.xa.clock.advance(timedelta(days=8))
    third = pair.xa.hand_in(new, XB, "new")
    pair.xa.work()
    pair.xa.later(seconds=10)
    states = [pair.xa.exchange(one).state for one in (first, second, third)]
    assert states == [State.EXPIRED, State.EXPIRED, State.DELIVERED]
    pair.xb.work()
    assert pair.xb.hub_has() == [new]


def test_a_call_that_never_connected_still_counts_as_sent_once_it_was_claimed(pair, origin: bytes) -> None:
    pair.xa.road.cut = True
    sent = pair.xa.hand_in(origin, XB)
    pair.xa.work()
    assert pair.xa.exchange(sent).last_cause == PartnerUnreachable.code
    pair.xa.road.cut = False
    pair.xa.later(days=8)
    assert [request.close for request in pair.xa.road.asked] == [True]
    assert pair.xa.exchange(sent).state is State.EXPIRED
