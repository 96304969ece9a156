"""The small judges that reading and writing share: bounds, texts, moments, and the one canonical protobuf form."""

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from enum import IntEnum
from types import TracebackType
from typing import TypeVar

from google.protobuf.message import DecodeError, EncodeError, Message

from node.clock import from_ms
from node.errors import Malformed, NotCanonical, TooLarge
from node.wire.limits import DIGEST_BYTES, MAX_MOMENT_MS
from node.wire.rules import rule_of

M = TypeVar("M", bound=Message)
E = TypeVar("E", bound=IntEnum)
V = TypeVar("V")

KIND = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII)
ARRANGEMENT = re.compile(r"[a-z0-9][a-z0-9.-]{0,63}", re.ASCII)
VISIBLE = re.compile(r"[!-~]+", re.ASCII)
# Controls, line and paragraph separators, and the marks that reverse the reading direction of what follows. Listed by
# number, so that the answer does not depend on the Unicode tables of a Python version.
CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")

READS_BACK = "reads back as the value that was written"
"""The rule of everything that is written."""

_VARINT_BYTES = 10


def require(holds: bool, place: str) -> None:
    """Raise Malformed, quoting the rule of `Message.field`, unless it holds."""
    if not holds:
        raise broken(place)


def broken(place: str) -> Malformed:
    """The error that quotes the rule of `Message.field`."""
    return Malformed(field=place, rule=rule_of(place))


def within(data: bytes, limit: int, place: str) -> None:
    """Raise TooLarge when `data` is longer than `limit` bytes."""
    if len(data) > limit:
        raise TooLarge(field=place, limit=f"{limit} bytes")


def filled(data: bytes, limit: int, place: str) -> bytes:
    """`data`, when it is 1 to `limit` bytes long; raises Malformed or TooLarge."""
    within(data, limit, place)
    require(bool(data), place)
    return data


def is_plain(text: str, most: int, least: int = 1) -> bool:
    """Whether `text` has `least` to `most` characters and none that controls a terminal or the reading direction."""
    return least <= len(text) <= most and CONTROLS.search(text) is None


def is_digest(data: bytes) -> bool:
    """Whether `data` is as long as a SHA-256."""
    return len(data) == DIGEST_BYTES


def are_digests(listed: Iterable[bytes]) -> bool:
    """Whether each is as long as a SHA-256."""
    return {DIGEST_BYTES}.issuperset(map(len, listed))


def moment(milliseconds: int, place: str) -> datetime:
    """The moment, UTC; raises Malformed outside 1970 to 9999."""
    require(1 <= milliseconds <= MAX_MOMENT_MS, place)
    return from_ms(milliseconds)


def member(kind: type[E], number: int, place: str) -> E:
    """The member with that wire number; raises Malformed for unspecified and unknown ones."""
    try:
        return kind(number)
    except ValueError as error:
        raise broken(place) from error


def parse(kind: type[M], data: bytes) -> M:
    """`data` as a message of this kind; raises Malformed."""
    try:
        return kind.FromString(data)
    except DecodeError as error:
        raise Malformed(field=kind.DESCRIPTOR.name, rule="is a protobuf message of this kind") from error


def canonical(kind: type[M], data: bytes, limit: int) -> M:
    """`data` as a message, when it is the one form that protocol 1 allows; raises Malformed, NotCanonical or TooLarge.

    Writing again what was read, without what is unknown, catches duplicate, disordered, unknown, explicit-default,
    over-long and mistyped fields at once.
    """
    within(data, limit, kind.DESCRIPTOR.name)
    message = parse(kind, data)
    message.DiscardUnknownFields()
    if serialise(message) != data:
        raise NotCanonical(field=kind.DESCRIPTOR.name)
    return message


def serialise(message: Message) -> bytes:
    """The canonical bytes of `message`."""
    return message.SerializeToString(deterministic=True)


def bounded_fields(data: bytes, most: int, name: str) -> None:
    """Raise Malformed when `data` has more than `most` fields at its top level, or is cut inside one.

    Looks at tags and lengths only, so the work is bounded by `most` whatever the bytes are.
    """
    at, end = 0, len(data)
    for _ in range(most):
        if at == end:
            return
        at = _after_field(data, at, name)
        if at > end:
            raise _not_protobuf(name)
    if at != end:
        raise TooLarge(field=name, limit=f"{most} fields")


def _after_field(data: bytes, at: int, name: str) -> int:
    tag, at = _varint(data, at, name)
    match tag & 0b111:
        case 2:  # length-delimited
            length, at = _varint(data, at, name)
            return at + length
        case 0:  # varint
            return _varint(data, at, name)[1]
        case 1:  # 64 bits
            return at + 8
        case 5:  # 32 bits
            return at + 4
        case _:  # groups, which protocol v1 does not use
            raise _not_protobuf(name)


def _varint(data: bytes, at: int, name: str) -> tuple[int, int]:
    if at < len(data) and data[at] < 0x80:
        return data[at], at + 1
    value = 0
    for place, byte in enumerate(data[at : at + _VARINT_BYTES]):
        if byte < 0x80:
            return value | byte << (7 * place), at + place + 1
        value |= (byte & 0x7F) << (7 * place)
    raise _not_protobuf(name)


def _not_protobuf(name: str) -> Malformed:
    return Malformed(field=name, rule="is a protobuf message of this kind")


class writing:
    """Values that protobuf cannot hold (negative, too large, lone surrogates, naive moments) raise Malformed."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __enter__(self) -> None:
        pass

    def __exit__(self, _: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if isinstance(error, (TypeError, ValueError, OverflowError, EncodeError)):
            raise Malformed(field=self.name, rule="its values fit their field types") from error


def proved(name: str, message: M, limit: int, read: Callable[[M], V], value: V) -> bytes:
    """The bytes of `message`, once `read` has found in it, by the partner's rules, what was to be written.

    Raises TooLarge, Malformed, and what `read` raises. That bytes are read as the message that they were written from
    is protobuf's own promise; tests hold it.
    """
    with writing(name):
        data = serialise(message)
    within(data, limit, name)
    if read(message) != value:
        raise Malformed(field=name, rule=READS_BACK)
    return data
