"""Where the nodes of a growing Merkle tree (RFC 6962 2.1) stand, and which of them a root or a proof is made of.

A perfect subtree, once whole, never changes: only these are kept, each under one number that counts the nodes of an
endless tree from left to right. Leaf i is number 2i, and what lies above it stands between its neighbours. Everything
else – the root of a tree that is not full, the nodes of a proof – is folded from at most one of them per level.
"""

from collections.abc import Sequence
from itertools import chain

from node import merkle

Span = tuple[int, int]
"""Leaves from (inclusive) and to (exclusive) that one hash of a proof stands for."""


def number(level: int, position: int) -> int:
    """The number of the node that is `level` above the leaves and `position` from the left."""
    return ((2 * position + 1) << level) - 1


def peaks(span: Span) -> list[int]:
    """The numbers of the perfect subtrees that a span of the tree consists of, left to right."""
    low, high = span
    found = []
    while low < high:
        level = (high - low).bit_length() - 1
        found.append(number(level, low >> level))
        low += 1 << level
    return found


def fold(hashes: Sequence[bytes]) -> bytes:
    """The hash over perfect subtrees given from left to right; of none, that of the empty tree."""
    if not hashes:
        return merkle.root(())
    *rest, folded = hashes
    for left in reversed(rest):
        folded = merkle.node_hash(left, folded)
    return folded


def grow(size: int, edge: list[bytes], leaves: Sequence[bytes]) -> list[tuple[int, bytes]]:
    """The nodes that appending `leaves` to a tree of `size` makes whole; `edge`, its peaks, is brought along."""
    made = []
    for index, leaf in enumerate(leaves, size):
        level, node = 0, leaf
        made.append((number(0, index), node))
        while index >> level & 1:
            level, node = level + 1, merkle.node_hash(edge.pop(), node)
            made.append((number(level, index >> level), node))
        edge.append(node)
    return made


def consistency_spans(old: int, new: int) -> list[Span]:
    """What the nodes of the proof from a tree of `old` to one of `new` leaves stand for, in order (RFC 6962 2.1.2)."""
    if not 0 < old < new:
        return []
    low, high, whole = 0, new, True
    above: list[Span] = []
    while (rest := old - low) != high - low:
        split = low + _split(high - low)
        if rest <= split - low:
            above.append((split, high))
            high = split
        else:
            above.append((low, split))
            low, whole = split, False
    return [*([] if whole else [(low, high)]), *reversed(above)]


def inclusion_spans(index: int, size: int) -> list[Span]:
    """What the nodes of the path of leaf `index` in a tree of `size` stand for, leaf end first (RFC 6962 2.1.1)."""
    low, high = 0, size
    above: list[Span] = []
    while high - low > 1:
        split = low + _split(high - low)
        if index < split:
            above.append((split, high))
            high = split
        else:
            above.append((low, split))
            low = split
    return above[::-1]


def needed(spans: Sequence[Span]) -> list[int]:
    """The numbers of all nodes that these spans are folded from."""
    return sorted(set(chain.from_iterable(map(peaks, spans))))


def _split(count: int) -> int:
    """The largest power of two smaller than `count`."""
    return 1 << (count - 1).bit_length() - 1
