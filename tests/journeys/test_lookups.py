"""One country asks the other's register: a sealed answer, kept by both; nothing is told that was not released."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from uses_lab import line, use_of

from node.crypto.seal import lookup_leaf, make_seal
from node.documents import samples
from node.errors import (
    DiskNearlyFull,
    Malformed,
    NodeError,
    PartnerRefusedCall,
    PartnerUnknown,
    PartnerUnreachable,
    PathRefused,
    ReferenceRefused,
    TooLarge,
    TooManyLookups,
)
from node.flows import asking
from node.flows import lookups as answering
from node.flows.ports import ActorName
from node.model.envelope import Purpose
from node.model.ids import NodeCode
from node.model.lookup import LookupAnswer, LookupRequest, QuantityLeft, Question, SealedAnswer
from node.store import lookups
from node.wire import answer, lookup_answer_from_bytes, lookup_answer_to_bytes, lookup_request_to_bytes

if TYPE_CHECKING:
    from conftest import Country, Pair

XA, XB = NodeCode("XA"), NodeCode("XB")
OFFICER = ActorName("officer", "human")
TODAY = date(2026, 11, 22)
ISSUER, TEA, TEA_AGAIN = "XA:南嶼商業總會", "XA-115-CO-0093127", "XA-115-CO-0093544"
TEA_QUESTION = Question("certificate_of_origin", ISSUER, TEA, TODAY)


@pytest.fixture
def tea() -> bytes:
    return samples.sample("certificate_of_origin", "tea")


@pytest.fixture
def tea_again() -> bytes:
    return samples.sample("certificate_of_origin", "tea_replacement")


def ask(country: "Country", question: Question = TEA_QUESTION, partner: NodeCode = XA) -> LookupAnswer:
    """What the partner says."""
    assert country.road is not None
    return asyncio.run(asking.ask(country.wired.node, country.road, partner, question, OFFICER)).answer


def kept(country: "Country") -> list[lookups.KeptLookup]:
    return country.wired.node.store.read(lambda tx: lookups.newest(tx, 100))


def test_a_partner_says_what_a_certificate_is_and_since_when(pair: "Pair", tea: bytes, tea_again: bytes) -> None:
    pair.xa.hand_in(tea, XB)
    issued = pair.xa.clock.now()
    pair.cross()
    told = ask(pair.xb)
    assert (told.status, told.in_force, told.valid_from, told.status_since) == (
        "in_force", True, date(2026, 11, 10), issued,
    )  # fmt: skip
    pair.xa.later(hours=1)
    pair.xa.hand_in(tea_again, XB, "k2")
    # It has not crossed yet, and XA says so all the same: that is what asking live is for.
    assert ask(pair.xb).status == "replaced"
    assert ask(pair.xb, replace(TEA_QUESTION, number=TEA_AGAIN)).in_force
    assert ask(pair.xb, replace(TEA_QUESTION, known_at=issued)).in_force
    assert ask(pair.xb, replace(TEA_QUESTION, number=TEA_AGAIN, known_at=issued)).status == "unknown"
    assert ask(pair.xb, replace(TEA_QUESTION, on=date(2026, 11, 9), known_at=issued)).status == "not_yet"


def test_both_keep_question_and_sealed_answer_and_either_can_be_judged_again(pair: "Pair", tea: bytes) -> None:
    pair.xa.hand_in(tea, XB)
    pair.cross()
    told = ask(pair.xb)
    (asked,), (answered,) = kept(pair.xb), kept(pair.xa)
    assert (asked.asked_by_us, answered.asked_by_us) == (True, False)
    assert (asked.request, asked.sealed) == (answered.request, answered.sealed)
    node = pair.xb.wired.node
    assert asking.judge(node, XA, asked.request, asked.sealed, node.clock.now()) == told
    with pytest.raises(PathRefused):
        asking.judge(node, XA, asked.request + b"\x38\x01", asked.sealed, node.clock.now())
    assert pair.xb.audited("lookup-asked") == [
        {"object": "XA", "kind": "certificate_of_origin", "on": "2026-11-22", "lookup": str(asked.id)}
    ]
    assert [one["object"] for one in pair.xa.audited("lookup-answered")] == ["XB"]
    assert TEA not in str(pair.xa.audited("lookup-answered"))


def test_the_same_question_twice_has_two_nonces_and_so_two_answers(pair: "Pair") -> None:
    ask(pair.xb)
    ask(pair.xb)
    first, second = (one.request for one in kept(pair.xb))
    assert first != second


@pytest.mark.parametrize(
    "question",
    [
        replace(TEA_QUESTION, number="XA-NEVER"),
        replace(TEA_QUESTION, issuer="XA:somebody else"),
        replace(TEA_QUESTION, kind="inspection_result"),
        replace(TEA_QUESTION, kind="never_agreed"),
        replace(TEA_QUESTION, kind="aeo_status"),
    ],
)
def test_unknown_and_not_released_look_the_same(pair: "Pair", tea: bytes, question: Question) -> None:
    pair.xa.hand_in(tea, XB)
    pair.cross()
    assert ask(pair.xb, question) == LookupAnswer(pair.xb.clock.now())
    (one,) = kept(pair.xb)
    assert one.sealed.answer == lookup_answer_to_bytes(LookupAnswer(pair.xb.clock.now()))


def test_what_a_third_country_was_told_is_none_of_the_askers_business(trio, tea: bytes) -> None:
    trio.xa.hand_in(tea, NodeCode("XC"))

    question = TEA_QUESTION
    asked = lookup_request_to_bytes(LookupRequest(b"n" * 32, question))
    door = trio.xa.wired.door
    said = {code: door.lookup(code, LookupRequest(b"n" * 32, question), asked).answer for code in (XB, NodeCode("XC"))}
    assert said[XB] == lookup_answer_to_bytes(LookupAnswer(trio.xa.clock.now()))
    assert said[XB] != said[NodeCode("XC")]


def test_a_suspended_arrangement_tells_nothing(pair: "Pair", tea: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    pair.xa.hand_in(tea, XB)
    pair.cross()
    monkeypatch.setattr(type(pair.xa.wired.node.book), "served", lambda *_: ())
    assert ask(pair.xb).status == "unknown"


# --- what is left -----------------------------------------------------------------------------------------------------


def test_a_partner_says_what_is_left_of_its_certificate(pair: "Pair", tea: bytes) -> None:
    pair.xa.hand_in(tea, XB)
    pair.cross()
    whole = (QuantityLeft("1", "quantity", "KGM", "480"), QuantityLeft("1", "value", "USD", "21600"))
    assert ask(pair.xb).left == whole
    pair.xb.hand_in(use_of(tea, "U-1", lines=[line("1", "120.5")]), XA, "u1")
    pair.cross()
    told = ask(pair.xb)
    assert told.left == (QuantityLeft("1", "quantity", "KGM", "359.5"), whole[1])
    assert lookup_answer_from_bytes(kept(pair.xa)[0].sealed.answer) == told


def test_nothing_is_said_to_be_left_at_an_earlier_time_or_of_what_is_not_in_force(
    pair: "Pair", tea: bytes, tea_again: bytes
) -> None:
    pair.xa.hand_in(tea, XB)
    pair.cross()
    then = pair.xa.clock.now()
    assert ask(pair.xb, replace(TEA_QUESTION, on=date(2020, 1, 1))).left == ()
    pair.xa.clock.advance(timedelta(hours=1))
    pair.xb.clock.advance(timedelta(hours=1))
    assert (ask(pair.xb, replace(TEA_QUESTION, known_at=then)).status, ask(pair.xb).status) == ("in_force",) * 2
    assert ask(pair.xb, replace(TEA_QUESTION, known_at=then)).left == ()
    pair.xa.hand_in(tea_again, XB, "again")
    pair.cross()
    assert (ask(pair.xb).status, ask(pair.xb).left) == ("replaced", ())


def test_more_quantities_than_an_answer_holds_are_left_out_and_the_rest_is_said(
    pair: "Pair", tea: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair.xa.hand_in(tea, XB)
    pair.cross()
    many = tuple(QuantityLeft(str(item), "quantity", "KGM", "1") for item in range(201))
    monkeypatch.setattr(answering, "left_of", lambda *_: many)
    assert (ask(pair.xb).status, ask(pair.xb).left) == ("in_force", ())
    monkeypatch.setattr(answering, "left_of", lambda *_: many[:200])
    assert ask(pair.xb).left == many[:200]


# --- answers that do not hold -----------------------------------------------------------------------------------------


def other_answer(sealed: SealedAnswer) -> SealedAnswer:
    return replace(sealed, answer=lookup_answer_to_bytes(LookupAnswer(datetime(2026, 11, 22, tzinfo=UTC), "in_force")))


@pytest.mark.parametrize(("reword", "error"), [(other_answer, PathRefused)])
def test_an_answer_that_the_seal_does_not_cover_is_not_believed_and_not_kept(
    pair: "Pair", reword: Callable[[SealedAnswer], SealedAnswer], error: type[NodeError]
) -> None:
    assert pair.xb.road is not None
    pair.xb.road.reword = reword
    with pytest.raises(error):
        ask(pair.xb)
    assert kept(pair.xb) == []
    assert pair.xb.audited("lookup-asked") == []


def test_an_earlier_answer_is_no_answer_to_another_question(pair: "Pair", tea: bytes) -> None:
    pair.xa.hand_in(tea, XB)
    pair.cross()
    assert pair.xb.road is not None
    ask(pair.xb)
    (one,) = kept(pair.xb)
    pair.xb.road.reword = lambda _: one.sealed
    with pytest.raises(PathRefused):
        ask(pair.xb)


@pytest.mark.parametrize(("purpose", "error"), [(Purpose.RECEIPTS, ReferenceRefused), (Purpose.PAPERS, NodeError)])
def test_a_seal_for_another_purpose_is_no_seal_on_a_lookup(
    pair: "Pair", purpose: Purpose, error: type[NodeError]
) -> None:
    assert pair.xb.road is not None
    node = pair.xa.wired.node

    def resealed(sealed: SealedAnswer) -> SealedAnswer:
        leaf = lookup_leaf(pair.xb.road.looked_up[-1], sealed.answer)
        key = node.keys.receipt if purpose is Purpose.RECEIPTS else node.keys.sign
        seal, (place,) = make_seal([leaf], purpose, XA, XB, key, node.clock.now(), node.own_trust)
        return replace(sealed, seal=seal, place=place)

    pair.xb.road.reword = resealed
    with pytest.raises(error):
        ask(pair.xb)
    assert kept(pair.xb) == []


# --- questions that are not answered ----------------------------------------------------------------------------------


def test_a_partner_that_is_away_or_unknown_is_said_to_be_so(pair: "Pair") -> None:
    assert pair.xb.road is not None
    pair.xb.road.cut = True
    with pytest.raises(PartnerUnreachable):
        ask(pair.xb)
    with pytest.raises(PartnerUnknown):
        ask(pair.xb, partner=NodeCode("XZ"))
    with pytest.raises(Malformed):
        ask(pair.xb, replace(TEA_QUESTION, number="a\nb"))


def test_a_flood_of_questions_is_stopped_for_that_partner_and_forgiven_in_a_minute(pair: "Pair") -> None:
    allowance = answering.Allowance(a_minute=6, burst=3)
    now = pair.xa.clock.now()
    for _ in range(3):
        allowance.take(XB, now)
    with pytest.raises(TooManyLookups):
        allowance.take(XB, now)
    allowance.take(NodeCode("XC"), now)
    with pytest.raises(TooManyLookups):
        allowance.take(XB, now + timedelta(seconds=9))
    allowance.take(XB, now + timedelta(seconds=11))
    with pytest.raises(TooManyLookups):
        allowance.take(XB, now - timedelta(days=1))
    for _ in range(3):
        allowance.take(XB, now + timedelta(days=1))
    with pytest.raises(TooManyLookups):
        allowance.take(XB, now + timedelta(days=1))


def test_the_partner_hears_that_it_asked_too_often_and_nothing_is_kept(
    pair: "Pair", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pair.xa.wired.door, "_lookups", answering.Allowance(a_minute=60, burst=1))
    ask(pair.xb)
    with pytest.raises(PartnerRefusedCall) as refused:
        ask(pair.xb)
    assert isinstance(refused.value.__cause__, TooManyLookups)
    assert len(kept(pair.xa)) == len(kept(pair.xb)) == 1


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", Malformed),
        (b"<Lookup/>", Malformed),
        (b"\x0a\x20" + bytes(32), Malformed),
        (b"\x9a\x06\x00" * 40, TooLarge),
        (bytes(5000), TooLarge),
        (b"\x12\xff\xff\xff\xff\x0f", Malformed),
    ],
)
def test_what_is_no_question_is_refused_and_leaves_nothing(pair: "Pair", data: bytes, error: type[NodeError]) -> None:
    with pytest.raises(error):
        answer(pair.xa.wired.door, "Lookup", XB, data)
    assert kept(pair.xa) == []


def test_a_disk_that_is_nearly_full_keeps_no_more_lookups(pair: "Pair", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pair.xa.wired.node.capacity, "disk_full", lambda: DiskNearlyFull(free=1, reserve=2, seconds=30))
    with pytest.raises(NodeError):
        ask(pair.xb)
    assert kept(pair.xa) == kept(pair.xb) == []
