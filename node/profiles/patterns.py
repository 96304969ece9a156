"""Regular expressions in partner files: liaison staff write them, and the partner's values are held against them.

Python's `re` goes back and tries again, so one careless pattern (`([A-Z]+)*-`) takes hours for a value of 35 letters.
What is agreed about numbers needs no such thing: a pattern that can try more than MOST_TRIES ways is refused when the
file is read.
"""

import re
from collections.abc import Iterator

from node.strict_toml import Table

MAX_PATTERN = 200
"""Characters of one pattern."""

LONGEST_VALUE = 70
"""No number or code of a paper is longer; a repetition without an end counts as one up to here."""

MOST_TRIES = 10_000
"""Ways through one pattern; `[A-Z0-9]+-[A-Z0-9]+` has 4,900."""

_TOKEN = re.compile(
    r"(?P<set>\[\^?\]?(?:\\.|[^\]\\])*\])|(?P<back>\\[0-9])|(?P<atom>\\.)|(?P<open>\((?:\?:|(?!\?)))|(?P<odd>\(\?)"
    r"|(?P<close>\))|(?P<or>\|)|(?P<many>[*+?]|\{(?:[0-9]+(?:,[0-9]*)?|,[0-9]*)\})|(?P<one>.)",
    re.DOTALL,
)


def read_pattern(table: Table, key: str) -> re.Pattern[str] | None:
    """The pattern under `key`, for the whole of a value; None where nothing stands. Raises the table's error class."""
    if not table.has(key):
        return None
    text = table.text(key, longest=MAX_PATTERN)
    try:
        pattern = re.compile(text, re.ASCII)
        tries = _tries(_tokens(text))
    except _Unbounded as error:
        raise table.refusal(key, f"{key} has {error}, which nobody can bound; write it without") from error
    except (re.error, RecursionError, OverflowError) as error:
        raise table.refusal(key, f"{key} is no regular expression: {str(error)[:80]}") from error
    if tries > MOST_TRIES:
        raise table.refusal(
            key,
            f"{key} can be tried in more than {MOST_TRIES} ways, so one value could keep the node busy for hours; "
            "repeat no group that repeats or has alternatives, and say how often: [A-Z]{1,3}",
        )
    return pattern


class _Unbounded(Exception):
    """A reference back, or a group that looks ahead or behind, names itself or changes how the rest is read."""


_Token = tuple[str, str]


def _tokens(text: str) -> Iterator[_Token]:
    for found in _TOKEN.finditer(text):
        kind = str(found.lastgroup)
        if kind == "back":
            raise _Unbounded("a reference back")
        if kind == "odd":
            raise _Unbounded("a group that begins with (?")
        yield kind, found.group()


def _tries(tokens: Iterator[_Token]) -> int:
    """At most how many ways there are through a text that `re` understands, as far as the next closing bracket."""
    branches, so_far, last = 0, 1, 1
    for kind, text in tokens:
        if kind == "many":
            last = _repeated(last, text)
            continue
        so_far, last = _capped(so_far * last), 1
        if kind == "open":
            last = _tries(tokens)
        elif kind == "or":
            branches, so_far = branches + so_far, 1
        elif kind == "close":
            break
    return _capped(branches + so_far * last)


def _repeated(ways: int, text: str) -> int:
    low, high = _bounds(text)
    if ways == 1:
        return high - low + 1
    total = 0
    for times in range(low, high + 1):
        total = _capped(total + _capped(ways ** min(times, LONGEST_VALUE)))
    return total


def _bounds(text: str) -> tuple[int, int]:
    if text in ("*", "+", "?"):
        return (1 if text == "+" else 0), (1 if text == "?" else LONGEST_VALUE)
    least, comma, most = text[1:-1].partition(",")
    if not comma:
        return int(least or 0), int(least or 0)
    low = int(least or 0)
    return low, max(low, min(int(most), LONGEST_VALUE) if most else LONGEST_VALUE)


def _capped(tries: int) -> int:
    return min(tries, MOST_TRIES + 1)
