"""Acts of people on what waits: try now, park, resume, cancel; each beside a working node, with a result for each."""

from dataclasses import replace
from datetime import timedelta
from itertools import count

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from node.documents import samples
from node.errors import (
    CancelAsked,
    ExchangeUnknown,
    IllegalMove,
    NothingWaits,
    ParkedByHand,
    UnderWayNow,
    WaitsForAnother,
)
from node.flows import acts
from node.flows.acts import Act
from node.flows.ports import ActorName
from node.model.exchange import Direction, State, is_end
from node.model.job import Verb
from node.store import cancellations, circuits, jobs
from node.store.queries import ExchangeFilter, ids_from

XA, XB = "XA", "XB"
CLERK = ActorName("clerk", "human")


def do(country, act: Act, *ids: str, why: str = "told to") -> list[acts.Done]:
    return acts.perform(country.wired.node, act, ids, CLERK, why)


def lost_answer(pair, content: bytes, key: str = "k1") -> str:
    """XB has the paper and its answer was lost."""
    pair.xa.road.loses_answers = 1
    sent = pair.xa.hand_in(content, XB, key)
    pair.xa.work()
    assert pair.xa.exchange(sent).state is State.UNRESOLVED
    return sent


def test_what_was_never_sent_is_cancelled_at_once_and_the_hub_hears_of_it(pair, origin: bytes) -> None:
    sent = pair.xa.hand_in(origin, XB)
    (done,) = do(pair.xa, Act.CANCEL, sent, why="the exporter asked")
    assert (done.before, done.after, done.asked) == (State.ACCEPTED, State.CANCELLED, False)
    pair.cross()
    assert pair.xa.exchange(sent).state is State.CANCELLED
    assert (pair.xa.road.carried, pair.xb.received()) == ([], [])
    assert [one["reason"] for one in pair.xa.audited("cancelled")] == ["the exporter asked"]
    status = list((pair.xa.home / "hub").rglob("*.status.json")) + list((pair.xa.home / "hub").rglob("*.json"))
    assert any("CANCELLED" in file.read_text(encoding="utf-8") for file in status)


def test_a_paper_that_may_have_arrived_is_asked_about_and_its_receipt_comes_too_late(pair, origin: bytes) -> None:
    sent = lost_answer(pair, origin)
    (done,) = do(pair.xa, Act.CANCEL, sent)
    assert (done.after, done.asked) == (State.UNRESOLVED, True)
    pair.cross()
    assert pair.xa.exchange(sent).state is State.DELIVERED
    assert pair.xa.road.asked[-1].close
    assert len(pair.xa.road.carried) == 1
    assert pair.xa.wired.node.store.read(lambda tx: cancellations.of(tx, sent)).reason == "told to"


def test_a_paper_that_never_arrived_is_cancelled_with_the_partners_signed_absent(pair, origin: bytes) -> None:
    pair.xa.road.tamper = lambda request: replace(
        request, envelopes=tuple(replace(one, body_digest=bytes(32)) for one in request.envelopes)
    )
    sent = pair.xa.hand_in(origin, XB)
    pair.xa.work()
    (done,) = do(pair.xa, Act.CANCEL, sent)
    assert done.asked
    pair.cross()
    cancelled = pair.xa.exchange(sent)
    assert cancelled.state is State.CANCELLED
    assert pair.xa.receipt(sent).verdict.name == "ABSENT"
    assert (len(pair.xa.road.carried), pair.xb.hub_has()) == (1, [])
    assert pair.xa.timeline(sent)[-2:] == ["receipt-stored", "cancelled"]


def test_a_wish_to_cancel_survives_a_restart_and_parking(pair, origin: bytes, reopen) -> None:
    sent = lost_answer(pair, origin)
    pair.xa.road.cut = True
    assert do(pair.xa, Act.CANCEL, sent)[0].asked
    assert isinstance(do(pair.xa, Act.CANCEL, sent)[0].error, CancelAsked)
    reopen(pair.xa)
    pair.xa.work()
    do(pair.xa, Act.PARK, sent)
    pair.xa.road.cut = False
    assert do(pair.xa, Act.RESUME, sent)[0].after is State.UNRESOLVED
    pair.cross()
    assert pair.xa.exchange(sent).state is State.DELIVERED
    assert len(pair.xa.road.carried) == 1


def test_a_parked_sealed_paper_is_asked_about_when_it_is_cancelled(pair, origin: bytes) -> None:
    sent = lost_answer(pair, origin)
    do(pair.xa, Act.PARK, sent)
    (done,) = do(pair.xa, Act.CANCEL, sent)
    assert (done.before, done.after, done.asked) == (State.PARKED, State.UNRESOLVED, True)
    pair.cross()
    assert pair.xa.exchange(sent).state is State.DELIVERED


def test_a_delivered_paper_cannot_be_cancelled_parked_or_tried_again(pair, origin: bytes) -> None:
    sent = pair.xa.hand_in(origin, XB)
    pair.cross()
    errors = [type(do(pair.xa, act, sent)[0].error) for act in (Act.CANCEL, Act.PARK, Act.RETRY)]
    assert errors == [IllegalMove, IllegalMove, NothingWaits]


def test_what_one_paper_stands_in_the_way_of_does_not_hold_up_the_others(pair, papers) -> None:
    stock = papers(3)
    sent = [pair.xa.hand_in(content, XB, f"k{at}") for at, content in enumerate(stock[:2])]
    pair.xa.work()
    sent.append(pair.xa.hand_in(stock[2], XB, "k2"))
    done = do(pair.xa, Act.CANCEL, *sent, "00000000-0000-7000-8000-000000000000")
    assert [one.after for one in done] == [None, None, State.CANCELLED, None]
    assert [type(one.error) for one in done if one.error] == [IllegalMove, IllegalMove, ExchangeUnknown]


def test_trying_now_asks_a_partner_that_is_away_at_once(pair, origin: bytes) -> None:
    pair.xa.road.cut = True
    sent = pair.xa.hand_in(origin, XB)
    pair.xa.work()
    while not pair.xa.wired.node.store.read(circuits.away):
        pair.xa.next_try()
    pair.xa.road.cut = False
    pair.xa.work()
    assert pair.xa.exchange(sent).state is State.SEALED
    assert do(pair.xa, Act.RETRY, sent)[0].error is None
    pair.xa.work()
    pair.xa.work()
    assert pair.xa.exchange(sent).state is State.DELIVERED
    assert pair.xa.wired.node.store.read(circuits.away) == []


def test_trying_now_overrules_used_up_attempts_but_not_a_person(pair, papers) -> None:
    first, second = papers(2)
    pair.xa.road.cut = True
    given_up = pair.xa.hand_in(first, XB)
    pair.xa.work()
    pair.xa.later(hours=49)
    pair.xa.road.cut = False
    by_hand = pair.xa.hand_in(second, XB, "k2")
    do(pair.xa, Act.PARK, by_hand)
    done = do(pair.xa, Act.RETRY, given_up, by_hand)
    assert done[0].after is State.UNRESOLVED
    assert pair.xa.exchange(given_up).first_cause == ""
    assert isinstance(done[1].error, ParkedByHand)


def test_what_somebody_works_at_is_not_tried_a_second_time_beside_it(pair, origin: bytes) -> None:
    sent = pair.xa.hand_in(origin, XB)
    store, now, lane = pair.xa.wired.node.store, pair.xa.clock.now(), jobs.Lane(XB, Verb.SEAL)
    store.write(lambda tx: jobs.claim(tx, lane, "another process", 9, now, timedelta(minutes=1)))
    assert isinstance(do(pair.xa, Act.RETRY, sent)[0].error, UnderWayNow)
    pair.xa.clock.advance(timedelta(minutes=2))
    assert do(pair.xa, Act.RETRY, sent)[0].error is None
    pair.cross()
    assert pair.xa.exchange(sent).state is State.DELIVERED


def test_a_successor_is_parked_when_its_predecessor_is_cancelled_and_never_goes_first(pair) -> None:
    kind = "certificate_of_origin"
    first = pair.xa.hand_in(samples.sample(kind, "tea"), XB)
    second = pair.xa.hand_in(samples.sample(kind, "tea_replacement"), XB, "k2")
    assert pair.xa.exchange(second).follows == first
    assert isinstance(do(pair.xa, Act.RETRY, second)[0].error, WaitsForAnother)
    do(pair.xa, Act.CANCEL, first)
    assert pair.xa.exchange(second).state is State.PARKED


def test_a_filter_finds_by_first_cause_age_and_priority_oldest_first(pair, papers) -> None:
    stock = papers(3)
    pair.xa.road.cut = True
    old = [pair.xa.hand_in(content, XB, f"k{at}") for at, content in enumerate(stock[:2])]
    pair.xa.work()
    pair.xa.later(minutes=30)
    young = pair.xa.hand_in(stock[2], XB, "young")
    read = pair.xa.wired.node.store.read
    cause = pair.xa.exchange(old[0]).first_cause
    now = pair.xa.clock.now()
    found = lambda **wanted: read(lambda tx: ids_from(tx, ExchangeFilter(Direction.OUT, **wanted), None, 10))  # noqa: E731
    assert found(cause=cause) == sorted(old)
    assert found(before=now.replace(minute=now.minute - 10)) == sorted(old)
    assert young in found(priority=pair.xa.exchange(young).priority)
    assert read(lambda tx: ids_from(tx, ExchangeFilter(), sorted(old)[0], 1)) == sorted([*old, young])[1:2]


STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(list(Act)), st.integers(0, 3)),
        st.sampled_from(["work", "cut", "mend", "lose", "hand in", "later"]),
    ),
    max_size=14,
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(steps=STEPS)
def test_whatever_people_do_beside_a_working_node_nothing_is_lost_or_doubled(pair, papers, steps) -> None:
    numbers = test_whatever_people_do_beside_a_working_node_nothing_is_lost_or_doubled.numbers
    sent: list[str] = []
    for step in ["hand in", *steps]:
        match step:
            case "work":
                pair.xa.work()
            case "cut" | "mend":
                pair.xa.road.cut = step == "cut"
            case "lose":
                pair.xa.road.loses_answers = 1
            case "later":
                pair.xa.later(minutes=7)
            case "hand in" if len(sent) < 4:
                number = next(numbers)
                sent.append(pair.xa.hand_in(papers(number + 1)[number], XB, f"k{number}"))
            case (act, which) if which < len(sent):
                before = pair.xa.exchange(sent[which]).state
                (done,) = do(pair.xa, act, sent[which])
                assert done.before is before
                if done.error is None:
                    assert pair.xa.exchange(sent[which]).state is done.after
    pair.xa.road.cut, pair.xa.road.loses_answers = False, 0
    parked = [one for one in sent if pair.xa.exchange(one).state is State.PARKED]
    do(pair.xa, Act.RESUME, *parked)
    for _ in range(4):
        pair.xa.later(hours=1)
        pair.cross()
    arrived = {one.number: one for one in pair.xb.received()}
    for one in sent:
        exchange = pair.xa.exchange(one)
        assert exchange.state in (State.DELIVERED, State.CANCELLED)
        assert (exchange.number in arrived) == (exchange.state is State.DELIVERED)
        assert is_end(Direction.OUT, exchange.state) or exchange.state is State.DELIVERED
    assert len(arrived) == len(pair.xb.received())
    assert pair.xa.wired.node.store.read(jobs.next_due) is None


test_whatever_people_do_beside_a_working_node_nothing_is_lost_or_doubled.numbers = count()
