"""Time, duplicates, conflicts, chains and races: what came first stands, whatever comes after it and however often."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from hostile import (
    ORIGIN,
    PHYTO,
    TAKEN,
    XA,
    XC,
    Paper,
    Said,
    Stage,
    message,
    ms,
    numbered,
    other_content,
    sha,
    uuid7,
    withdrawn,
)

from node.errors import RaceLost
from node.flows import arrival
from node.store import receipts as stored_receipts
from node.store import retention

MINUTE, DAY = 60_000, 24 * 3600 * 1000


def suffers(stage: Stage, bad: Paper, words: str, code: str | None, stored: str = "") -> None:
    call = stage.xa.call([stage.xa.paper(), bad, stage.xa.paper()])
    stage.victim.suffers(stage.xa, call, 1, words, code, stored)


def sent(stage: Stage, *papers: Paper) -> list[str]:
    """What XA hears for papers of one call under one seal."""
    return [one.words for one in told(stage, *papers)]


def told(stage: Stage, *papers: Paper) -> list[Said]:
    return stage.victim.told(XA, stage.xa.call(papers).octets())


def asked(stage: Stage, *ids: str, close: bool = False, caller: str = XA) -> list[Said]:
    """What `caller` hears about ids."""
    fields = [(1, one) for one in ids] + ([(2, 1)] if close else [])
    return stage.victim.told(caller, message(fields), "Status")


# --- time -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ahead", "words", "code"),
    [
        (5 * MINUTE - 1_000, "accepted", None),
        (5 * MINUTE, "accepted", None),
        (5 * MINUTE + 1, "deferred AHEAD", "N2N-SEQ-007"),
        (5 * MINUTE + 1_000, "deferred AHEAD", "N2N-SEQ-007"),
        (20_000 * DAY, "deferred AHEAD", "N2N-SEQ-007"),
    ],
)
def test_a_paper_from_the_future_waits(stage: Stage, ahead: int, words: str, code: str | None) -> None:
    suffers(stage, stage.xa.paper(created_at=ms(stage.xa.now) + ahead), words, code)


@pytest.mark.parametrize(("left", "words"), [(1, "accepted"), (0, "accepted"), (-1, "absent"), (-6 * DAY, "absent")])
def test_an_expired_paper_is_absent_for_ever(stage: Stage, left: int, words: str) -> None:
    now = ms(stage.xa.now)
    suffers(
        stage,
        stage.xa.paper(created_at=now - 7 * DAY, expires_at=now + left),
        words,
        "N2N-SEQ-013" if left < 0 else None,
    )


def test_an_absent_paper_stays_absent_though_the_clock_goes_back(stage: Stage) -> None:
    now = ms(stage.xa.now)
    paper = stage.xa.paper(created_at=now - 2 * DAY, expires_at=now - 1)
    (absent,) = told(stage, paper)
    clock = stage.victim.wired.node.clock
    clock.advance(timedelta(seconds=-2))
    try:
        (again,) = told(stage, paper)
    finally:
        clock.advance(timedelta(seconds=2))
    assert (again.words, again.receipt, again.repeat) == ("absent", absent.receipt, True)


@pytest.mark.parametrize(
    ("life", "words", "code"), [(30 * DAY, "accepted", None), (30 * DAY + 1, "coarse MALFORMED", "N2N-WIRE-001")]
)
def test_a_paper_lives_thirty_days_at_most(stage: Stage, life: int, words: str, code: str | None) -> None:
    suffers(stage, stage.xa.paper(expires_at=ms(stage.xa.now) + life), words, code)


def test_an_expired_paper_that_we_may_have_forgotten_is_not_called_absent(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once receipts of its time are gone, ABSENT might contradict an ACCEPTED that we gave then (protocol 3)."""
    monkeypatch.setattr(retention, "forgotten_before", lambda tx: stage.xa.now - timedelta(days=1))
    old = stage.xa.paper(created_at=ms(stage.xa.now) - 2 * DAY, expires_at=ms(stage.xa.now) - 1)
    assert [one.words for one in asked(stage, old.id, close=True)] == ["not held"]
    before = stage.victim.count()
    assert sent(stage, old) == ["not held"]
    assert stage.victim.count() == before


def test_an_id_of_no_year_of_ours_is_answered_too_once_something_was_forgotten(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "forgotten_before", lambda tx: stage.xa.now - timedelta(days=1))
    beyond = "ffffffff-ffff-7fff-bfff-ffffffffffff"
    assert [one.words for one in asked(stage, beyond, close=True)] == ["not held"]
    old = stage.xa.paper(message_id=beyond, created_at=ms(stage.xa.now) - 2 * DAY, expires_at=ms(stage.xa.now) - 1)
    assert sent(stage, old, stage.xa.paper()) == ["coarse MALFORMED", "accepted"]


# --- the same id ----------------------------------------------------------------------------------------------------


def test_a_replayed_paper_gets_its_stored_receipt_and_has_no_second_effect(stage: Stage) -> None:
    paper = stage.xa.paper()
    (first,) = told(stage, paper)
    before = stage.victim.count()
    for call in (
        stage.xa.call([paper]),
        stage.xa.call([stage.xa.paper(), paper]),
        stage.xa.call([paper, stage.xa.paper()]),
    ):
        again = next(one for one in stage.victim.told(XA, call.octets()) if one.repeat)
        assert again.receipt == first.receipt
    assert stage.victim.count() - before == TAKEN + TAKEN


def test_a_replay_by_another_partner_finds_nothing(stage: Stage) -> None:
    paper = stage.xa.paper()
    octets = stage.xa.call([paper]).octets()
    assert [one.words for one in stage.victim.told(XA, octets)] == ["accepted"]
    assert [one.words for one in stage.victim.told(XC, octets)] == ["coarse NOT_AUTHENTIC"]
    assert [one.words for one in asked(stage, paper.id, caller=XC)] == ["not held"]
    assert [one.words for one in asked(stage, paper.id, caller=XC, close=True)] == ["absent"]
    assert [one.words for one in asked(stage, paper.id)] == ["accepted"]


@pytest.mark.parametrize("words", ["accepted", "refused XML"])
def test_another_leaf_under_a_used_id_is_a_conflict_and_changes_nothing(stage: Stage, words: str) -> None:
    paper = stage.xa.paper(b"<" if words == "refused XML" else b"")
    (first,) = told(stage, paper)
    assert first.words == words
    other = replace(stage.xa.paper(), header=paper.header, id=paper.id)
    suffers(stage, other, "refused CONFLICT", "N2N-SEQ-002", "conflict")
    (again,) = told(stage, paper)
    assert (again.receipt, again.repeat) == (first.receipt, True)
    assert [one.receipt for one in asked(stage, paper.id)] == [first.receipt]
    assert stage.victim.wired.journal.counters()["alarm.leaf-conflict"] >= 2


def test_a_signed_conflict_names_the_new_leaf(stage: Stage) -> None:
    paper = stage.xa.paper()
    told(stage, paper)
    other = replace(paper, salt=bytes(32))
    (conflict,) = told(stage, other)
    assert other.leaf in conflict.receipt
    assert paper.leaf not in conflict.receipt


# --- closing --------------------------------------------------------------------------------------------------------


def test_a_closed_id_is_absent_for_ever(stage: Stage) -> None:
    paper = stage.xa.paper()
    assert [one.words for one in asked(stage, paper.id)] == ["not held"]
    (closed,) = asked(stage, paper.id, close=True)
    assert closed.words == "absent"
    heard = told(stage, stage.xa.paper(), paper, stage.xa.paper())
    assert [one.words for one in heard] == ["accepted", "absent", "accepted"]
    assert (heard[1].receipt, heard[1].repeat) == (closed.receipt, True)
    assert stage.victim.rows("SELECT 1 FROM exchange WHERE message_id = ?", paper.id) == []


def test_closing_what_was_taken_gives_its_receipt(stage: Stage) -> None:
    paper, refused, unknown = stage.xa.paper(), stage.xa.paper(b"<"), stage.xa.paper()
    first = told(stage, paper, refused)
    heard = asked(stage, paper.id, unknown.id, refused.id, close=True)
    assert [one.words for one in heard] == ["accepted", "absent", "refused XML"]
    assert [heard[0].receipt, heard[2].receipt] == [one.receipt for one in first]


# --- races ----------------------------------------------------------------------------------------------------------


def together(acts: Sequence[Callable[[], list[Said]]]) -> list[list[Said]]:
    """All acts at once, each in its thread."""
    barrier = threading.Barrier(len(acts))

    def run(act: Callable[[], list[Said]]) -> list[Said]:
        barrier.wait()
        return act()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def test_eight_threads_with_one_paper_make_one_effect_and_hear_one_receipt(stage: Stage) -> None:
    paper = stage.xa.paper()
    calls = [stage.xa.call([stage.xa.paper(), paper]).octets() for _ in range(8)]
    before = stage.victim.count()
    heard = together([lambda call=call: stage.victim.told(XA, call) for call in calls])
    assert {said.words for two in heard for said in two} == {"accepted"}
    assert len({two[1].receipt for two in heard}) == 1
    assert sum(not two[1].repeat for two in heard) == 1
    expected = TAKEN.copy()
    for _ in calls:
        expected += TAKEN
    assert stage.victim.count() - before == expected
    stage.victim.require_whole()


@pytest.mark.parametrize("attempt", range(6))
def test_delivering_and_closing_at_once_whichever_commits_first_stands(stage: Stage, attempt: int) -> None:
    paper = stage.xa.paper()
    octets = stage.xa.call([paper]).octets()
    acts = [lambda: stage.victim.told(XA, octets), lambda: asked(stage, paper.id, close=True)]
    heard = [said for (said,) in together(acts[:: 1 if attempt % 2 else -1])]
    (stands,) = asked(stage, paper.id)
    assert stands.words in ("accepted", "absent")
    assert {one.words for one in heard} <= {stands.words, "deferred RACE"}
    assert {one.receipt for one in heard if one.receipt} == {stands.receipt}
    assert [one.receipt for one in told(stage, paper)] == [stands.receipt]
    assert stage.victim.rows("SELECT count(*) FROM receipt WHERE message_id = ?", paper.id) == [(1,)]
    exchanges = stage.victim.rows("SELECT count(*) FROM exchange WHERE message_id = ?", paper.id)
    assert exchanges == [(int(stands.words == "accepted"),)]


def test_two_papers_raced_under_one_id_leave_one(stage: Stage) -> None:
    paper = stage.xa.paper()
    rivals = [replace(paper, salt=bytes([number]) * 32) for number in range(4)]
    calls = [stage.xa.call([rival]).octets() for rival in rivals]
    heard = [said for (said,) in together([lambda call=call: stage.victim.told(XA, call) for call in calls])]
    assert sorted(one.words for one in heard if one.words == "accepted") == ["accepted"]
    assert {one.words for one in heard} <= {"accepted", "deferred RACE", "refused CONFLICT"}
    again = [stage.victim.told(XA, call)[0].words for call in calls]
    assert again == [one.words if one.words == "accepted" else "refused CONFLICT" for one in heard]


def test_one_paper_raced_under_many_ids_has_one_effect(stage: Stage) -> None:
    document = numbered()
    calls = [stage.xa.call([stage.xa.paper(document)]).octets() for _ in range(6)]
    before = stage.victim.count()
    heard = together([lambda call=call: stage.victim.told(XA, call) for call in calls])
    words = [said.words for (said,) in heard]
    assert words.count("accepted") == 1
    assert set(words) <= {"accepted", "accepted known", "deferred RACE"}
    assert {stage.victim.told(XA, call)[0].words for call in calls} == {"accepted", "accepted known"}
    after = stage.victim.count() - before
    assert (after["paper"], after["job"], after["exchange"]) == (1, 1, 6)


@pytest.fixture
def losers(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Ids that another process takes between our look and our insert."""
    insert, lost = stored_receipts.insert_issued, set()

    def insert_unless_lost(tx: object, rows: Sequence[stored_receipts.IssuedReceipt]) -> None:
        if lost & {row.message_id for row in rows}:
            raise RaceLost
        insert(tx, rows)

    monkeypatch.setattr(arrival.stored, "insert_issued", insert_unless_lost)
    return lost


@pytest.mark.parametrize("lost", [0, 1, 2])
def test_a_race_lost_in_a_call_spoils_no_neighbour(stage: Stage, losers: set[str], lost: int) -> None:
    papers = [stage.xa.paper() for _ in range(3)]
    losers.add(papers[lost].id)
    expected = ["accepted"] * 3
    expected[lost] = "deferred RACE"
    assert sent(stage, *papers) == expected
    assert [stage.victim.holds(paper) for paper in papers] == [words == "accepted" for words in expected]
    losers.clear()
    assert sent(stage, *papers) == ["accepted"] * 3
    stage.victim.require_whole()


@pytest.mark.parametrize("second", ["the-same-paper", "its-successor"])
def test_what_rests_on_a_paper_that_lost_its_race_is_not_taken_either(
    stage: Stage, losers: set[str], second: str
) -> None:
    document = numbered()
    first = stage.xa.paper(document)
    other = stage.xa.paper(document) if second == "the-same-paper" else after(stage, document)
    losers.add(first.id)
    before = stage.victim.count()
    assert sent(stage, first, other) == ["deferred RACE"] * 2
    assert stage.victim.count() == before
    losers.clear()
    assert sent(stage, first, other)[0] == "accepted"


# --- the same paper, the same number --------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [ORIGIN, PHYTO])
def test_the_same_paper_under_a_new_id_is_known_and_has_no_second_effect(stage: Stage, kind: str) -> None:
    document = numbered(kind)
    assert sent(stage, stage.xa.paper(document, kind=kind)) == ["accepted"]
    suffers(stage, stage.xa.paper(document, kind=kind), "accepted known", None, "known")


def test_the_same_paper_twice_in_one_call_has_one_effect(stage: Stage) -> None:
    document = numbered()
    assert sent(stage, stage.xa.paper(document), stage.xa.paper(document)) == ["accepted", "accepted known"]


def test_other_content_under_a_used_number_is_refused(stage: Stage) -> None:
    document = numbered()
    assert sent(stage, stage.xa.paper(document)) == ["accepted"]
    suffers(stage, stage.xa.paper(other_content(document)), "refused NUMBER_TAKEN", "N2N-SEQ-003")
    # A refused paper counts for nothing: the first is still the one that is known.
    assert sent(stage, stage.xa.paper(document), stage.xa.paper(other_content(document))) == [
        "accepted known",
        "refused NUMBER_TAKEN",
    ]


def test_two_contents_under_one_number_in_one_call_the_first_stands(stage: Stage) -> None:
    document = numbered()
    assert sent(stage, stage.xa.paper(other_content(document)), stage.xa.paper(document)) == [
        "accepted",
        "refused NUMBER_TAKEN",
    ]


def test_another_senders_numbers_are_its_own(stage: Stage) -> None:
    document = numbered()
    assert sent(stage, stage.xa.paper(document)) == ["accepted"]
    peer = stage.peers[XC]
    octets = peer.call([peer.paper(other_content(document))]).octets()
    assert [one.words for one in stage.victim.told(XC, octets)] == ["accepted"]


# --- chains ---------------------------------------------------------------------------------------------------------


def after(stage: Stage, before: bytes, document: bytes = b"") -> Paper:
    """A paper that names `before` as its predecessor; by default one under another number."""
    return stage.xa.paper(document or numbered(), predecessor=sha(before))


def test_a_successor_waits_for_its_predecessor(stage: Stage) -> None:
    first = numbered()
    second = after(stage, first)
    suffers(stage, second, "deferred PREDECESSOR", "N2N-SEQ-004")
    assert sent(stage, stage.xa.paper(first)) == ["accepted"]
    assert sent(stage, second) == ["accepted"]


def test_a_successor_may_stand_behind_its_predecessor_in_one_call(stage: Stage) -> None:
    first, second = numbered(), numbered()
    assert sent(stage, stage.xa.paper(first), after(stage, first, second), after(stage, second)) == ["accepted"] * 3


def test_a_successor_before_its_predecessor_in_one_call_waits(stage: Stage) -> None:
    first = numbered()
    second = after(stage, first)
    assert sent(stage, second, stage.xa.paper(first)) == ["deferred PREDECESSOR", "accepted"]
    assert sent(stage, second) == ["accepted"]


def test_a_refused_predecessor_carries_nobody(stage: Stage) -> None:
    bad = numbered().replace(b"<Packages>16", b"<Packages>17")
    assert sent(stage, stage.xa.paper(bad), after(stage, bad)) == ["refused RULE", "deferred PREDECESSOR"]


def test_a_predecessor_of_another_sender_is_nobodys(stage: Stage) -> None:
    peer, first = stage.peers[XC], numbered()
    assert [one.words for one in stage.victim.told(XC, peer.call([peer.paper(first)]).octets())] == ["accepted"]
    suffers(stage, after(stage, first), "deferred PREDECESSOR", "N2N-SEQ-004")


def test_a_successor_by_another_issuer_is_refused(stage: Stage) -> None:
    first = numbered()
    assert sent(stage, stage.xa.paper(first)) == ["accepted"]
    second = numbered().replace(b"<Id>XA-CUSTOMS-ORIGIN", b"<Id>XA-SOMEBODY-ELSE")
    suffers(stage, after(stage, first, second), "refused CHAIN", "N2N-SEQ-011")


def test_nothing_follows_a_withdrawal(stage: Stage) -> None:
    first = numbered()
    gone = withdrawn(first)
    assert sent(stage, stage.xa.paper(first), after(stage, first, gone)) == ["accepted"] * 2
    suffers(stage, after(stage, gone), "refused WITHDRAWN", "N2N-SEQ-012")
    suffers(stage, after(stage, first), "refused WITHDRAWN", "N2N-SEQ-012")
    suffers(stage, after(stage, gone, other_content(first)), "refused WITHDRAWN", "N2N-SEQ-012")


def test_a_withdrawal_cannot_be_outrun_by_naming_an_earlier_paper_of_its_chain(stage: Stage) -> None:
    first, second = numbered(), numbered()
    gone = withdrawn(second)
    chain = [stage.xa.paper(first), after(stage, first, second), after(stage, second, gone)]
    assert sent(stage, *chain) == ["accepted"] * 3
    assert sent(stage, after(stage, first)) == ["refused WITHDRAWN"]


def test_naming_a_paper_of_another_number_does_not_free_a_taken_number(stage: Stage) -> None:
    first, unrelated = numbered(), numbered()
    assert sent(stage, stage.xa.paper(first), stage.xa.paper(unrelated)) == ["accepted"] * 2
    (words,) = sent(stage, after(stage, unrelated, other_content(first)))
    assert words in ("refused NUMBER_TAKEN", "refused CHAIN")


def test_ids_of_every_moment_may_be_asked_for(stage: Stage) -> None:
    now = stage.xa.now
    ids = [uuid7(now + timedelta(days=days)) for days in (-20_000, 0, 20_000)]
    assert [one.words for one in asked(stage, *ids)] == ["not held"] * 3
    assert [one.words for one in asked(stage, *ids, close=True)] == ["not held", "absent", "not held"]
