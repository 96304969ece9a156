"""Days as officers type them."""

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
import typer

from node.cli.moments import day

EARLY = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
"""Half past seven in the morning of the next day in Taipei."""


@pytest.fixture
def _in_taipei(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "CST-8")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("_in_taipei")
@pytest.mark.parametrize("untold", [None, ""])
def test_today_is_the_day_where_the_officer_sits(untold: str | None) -> None:
    assert day(untold, EARLY) == date(2026, 11, 23)


def test_a_day_that_is_typed_is_that_day() -> None:
    assert day("2026-11-20", EARLY) == date(2026, 11, 20)


@pytest.mark.parametrize("text", ["2026-11-31", "yesterday", "2026-11-22T09:00"])
def test_what_is_no_day_is_a_mistake_in_typing(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="2026-11-22"):
        day(text, EARLY)
