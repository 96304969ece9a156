"""Reading moments out of XML: our own one spelling, and the wider dateTime that others' signatures use."""

import re
from datetime import UTC, datetime

from node.clock import to_xml

_DATE_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})", re.ASCII)


def moment_from_xml(text: str) -> datetime:
    """The moment in the only form protocol v1 XML uses, `2026-11-22T14:35:06.123Z`; raises ValueError otherwise."""
    moment = moment_from_datetime(text)
    if to_xml(moment) != text:
        raise ValueError("not the one spelling of a moment")
    return moment


def moment_from_datetime(text: str) -> datetime:
    """An xsd:dateTime with time zone, as UTC (XML Schema 2, 3.2.7); raises ValueError otherwise."""
    if _DATE_TIME.fullmatch(text) is None:
        raise ValueError("not a dateTime with time zone")
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except OverflowError as error:
        raise ValueError("beyond the calendar") from error
