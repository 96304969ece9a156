"""The only door for JSON: strict where the standard leaves readers free to differ.

Two members of one name, numbers that a double cannot hold, half a character: whatever two systems may read differently
is refused, so that no two parts of the node, and no two nodes, see two documents in the same bytes (RFC 7493).
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import accumulate
from typing import NoReturn

from node.errors import JsonCharacterRefused, JsonNameTwice, JsonNumberRefused, JsonTooLarge, NotJson

Json = str | int | Decimal | bool | list["Json"] | dict[str, "Json"] | None
"""What `parse` returns. Whole numbers are int; a number with a point or exponent is the exact Decimal as written."""


@dataclass(frozen=True, slots=True)
class JsonLimits:
    """What a document may cost us: its size in bytes, and the objects and lists around and including the deepest."""

    size_bytes: int
    depth: int


DOCUMENT_LIMITS = JsonLimits(size_bytes=1 << 20, depth=100)
"""A paper that travels inline: 1 MiB (protocol 1), as deep as XML may be (security 2.8)."""

LARGEST_WHOLE = (1 << 53) - 1
"""Every reader holds whole numbers up to here exactly, above or below the sign (RFC 7493 2.2)."""

MAX_NUMBER = 64
"""Characters of a number; no quantity needs more, and long ones cost time that grows with their square."""

_BOM = b"\xef\xbb\xbf"

# Strings are taken out whole, also one that never ends, so the search is linear in the size of the document.
_STRINGS = re.compile(rb'"(?:[^"\\]+|\\.)*+"?', re.DOTALL)
_NO_BRACKETS = bytes(set(range(256)).difference(b"[]{}"))
_NO_BRACKETS_OR_MARKS = _NO_BRACKETS.replace(b'"', b"")
_STEP = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}

# What XML cannot hold either, so that a text means the same in both forms of paper.
_UNFIT = re.compile("(?P<control>[\x00-\x08\x0b\x0c\x0e-\x1f])|(?P<surrogate>[\ud800-\udfff])|(?P<non>[\ufffe\uffff])")
_NONCHARACTERS = ("\ufffe".encode(), "\uffff".encode())
_ESCAPES = (rb"\u", rb"\b", rb"\f")
"""What can write a character that may not stand there by itself."""
_UNFIT_WORDS = {"control": "a control character", "surrogate": "half a surrogate pair", "non": "a noncharacter"}


def parse(data: bytes, limits: JsonLimits = DOCUMENT_LIMITS) -> Json:
    """The value in `data`, which is UTF-8 JSON without byte order mark (RFC 8259, RFC 7493).

    Raises NotJson, JsonNameTwice, JsonTooLarge, JsonNumberRefused and JsonCharacterRefused; none of them quotes the
    document.
    """
    if len(data) > limits.size_bytes:
        raise JsonTooLarge(limit=f"{limits.size_bytes} bytes")
    if data.startswith(_BOM):
        raise NotJson(detail="it begins with a byte order mark")
    text = _text(data)
    _refuse_depth(data, limits)
    value = _value(text)
    _refuse_characters(value, data, text)
    return value


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8", errors="strict")
    except UnicodeDecodeError as error:
        raise NotJson(detail=f"not UTF-8 at byte {error.start}") from error


def _refuse_depth(data: bytes, limits: JsonLimits) -> None:
    """Counted before anything is built: the parser calls itself once per level."""
    if data.count(b"[") + data.count(b"{") <= limits.depth:
        return
    if b"\\" in data:
        brackets = _STRINGS.sub(b"", data).translate(None, _NO_BRACKETS)
    else:  # without escapes, every second piece between quotation marks is the inside of a text
        brackets = b"".join(data.translate(None, _NO_BRACKETS_OR_MARKS).split(b'"')[::2])
    if max(accumulate(map(_STEP.__getitem__, brackets)), default=0) > limits.depth:
        raise JsonTooLarge(limit=f"depth {limits.depth}")


def _value(text: str) -> Json:
    try:
        value: Json = json.loads(
            text, object_pairs_hook=_object, parse_int=_whole, parse_float=_decimal, parse_constant=_constant
        )
    except json.JSONDecodeError as error:
        raise NotJson(detail=f"at line {error.lineno}, column {error.colno}") from error
    return value


def _object(members: list[tuple[str, Json]]) -> dict[str, Json]:
    known = dict(members)
    if len(known) != len(members):
        raise JsonNameTwice
    return known


# --- numbers --------------------------------------------------------------------------------------------------------


def _whole(numeral: str) -> int:
    if numeral == "-0":
        raise JsonNumberRefused(detail="negative zero")
    if len(numeral) > MAX_NUMBER or abs(number := int(numeral)) > LARGEST_WHOLE:
        raise JsonNumberRefused(detail=f"a whole number beyond {LARGEST_WHOLE}")
    return number


def _decimal(numeral: str) -> Decimal:
    """The exact number, if a reader that knows only doubles would write the same one again."""
    if len(numeral) > MAX_NUMBER:
        raise JsonNumberRefused(detail=f"a number of more than {MAX_NUMBER} characters")
    number = Decimal(numeral)
    if number.is_zero() and number.is_signed():
        raise JsonNumberRefused(detail="negative zero")
    if Decimal(repr(float(numeral))) != number:
        raise JsonNumberRefused(detail="a number that a double cannot hold exactly")
    return number


def _constant(_: str) -> NoReturn:
    raise JsonNumberRefused(detail="NaN or Infinity")


# --- characters -----------------------------------------------------------------------------------------------------


def _refuse_characters(value: Json, data: bytes, text: str) -> None:
    # The parser takes no control characters as they are, and UTF-8 has no halves of pairs: noncharacters remain.
    if any(octets in data for octets in _NONCHARACTERS):
        _refuse_in(text)
    if b"\\" not in data or not any(escape in data for escape in _ESCAPES):
        return  # texts hold what the bytes hold, and those were looked at
    texts = list(_texts(value))
    if _UNFIT.search("".join(texts)) is not None:  # one look at everything spares a look at each in most documents
        for one in texts:
            _refuse_in(one)


def _texts(value: Json) -> Iterator[str]:
    """Every text in `value`, names too."""
    waiting: list[Json] = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, list):
            waiting += one
        elif isinstance(one, dict):
            waiting += one
            waiting += one.values()


def _refuse_in(text: str) -> None:
    found = _UNFIT.search(text)
    if found is not None and found.lastgroup is not None:
        raise JsonCharacterRefused(detail=_UNFIT_WORDS[found.lastgroup])
