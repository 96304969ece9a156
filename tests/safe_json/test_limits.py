"""Every limit of the parser at one below, at, and one above."""

from collections.abc import Callable

import pytest

from node.errors import JsonNumberRefused, JsonTooLarge, NotJson
from node.safe_json import DOCUMENT_LIMITS, LARGEST_WHOLE, MAX_NUMBER, JsonLimits, parse

WIDE = JsonLimits(size_bytes=1 << 20, depth=100)


def _of_size(count: int) -> bytes:
    return b'["' + b"x" * (count - 4) + b'"]'


def _of_lists(count: int) -> bytes:
    return b"[" * count + b"]" * count


def _of_objects(count: int) -> bytes:
    return b'{"a":' * count + b"0" + b"}" * count


def _of_both(count: int) -> bytes:
    return b'[{"a":' * (count // 2) + b"[]" * (count % 2) + b"0" * (1 - count % 2) + b"}]" * (count // 2)


CASES = [
    pytest.param(_of_size, JsonLimits(200, 100), 200, id="size"),
    pytest.param(_of_size, DOCUMENT_LIMITS, 1 << 20, id="size of a document"),
    pytest.param(_of_lists, JsonLimits(1000, 7), 7, id="lists"),
    pytest.param(_of_objects, JsonLimits(1000, 7), 7, id="objects"),
    pytest.param(_of_both, JsonLimits(1000, 7), 7, id="lists and objects"),
    pytest.param(_of_lists, DOCUMENT_LIMITS, 100, id="depth of a document"),
]


@pytest.mark.parametrize(("make", "limits", "limit"), CASES)
def test_a_limit_holds_exactly(make: Callable[[int], bytes], limits: JsonLimits, limit: int) -> None:
    parse(make(limit - 1), limits)
    parse(make(limit), limits)
    with pytest.raises(JsonTooLarge):
        parse(make(limit + 1), limits)


@pytest.mark.parametrize("sign", [1, -1])
def test_whole_numbers_end_where_doubles_do(sign: int) -> None:
    assert LARGEST_WHOLE == 9_007_199_254_740_991
    for number in (LARGEST_WHOLE - 1, LARGEST_WHOLE):
        assert parse(str(sign * number).encode()) == sign * number
    with pytest.raises(JsonNumberRefused):
        parse(str(sign * (LARGEST_WHOLE + 1)).encode())


def test_a_number_has_so_many_characters_and_no_more() -> None:
    for count in (MAX_NUMBER - 1, MAX_NUMBER):
        parse(b"0.5" + b"0" * (count - 3))
    with pytest.raises(JsonNumberRefused):
        parse(b"0.5" + b"0" * (MAX_NUMBER - 2))


@pytest.mark.parametrize("digits", [65, 5_000, 1_000_000])
def test_a_number_of_a_million_digits_costs_nothing(digits: int) -> None:
    with pytest.raises(JsonNumberRefused):
        parse(b"9" * digits)


def test_depth_beyond_what_the_interpreter_bears_is_too_large_and_not_an_accident() -> None:
    for document in (_of_lists(500_000), b"[" * (1 << 20), b'{"a":' * 200_000):
        with pytest.raises(JsonTooLarge):
            parse(document)


def test_brackets_inside_texts_do_not_count_and_do_not_hide_others() -> None:
    limits = JsonLimits(size_bytes=1000, depth=3)
    parse(rb'["[[[[", "\"[[[[", "\\", [[]]]', limits)
    for document in (rb'["]]]]", [[[]]]]', rb'["\"]]]]\\", [[[]]]]', rb'["\\", [[["]"]]]]'):
        with pytest.raises(JsonTooLarge):
            parse(document, limits)


def test_many_lists_side_by_side_are_not_deep() -> None:
    assert len(parse(b"[" + b"[]," * 1000 + b"[]]")) == 1001  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "document", [b"[{" * 60 + b'"' + rb"\"" * 500_000, b'"' * 1_000_001, b'["' + b"\\" * 1_000_000]
)
def test_a_text_that_never_ends_takes_linear_time(document: bytes) -> None:
    with pytest.raises((NotJson, JsonTooLarge)):
        parse(document)
