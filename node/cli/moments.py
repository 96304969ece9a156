"""Moments as people type them."""

import re
from datetime import UTC, date, datetime, timedelta

import typer

_AGO = re.compile(r"(\d{1,6})([mhd])", re.ASCII)
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


def since(text: str, now: datetime) -> datetime:
    """`30m`, `24h`, `7d` before `now`, or an ISO 8601 day or moment (UTC unless it says otherwise).

    Anything else is a usage error.
    """
    try:
        if ago := _AGO.fullmatch(text):
            return now - int(ago[1]) * _UNITS[ago[2]]
        moment = datetime.fromisoformat(text)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise typer.BadParameter(f"{text!r}: 2026-11-22, 2026-11-22T08:00:00Z, 30m, 24h, 7d") from None


def until(text: str) -> datetime:
    """The end of an ISO 8601 day, or a moment (UTC unless it says otherwise). Anything else is a usage error."""
    try:
        moment = datetime.fromisoformat(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return moment + timedelta(days=1) if len(text) == len("2026-11-22") else moment
    except (ValueError, OverflowError):
        raise typer.BadParameter(f"{text!r}: 2026-11-22, 2026-11-22T08:00:00Z") from None


def day(text: str | None, now: datetime) -> date:
    """An ISO 8601 day, else today where whoever types sits. Anything else is a usage error."""
    try:
        return date.fromisoformat(text) if text else now.astimezone().date()
    except ValueError:
        raise typer.BadParameter(f"{text!r}: a date such as 2026-11-22; 日期格式如 2026-11-22") from None
