"""Numbers in papers: decimal, without exponent, and short, so that no paper makes arithmetic costly or fail."""

import re
from collections.abc import Iterator
from decimal import Decimal

from node.documents.breach import Breach
from node.safe_xml import Element

MAX_NUMBER = 32
"""Characters of a number: twice the 16 digits of the WCO's amounts; schemas without facets allow a megabyte."""

TOO_LONG = f"a number has at most {MAX_NUMBER} characters"

_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)")


def number_in(element: Element | None) -> Decimal | None:
    """The number in the element; None when there is none, which the schema says, or one that `too_long` tells of."""
    text = element.text if element is not None else None
    if text is None:
        return None
    if not _NUMBER.fullmatch(text):
        text = text.strip()
        if not _NUMBER.fullmatch(text):
            return None
    return Decimal(text) if len(text) <= MAX_NUMBER else None


def too_long(root: Element, *names: str) -> Iterator[Breach]:
    """The elements of these names that hold more characters than any number needs."""
    for element in root.iter(*names):
        text = element.text
        if text is not None and len(text) > MAX_NUMBER and len(text.strip()) > MAX_NUMBER:
            yield Breach(element, TOO_LONG)
