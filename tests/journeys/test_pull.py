"""A partner behind a wall: XB cannot be called by XA; it takes its papers home and brings the receipts."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from node.errors import CollectNotAgreed, PartnerRefusedCall
from node.flows import acts, collecting, pulling
from node.flows.parking import park
from node.flows.ports import ActorName
from node.model.collect import CollectRequest, CollectResponse
from node.model.exchange import State
from node.model.ids import NodeCode
from node.model.job import Verb
from node.model.receipt import Answer, Deferred, DeferredCode, DeliverResponse, NotHeld
from node.service import take_from_hub
from node.settings import load_settings
from node.store import jobs, pulled
from node.transport.loopback import Loopback
from node.wiring import wire

XA, XB = NodeCode("XA"), NodeCode("XB")
CLERK = ActorName("clerk", "human")


@pytest.fixture
def walled(pair, reopen) -> Iterator[object]:
    """XA's partner XB is one that collects; XB's partner XA is one to collect from."""
    at_xa = pair.xa.home / "partner_profiles" / XB / "partner.toml"
    text = at_xa.read_text().split("[channel]")
    at_xa.write_text(text[0] + '[channel]\nkind = "pull"\n\n[trust]' + text[1].split("[trust]", 1)[1])
    at_xb = pair.xb.home / "partner_profiles" / XA / "partner.toml"
    at_xb.write_text(at_xb.read_text().replace("collect = false", "collect = true"))
    reopen(pair.xa)
    reopen(pair.xb)
    del pair.xa.wired.transports[XB]
    return pair


def collect(country, most: int = 64) -> int:
    """XB takes home what waits at the other, through its own transport."""
    transport = Loopback(XA, XB, country.road.there._door)
    return asyncio.run(collecting.collect(country.wired.node, transport, XA, 30, wait_ms=0))


def offer(pair, most: int = 64) -> CollectResponse:
    return pulling.collect(pair.xa.wired.node, XB, CollectRequest(most, 0))


def test_papers_wait_until_they_are_taken_home_and_the_receipts_are_brought(walled, papers) -> None:
    stock = papers(3)
    sent = [walled.xa.hand_in(content, XB, f"k{n}") for n, content in enumerate(stock)]
    walled.xa.work()
    assert {walled.xa.exchange(one).state for one in sent} == {State.SEALED}
    assert collect(walled.xb) == 3
    walled.xa.work()
    assert {walled.xa.exchange(one).state for one in sent} == {State.DELIVERED}
    walled.xb.work()
    assert walled.xb.hub_has() == sorted(stock)
    assert collect(walled.xb) == 0


def test_it_goes_the_other_way_by_ordinary_calls(walled, papers) -> None:
    sent = walled.xb.hand_in(papers(1)[0], XA)
    walled.xb.work()
    assert walled.xb.exchange(sent).state is State.DELIVERED


def test_what_is_leased_is_given_to_nobody_else_and_comes_again_when_no_receipt_does(walled, papers) -> None:
    sent = walled.xa.hand_in(papers(1)[0], XB)
    walled.xa.work()
    first = offer(walled)
    assert first.papers is not None
    assert offer(walled).is_empty
    walled.xa.clock.advance(pulling.LEASE + timedelta(seconds=1))
    again = offer(walled)
    assert again.papers is not None
    assert again.papers.envelopes[0].header == first.papers.envelopes[0].header
    assert walled.xa.exchange(sent).state is State.UNRESOLVED
    assert "no-answer" in walled.xa.timeline(sent)


def test_a_look_that_finds_nothing_writes_nothing(walled, papers) -> None:
    walled.xa.hand_in(papers(1)[0], XB)
    walled.xa.work()
    store = walled.xa.wired.node.store
    assert offer(walled).papers is not None
    before = store.commits
    assert offer(walled).is_empty
    assert offer(walled).is_empty
    assert store.commits == before


@pytest.mark.parametrize("lost", ["collect", "confirm"])
def test_a_lost_answer_loses_nothing_and_doubles_nothing(walled, papers, lost: str) -> None:
    stock = papers(5)
    sent = [walled.xa.hand_in(content, XB, f"k{n}") for n, content in enumerate(stock)]
    walled.xa.work()
    offered = offer(walled)
    if lost == "confirm":
        walled.xb.wired.door.deliver(XA, offered.papers)
    walled.xa.later(minutes=3)
    while collect(walled.xb):
        walled.xa.later(minutes=3)
    walled.xb.work()
    assert {walled.xa.exchange(one).state for one in sent} == {State.DELIVERED}
    assert walled.xb.hub_has() == sorted(stock)


def test_receipts_brought_twice_or_late_settle_once(walled, papers) -> None:
    sent = walled.xa.hand_in(papers(1)[0], XB)
    walled.xa.work()
    offered = offer(walled)
    answers = walled.xb.wired.door.deliver(XA, offered.papers)
    walled.xa.clock.advance(timedelta(minutes=10))
    offer(walled)
    assert pulling.confirm(walled.xa.wired.node, XB, answers) == 1
    assert pulling.confirm(walled.xa.wired.node, XB, answers) == 1
    assert walled.xa.exchange(sent).state is State.DELIVERED
    another = replace(answers.answers[0].outcome, receipt=b"x" + answers.answers[0].outcome.receipt)
    unlike = replace(answers, answers=(replace(answers.answers[0], outcome=another),))
    assert pulling.confirm(walled.xa.wired.node, XB, unlike) == 0
    walled.xa.work()
    assert '"state": "DELIVERED"' in (walled.xa.home / "hub" / "status" / f"{sent}.json").read_text()


def test_a_batch_that_breaks_the_collector_is_offered_in_halves_down_to_one(walled, papers) -> None:
    for number, content in enumerate(papers(9)):
        walled.xa.hand_in(content, XB, f"k{number}")
    walled.xa.work()
    sizes = []
    for _ in range(9):
        offered = offer(walled)
        sizes.append(len(offered.papers.envelopes))
        walled.xa.clock.advance(pulling.LEASE + timedelta(seconds=1))
    assert sizes[0] == 9
    assert sizes[-1] == 1


def test_a_paper_nobody_came_for_expires_and_one_that_was_taken_waits_for_the_partners_word(walled, papers) -> None:
    never, taken = (walled.xa.hand_in(content, XB, f"k{n}") for n, content in enumerate(papers(2)))
    walled.xa.work()
    offer(walled, most=1)
    first = next(one for one in (never, taken) if walled.xa.exchange(one).state is State.SEALED)
    assert first
    walled.xa.clock.advance(timedelta(days=8))
    assert pulling.sweep(walled.xa.wired.node, XB) == 2
    assert sorted(walled.xa.exchange(one).state for one in (never, taken)) == [State.EXPIRED, State.PARKED]


def test_a_paper_past_its_expiry_is_closed_by_the_partners_signed_absent(walled, papers) -> None:
    sent = walled.xa.hand_in(papers(1)[0], XB)
    walled.xa.work()
    offer(walled)
    walled.xa.clock.advance(timedelta(days=7, minutes=5))
    assert collect(walled.xb) == 1
    assert walled.xa.exchange(sent).state is State.EXPIRED


def test_a_deferred_paper_comes_again_and_its_neighbours_are_settled(walled, papers) -> None:
    sent = [walled.xa.hand_in(content, XB, f"k{n}") for n, content in enumerate(papers(2))]
    walled.xa.work()
    answers = walled.xb.wired.door.deliver(XA, offer(walled).papers)
    deferred = replace(answers.answers[1], outcome=Deferred(DeferredCode.OVERLOAD, 1000))
    assert pulling.confirm(walled.xa.wired.node, XB, replace(answers, answers=(answers.answers[0], deferred))) == 1
    assert sorted(walled.xa.exchange(one).state for one in sent) == [State.DELIVERED, State.SEALED]
    walled.xa.later(minutes=1)
    assert collect(walled.xb) == 1
    assert {walled.xa.exchange(one).state for one in sent} == {State.DELIVERED}


def test_a_partner_that_we_call_collects_nothing(pair) -> None:
    with pytest.raises(CollectNotAgreed):
        offer(pair)
    with pytest.raises(CollectNotAgreed):
        pulling.confirm(pair.xa.wired.node, XB, DeliverResponse(()))
    with pytest.raises(PartnerRefusedCall):
        collect(pair.xb)


def test_receipts_for_papers_of_others_settle_nothing(walled, papers) -> None:
    sent = walled.xb.hand_in(papers(1)[0], XA)
    walled.xb.work()
    receipt = walled.xb.receipt(sent)
    foreign = DeliverResponse((Answer(walled.xb.exchange(sent).message_id, receipt.signed),))
    assert pulling.confirm(walled.xa.wired.node, XB, foreign) == 0


def test_a_node_with_pulled_partners_starts_again_where_it_was(walled, papers) -> None:
    sent = walled.xa.hand_in(papers(1)[0], XB)
    walled.xa.work()
    offer(walled)
    walled.xa.wired.close()
    walled.xa.wired = wire(load_settings(walled.xa.home, {}), walled.xa.clock)
    walled.xb.road.there = Loopback(XA, XB, walled.xa.wired.door)
    walled.xa.clock.advance(pulling.LEASE + timedelta(seconds=1))
    assert collect(walled.xb) == 1
    assert walled.xa.exchange(sent).state is State.DELIVERED


def test_a_receipt_that_comes_after_a_human_was_called_settles_the_paper(walled, papers) -> None:
    sent = walled.xa.hand_in(papers(1)[0], XB)
    walled.xa.work()
    answers = walled.xb.wired.door.deliver(XA, offer(walled).papers)
    park(walled.xa.wired.node, [sent], CLERK, "asks by telephone")
    spoilt = replace(answers.answers[0].outcome, receipt=b"x" + answers.answers[0].outcome.receipt)
    wrong = replace(answers, answers=(replace(answers.answers[0], outcome=spoilt),))
    assert pulling.confirm(walled.xa.wired.node, XB, wrong) == 0
    assert walled.xa.exchange(sent).state is State.PARKED
    assert pulling.confirm(walled.xa.wired.node, XB, answers) == 1
    assert walled.xa.exchange(sent).state is State.DELIVERED


def test_a_collector_that_takes_a_paper_and_denies_it_cannot_have_it_called_never_sent(walled, papers) -> None:
    sent = walled.xa.hand_in(papers(1)[0], XB)
    walled.xa.work()
    node, offered = walled.xa.wired.node, offer(walled)
    message = walled.xa.exchange(sent).message_id
    pulling.confirm(node, XB, DeliverResponse((Answer(message, NotHeld()),)))
    (done,) = acts.perform(node, acts.Act.CANCEL, [sent], CLERK, "taken back")
    assert (done.after, done.asked) == (State.SEALED, True), "it may have been sent"
    answers = walled.xb.wired.door.deliver(XA, offered.papers)
    assert pulling.confirm(node, XB, answers) == 1
    assert walled.xa.exchange(sent).state is State.DELIVERED


def test_a_collector_that_denies_again_and_again_is_offered_the_paper_as_before(walled, papers) -> None:
    sent = walled.xa.hand_in(papers(1)[0], XB)
    walled.xa.work()
    offer(walled)
    walled.xa.clock.advance(pulling.LEASE + timedelta(seconds=1))
    offer(walled)
    message = walled.xa.exchange(sent).message_id
    for _ in range(5):
        pulling.confirm(walled.xa.wired.node, XB, DeliverResponse((Answer(message, NotHeld()),)))
    assert offer(walled).papers is not None


def test_a_paper_that_nobody_took_home_is_cancelled_at_once(walled, papers) -> None:
    sent = walled.xa.hand_in(papers(1)[0], XB)
    walled.xa.work()
    (done,) = acts.perform(walled.xa.wired.node, acts.Act.CANCEL, [sent], CLERK, "taken back")
    assert (done.before, done.after, done.asked) == (State.SEALED, State.CANCELLED, False)
    assert offer(walled).is_empty


def test_a_paper_whose_collector_lost_it_is_cancelled_by_the_collectors_signed_absent(walled, papers) -> None:
    sent = walled.xa.hand_in(papers(1)[0], XB)
    walled.xa.work()
    assert offer(walled).papers is not None
    (done,) = acts.perform(walled.xa.wired.node, acts.Act.CANCEL, [sent], CLERK, "taken back")
    assert done.asked
    walled.xa.clock.advance(pulling.LEASE + timedelta(seconds=1))
    asked = offer(walled)
    assert asked.papers is None, "what is to be cancelled is not given again"
    assert asked.status is not None
    assert asked.status.close
    walled.xa.clock.advance(pulling.LEASE + timedelta(seconds=1))
    assert collect(walled.xb) == 1
    assert walled.xa.exchange(sent).state is State.CANCELLED
    assert walled.xa.receipt(sent).verdict.name == "ABSENT"
    walled.xb.work()
    assert walled.xb.hub_has() == []


def test_a_paper_with_attachments_for_a_partner_that_collects_goes_back_to_the_hub(walled, papers) -> None:
    folder = walled.xa.home / "hub" / "outbound" / XB
    (folder / "one.files").mkdir()
    (folder / "one.files" / "scan.pdf").write_bytes(b"scan")
    (folder / "one.xml").write_bytes(papers(1)[0])
    (folder / "one.done").touch()
    take_from_hub(walled.xa.wired)
    note = json.loads((walled.xa.home / "hub" / "refused" / XB / "one.note").read_text())
    assert note["code"] == "N2N-PROF-007"
    assert not list((walled.xa.home / "uploads").glob("out/*/*"))
    assert offer(walled).is_empty


def test_what_was_claimed_beside_a_paper_that_breaks_the_collector_and_not_offered_was_never_sent(
    walled, papers
) -> None:
    first, *others = papers(4)
    walled.xa.hand_in(first, XB, "first")
    walled.xa.work()
    for _ in range(6):
        offer(walled)
        walled.xa.clock.advance(pulling.LEASE + timedelta(seconds=1))
    waiting = [walled.xa.hand_in(content, XB, f"k{n}") for n, content in enumerate(others)]
    walled.xa.work()
    offered = offer(walled)
    assert len(offered.papers.envelopes) == 1
    done = acts.perform(walled.xa.wired.node, acts.Act.CANCEL, waiting, CLERK, "taken back")
    assert [(one.after, one.asked) for one in done] == [(State.CANCELLED, False)] * 3


def test_who_held_papers_before_they_were_taken_over_gives_nothing_back(walled, papers) -> None:
    walled.xa.hand_in(papers(1)[0], XB)
    walled.xa.work()
    now, store = walled.xa.clock.now(), walled.xa.wired.node.store
    lane = jobs.Lane(XB, Verb.DELIVER)
    (held,) = store.write(lambda tx: jobs.claim(tx, lane, "collect", 9, now, pulling.LEASE))
    (taken,) = store.write(lambda tx: pulled.take_over(tx, [held.exchange], "confirm", now, pulling.LEASE))
    store.write(lambda tx: pulled.give_back(tx, [held]))
    assert offer(walled).is_empty
    assert store.read(lambda tx: jobs.held(tx, [held, taken])) == {taken.exchange}
    store.write(lambda tx: pulled.release(tx, [taken]))
    assert offer(walled).papers is not None
