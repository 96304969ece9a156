"""Names of things: node codes, message ids, digests.

Distinct types for strings and bytes that look alike, so that a digest cannot be passed where a leaf is meant.
"""

import hashlib
import re
from collections.abc import Callable
from datetime import datetime
from typing import NewType
from uuid import UUID

from node.clock import from_ms, to_ms

NodeCode = NewType("NodeCode", str)
"""Code of a node, the same on both sides: `[A-Z]{2}[A-Z0-9]{0,14}` (protocol 1)."""

MessageId = NewType("MessageId", str)
"""UUIDv7 of an envelope, 36 lower-case characters, its time equal to the header's created_at (protocol 2)."""

ExchangeId = NewType("ExchangeId", str)
"""UUIDv7 of an exchange in this node's store; never crosses the border."""

Digest = NewType("Digest", bytes)
"""32 raw bytes of SHA-256."""

Leaf = NewType("Leaf", bytes)
"""32 raw bytes: SHA-256(0x00 || ...), a leaf of a Merkle tree (protocol 2, 3)."""

Randomness = Callable[[int], bytes]
"""The node's one source of randomness, handed in as an argument: n -> n random bytes (`secrets.token_bytes`)."""

NODE_CODE = re.compile(r"[A-Z]{2}[A-Z0-9]{0,14}", re.ASCII)
_UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", re.ASCII)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)


def sha256(data: bytes) -> Digest:
    """SHA-256 of `data`."""
    return Digest(hashlib.sha256(data).digest())


def uuid7(moment: datetime, random: Randomness) -> str:
    """A UUIDv7 (RFC 9562 5.7) for `moment` with 74 fresh random bits, 36 lower-case characters."""
    value = (to_ms(moment) << 80) | int.from_bytes(random(10), "big")
    value = value & ~(0xF << 76) | (0x7 << 76)
    value = value & ~(0x3 << 62) | (0x2 << 62)
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def uuid7_moment(identifier: str) -> datetime:
    """The moment inside a UUIDv7, UTC milliseconds; raises ValueError when it is not one."""
    if not is_uuid7(identifier):
        raise ValueError("not a UUIDv7")
    return from_ms(UUID(identifier).int >> 80)


def is_uuid7(text: str) -> bool:
    """Whether `text` is a UUIDv7 in the one spelling protocol v1 allows."""
    return _UUID7.fullmatch(text) is not None


def is_uuid(text: str) -> bool:
    """Whether `text` is a UUID in the one spelling protocol v1 allows."""
    return _UUID.fullmatch(text) is not None


def is_node_code(text: str) -> bool:
    """Whether `text` is a node code."""
    return NODE_CODE.fullmatch(text) is not None
