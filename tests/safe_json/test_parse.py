"""What the only door for JSON lets through, and what it does not (RFC 8259, RFC 7493)."""

import json
from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.errors import JsonCharacterRefused, JsonError, JsonNameTwice, JsonNumberRefused, NotJson
from node.safe_json import LARGEST_WHOLE, parse

SECRET = "hunter2"

BROKEN = {
    "nothing": b"",
    "white space only": b" \n ",
    "a word": b"hello",
    "XML": b"<a/>",
    "unclosed object": b'{"a": 1',
    "unclosed list": b"[1",
    "unclosed text": b'["a',
    "crossed": b'{"a": [1}]',
    "brackets the wrong way": b"]" * 200 + b"[" * 90,
    "two values": b"{} {}",
    "a value and a comma": b"{},",
    "trailing text": b"{}x",
    "trailing NUL": b"{}\0",
    "comma before the end": b'{"a": 1,}',
    "comma before the end of a list": b"[1,]",
    "two commas": b"[1,,2]",
    "no colon": b'{"a" 1}',
    "name without quotes": b"{a: 1}",
    "single quotes": b"{'a': 1}",
    "a number as a name": b"{1: 2}",
    "comment": b"[1] // no",
    "comment inside": b"[/* no */ 1]",
    "leading zero": b"[01]",
    "plus sign": b"[+1]",
    "point without digits": b"[1.]",
    "no digit before the point": b"[.5]",
    "exponent without digits": b"[1e]",
    "hexadecimal": b"[0x10]",
    "digits of another script": "[\u0661]".encode(),
    "True": b"[True]",
    "None": b"[None]",
    "undefined": b"[undefined]",
    "unknown escape": rb'["\x41"]',
    "escape of three digits": rb'["\u041"]',
    "raw control character": b'["\x01"]',
    "raw line break in a text": b'["a\nb"]',
    "raw tab in a text": b'["a\tb"]',
    "no-break space between values": "[1,\u00a02]".encode(),
    "byte order mark": b"\xef\xbb\xbf{}",
    "broken UTF-8": b'["\xff"]',
    "overlong UTF-8": b'["\xc0\xaf"]',
    "a surrogate in UTF-8": b'["\xed\xa0\x80"]',
    "cut in the middle of a character": '["字'.encode()[:-1],
    "UTF-16": "{}".encode("utf-16"),
    "UTF-16 without mark": '{"a":1}'.encode("utf-16-le"),
    "UTF-32": "{}".encode("utf-32-le"),
}


@pytest.mark.parametrize("document", BROKEN.values(), ids=BROKEN.keys())
def test_what_is_not_plain_json_in_utf_8_is_refused(document: bytes) -> None:
    with pytest.raises(NotJson):
        parse(document)


TWICE = {
    "plain": b'{"a": 1, "a": 2}',
    "the same value": b'{"a": 1, "a": 1}',
    "with another between": b'{"a": 1, "b": 2, "a": 3}',
    "spelt by an escape": rb'{"status": "40", "st\u0061tus": "10"}',
    "deep inside": b'[{"x": [{"a": 1, "a": 2}]}]',
    "empty names": b'{"": 1, "": 2}',
    "beyond the basic plane": '{"𠮷": 1, "\\ud842\\udfb7": 2}'.encode(),
}


@pytest.mark.parametrize("document", TWICE.values(), ids=TWICE.keys())
def test_two_members_of_one_name_are_refused(document: bytes) -> None:
    with pytest.raises(JsonNameTwice):
        parse(document)


def test_the_same_name_in_two_objects_is_no_clash() -> None:
    assert parse(b'[{"a": 1}, {"a": {"a": 2}}]') == [{"a": 1}, {"a": {"a": 2}}]


NUMBERS = {
    "NaN": b"NaN",
    "Infinity": b"Infinity",
    "negative Infinity": b"-Infinity",
    "too large for a double": b"1e400",
    "too small for a double": b"1e-400",
    "an exponent out of this world": b"1e999999999999",
    "more digits than a double holds": b"0.12345678901234567890",
    "a whole number beyond doubles": b"9007199254740993",
    "a whole number beyond doubles, with a point": b"9007199254740993.0",
    "negative zero": b"-0",
    "negative zero with a point": b"-0.0",
    "negative zero with an exponent": b"-0e5",
}


@pytest.mark.parametrize("number", NUMBERS.values(), ids=NUMBERS.keys())
def test_a_number_that_readers_read_differently_is_refused(number: bytes) -> None:
    for document in (number, b"[" + number + b"]", b'{"a": ' + number + b"}"):
        with pytest.raises(JsonNumberRefused):
            parse(document)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0),
        ("-1", -1),
        ("0.1", Decimal("0.1")),
        ("0.10", Decimal("0.10")),
        ("-2.5e-3", Decimal("-0.0025")),
        ("1E2", Decimal("1E+2")),
        ("0.30000000000000004", Decimal("0.30000000000000004")),
        ("1234567.890123", Decimal("1234567.890123")),
    ],
)
def test_a_number_is_kept_exactly_as_written(text: str, number: int | Decimal) -> None:
    value = parse(text.encode())
    assert type(value) is type(number)
    assert str(value) == str(number)


UNFIT = {
    "NUL": r"\u0000",
    "bell": r"\u0007",
    "backspace": r"\b",
    "form feed": r"\f",
    "escape": r"\u001b",
    "half a pair": r"\ud800",
    "the other half": r"\udfb7",
    "a pair the wrong way": r"\udfb7\ud842",
    "half a pair before a letter": r"\ud842a",
    "noncharacter": r"\uffff",
    "noncharacter in plain": "\ufffe",
}


@pytest.mark.parametrize("text", UNFIT.values(), ids=UNFIT.keys())
def test_a_character_that_xml_could_not_hold_is_refused_in_texts_and_names(text: str) -> None:
    for document in (f'"{text}"', f'["a", ["{text}"]]', f'{{"{text}": 1}}', f'{{"a": {{"b": "x{text}"}}}}'):
        with pytest.raises(JsonCharacterRefused):
            parse(document.encode())


GOOD = {
    "object": (b'{"a": [1, true, false, null, "x"]}', {"a": [1, True, False, None, "x"]}),
    "white space around": (b' \t\r\n{ "a" : 1 }\n', {"a": 1}),
    "empty object": (b"{}", {}),
    "bare text": (b'"x"', "x"),
    "line breaks by escape": (rb'"a\r\n\tb"', "a\r\n\tb"),
    "a pair of surrogates": (rb'"\ud842\udfb7"', "𠮷"),
    "beyond the basic plane": ('"𠮷𪚥"'.encode(), "𠮷𪚥"),
    "escaped solidus and quote": (rb'"\/\"\\"', '/"\\'),
    "order is kept": (b'{"b": 1, "a": 2}', {"b": 1, "a": 2}),
}


@pytest.mark.parametrize(("document", "value"), GOOD.values(), ids=GOOD.keys())
def test_plain_documents_pass(document: bytes, value: object) -> None:
    assert parse(document) == value
    assert repr(parse(document)) == repr(value)


@pytest.mark.parametrize(
    "document",
    [b"[hunter2]", b'{"hunter2": 1, "hunter2": 2}', rb'["hunter2\u0000"]', rb'["\hunter2"]', b'{"hunter2" 1}'],
)
def test_an_error_never_quotes_the_document(document: bytes) -> None:
    with pytest.raises(JsonError) as caught:
        parse(document)
    assert SECRET not in str(caught.value)
    assert SECRET not in repr(caught.value.fields)


def test_a_syntax_error_tells_where() -> None:
    with pytest.raises(NotJson, match="line 2, column 3"):
        parse(b'{"a": 1,\n  b}')


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_by_an_error_of_ours(data: bytes) -> None:
    # Anything but a JsonError fails the test by itself.
    with suppress(JsonError):
        parse(data)


_CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\ufffe\uffff").filter(
    lambda character: character >= " " or character in "\t\r\n"
)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-LARGEST_WHOLE, LARGEST_WHOLE) | st.text(_CHARACTERS, max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(_CHARACTERS, max_size=8), inner, max_size=4),
    max_leaves=20,
)


@given(_VALUES, st.booleans())
def test_what_a_careful_writer_writes_is_read_as_it_was_meant(value: object, plain: bool) -> None:
    assert parse(json.dumps(value, ensure_ascii=plain).encode()) == value


@given(_VALUES, st.integers(0, 200), st.binary(max_size=4))
def test_any_edit_of_a_document_is_read_or_refused_by_an_error_of_ours(value: object, place: int, junk: bytes) -> None:
    document = json.dumps(value).encode()
    with suppress(JsonError):
        parse(document[:place] + junk + document[place:])


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_number_that_a_double_can_write_is_read_exactly(number: float) -> None:
    text = repr(number)
    if text.startswith("-0.0") and float(text) == 0:
        return
    value = parse(text.encode())
    assert isinstance(value, Decimal)
    assert float(value) == number
