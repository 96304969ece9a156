"""The Merkle tree over the receipts we issued to each partner, grown by what is appended and never worked out anew.

Appending n leaves to a log of N reads its edge (at most one hash per level) and writes the nodes that became whole; a
root or a proof is one read of as many hashes as the tree has levels.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import LargeBinary, bindparam, cast, func, select, union

from node.errors import StoreCorrupt
from node.model.ids import NodeCode
from node.store import tree
from node.store.database import Tx
from node.store.sql import ListStatement, Statement, as_bytes, as_text, insertion, insertion_if_absent
from node.store.tables import ISSUED_CHECKPOINT, LOG_NODE, RECEIPT, RECEIPT_LOG, ReceiptSide
from node.store.tree import Span

AT_ONCE = 500
"""Numbers in one question, far below what SQLite takes."""


@dataclass(frozen=True, slots=True)
class Stand:
    """A log as it stands: its size, its root, and the proof from the size that was asked about, if there is one."""

    size: int
    root: bytes
    proof: tuple[bytes, ...] | None = None


@dataclass(frozen=True, slots=True)
class Logged:
    """One receipt in its place of the log."""

    index: int
    message_id: str
    receipt: bytes


def append(tx: Tx, partner: NodeCode, size: int, leaves: Sequence[bytes]) -> None:
    """Append leaf hashes to the log that has `size` of them; call it while the log's number is reserved."""
    at = tree.peaks((0, size))
    found = hashes(tx, partner, at)
    made = tree.grow(size, [found[each] for each in at], leaves)
    _INSERT.run_all(tx, [(partner, number, node) for number, node in made])


def size_of(tx: Tx, partner: NodeCode) -> int:
    """How many receipts the log for `partner` holds."""
    rows = _SIZE.rows(tx, partner)
    return int(rows[0][0]) if rows else 0


def partners(tx: Tx, own: NodeCode) -> list[NodeCode]:
    """Whom we, `own`, issued receipts to, by code: whoever any of the tables tells of, for a row may be gone."""
    found = union(
        select(RECEIPT_LOG.c.partner),
        select(RECEIPT.c.partner).where(RECEIPT.c.direction == ReceiptSide.ISSUED),
        select(ISSUED_CHECKPOINT.c.partner).where(ISSUED_CHECKPOINT.c.partner != own),
    )
    return sorted(NodeCode(code) for code in tx.execute(found).scalars())


def stand(tx: Tx, partner: NodeCode, since: int | None = None) -> Stand:
    """The log's head, and the consistency proof from `since` leaves; no proof when the log is not that long."""
    size = size_of(tx, partner)
    whole = (0, size)
    proved = None if since is None or since > size else tree.consistency_spans(since, size)
    found = hashes(tx, partner, tree.needed([whole, *(proved or [])]))
    proof = None if proved is None else tuple(_folded(span, found) for span in proved)
    return Stand(size, _folded(whole, found), proof)


def inclusion(tx: Tx, partner: NodeCode, index: int, size: int) -> tuple[bytes, ...]:
    """The path of the receipt at `index` to the root of the first `size`, leaf end first (RFC 6962 2.1.1)."""
    spans = tree.inclusion_spans(index, size)
    found = hashes(tx, partner, tree.needed(spans))
    return tuple(_folded(span, found) for span in spans)


def hashes(tx: Tx, partner: NodeCode, numbers: Collection[int]) -> dict[int, bytes]:
    """The stored nodes with these numbers; raises StoreCorrupt when one is missing."""
    found = nodes(tx, partner, numbers)
    if len(found) != len(numbers):
        raise StoreCorrupt(what="log_node")
    return found


def nodes(tx: Tx, partner: NodeCode, numbers: Collection[int]) -> dict[int, bytes]:
    """The stored nodes with these numbers; those that are not there are missing."""
    if not numbers:
        return {}
    asked = sorted(numbers)
    found: dict[int, bytes] = {}
    for start in range(0, len(asked), AT_ONCE):
        part = asked[start : start + AT_ONCE]
        found |= {number: bytes(node) for number, node in _NODES.rows(tx, part, partner)}
    return found


def receipts(tx: Tx, partner: NodeCode, start: int, limit: int) -> list[Logged]:
    """Receipts of the log from index `start` on, in its order, at most `limit`; a gap is a gap."""
    columns = (
        RECEIPT.c.log_index,
        *(as_bytes(tx.dialect.name, one) for one in (RECEIPT.c.message_id, RECEIPT.c.receipt)),
    )
    query = select(*columns).where(RECEIPT.c.partner == partner, RECEIPT.c.log_index >= start)
    rows = tx.execute(query.order_by(RECEIPT.c.log_index).limit(limit))
    return [Logged(index, as_text(named), bytes(receipt)) for index, named, receipt in rows]


def unlogged(tx: Tx, partner: NodeCode) -> int:
    """How many receipts issued to `partner` have no place in its log; there should be none."""
    mine = (RECEIPT.c.partner == partner, RECEIPT.c.direction == ReceiptSide.ISSUED, RECEIPT.c.log_index.is_(None))
    return int(tx.execute(select(func.count()).select_from(RECEIPT).where(*mine)).scalar_one())


def keep_issued(tx: Tx, partner: NodeCode, size: int, note: bytes) -> None:
    """Keep a checkpoint that we are about to give; one for each size."""
    _INSERT_ISSUED.rows(tx, partner, size, note)


def issued(tx: Tx, partner: NodeCode) -> Mapping[int, bytes]:
    """The checkpoints of the log that we kept, by size."""
    query = select(ISSUED_CHECKPOINT.c.size, as_bytes(tx.dialect.name, ISSUED_CHECKPOINT.c.note)).where(
        ISSUED_CHECKPOINT.c.partner == partner
    )
    return {size: bytes(note) for size, note in tx.execute(query.order_by(ISSUED_CHECKPOINT.c.size))}


def last_issued(tx: Tx, partner: NodeCode) -> tuple[int, bytes] | None:
    """The largest size that we signed of the log, and the checkpoint."""
    newest = ISSUED_CHECKPOINT.c.size.desc()
    query = select(ISSUED_CHECKPOINT.c.size, as_bytes(tx.dialect.name, ISSUED_CHECKPOINT.c.note))
    row = tx.execute(query.where(ISSUED_CHECKPOINT.c.partner == partner).order_by(newest).limit(1)).first()
    return None if row is None else (row[0], bytes(row[1]))


def _folded(span: Span, found: Mapping[int, bytes]) -> bytes:
    return tree.fold([found[each] for each in tree.peaks(span)])


_SIZE = Statement(select(RECEIPT_LOG.c.size).where(RECEIPT_LOG.c.partner == bindparam("of")), "of")
# As bytes: SQLite lets anything lie there, and broken text would stop a reading.
_NODES = ListStatement(
    lambda numbers: (
        select(LOG_NODE.c.number, cast(LOG_NODE.c.hash, LargeBinary))
        .where(LOG_NODE.c.partner == bindparam("of"))
        .where(LOG_NODE.c.number.in_(numbers))
    ),
    "of",
)
_INSERT = insertion(LOG_NODE)
_INSERT_ISSUED = insertion_if_absent(ISSUED_CHECKPOINT)
