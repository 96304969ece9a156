"""What a customs officer learns of a certificate: in force on a day, as known at a moment, and what goes with it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from node.documents import samples
from node.flows import answering
from node.flows.ports import ActorName
from node.model.answer import AnswerVerdict, BusinessAnswer
from node.model.certificate import Certificate, Filed, Life, judge
from node.model.exchange import Direction, State
from node.model.hub import Sight
from node.model.ids import ExchangeId, NodeCode
from node.store import actors, certificate_register, retention, tracing
from node.store.actors import ActorKind
from node.store.database import Tx

if TYPE_CHECKING:
    from conftest import Country, Pair

XA, XB = NodeCode("XA"), NodeCode("XB")
NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
CLERK = ActorName("clerk", "human")
TODAY = NOW.date()


def known_to(country: "Country", number: str, on: date = TODAY, known_at: datetime | None = None) -> Certificate | None:
    moment = known_at or country.clock.now()
    found = country.wired.node.store.read(lambda tx: certificate_register.find(tx, number, on, moment))
    return found[0] if found else None


def life_at(country: "Country", number: str, on: date = TODAY, known_at: datetime | None = None) -> Life:
    found = known_to(country, number, on, known_at)
    return Life.UNKNOWN if found is None else found.life


TEA, TEA_AGAIN = "XA-115-CO-0093127", "XA-115-CO-0093544"


UCR = "6XA2290187-TEA7"


def naming(ucr: str, paper: bytes) -> bytes:
    """The certificate with a reference to its consignment."""
    return paper.replace(b"  <Item>", f"  <Ucr>{ucr}</Ucr>\n  <Item>".encode(), 1)


@pytest.fixture
def tea() -> bytes:
    return naming(UCR, samples.sample("certificate_of_origin", "tea"))


@pytest.fixture
def tea_again() -> bytes:
    return naming(UCR.lower(), samples.sample("certificate_of_origin", "tea_replacement"))


def purge_all(country: "Country") -> int:
    now = country.clock.now() + timedelta(days=400)

    def purge(tx: Tx) -> int:
        actor = actors.ensure(tx, "keeper", ActorKind.HUMAN, now)
        return retention.purge_bodies(tx, now, actor, "retention", now)

    return country.wired.node.store.write(purge)


FILED = Filed(
    ExchangeId("1"), XA, Direction.IN, "certificate_of_origin", "XA-BFT", "1", "1", "1", "2026-11-01", "2026-11-30",
    NOW, State.HANDED_OVER,
)  # fmt: skip


@pytest.mark.parametrize(
    ("day", "life"),
    [
        (date(2026, 10, 31), Life.NOT_YET),
        (date(2026, 11, 1), Life.IN_FORCE),
        (date(2026, 11, 30), Life.IN_FORCE),
        (date(2026, 12, 1), Life.EXPIRED),
    ],
)
def test_a_certificate_is_in_force_from_its_first_day_to_its_last(day: date, life: Life) -> None:
    found = judge([FILED], "1", day, NOW)
    assert found is not None
    assert found.life is life


@pytest.mark.parametrize(
    ("version", "life"),
    [("withdrawn", Life.WITHDRAWN), ("cancelled", Life.CANCELLED), ("revoked", Life.REVOKED)],
)
def test_what_ends_a_certificate_ends_its_whole_chain_from_when_it_was_known(version: str, life: Life) -> None:
    hour = timedelta(hours=1)
    successor = replace(FILED, exchange=ExchangeId("2"), number="2", known_since=NOW + hour)
    end = replace(successor, exchange=ExchangeId("3"), version=version, known_since=NOW + 2 * hour)
    chain = [FILED, successor, end]

    def life_of(number: str, known_at: datetime) -> Life | None:
        found = judge(chain, number, TODAY, known_at)
        return found and found.life

    assert life_of("1", NOW - hour) is None
    assert life_of("1", NOW) is Life.IN_FORCE
    assert life_of("2", NOW) is None
    assert (life_of("1", NOW + hour), life_of("2", NOW + hour)) == (Life.REPLACED, Life.IN_FORCE)
    assert (life_of("1", NOW + 2 * hour), life_of("2", NOW + 2 * hour)) == (life, life)


def test_ours_is_good_only_where_it_came_and_what_ends_it_ends_it_at_once() -> None:
    ours = replace(FILED, direction=Direction.OUT)
    for state in (State.REFUSED, State.EXPIRED, State.CANCELLED):
        assert judge([replace(ours, state=state)], "1", TODAY, NOW) is None
    end = replace(ours, version="withdrawn", state=State.ACCEPTED)
    for state, life in (
        (State.ACCEPTED, Life.WITHDRAWN),
        (State.REFUSED, Life.WITHDRAWN),
        (State.CANCELLED, Life.IN_FORCE),
    ):
        found = judge([replace(ours, state=State.DELIVERED), replace(end, state=state)], "1", TODAY, NOW)
        assert found is not None
        assert found.life is life


def test_a_certificate_is_known_at_the_partner_from_when_it_came_until_it_was_replaced(
    pair: "Pair", tea: bytes, tea_again: bytes
) -> None:
    assert life_at(pair.xb, TEA) is Life.UNKNOWN
    pair.xa.hand_in(tea, XB)
    pair.cross()
    came = pair.xb.clock.now()
    assert life_at(pair.xb, TEA) is Life.IN_FORCE
    assert life_at(pair.xb, TEA, on=date(2026, 11, 9)) is Life.NOT_YET
    pair.xa.later(hours=1)
    pair.xa.hand_in(tea_again, XB, "k2")
    pair.cross()
    assert life_at(pair.xb, TEA) is Life.REPLACED
    assert life_at(pair.xb, TEA_AGAIN) is Life.IN_FORCE
    assert life_at(pair.xb, TEA, known_at=came) is Life.IN_FORCE
    assert life_at(pair.xb, TEA_AGAIN, known_at=came) is Life.UNKNOWN
    assert life_at(pair.xb, TEA, known_at=came - timedelta(milliseconds=1)) is Life.UNKNOWN
    found = known_to(pair.xb, TEA)
    assert found is not None
    assert found.since == pair.xb.clock.now()
    assert [one.number for one in found.chain] == [TEA, TEA_AGAIN]


def test_what_a_purge_leaves_answers_as_before(pair: "Pair", tea: bytes, tea_again: bytes) -> None:
    sent = pair.xa.hand_in(tea, XB)
    pair.cross()
    pair.xa.later(minutes=1)
    pair.xa.hand_in(tea_again, XB, "k2")
    pair.cross()

    def answers() -> list[object]:
        days = (date(2026, 11, 9), TODAY, date(2030, 1, 1))
        lives = [life_at(pair.xb, number, day) for number in (TEA, TEA_AGAIN) for day in days]
        traced = pair.xa.wired.node.store.read(lambda tx: tracing.trace(tx, UCR, [XB]))
        return [lives, [one.exchange.id for one in traced.exchanges]]

    before = answers()
    assert purge_all(pair.xb) == 2
    assert purge_all(pair.xa) == 2
    assert answers() == before
    assert sent in before[1]


def test_a_register_is_read_page_by_page_and_names_each_certificate_once(
    pair: "Pair", papers: Callable[[int], list[bytes]], tea: bytes, tea_again: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(certificate_register, "PAGE", 3)
    for index, paper in enumerate([*papers(7), tea, tea_again]):
        pair.xa.hand_in(paper, XB, f"k{index}")
    pair.cross()
    store, now = pair.xb.wired.node.store, pair.xb.clock.now()
    found = list(certificate_register.every(store, "certificate_of_origin", TODAY, now))
    numbers = [one.first.number for one in found]
    assert len(numbers) == len(set(numbers)) == 9
    assert {one.first.number for one in found if not one.in_force} == {TEA}
    assert not list(certificate_register.every(store, "certificate_of_origin", TODAY, now, direction=Direction.OUT))
    assert not list(certificate_register.every(store, "certificate_of_origin", TODAY, now, partner=NodeCode("XC")))


def test_a_trace_finds_everything_of_a_consignment_whatever_it_begins_with(
    pair: "Pair", tea: bytes, tea_again: bytes
) -> None:
    pair.xa.hand_in(tea, XB)
    pair.cross()
    pair.xa.later(minutes=1)
    pair.xa.hand_in(tea_again, XB, "k2")
    pair.cross()
    pair.xa.later(minutes=1)
    first, second = sorted(pair.xb.received(), key=lambda one: one.id)
    answering.answer(pair.xb.wired.node, first.id, BusinessAnswer(AnswerVerdict.ACCEPTED), CLERK)
    pair.cross()
    with_answer = [first.id, second.id]
    for country in (pair.xa, pair.xb):
        for what in (UCR, f"  {UCR.lower()} ", TEA, TEA_AGAIN, first.message_id, second.message_id or ""):
            found = country.wired.node.store.read(lambda tx, what=what: tracing.trace(tx, what or "", [XA, XB]))
            kinds = [one.exchange.kind for one in found.exchanges]
            assert kinds == ["certificate_of_origin", "certificate_of_origin", "business_answer"], what
            assert found.complete
    found = pair.xb.wired.node.store.read(lambda tx: tracing.trace(tx, second.id, []))
    assert [one.exchange.id for one in found.exchanges][:2] == with_answer
    assert found.exchanges[0].ucrs == (UCR.casefold(),)
    unseen = pair.xb.wired.node.store.read(lambda tx: tracing.trace(tx, UCR, [XA], Sight(frozenset({"aeo_status"}))))
    assert not unseen.exchanges
