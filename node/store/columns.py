"""How values of the trade lie in columns: moments as milliseconds, lists as bytes or JSON text, and back."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import BigInteger, Dialect, Integer
from sqlalchemy.types import TypeDecorator

from node.clock import from_ms, to_ms
from node.errors import StoreCorrupt

HASH_BYTES = 32
"""SHA-256; a Merkle path is stored as its hashes one behind the other."""

_LENGTH_BYTES = 4
"""Big-endian length before every item of a blob list; 4 GiB is more than any signature."""

_NO_WORDS = "[]"
_ENCODE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode

SEQUENCE = BigInteger().with_variant(Integer, "sqlite")
"""A number the database counts up itself; SQLite does that only for columns declared INTEGER."""


class Moment(TypeDecorator[datetime]):
    """An aware UTC datetime as int64 milliseconds since 1970; a naive one is refused."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """To the database; raises ValueError for a naive datetime."""
        return None if value is None else to_ms(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """From the database, always UTC."""
        return None if value is None else from_ms(value)


def pack_path(path: Sequence[bytes]) -> bytes:
    """A Merkle path as one blob; raises ValueError unless every hash has 32 bytes."""
    if any(len(item) != HASH_BYTES for item in path):
        raise ValueError("a path holds hashes of 32 bytes only")
    return b"".join(path)


def unpack_path(blob: bytes) -> tuple[bytes, ...]:
    """The Merkle path of `pack_path`; raises ValueError when the blob is not whole hashes."""
    if len(blob) % HASH_BYTES:
        raise ValueError("not a whole number of hashes")
    return tuple(blob[at : at + HASH_BYTES] for at in range(0, len(blob), HASH_BYTES))


def pack_blobs(items: Sequence[bytes]) -> bytes:
    """Byte strings of any length as one blob, each behind its length."""
    return b"".join(len(item).to_bytes(_LENGTH_BYTES, "big") + item for item in items)


def unpack_blobs(blob: bytes) -> tuple[bytes, ...]:
    """The items of `pack_blobs`; raises ValueError when lengths and bytes do not add up."""
    items: list[bytes] = []
    at = 0
    while at < len(blob):
        start = at + _LENGTH_BYTES
        end = start + int.from_bytes(blob[at:start], "big")
        if end > len(blob):
            raise ValueError("an item is cut short")
        items.append(blob[start:end])
        at = end
    return tuple(items)


def pack_words(words: Sequence[str]) -> str:
    """A list of words as JSON text."""
    return _ENCODE(list(words)) if words else _NO_WORDS


def unpack_words(text: str) -> tuple[str, ...]:
    """The words of `pack_words`; raises ValueError when the text is something else."""
    if text == _NO_WORDS:
        return ()
    words = json.loads(text)
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise ValueError("not a list of words")
    return tuple(words)


def pack_fields(fields: Mapping[str, str]) -> str:
    """Named texts as JSON, names sorted so that equal fields are equal text."""
    return _ENCODE(dict(fields))


def unpack_fields(text: str) -> dict[str, str]:
    """The fields of `pack_fields`; raises ValueError when the text is something else."""
    fields = json.loads(text)
    if not isinstance(fields, dict) or not all(isinstance(value, str) for value in fields.values()):
        raise ValueError("not named texts")
    return fields


@contextmanager
def intact(what: str) -> Iterator[None]:
    """Rows are read inside; a value that cannot have been written by us raises StoreCorrupt naming `what`."""
    try:
        yield
    except (LookupError, ValueError, OverflowError, TypeError) as error:
        raise StoreCorrupt(what=what) from error
