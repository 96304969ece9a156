"""A queue or disk that fills up refuses what is new with a time to come back; what was accepted arrives."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest

from node.clock import StoppedClock
from node.errors import DiskNearlyFull, IntakeClosed, PartnerDeferred, QueueFull
from node.flows import draining
from node.flows.capacity import LOOK_EVERY, Capacity
from node.flows.ports import ActorName
from node.hub import put_off
from node.model.envelope import Priority
from node.model.exchange import Direction, State
from node.model.ids import NodeCode
from node.service import take_from_hub
from node.settings import IntakeLimits

XA, XB = NodeCode("XA"), NodeCode("XB")


@pytest.fixture
def limited(reopen) -> Callable[..., None]:
    def again(country, **limits: int) -> None:
        settings = country.home / "node.toml"
        lines = "".join(f"{name} = {value}\n" for name, value in limits.items())
        settings.write_text(f"{settings.read_text().split('[intake]')[0]}\n[intake]\n{lines}")
        reopen(country)

    return again


def test_a_full_queue_refuses_with_a_hint_and_opens_by_itself(pair, papers, limited) -> None:
    limited(pair.xa, outbound=3)
    stock = papers(5)
    pair.xa.road.cut = True
    taken = [pair.xa.hand_in(stock[n], XB, f"k{n}") for n in range(3)]
    pair.xa.later(seconds=2)
    with pytest.raises(QueueFull) as refused:
        pair.xa.hand_in(stock[3], XB, "k3")
    assert (refused.value.fields["most"], refused.value.category.retry) == ("3", True)
    assert not pair.xa.audited("refused"), "what is put off is no act"

    pair.xa.road.cut = False
    pair.xa.later(minutes=5)
    pair.cross()
    assert {pair.xa.exchange(one).state for one in taken} == {State.DELIVERED}
    pair.xa.hand_in(stock[3], XB, "k3")


def test_a_hub_folder_keeps_what_a_full_queue_refuses(pair, papers, limited, monkeypatch) -> None:
    monkeypatch.setattr(put_off, "PUT_OFF_S", 0.0)
    limited(pair.xa, outbound=1)
    pair.xa.road.cut = True
    first, second = papers(2)
    pair.xa.hand_in(first, XB)
    folder = pair.xa.home / "hub" / "outbound" / "XB"
    (folder / "second.xml").write_bytes(second)
    (folder / "second.done").touch()
    pair.xa.later(seconds=2)
    take_from_hub(pair.xa.wired)
    assert (folder / "second.xml").exists()
    pair.xa.road.cut = False
    pair.xa.later(minutes=5)
    take_from_hub(pair.xa.wired)
    pair.cross()
    assert sorted(pair.xb.hub_has()) == sorted([first, second])


def test_a_partner_is_told_to_come_back_and_its_papers_arrive_once_the_hub_has_taken_the_others(
    pair, papers, limited
) -> None:
    limited(pair.xb, inbound=2)
    hub = pair.xb.home / "hub"
    hub.rename(hub.with_name("away"))
    stock = papers(4)
    sent = [pair.xa.hand_in(content, XB, f"k{n}") for n, content in enumerate(stock[:2])]
    pair.xa.work()
    pair.xb.later(seconds=2)
    late = [pair.xa.hand_in(content, XB, f"k{n}") for n, content in enumerate(stock[2:], 2)]
    pair.xa.work()
    assert {pair.xa.exchange(one).state for one in sent} == {State.DELIVERED}
    assert {pair.xa.exchange(one).state for one in late} == {State.SEALED}
    assert {pair.xa.exchange(one).last_cause for one in late} == {PartnerDeferred.code}
    before = json.dumps(pair.xb.audited("refused"))
    pair.xa.later(minutes=1)
    assert json.dumps(pair.xb.audited("refused")) == before, "being full writes nothing"

    hub.with_name("away").rename(hub)
    pair.xb.later(minutes=10)
    pair.xa.later(minutes=10)
    pair.xb.later(minutes=1)
    assert {pair.xa.exchange(one).state for one in late} == {State.DELIVERED}
    assert pair.xb.hub_has() == sorted(stock)


def test_a_duplicate_gets_its_stored_receipt_although_there_is_no_room(pair, papers, limited) -> None:
    (content,) = papers(1)
    pair.xa.road.loses_answers = 1
    sent = pair.xa.hand_in(content, XB)
    pair.xa.work()
    limited(pair.xb, reserve_mb=1_000_000)
    pair.xa.later(minutes=1)
    assert pair.xa.exchange(sent).state is State.DELIVERED


def test_a_disk_that_is_nearly_full_takes_nothing_new_whatever_its_priority(pair, papers, limited) -> None:
    limited(pair.xa, reserve_mb=1_000_000)
    with pytest.raises(DiskNearlyFull):
        pair.xa.hand_in(papers(1)[0], XB)
    limited(pair.xa, reserve_mb=0)
    pair.xa.hand_in(papers(1)[0], XB)


def test_urgent_papers_pass_a_full_queue_and_it_is_told_once(pair, papers) -> None:
    said: list[str] = []
    clock = StoppedClock(pair.xa.clock.now())
    free = [10**12]
    capacity = Capacity(
        pair.xa.wired.node.store,
        clock,
        IntakeLimits(outbound=1, inbound=1, reserve_bytes=1000),
        lambda: free[0],
        lambda action, **fields: said.append(action),
    )
    pair.xa.road.cut = True
    pair.xa.hand_in(papers(1)[0], XB)
    for _ in range(3):
        assert isinstance(capacity.full(Direction.OUT, XB, Priority.B), QueueFull)
        clock.advance(LOOK_EVERY + timedelta(milliseconds=1))
    assert capacity.full(Direction.OUT, XB, Priority.A) is None
    assert capacity.full(Direction.IN, XB, Priority.B) is None
    assert said == ["intake.full"]
    free[0] = 999
    clock.advance(LOOK_EVERY)
    assert isinstance(capacity.full(Direction.OUT, XB, Priority.A), DiskNearlyFull)
    free[0] = 10**12
    clock.advance(LOOK_EVERY)
    assert capacity.full(Direction.OUT, XB, Priority.A) is None
    assert said == ["intake.full", "intake.full", "intake.open"]


def test_a_partner_that_calls_its_ordinary_papers_urgent_passes_no_full_queue(pair, papers, limited, reopen) -> None:
    file = pair.xa.home / "partner_profiles" / "XB" / "xa-xb-trade-papers.toml"
    file.write_text(file.read_text(encoding="utf-8").replace('priority = "B"', 'priority = "A"'), encoding="utf-8")
    reopen(pair.xa)
    limited(pair.xb, inbound=1)
    hub = pair.xb.home / "hub"
    hub.rename(hub.with_name("away"))
    first, *others = papers(4)
    taken = pair.xa.hand_in(first, XB)
    pair.xa.work()
    pair.xb.later(seconds=2)
    pushed = [pair.xa.hand_in(content, XB, f"p{n}") for n, content in enumerate(others)]
    pair.xa.work()
    assert pair.xa.exchange(taken).state is State.DELIVERED
    assert {pair.xa.exchange(one).last_cause for one in pushed} == {PartnerDeferred.code}
    (here,) = pair.xb.received()
    assert here.priority == Priority.B, "nor does it overtake other countries' papers on the way to the hub"


def test_a_drained_node_takes_nothing_new_finishes_what_it_has_and_opens_again(pair, papers, reopen) -> None:
    stock = papers(3)
    sent = pair.xa.hand_in(stock[0], XB)
    clerk = ActorName("clerk", "human")
    assert draining.close(pair.xa.wired.node, clerk, "moving house")
    assert not draining.close(pair.xa.wired.node, clerk, "again")
    reopen(pair.xa)
    with pytest.raises(IntakeClosed) as refused:
        pair.xa.hand_in(stock[1], XB, "k2")
    assert refused.value.category.retry
    theirs = pair.xb.hand_in(papers(40)[39], XA, "theirs")
    pair.cross()
    assert pair.xa.exchange(sent).state is State.DELIVERED
    assert pair.xb.exchange(theirs).state is not State.DELIVERED
    assert draining.reopen(pair.xa.wired.node, clerk, "moved")
    assert not draining.reopen(pair.xa.wired.node, clerk, "again")
    pair.xb.later(hours=1)
    pair.cross()
    assert pair.xb.exchange(theirs).state is State.DELIVERED
    pair.xa.hand_in(stock[1], XB, "k2")
    assert [one["reason"] for one in pair.xa.audited("intake-closed")] == ["moving house"]
