"""A partner that misses lists asks, and what it was told before comes again: baseline, gaps, consent, floods."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from operators import baseline, delta, event, record, removal

from node.errors import NotAgreed, PartnerRefusedCall, TooManyRegisterRequests
from node.flows import register_asking, register_due
from node.flows.ports import ActorName
from node.model.exchange import Direction, State
from node.model.ids import ExchangeId, NodeCode, sha256
from node.model.register_request import KeptRequest, RegisterRequest, RequestState
from node.register_rounds import RegisterRounds
from node.store import operators, register_requests
from node.wire import answer, register_request_to_bytes

if TYPE_CHECKING:
    from conftest import Country, Pair

XA, XB = NodeCode("XA"), NodeCode("XB")
NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
TOLD, CALLED = NOW - timedelta(hours=1), NOW - timedelta(minutes=30)
A, B, C = "XA-AEOS-2026-0001", "XA-AEOS-2026-0002", "XA-AEOS-2026-0003"
OFFICER = ActorName("officer", "human")
STATES = {"waiting": RequestState.OPEN, "done": RequestState.DONE}


def tell(pair: "Pair", *papers: bytes) -> list[ExchangeId]:
    sent = [pair.xa.hand_in(paper, XB, sha256(paper).hex()) for paper in papers]
    pair.cross()
    return sent


def rounds(country: "Country") -> None:
    """What the node's housekeeping does."""
    going = RegisterRounds(country.wired.node, lambda partner: country.wired.transports[partner])
    asyncio.run(going.go())


def ask(country: "Country", after: int = 0, kind: str = "aeo_status") -> int:
    assert country.road is not None
    asking = register_asking.ask(country.wired.node, country.road, XA, RegisterRequest(kind, after), OFFICER)
    return asyncio.run(asking).sequence


def requests(country: "Country") -> list[KeptRequest]:
    return country.wired.node.store.read(register_requests.newest)


def states(country: "Country") -> list[str]:
    return [one.state.value for one in requests(country)]


def known(country: "Country", direction: Direction = Direction.IN) -> dict[str, str]:
    """Who is in the register, and how each stands."""
    now, found = country.clock.now(), {}
    for code in (A, B, C):
        for one in country.wired.node.store.read(
            lambda tx, code=code: operators.find(tx, code, direction=direction, on=now)
        ):
            found[one.certificate_number] = one.status.value
    return found


def lose_everything_told(country: "Country") -> None:
    """A node that began anew: neither papers nor registers."""
    names = ("operator_paper", "operator_key", "operator_version", "operator", "operator_series")
    country.wired.node.store.write(
        lambda tx: [
            *[tx.exec_driver_sql(f"DELETE FROM {name}") for name in names],
            tx.exec_driver_sql("UPDATE exchange SET number = number || '-lost', document_sha256 = zeroblob(32)"),
            tx.exec_driver_sql("UPDATE paper SET number = number || '-lost', document_sha256 = randomblob(32)"),
        ]
    )


def told(pair: "Pair") -> None:
    tell(pair, *baseline("L-1", 1, TOLD, [record(A), record(B)]))
    tell(pair, delta("L-2", "L-1", 2, CALLED, [record(C), record(B, 2, "40")]))


def composed(country: "Country") -> int:
    return len(country.audited("register-composed"))


# --- baseline -------------------------------------------------------------------------------------------------------


def test_a_fresh_partner_asks_for_a_baseline_and_gets_what_it_was_told(pair: "Pair") -> None:
    told(pair)
    lose_everything_told(pair.xb)
    assert known(pair.xb) == {}
    assert ask(pair.xb) == 2
    assert (states(pair.xb), states(pair.xa)) == (["open"], ["open"])
    rounds(pair.xa)
    pair.cross()
    assert known(pair.xb) == {A: "valid", B: "suspended", C: "valid"}
    assert (states(pair.xb), states(pair.xa)) == (["done"], ["done"])
    (register,) = pair.xb.wired.node.store.read(lambda tx: operators.registers(tx, XA, Direction.IN))
    assert (register.sequence, register.list_number) == (2, "AEOS-XB-2-R2")
    # The hub goes on where it was, and its next list fits on both sides.
    pair.xa.clock.advance(timedelta(minutes=1))
    (sent,) = tell(pair, delta("L-3", "L-2", 3, NOW, [record(A, 2, "40")]))
    assert pair.xa.exchange(sent).state is State.DELIVERED
    assert known(pair.xb)[A] == "suspended"
    assert [one["object"] for one in pair.xa.audited("register-asked-of-us")] == ["XB"]
    assert [one["object"] for one in pair.xb.audited("register-asked")] == ["XA"]


def test_a_partner_that_holds_everything_is_told_so_and_gets_nothing(pair: "Pair") -> None:
    told(pair)
    assert ask(pair.xb, 2) == 2
    rounds(pair.xa)
    assert (states(pair.xb), states(pair.xa), composed(pair.xa)) == (["done"], ["done"], 0)


def test_what_was_never_told_waits_for_the_hub_and_is_done_when_its_list_is_handed_in(pair: "Pair") -> None:
    assert ask(pair.xb) == 0
    rounds(pair.xa)
    assert (states(pair.xb), states(pair.xa), composed(pair.xa)) == (["open"], ["open"], 0)
    tell(pair, *baseline("L-1", 1, TOLD, [record(A)]))
    assert (states(pair.xb), states(pair.xa)) == (["done"], ["done"])


def test_what_was_told_for_a_day_to_come_is_not_undone_by_a_list_of_today(pair: "Pair") -> None:
    told(pair)
    tell(pair, event("suspend", "E-1", record(A, 2, "40", "2026-11-22T20:00:00Z"), CALLED))
    ask(pair.xb)
    rounds(pair.xa)
    assert (states(pair.xa), composed(pair.xa)) == (["open"], 0)
    pair.xa.clock.advance(timedelta(hours=13))
    rounds(pair.xa)
    pair.cross()
    assert (states(pair.xb), known(pair.xb)[A]) == (["done"], "suspended")


def test_who_withdrew_consent_never_comes_back_by_a_composed_list(pair: "Pair") -> None:
    told(pair)
    tell(pair, event("withdraw-consent", "E-1", removal(A, "consent-withdrawn", version=2), CALLED))
    lose_everything_told(pair.xb)
    ask(pair.xb)
    rounds(pair.xa)
    pair.cross()
    assert known(pair.xb) == {B: "suspended", C: "valid"}
    assert known(pair.xa, Direction.OUT) == {B: "suspended", C: "valid"}


# --- gaps -----------------------------------------------------------------------------------------------------------


def test_a_gap_is_asked_about_after_a_minute_and_the_register_is_whole_again(pair: "Pair") -> None:
    told(pair)
    lose_everything_told(pair.xb)
    waiting = pair.xa.hand_in(delta("L-3", "L-2", 3, NOW, [record(A, 2, "40")]), XB)
    pair.cross()
    (register,) = pair.xb.wired.node.store.read(lambda tx: operators.registers(tx, XA, Direction.IN))
    assert (register.sequence, register.gap, register.gap_since) == (None, 3, NOW)
    rounds(pair.xb)
    assert requests(pair.xb) == []
    pair.xb.clock.advance(timedelta(minutes=1))
    rounds(pair.xb)
    assert [(one.after, one.sequence) for one in requests(pair.xb)] == [(0, 3)]
    rounds(pair.xa)
    pair.cross()
    pair.xa.later(minutes=10)
    assert known(pair.xb) == {A: "suspended", B: "suspended", C: "valid"}
    assert pair.xa.exchange(waiting).state is State.DELIVERED
    (register,) = pair.xb.wired.node.store.read(lambda tx: operators.registers(tx, XA, Direction.IN))
    assert (register.sequence, register.gap, register.gap_since) == (3, None, None)
    assert states(pair.xb) == ["done"]


def test_the_node_asks_by_itself_once_an_hour_also_where_nobody_answers(pair: "Pair") -> None:
    told(pair)
    lose_everything_told(pair.xb)
    pair.xa.hand_in(delta("L-3", "L-2", 3, NOW), XB)
    pair.cross()
    assert pair.xb.road is not None
    pair.xb.road.cut = True
    for minutes, asked in ((1, 1), (30, 1), (28, 1), (2, 2)):
        pair.xb.clock.advance(timedelta(minutes=minutes))
        rounds(pair.xb)
        assert states(pair.xb) == ["unanswered"] * asked


# --- refusals -------------------------------------------------------------------------------------------------------


def test_only_what_was_agreed_may_be_asked_for(pair: "Pair") -> None:
    for kind in ("certificate_of_origin", "enforcement_information", "no_such_kind"):
        with pytest.raises(NotAgreed):
            ask(pair.xb, kind=kind)
        with pytest.raises(NotAgreed):
            answer(pair.xa.wired.door, "RequestRegister", XB, register_request_to_bytes(RegisterRequest(kind)))
        pair.xa.clock.advance(timedelta(minutes=1))
    assert requests(pair.xa) == requests(pair.xb) == []


def test_a_flood_is_refused_and_makes_one_list(pair: "Pair") -> None:
    told(pair)
    for _ in range(6):
        ask(pair.xb)
        rounds(pair.xa)
    with pytest.raises(PartnerRefusedCall) as refusal:
        ask(pair.xb)
    assert isinstance(refusal.value.__cause__, TooManyRegisterRequests)
    for minutes in range(0, 58, 2):
        pair.xa.clock.advance(timedelta(minutes=2))
        ask(pair.xb, after=minutes % 2)
        rounds(pair.xa)
    assert (composed(pair.xa), len(requests(pair.xa))) == (1, 1)


# --- overdue --------------------------------------------------------------------------------------------------------


def test_lists_later_than_agreed_are_seen_on_both_sides(pair: "Pair") -> None:
    told(pair)
    assert not late(pair.xb)
    pair.xa.clock.advance(timedelta(days=1, minutes=1))
    assert late(pair.xb) == [(XA, Direction.IN, "AEOS", False, 2)]
    assert late(pair.xa) == [(XB, Direction.OUT, "AEOS", False, 2)]
    pair.xa.clock.advance(timedelta(days=30))
    assert (XA, Direction.IN, "AEOS", True, 2) in late(pair.xb)


def late(country: "Country") -> list[tuple[object, ...]]:
    return [
        (one.partner, one.direction, one.programme, one.complete, one.sequence)
        for one in register_due.overdue(country.wired.node)
        if one.programme
    ]
