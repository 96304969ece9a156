"""What stands around the node fails and comes back: the hub's folder, the database, the power."""

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest

from node.errors import HubUnavailable, StoreUnavailable
from node.flows import calls
from node.hub.folder import FolderHub
from node.model.exchange import State
from node.model.receipt import Answer
from node.service import take_from_hub
from node.store import engines, jobs
from node.store.database import Database, Tx

XA, XB = "XA", "XB"


# --- the hub ----------------------------------------------------------------------------------------------------------


def take_away(folder) -> None:
    folder.rename(folder.with_name("hub-away"))


def bring_back(folder) -> None:
    folder.with_name("hub-away").rename(folder)


def test_papers_that_arrive_while_the_hub_is_away_are_handed_over_when_it_is_back(pair, papers) -> None:
    hub = pair.xb.home / "hub"
    take_away(hub)
    contents = papers(3)
    sent = [pair.xa.hand_in(content, XB, f"k{n}") for n, content in enumerate(contents)]
    pair.cross()
    assert {pair.xa.exchange(one).state for one in sent} == {State.DELIVERED}
    for _ in range(12):
        pair.xb.next_try()
    arrived = pair.xb.received()
    assert {one.state for one in arrived} == {State.RECEIVED}
    assert {one.first_cause for one in arrived} == {HubUnavailable.code}

    bring_back(hub)
    pair.xb.later(minutes=6)
    assert {one.state for one in pair.xb.received()} == {State.HANDED_OVER}
    assert pair.xb.hub_has() == sorted(contents)


def test_a_hub_that_is_away_for_a_year_still_gets_its_papers(pair, origin: bytes) -> None:
    hub = pair.xb.home / "hub"
    take_away(hub)
    pair.xa.hand_in(origin, XB)
    pair.cross()
    pair.xb.later(days=365)
    bring_back(hub)
    pair.xb.later(minutes=6)
    assert pair.xb.hub_has() == [origin]


def test_a_hub_that_is_away_is_told_later_what_became_of_its_papers(pair, origin: bytes) -> None:
    hub = pair.xa.home / "hub"
    sent = pair.xa.hand_in(origin, XB)
    take_away(hub)
    pair.cross()
    pair.xa.next_try()
    assert pair.xa.exchange(sent).state is State.DELIVERED
    bring_back(hub)
    pair.xa.next_try()
    assert '"state": "DELIVERED"' in (hub / "status" / f"{sent}.json").read_text()


@pytest.mark.parametrize("verb", ["hand_over", "report"])
def test_a_defect_on_the_way_to_the_hub_costs_time_and_never_the_paper(pair, monkeypatch, papers, verb: str) -> None:
    def defect(*_: object) -> None:
        raise ZeroDivisionError

    contents = papers(2)
    with monkeypatch.context() as patch:
        patch.setattr(FolderHub, verb, defect)
        sent = [pair.xa.hand_in(content, XB, f"k{n}") for n, content in enumerate(contents)]
        pair.cross()
        for country in (pair.xa, pair.xb):
            if country.wired.node.store.read(jobs.next_due) is not None:
                country.next_try()
    pair.xa.later(minutes=6)
    pair.xb.later(minutes=6)
    assert {one.state for one in pair.xb.received()} == {State.HANDED_OVER}
    assert pair.xb.hub_has() == sorted(contents)
    assert len(list((pair.xa.home / "hub" / "status").iterdir())) == len(sent)


def put_into_hub(country, name: str, content: bytes) -> None:
    """What a hub does: the paper first, then its .done."""
    folder = country.home / "hub" / "outbound" / XB
    (folder / f"{name}.xml").write_bytes(content)
    (folder / f"{name}.done").touch()


def test_a_power_cut_between_accepting_and_telling_the_hub_does_not_send_the_paper_twice(
    pair, monkeypatch, reopen, origin: bytes
) -> None:
    def cut(*_: object) -> None:
        raise PowerCutError

    put_into_hub(pair.xa, "paper", origin)
    with monkeypatch.context() as patch:
        patch.setattr(FolderHub, "taken", cut)
        with pytest.raises(PowerCutError):
            take_from_hub(pair.xa.wired)
    reopen(pair.xa)
    assert take_from_hub(pair.xa.wired)
    assert not take_from_hub(pair.xa.wired)
    pair.cross()
    assert len(pair.xb.received()) == 1
    assert [file.name for file in (pair.xa.home / "hub" / "taken" / XB).iterdir() if file.suffix == ".xml"] == [
        "paper.xml"
    ]


def test_a_hub_folder_that_is_away_is_looked_at_again_and_its_papers_go(pair, origin: bytes) -> None:
    hub = pair.xa.home / "hub"
    put_into_hub(pair.xa, "paper", origin)
    take_away(hub)
    assert not take_from_hub(pair.xa.wired)
    bring_back(hub)
    assert take_from_hub(pair.xa.wired)
    pair.cross()
    assert pair.xb.hub_has() == [origin]


def test_what_cannot_be_accepted_now_stays_in_the_hubs_folder(pair, impatient, origin: bytes) -> None:
    put_into_hub(pair.xa, "paper", origin)
    with Locked(pair.xa), pytest.raises(StoreUnavailable):
        take_from_hub(pair.xa.wired)
    assert (pair.xa.home / "hub" / "outbound" / XB / "paper.done").exists()
    assert take_from_hub(pair.xa.wired)
    pair.cross()
    assert pair.xb.hub_has() == [origin]


# --- the database -----------------------------------------------------------------------------------------------------


@pytest.fixture
def impatient(monkeypatch, pair, reopen) -> None:
    """Both nodes wait a moment only for a database that somebody else has locked."""
    monkeypatch.setattr(engines, "BUSY_S", 0.05)
    reopen(pair.xa)
    reopen(pair.xb)


class Locked:
    """Somebody else writes to a country's database and does not come to an end."""

    def __init__(self, country) -> None:
        self._file = country.wired.settings.store_url.removeprefix("sqlite:///")

    def __enter__(self) -> None:
        self._other = sqlite3.connect(self._file, isolation_level=None)
        self._other.execute("BEGIN IMMEDIATE")

    def __exit__(self, *_: object) -> None:
        self._other.execute("ROLLBACK")
        self._other.close()


def test_while_our_database_is_locked_nothing_is_said_to_be_accepted(pair, impatient, origin: bytes) -> None:
    with Locked(pair.xa), pytest.raises(StoreUnavailable):
        pair.xa.hand_in(origin, XB)
    sent = pair.xa.hand_in(origin, XB)
    pair.cross()
    assert pair.xa.exchange(sent).state is State.DELIVERED


def test_a_receiver_whose_database_is_locked_acknowledges_nothing_and_takes_the_paper_later(
    pair, impatient, origin: bytes
) -> None:
    with Locked(pair.xb):
        sent = pair.xa.hand_in(origin, XB)
        pair.xa.work()
        assert pair.xa.exchange(sent).state is State.UNRESOLVED
    assert pair.xb.received() == []
    pair.xa.next_try()
    assert pair.xa.exchange(sent).state is State.DELIVERED
    assert len(pair.xb.received()) == 1


def test_a_database_locked_before_the_claim_costs_nothing_but_time(pair, impatient, origin: bytes) -> None:
    sent = pair.xa.hand_in(origin, XB)
    with Locked(pair.xa):
        pair.xa.work()
    pair.xa.later(minutes=2)
    assert pair.xa.exchange(sent).state is State.DELIVERED


def test_a_receipt_that_cannot_be_stored_now_is_fetched_again_later(pair, impatient, origin: bytes) -> None:
    lock = Locked(pair.xa)

    def lock_then_answer(answers: Sequence[Answer]) -> Sequence[Answer]:
        lock.__enter__()
        pair.xa.road.spoil = lambda again: again
        return answers

    pair.xa.road.spoil = lock_then_answer
    sent = pair.xa.hand_in(origin, XB)
    pair.xa.work()
    lock.__exit__()
    assert pair.xa.exchange(sent).state is State.SEALED
    pair.xa.later(minutes=2)
    assert pair.xa.exchange(sent).state is State.DELIVERED
    assert len(pair.xa.road.carried) == 1
    assert len(pair.xb.received()) == 1


# --- the power --------------------------------------------------------------------------------------------------------


class PowerCutError(BaseException):
    """Nobody catches this: the process is gone."""


@dataclass(slots=True)
class Fuse:
    """Blows at the n-th write to any store, right before it or right after its commit."""

    at: int
    after: bool
    writes: int = 0

    def burn(self, write: Callable[..., object], store: Database, work: Callable[[Tx], object]) -> object:
        self.writes += 1
        if self.writes != self.at:
            return write(store, work)
        if self.after:
            write(store, work)
        raise PowerCutError


@pytest.mark.parametrize("after", [False, True], ids=["before a commit", "after a commit"])
def test_wherever_the_power_fails_every_accepted_paper_arrives_once(pair, reopen, monkeypatch, papers, after) -> None:
    real = Database.write
    contents = papers(20)
    blown = 0
    for at, content in enumerate(contents, start=1):
        sent = pair.xa.hand_in(content, XB, f"k{at}")
        fuse = Fuse(at, after)
        with monkeypatch.context() as patch:
            patch.setattr(Database, "write", lambda store, work, fuse=fuse: fuse.burn(real, store, work))
            try:
                pair.cross()
            except PowerCutError:
                blown += 1
        reopen(pair.xa)
        reopen(pair.xb)
        pair.cross()
        assert pair.xa.exchange(sent).state is State.DELIVERED, f"write {at}"
        if fuse.writes < at:
            break
    else:
        pytest.fail("one walk makes fewer writes than this")
    assert blown == at - 1
    assert pair.xb.hub_has() == sorted(contents[:at])
    assert len(pair.xb.received()) == at
    assert len(list((pair.xa.home / "hub" / "status").iterdir())) == at


def test_a_power_cut_between_sealing_and_sending_costs_a_question_and_never_a_paper(
    pair, monkeypatch, reopen, papers
) -> None:
    """Sealing claims the delivery in its own transaction; whether anything left before the cut, nobody can tell."""

    def cut(*_: object) -> None:
        raise PowerCutError

    contents = papers(3)
    sent = [pair.xa.hand_in(content, XB, f"k{n}") for n, content in enumerate(contents)]
    with monkeypatch.context() as patch:
        patch.setattr(calls, "encrypt", cut)
        with pytest.raises(PowerCutError):
            pair.xa.work()
    assert {pair.xa.exchange(one).state for one in sent} == {State.SEALED}
    assert pair.xa.road.carried == []
    reopen(pair.xa)
    pair.cross()
    assert [len(question.message_ids) for question in pair.xa.road.asked] == [3]
    assert [len(request.envelopes) for request in pair.xa.road.carried] == [3]
    assert {pair.xa.exchange(one).state for one in sent} == {State.DELIVERED}
    assert pair.xb.hub_has() == sorted(contents)
