"""Time as an argument: a real clock, and one that stands still until told otherwise.

Moments are timezone-aware UTC; on the wire they are int64 milliseconds since 1970 (protocol 1, encodings).
"""

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


class Clock(Protocol):
    """Whoever needs the time asks for one of these; nothing else in the node reads the machine's clock."""

    def now(self) -> datetime:
        """The present moment, UTC, truncated to milliseconds (what the wire can carry)."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present moment, UTC, truncated to milliseconds."""
        return from_ms(time.time_ns() // 1_000_000)


class ShiftedClock:
    """The machine's clock, wrong by the milliseconds that a file holds now: for tests of clocks that jump."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def now(self) -> datetime:
        """The present moment as this clock has it, UTC, truncated to milliseconds."""
        return SystemClock().now() + int(self._file.read_text() or "0") * _MILLISECOND


SHIFT_VARIABLE = "NODE_TEST_CLOCK_SHIFT_FILE"
"""Names the file of a ShiftedClock; read when the program starts, like the variable in `kill_points`."""


def machine_clock() -> Clock:
    """The machine's clock; in a test that shifts it, the shifted one."""
    file = os.environ.get(SHIFT_VARIABLE, "")
    return ShiftedClock(Path(file)) if file else SystemClock()


class StoppedClock:
    """A clock that tests and test vectors move by hand."""

    def __init__(self, moment: datetime) -> None:
        self._moment = moment

    def now(self) -> datetime:
        """The moment last set, UTC."""
        return self._moment

    def advance(self, by: timedelta) -> None:
        """Move the clock by `by` (backwards when negative)."""
        self._moment += by


def to_ms(moment: datetime) -> int:
    """`moment` as milliseconds since 1970 UTC; raises ValueError for a naive datetime."""
    if moment.tzinfo is None:
        raise ValueError("a moment without time zone has no place on the wire")
    return (moment - _EPOCH) // _MILLISECOND


def from_ms(milliseconds: int) -> datetime:
    """Milliseconds since 1970 as an aware UTC datetime; raises OverflowError beyond year 9999."""
    return _EPOCH + timedelta(milliseconds=milliseconds)


def to_xml(moment: datetime) -> str:
    """`moment` as `2026-11-22T14:35:06.123Z`, the only form protocol v1 XML uses."""
    at = moment.astimezone(UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"
