"""What a log says of itself, signed: how many receipts it holds and their Merkle root (protocol 3, Witnessing)."""

from dataclasses import dataclass

from node.model.ids import NodeCode

MAX_LOG_SIZE = 2**63 - 1
"""The largest count that an int64 holds; no log comes near it, and no note may make us reckon further."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The head of the log that `signer` keeps of its receipts for `partner`; `note` is the signed bytes."""

    signer: NodeCode
    partner: NodeCode
    size: int
    root: bytes
    note: bytes


@dataclass(frozen=True, slots=True)
class ConsistencyProof:
    """RFC 6962 2.1.2: the tree of the first `from_size` leaves is a beginning of the checkpoint's."""

    from_size: int
    nodes: tuple[bytes, ...] = ()
