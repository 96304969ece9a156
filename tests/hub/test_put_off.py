"""What is passed over for a while comes back, and is never more than can be remembered."""

import time

import pytest

from node.hub import put_off
from node.hub.put_off import PutOff


def test_what_is_put_off_is_passed_over_until_its_time_has_come(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    things: PutOff[str] = PutOff()
    things.add("one")
    assert ("one" in things, "two" in things) == (True, False)
    now += put_off.PUT_OFF_S
    assert "one" not in things
    things.forget_ended()
    assert len(things) == 0


def test_beyond_the_limit_the_oldest_is_forgotten() -> None:
    things: PutOff[int] = PutOff(most=3)
    for thing in (1, 2, 3, 1, 4, 5):
        things.add(thing)
    assert [thing for thing in range(6) if thing in things] == [1, 4, 5]
    assert len(things) == 3
