"""Patterns in partner files: what could keep the node busy with one value is refused, with its file and line."""

import re
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.errors import ProfileInvalid
from node.profiles.patterns import MOST_TRIES, read_pattern
from node.strict_toml import parse


def read(pattern: str) -> "re.Pattern[str] | None":
    return read_pattern(
        parse(f"[one]\nnumber = '{pattern}'".encode(), "XB/terms.toml", ProfileInvalid).table("one"), "number"
    )


@pytest.mark.parametrize(
    "pattern",
    [
        "[AB][0-9]{15}",
        "XA-AEOS-[0-9]{4}-[0-9]{4}",
        "[A-Z0-9]+-[A-Z0-9]+",
        "(?:AEO|AEOS)XB[0-9]{4,10}",
        "([0-9]{4}-){2,3}[0-9A-Z]?",
        r"[]\]^-]{1,35}\d*",
        r"\(A\)|\[B\]\{2\}",
    ],
)
def test_patterns_of_numbers_are_read(pattern: str) -> None:
    assert read(pattern) == re.compile(pattern, re.ASCII)


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("([A-Z]+)*-", "more than 10000 ways"),
        ("(A|AA)+-", "more than 10000 ways"),
        ("((A{0,9}){0,9}){0,9}-", "more than 10000 ways"),
        ("[A-Z]*[A-Z]*[A-Z]*-", "more than 10000 ways"),
        ("([A-Z]+)*{}", "more than 10000 ways"),
        ("(A?){30}-", "more than 10000 ways"),
        ("(A|B){2,}(C|D){2,}-", "more than 10000 ways"),
        (r"([A-Z]+)\1", "a reference back"),
        ("(?=A+)A", "begins with (?"),
        ("(?P<year>A)", "begins with (?"),
        ("(?i)a", "begins with (?"),
        ("A{99999999999999999999}", "no regular expression"),
        ("(", "no regular expression"),
        ("A" * 201, "longer than 200"),
    ],
)
def test_patterns_that_nobody_can_bound_are_refused_with_their_line(pattern: str, words: str) -> None:
    with pytest.raises(ProfileInvalid, match=re.escape(words)) as caught:
        read(pattern)
    assert "XB/terms.toml:2" in str(caught.value)


def ways(tree: Iterable[Any]) -> int:
    total = 1
    for operation, content in tree:
        match str(operation):
            case "BRANCH":
                total *= sum(map(ways, content[1]))
            case "SUBPATTERN":
                total *= ways(content[3])
            case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
                low, high, inner = content[0], min(int(content[1]), 70), ways(content[2])
                total *= sum(inner**times for times in range(low, max(low, high) + 1))
    return total


PIECES = st.sampled_from(
    ["A", "[AB]", "(A", "(?:A|", "|", ")", "*", "+", "?", "{2}", "{,3}", "{1,4}", "{2,}", "{}", r"\w"]
)


@given(st.lists(PIECES, max_size=12).map("".join))
def test_whatever_is_read_has_few_ways_by_another_count(pattern: str) -> None:
    """The same count over the tree that `re` itself makes of the pattern."""
    try:
        found = read(pattern)
    except ProfileInvalid:
        return
    assert found is not None
    assert ways(re._parser.parse(pattern)) <= MOST_TRIES  # type: ignore[attr-defined]
