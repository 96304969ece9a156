"""Digests, leaves, Merkle trees and consistency proofs, computed here with hashlib alone."""

import hashlib
from collections.abc import Sequence

from messages import ACCEPTED, FINDINGS, HEADER, METADATA
from raw import canonical, encode
from scenery import as_json, seed

from node.protocol.n2n.v1 import answer_pb2, envelope_pb2

COUNTS = (1, 2, 3, 5, 8, 64)
LOG_SIZE = 11


def all_trees() -> dict[str, bytes]:
    """The three files."""
    return {"digests.json": _digests(), "merkle.json": _merkle(), "consistency.json": _consistency()}


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """RFC 6962 2.1, for leaves that are hashed already."""
    if len(leaves) == 1:
        return leaves[0]
    split = _split(len(leaves))
    return sha256(b"\x01" + root(leaves[:split]) + root(leaves[split:]))


def path(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """RFC 6962 2.1.1, leaf end first."""
    if len(leaves) == 1:
        return []
    split = _split(len(leaves))
    if index < split:
        return [*path(leaves[:split], index), root(leaves[split:])]
    return [*path(leaves[split:], index - split), root(leaves[:split])]


def consistency(leaves: Sequence[bytes], old: int, whole: bool = True) -> list[bytes]:
    """RFC 6962 2.1.2: that the first `old` leaves are the beginning of this tree."""
    if old == len(leaves):
        return [] if whole else [root(leaves)]
    split = _split(len(leaves))
    if old <= split:
        return [*consistency(leaves[:split], old, whole), root(leaves[split:])]
    return [*consistency(leaves[split:], old - split, False), root(leaves[:split])]


def _split(count: int) -> int:
    return 1 << (count - 1).bit_length() - 1


def _hex(nodes: Sequence[bytes]) -> list[str]:
    return [node.hex() for node in nodes]


def _digests() -> bytes:
    salt, header = seed("salt"), encode(canonical(envelope_pb2.Header.DESCRIPTOR, HEADER))
    metadata, document = encode(canonical(envelope_pb2.Metadata.DESCRIPTOR, METADATA)), b"<Paper/>"
    body_digest = sha256(salt + sha256(metadata) + sha256(document))
    receipts = [
        encode(canonical(answer_pb2.Receipt.DESCRIPTOR, fields))
        for fields in (ACCEPTED, {**ACCEPTED, "verdict": "VERDICT_REFUSED", "findings": FINDINGS})
    ]
    return as_json(
        {
            "paper": {
                "salt": salt.hex(),
                "metadata": metadata.hex(),
                "document": document.hex(),
                "header": header.hex(),
                "metadata_sha256": sha256(metadata).hex(),
                "document_sha256": sha256(document).hex(),
                "header_sha256": sha256(header).hex(),
                "body_digest": body_digest.hex(),
                "leaf": sha256(b"\x00" + sha256(header) + body_digest).hex(),
            },
            "receipts": [{"receipt": one.hex(), "leaf": sha256(b"\x00" + one).hex()} for one in receipts],
        }
    )


def _merkle() -> bytes:
    leaves = [sha256(b"\x00" + bytes([number])) for number in range(max(COUNTS))]
    trees = [
        {
            "count": count,
            "root": root(leaves[:count]).hex(),
            "paths": {str(index): _hex(path(leaves[:count], index)) for index in range(count) if _shown(index, count)},
        }
        for count in COUNTS
    ]
    return as_json({"leaves": _hex(leaves), "trees": trees, "refused": _refused_paths(leaves[:5])})


def _shown(index: int, count: int) -> bool:
    """All paths of small trees; of the large one those at its corners."""
    return count < max(COUNTS) or index in (0, 1, 31, 32, 62, 63)


def _refused_paths(leaves: Sequence[bytes]) -> list[dict[str, object]]:
    top = root(leaves)
    right = path(leaves, 4)

    def case(name: str, index: int, nodes: Sequence[bytes], leaf: bytes = leaves[4]) -> dict[str, object]:
        return {
            "name": name,
            "leaf": leaf.hex(),
            "index": index,
            "count": len(leaves),
            "path": _hex(nodes),
            "root": top.hex(),
        }

    return [
        case("the neighbour's index", 3, right),
        case("an index that is not below the count", 5, right),
        case("another leaf", 4, right, leaves[3]),
        case("one node too many", 4, [*right, top]),
        case("one node too few", 4, right[:-1]),
        case("a node of 31 bytes", 4, [right[0][:31]]),
        case("the path from the root end", 0, path(leaves, 0)[::-1], leaves[0]),
        case("an inner node taken for a leaf", 0, path(leaves, 0)[1:], root(leaves[:2])),
    ]


def _consistency() -> bytes:
    leaves = [sha256(b"\x00" + bytes([number])) for number in range(LOG_SIZE)]
    proofs = [
        {
            "from": old,
            "to": new,
            "old_root": root(leaves[:old]).hex(),
            "new_root": root(leaves[:new]).hex(),
            "proof": _hex(consistency(leaves[:new], old)),
        }
        for old, new in ((1, 1), (1, 2), (2, 3), (3, 7), (4, 7), (6, 8), (6, LOG_SIZE), (8, LOG_SIZE))
    ]
    grown = {**proofs[3], "name": "a log that was rewritten", "old_root": sha256(b"other").hex()}
    short = {**proofs[3], "name": "a proof without its last node", "proof": proofs[3]["proof"][:-1]}
    shrunk = {**proofs[3], "name": "a log that shrank", "from": 7, "to": 3}
    return as_json({"leaves": _hex(leaves), "proofs": proofs, "refused": [grown, short, shrunk]})
