"""A protobuf writer that can also write what no library would: the good bytes and every bad spelling of them.

encode([(1, "text"), (5, 3), (2, b"bytes")])    fields in the order given, as they are given
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from google.protobuf.descriptor import Descriptor, FieldDescriptor


@dataclass(frozen=True)
class Overlong:
    """A number written with one byte more than it needs."""

    value: int


Value = int | bytes | str | Overlong
Field = tuple[int, Value]


def encode(fields: Sequence[Field]) -> bytes:
    """The fields, one behind the other."""
    return b"".join(_field(number, value) for number, value in fields)


def canonical(kind: Descriptor, fields: Mapping[str, object]) -> list[Field]:
    """The fields of a message as JSON vectors name them (bytes in hex, enum values by name), in the canonical order."""
    chosen: list[Field] = []
    for field in sorted(kind.fields, key=lambda one: one.number):
        if field.name in fields:
            given = fields[field.name]
            if isinstance(given, list):
                chosen += [(field.number, _value(field, value)) for value in given]
            elif given or isinstance(given, dict):  # a default is not written, an empty message is
                chosen.append((field.number, _value(field, given)))
    return chosen


def _value(field: FieldDescriptor, value: object) -> Value:
    match value:
        case dict() if field.message_type is not None:
            return encode(canonical(field.message_type, value))
        case str() if field.enum_type is not None:
            return field.enum_type.values_by_name[value].number
        case str() if field.type == FieldDescriptor.TYPE_BYTES:
            return bytes.fromhex(value)
        case bool() | int():
            return int(value)
        case str():
            return value
        case _:
            raise TypeError(field.full_name)


def varint(value: int) -> bytes:
    """Base 128, least significant group first; negative numbers as 64-bit two's complement."""
    value &= (1 << 64) - 1
    groups = bytearray()
    while value >= 0x80:
        groups.append(value & 0x7F | 0x80)
        value >>= 7
    groups.append(value)
    return bytes(groups)


def _field(number: int, value: Value) -> bytes:
    match value:
        case Overlong():
            short = varint(value.value)
            return varint(number << 3) + short[:-1] + bytes([short[-1] | 0x80, 0x00])
        case int():
            return varint(number << 3) + varint(value)
        case str():
            return _field(number, value.encode())
        case bytes():
            return varint(number << 3 | 2) + varint(len(value)) + value
