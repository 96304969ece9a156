"""Papers to measure with: valid certificates of origin of an exact size, each under a number of its own.

papers = Papers(4096)               # made once: a template of 4096 bytes
number, content = papers.next()     # a paper of 4096 bytes that was never seen before
"""

import re
import secrets
from decimal import Decimal

from node.documents import samples
from node.errors import Unexpected

KIND = "certificate_of_origin"
SAMPLE = "machine_parts"

MIN_BYTES = 3_400
MAX_BYTES = 1_000_000
"""Less does not hold the sample, more does not travel inline (protocol 1)."""

_PLACE = "XA-CO-" + "0" * 20
"""As long as every number that takes its place."""

_ITEM = re.compile(r"  <Item>.*?</Item>\n", re.DOTALL)
_SEQUENCE = re.compile(r"<Sequence>\d+<")
_DESCRIPTION = re.compile(r'(<Description lang="en">)([^<]*)')
_TOTALS = re.compile(r"(<Totals>.*?</Totals>)", re.DOTALL)

_MOST_PADDING = 1_500
"""Longer than any item, shorter than the longest description that the schema takes."""


class Papers:
    """An endless supply of papers of `size` bytes; no two supplies share a number. Not for several threads."""

    def __init__(self, size: int) -> None:
        self._template = template(size)
        self._series = secrets.token_hex(6)
        self._count = 0

    def next(self) -> tuple[str, bytes]:
        """The next paper: its number and its bytes."""
        self._count += 1
        number = f"XA-CO-{self._series}{self._count:08d}"
        # What `samples.vary` does, without parsing the template for every paper: that would be measured too.
        return number, self._template.replace(_PLACE.encode(), number.encode(), 1)


def template(size: int) -> bytes:
    """A valid paper of exactly `size` bytes: the sample's first item repeated, the last description filled up.

    Raises Unexpected for a size that no certificate of origin of ours can have.
    """
    if not MIN_BYTES <= size <= MAX_BYTES:
        raise Unexpected(detail=f"papers to measure with have {MIN_BYTES} to {MAX_BYTES} bytes")
    sample = samples.vary(KIND, samples.sample(KIND, SAMPLE), _PLACE).decode()
    count = 1
    while len(_with_items(sample, count + 1).encode()) <= size:
        count += 1
    text = _with_items(sample, count)
    missing = size - len(text.encode())
    return _filled_up(text, missing).encode()


def _with_items(sample: str, count: int) -> str:
    """The sample with its first item `count` times and totals that are their sums."""
    items = _ITEM.findall(sample)
    head, tail = sample.split(items[0])[0], sample.rsplit(items[-1], 1)[1]
    numbered = [_SEQUENCE.sub(f"<Sequence>{n}<", items[0]) for n in range(1, count + 1)]
    return head + "".join(numbered) + _TOTALS.sub(lambda found: _totals(found[1], items[0], count), tail)


def _totals(totals: str, item: str, count: int) -> str:
    totals = _set(totals, "Items", str(count))
    for name in ("Packages", "GrossWeight", "Value"):
        found = re.search(rf"<{name}\b[^>]*>([^<]*)<", item)
        if found is not None:
            totals = _set(totals, name, str(Decimal(found[1]) * count))
    return totals


def _set(text: str, name: str, value: str) -> str:
    return re.sub(rf"(<{name}\b[^>]*>)[^<]*(<)", rf"\g<1>{value}\g<2>", text)


def _filled_up(text: str, missing: int) -> str:
    """The last description, `missing` characters longer."""
    if missing > _MOST_PADDING:
        raise Unexpected(detail="an item is longer than the padding that replaces it")
    words = (" and spare parts" * (missing // 16 + 1))[:missing]
    if words.endswith(" "):
        words = words[:-1] + "s"
    last = list(_DESCRIPTION.finditer(text))[-1]
    return text[: last.end()] + words + text[last.end() :]
