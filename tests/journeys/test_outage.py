"""A partner is away for a day: nothing is tried meanwhile, nobody else waits, the urgent goes first when it is back."""

from collections.abc import Sequence
from dataclasses import replace

from node.documents import samples
from node.errors import PartnerUnreachable
from node.model.exchange import State
from node.model.receipt import Answer, Deferred, DeferredCode
from node.store import circuits, intake_gate
from node.wire import header_from_bytes

XA, XB, XC = "XA", "XB", "XC"


def is_open(country) -> bool:
    return bool(country.wired.node.store.read(circuits.away))


def cut_until_open(country, first) -> str:
    country.road.cut = True
    sent = country.hand_in(first, XB, "first")
    country.work()
    while not is_open(country):
        country.next_try()
    return sent


def test_nothing_is_tried_while_a_partner_is_away_and_all_goes_at_once_when_it_is_back(pair, papers) -> None:
    stock = papers(41)
    sent = [cut_until_open(pair.xa, stock[0])]
    for number, content in enumerate(stock[1:]):
        sent.append(pair.xa.hand_in(content, XB, f"k{number}"))
    pair.xa.later(hours=23)
    tried = pair.xa.timeline(sent[0]).count("no-answer")
    for _ in range(30):
        pair.xa.next_try()
    assert pair.xa.timeline(sent[0]).count("no-answer") == tried
    assert "no-answer" not in pair.xa.timeline(sent[-1])
    assert {pair.xa.exchange(one).state for one in sent} == {State.SEALED}
    (away,) = pair.xa.wired.node.store.read(circuits.away)
    assert (away.partner, away.cause) == (XB, PartnerUnreachable.code)

    pair.xa.road.cut = False
    assert pair.xa.next_try().total_seconds() <= 60
    assert {pair.xa.exchange(one).state for one in sent} == {State.DELIVERED}
    assert not is_open(pair.xa)


def test_the_urgent_goes_first_after_an_outage(pair, papers) -> None:
    cut_until_open(pair.xa, papers(1)[0])
    for number, content in enumerate(papers(100)[1:]):
        pair.xa.hand_in(content, XB, f"k{number}")
    pair.xa.hand_in(samples.sample("aeo_status", "operator_suspended"), XB, "a")
    pair.xa.work()
    pair.xa.road.cut = False
    pair.xa.next_try()
    calls = [
        {header_from_bytes(envelope.header).kind for envelope in request.envelopes} for request in pair.xa.road.carried
    ]
    # It waits for no more than the call that is under way with it.
    assert {"aeo_status"} in calls[:2]
    assert len(calls) > 3


def test_a_paper_under_way_for_longer_than_agreed_is_left_to_a_human_although_nothing_is_tried(pair, papers) -> None:
    sent = cut_until_open(pair.xa, papers(1)[0])
    young = None
    pair.xa.later(hours=47)
    young = pair.xa.hand_in(papers(2)[1], XB, "young")
    for _ in range(3):
        pair.xa.later(hours=1)
    parked = pair.xa.exchange(sent)
    assert (parked.state, parked.first_cause) == (State.PARKED, PartnerUnreachable.code)
    assert pair.xa.exchange(young).state is State.SEALED


def test_a_dead_partner_costs_the_healthy_one_nothing(trio, papers) -> None:
    stock = papers(12)
    trio.to_xb.cut = True
    for number, content in enumerate(stock[:6]):
        trio.xa.hand_in(content, XB, f"b{number}")
    for _ in range(4):
        trio.xa.work()
        trio.xa.later(seconds=10)
    healthy = [trio.xa.hand_in(content, XC, f"c{number}") for number, content in enumerate(stock[6:])]
    trio.xa.work()
    assert {trio.xa.exchange(one).state for one in healthy} == {State.DELIVERED}


def test_a_restart_forgets_who_was_away_and_finds_out_anew(pair, papers, reopen) -> None:
    from node.store.circuits import forget_all

    sent = cut_until_open(pair.xa, papers(1)[0])
    pair.xa.road.cut = False
    reopen(pair.xa)
    pair.xa.wired.node.store.write(forget_all)
    pair.xa.later(minutes=16)
    assert pair.xa.exchange(sent).state is State.DELIVERED


def test_a_paper_for_which_the_partner_asked_more_time_has_it_although_the_partner_was_away_meanwhile(
    pair, papers
) -> None:
    patient, other = papers(2)

    def later(answers: Sequence[Answer]) -> list[Answer]:
        return [replace(one, outcome=Deferred(DeferredCode.OVERLOAD, 3_600_000)) for one in answers]

    pair.xa.road.spoil = later
    pair.xb.wired.node.store.write(lambda tx: intake_gate.close(tx, pair.xa.clock.now()))
    put_off = pair.xa.hand_in(patient, XB, "patient")
    pair.xa.work()
    pair.xb.wired.node.store.write(intake_gate.reopen)
    pair.xa.road.spoil = lambda answers: answers
    sent = cut_until_open(pair.xa, other)
    pair.xa.road.cut = False
    pair.xa.next_try()
    assert [pair.xa.exchange(one).state for one in (sent, put_off)] == [State.DELIVERED, State.SEALED]
    pair.xa.later(hours=2)
    assert pair.xa.exchange(put_off).state is State.DELIVERED
