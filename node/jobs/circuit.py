"""One circuit for each partner: after failures in a row nothing is sent until a probe says that the partner is back.

Papers wait without being tried, so an outage costs neither attempts nor calls; when a probe succeeds, what waited for
the partner is due at once, the urgent first. Probes come more and more seldom, never less than once a minute.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from node.clock import Clock
from node.model.ids import NodeCode

OPENS_AFTER = 3
"""Calls in a row that brought nothing: one may be an accident, two a restart of the partner's node."""

FIRST_PROBE_S = 5.0
LONGEST_PROBE_S = 60.0
"""A partner that is back is noticed within a minute; a probe is one health question."""

JITTER = 0.2
"""Share by which waits vary, so that nodes do not come back in one wave."""


@dataclass(frozen=True, slots=True)
class Circuit:
    """How it stands with a partner: `open_since` is None while papers go out; the cause is a catalogue code."""

    partner: NodeCode
    failures: int = 0
    open_since: datetime | None = None
    cause: str = ""
    probe_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether nothing is sent."""
        return self.open_since is not None


class Circuits:
    """The circuits of all partners. Used in one event loop."""

    def __init__(self, clock: Clock, luck: Callable[[], float]) -> None:
        self._clock = clock
        self._luck = luck
        self._circuits: dict[NodeCode, Circuit] = {}

    def of(self, partner: NodeCode) -> Circuit:
        """How it stands with `partner`."""
        return self._circuits.get(partner, Circuit(partner))

    def holds(self, partner: NodeCode) -> bool:
        """Whether nothing may be sent to `partner` now."""
        return self.of(partner).is_open

    def reached(self, partner: NodeCode) -> bool:
        """The partner answered; whether that closes an open circuit."""
        before = self._circuits.pop(partner, None)
        return before is not None and before.is_open

    def failed(self, partner: NodeCode, cause: str, *, certain: bool = True) -> Circuit:
        """A call, or a probe, brought nothing; how it stands now.

        What is not certain, such as a call without an answer, may be the fault of a paper: then only a probe can open
        the circuit, and papers go on until it does.
        """
        before, now = self.of(partner), self._clock.now()
        failures = before.failures + 1
        circuit = Circuit(partner, failures, before.open_since, cause, before.probe_at)
        if failures >= OPENS_AFTER and not (certain or before.is_open):
            circuit = replace(circuit, probe_at=before.probe_at or now)
        elif failures >= OPENS_AFTER:
            probe_at = now + self._wait(failures - OPENS_AFTER)
            circuit = replace(circuit, open_since=before.open_since or now, probe_at=probe_at)
        self._circuits[partner] = circuit
        return circuit

    def next_probe(self) -> datetime | None:
        """When a partner is asked next; None while all are there."""
        return min((one.probe_at for one in self._circuits.values() if one.probe_at is not None), default=None)

    def away(self) -> list[NodeCode]:
        """Partners that nothing is sent to."""
        return [one.partner for one in self._circuits.values() if one.is_open]

    def hasten(self, partner: NodeCode, at: datetime) -> None:
        """Ask a partner that is away at `at`, when that is sooner than it would be asked."""
        one = self.of(partner)
        if one.is_open and one.probe_at is not None and at < one.probe_at:
            self._circuits[partner] = replace(one, probe_at=at)

    def to_probe(self) -> list[NodeCode]:
        """Partners whose probe is due."""
        now = self._clock.now()
        return [one.partner for one in self._circuits.values() if one.probe_at is not None and one.probe_at <= now]

    def _wait(self, probes: int) -> timedelta:
        plain = min(FIRST_PROBE_S * 2.0 ** min(probes, 16), LONGEST_PROBE_S)
        seconds = min(plain * (1 + JITTER * (2 * self._luck() - 1)), LONGEST_PROBE_S)
        return timedelta(milliseconds=round(1000 * seconds))
