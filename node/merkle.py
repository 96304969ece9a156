"""The Merkle tree of RFC 6962 2.1: roots, inclusion paths and consistency proofs. Seals and logs share it.

Leaves given to these functions are leaf hashes already (32 bytes); `leaf_hash` makes one.
"""

import hashlib
from collections.abc import Sequence
from functools import lru_cache

HASH_BYTES = 32


def leaf_hash(data: bytes) -> bytes:
    """SHA-256(0x00 || data), 32 bytes (RFC 6962 2.1)."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 || left || right), 32 bytes (RFC 6962 2.1)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """The Merkle tree hash; SHA-256 of nothing for no leaves, a lone leaf is its own root (RFC 6962 2.1)."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = _split(len(leaves))
    return node_hash(root(leaves[:split]), root(leaves[split:]))


def paths(leaves: Sequence[bytes]) -> list[tuple[bytes, ...]]:
    """The inclusion path of every leaf in leaf order, leaf end first (RFC 6962 2.1.1)."""
    return root_and_paths(leaves)[1]


def root_and_paths(leaves: Sequence[bytes]) -> tuple[bytes, list[tuple[bytes, ...]]]:
    """Root and all inclusion paths at once: every node is hashed once.

    Rows are paired from the leaves up, and a node without neighbour moves up as it is: the same tree as splitting at
    the largest power of two from the root down.
    """
    found: list[list[bytes]] = [[] for _ in leaves]
    row, height = list(leaves), 0
    while len(row) > 1:
        for index, path in enumerate(found):
            neighbour = (index >> height) ^ 1
            if neighbour < len(row):
                path.append(row[neighbour])
        paired = [node_hash(row[at], row[at + 1]) for at in range(0, len(row) - 1, 2)]
        row, height = paired + row[len(row) & ~1 :], height + 1
    return (row[0] if row else root(())), [tuple(path) for path in found]


def root_from_path(leaf: bytes, index: int, count: int, path: Sequence[bytes]) -> bytes:
    """The root that `path` leads to for the leaf at `index` of `count` (RFC 6962 2.1.1).

    Raises ValueError when the index is not below the count, or the path does not have exactly the length and hash size
    that index and count demand.
    """
    if not 0 <= index < count:
        raise ValueError("no such leaf")
    if not {HASH_BYTES}.issuperset(map(len, (leaf, *path))):
        raise ValueError("not a hash")
    reached, at, last = leaf, index, count - 1  # place of the node and of the last one in this row
    for node in path:
        if not last:
            raise ValueError("path too long")
        if at & 1 or at == last:
            reached = _shared(node, reached)
            while not at & 1 and at:  # rows in which the node has no neighbour
                at, last = at >> 1, last >> 1
        else:
            reached = _shared(reached, node)
        at, last = at >> 1, last >> 1
    if last:
        raise ValueError("path too short")
    return reached


def consistency_proof(leaves: Sequence[bytes], m: int) -> tuple[bytes, ...]:
    """The proof that the tree of the first `m` leaves is a beginning of this one (RFC 6962 2.1.2).

    `m` is 1 to the number of leaves; raises ValueError otherwise.
    """
    if not 1 <= m <= len(leaves):
        raise ValueError("no such beginning")
    return tuple(_subproof(leaves, m, True))


def verify_consistency(m: int, n: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether `proof` shows that the tree of `n` leaves with `new_root` extends that of `m` with `old_root`.

    Follows RFC 6962 2.1.2; the empty tree (m = 0) is a beginning of every tree and needs an empty proof.
    """
    if not 0 <= m <= n or any(len(one) != HASH_BYTES for one in (old_root, new_root, *proof)):
        return False
    if m == 0:
        return not proof and old_root == root(())
    if m == n:
        return not proof and old_root == new_root
    try:
        old, new, rest = _rebuild(m, n, old_root, list(proof), True)
    except ValueError:
        return False
    return not rest and old == old_root and new == new_root


def _split(count: int) -> int:
    """The largest power of two smaller than `count` (RFC 6962 2.1)."""
    return 1 << (count - 1).bit_length() - 1


_shared = lru_cache(maxsize=512)(node_hash)
"""The paths of neighbours share their nodes: 64 paths of six have 63 different ones."""


def _subproof(leaves: Sequence[bytes], m: int, whole: bool) -> list[bytes]:
    """SUBPROOF of RFC 6962 2.1.2; `whole` while the subtree is one whose root the verifier knows."""
    if m == len(leaves):
        return [] if whole else [root(leaves)]
    split = _split(len(leaves))
    if m <= split:
        return [*_subproof(leaves[:split], m, whole), root(leaves[split:])]
    return [*_subproof(leaves[split:], m - split, False), root(leaves[:split])]


def _rebuild(m: int, n: int, known: bytes, proof: list[bytes], whole: bool) -> tuple[bytes, bytes, list[bytes]]:
    """Old root, new root, rest of the proof for a subtree of `n` leaves of which `m` are old; mirrors SUBPROOF."""
    if m == n:
        if whole:
            return known, known, proof
        if not proof:
            raise ValueError("proof too short")
        return proof[0], proof[0], proof[1:]
    split = _split(n)
    if m <= split:
        old, new, rest = _rebuild(m, split, known, proof, whole)
    else:
        old, new, rest = _rebuild(m - split, n - split, known, proof, False)
    if not rest:
        raise ValueError("proof too short")
    if m <= split:
        return old, node_hash(new, rest[0]), rest[1:]
    return node_hash(rest[0], old), node_hash(rest[0], new), rest[1:]
