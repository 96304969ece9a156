"""The whole register of operators, as of any day and as known at any moment, page by page."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from operators import baseline, delta, event, record, removal

from node.model.exchange import Direction
from node.model.ids import NodeCode, sha256
from node.store import operator_register

if TYPE_CHECKING:
    from conftest import Country, Pair

XA, XB = NodeCode("XA"), NodeCode("XB")
NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
A, B, C = "XA-AEOS-2026-0001", "XA-AEOS-2026-0002", "XA-AEOS-2026-0003"


def tell(pair: "Pair", *papers: bytes) -> None:
    for paper in papers:
        pair.xa.hand_in(paper, XB, sha256(paper).hex())
    pair.cross()


def everyone(
    country: "Country",
    on: datetime | None = None,
    known_at: datetime | None = None,
    direction: Direction = Direction.IN,
    partner: NodeCode | None = None,
) -> list[tuple[str, str]]:
    now = country.clock.now()
    store = country.wired.node.store
    found = operator_register.every(store, on or now, known_at or now, direction=direction, partner=partner)
    return [(one.certificate_number, one.status.value) for one in found]


def test_each_operator_stands_once_as_it_stood_and_as_it_was_known(pair: "Pair") -> None:
    tell(pair, *baseline("L-1", 1, NOW - timedelta(hours=2), [record(A), record(B), record(C)]))
    then = pair.xb.clock.now()
    for one in (pair.xa, pair.xb):
        one.clock.advance(timedelta(hours=1))
    tell(pair, event("suspend", "E-1", record(B, 2, "40", "2026-11-20T00:00:00Z"), NOW))
    assert everyone(pair.xb) == [(A, "valid"), (B, "suspended"), (C, "valid")]
    assert everyone(pair.xb, on=datetime(2026, 11, 19, tzinfo=UTC)) == [(A, "valid"), (B, "valid"), (C, "valid")]
    assert everyone(pair.xb, known_at=then) == [(A, "valid"), (B, "valid"), (C, "valid")]
    assert everyone(pair.xb, on=datetime(2020, 1, 1, tzinfo=UTC)) == []
    assert everyone(pair.xb, known_at=datetime(2020, 1, 1, tzinfo=UTC)) == []
    assert everyone(pair.xa, direction=Direction.OUT) == everyone(pair.xb)
    assert everyone(pair.xa) == everyone(pair.xb, partner=NodeCode("XC")) == []


def test_who_withdrew_consent_is_in_no_list_of_any_day(pair: "Pair") -> None:
    tell(pair, *baseline("L-1", 1, NOW - timedelta(hours=2), [record(A), record(B)]))
    then = pair.xb.clock.now()
    gone = delta("L-2", "L-1", 2, NOW - timedelta(hours=1), removed=[removal(B, "consent-withdrawn")])
    tell(pair, gone)
    assert everyone(pair.xb) == everyone(pair.xb, known_at=then) == [(A, "valid")]


def test_pages_leave_nobody_out(pair: "Pair", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operator_register, "PAGE", 2)
    numbers = [f"XA-AEOS-{number:04d}" for number in range(7)]
    tell(pair, *baseline("L-1", 1, NOW - timedelta(hours=2), [record(one) for one in numbers]))
    assert [number for number, _ in everyone(pair.xb)] == numbers
