"""After failures in a row nothing is sent to a partner until it answers a health question."""

from datetime import UTC, datetime

import pytest

from node.clock import StoppedClock
from node.jobs.circuit import FIRST_PROBE_S, JITTER, LONGEST_PROBE_S, OPENS_AFTER, Circuits
from node.model.ids import NodeCode

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
XB, XC = NodeCode("XB"), NodeCode("XC")


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock(NOW)


@pytest.fixture
def circuits(clock: StoppedClock) -> Circuits:
    return Circuits(clock, lambda: 0.5)


def fail(circuits: Circuits, times: int, **how: bool) -> None:
    for _ in range(times):
        circuits.failed(XB, "N2N-DLV-001", **how)


def test_it_opens_after_failures_in_a_row_and_for_that_partner_only(circuits: Circuits) -> None:
    fail(circuits, OPENS_AFTER - 1)
    assert not circuits.holds(XB)
    circuits.reached(XB)
    fail(circuits, OPENS_AFTER - 1)
    assert not circuits.holds(XB)
    fail(circuits, 1)
    assert (circuits.holds(XB), circuits.holds(XC)) == (True, False)
    assert circuits.of(XB).open_since == NOW


def test_probes_come_more_and_more_seldom_and_at_least_once_a_minute(circuits: Circuits, clock: StoppedClock) -> None:
    fail(circuits, OPENS_AFTER)
    waits = []
    for _ in range(8):
        due = circuits.next_probe()
        assert due is not None
        assert circuits.to_probe() == []
        waits.append((due - clock.now()).total_seconds())
        clock.advance(due - clock.now())
        assert circuits.to_probe() == [XB]
        fail(circuits, 1)
    assert waits == [FIRST_PROBE_S, 10, 20, 40, LONGEST_PROBE_S, LONGEST_PROBE_S, LONGEST_PROBE_S, LONGEST_PROBE_S]
    assert circuits.of(XB).open_since == NOW


@pytest.mark.parametrize("luck", [0.0, 0.999])
def test_waits_vary(clock: StoppedClock, luck: float) -> None:
    circuits = Circuits(clock, lambda: luck)
    fail(circuits, OPENS_AFTER)
    wait = (circuits.of(XB).probe_at - NOW).total_seconds()
    assert wait == pytest.approx(FIRST_PROBE_S * (1 + JITTER * (2 * luck - 1)), abs=0.01)


def test_an_answer_closes_it_and_says_so_once(circuits: Circuits) -> None:
    fail(circuits, OPENS_AFTER)
    assert circuits.reached(XB)
    assert not circuits.reached(XB)
    assert (circuits.holds(XB), circuits.next_probe()) == (False, None)


def test_silence_alone_asks_for_a_probe_and_goes_on_sending_until_that_fails(circuits: Circuits) -> None:
    fail(circuits, OPENS_AFTER + 4, certain=False)
    assert (circuits.holds(XB), circuits.to_probe()) == (False, [XB])
    fail(circuits, 1)
    assert circuits.holds(XB)
    fail(circuits, 1, certain=False)
    assert circuits.holds(XB)
