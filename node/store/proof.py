"""Everything stored about one exchange that an evidence file needs, read at one moment."""

from dataclasses import dataclass

from node.errors import EvidenceIncomplete, StoreCorrupt
from node.model.envelope import Seal
from node.model.exchange import Direction, Exchange
from node.model.receipt import SignedReceipt
from node.store.database import Tx
from node.store.exchanges import StoredDocument, documents
from node.store.receipts import issued, settled
from node.store.retention import tombstones
from node.store.sealed import StoredSealed, sealed
from node.store.seals import seals


@dataclass(frozen=True, slots=True)
class StoredProof:
    """A paper as it was sealed, and the receipt that answers it: the partner's for ours, ours for the partner's."""

    exchange: Exchange
    document: StoredDocument | None
    """None when it was purged."""
    sealed: StoredSealed
    seal: Seal
    receipt: SignedReceipt


def proof_of(tx: Tx, exchange: Exchange) -> StoredProof:
    """What proves this exchange; raises EvidenceIncomplete while, or because, a part of it is not there."""
    key, ids = exchange.id, [exchange.id]
    receipt = (settled if exchange.direction is Direction.OUT else issued)(tx, ids).get(key)
    if receipt is None:
        raise EvidenceIncomplete(exchange=key, detail="there is no receipt")
    paper = sealed(tx, ids).get(key)
    if paper is None:
        raise EvidenceIncomplete(exchange=key, detail="the paper was never sealed, or was not stored")
    document = documents(tx, ids).get(key)
    if document is None and key not in tombstones(tx, ids):
        raise EvidenceIncomplete(exchange=key, detail="the document was not stored")
    seal = seals(tx, [paper.seal_id]).get(paper.seal_id)
    if seal is None:
        raise StoreCorrupt(what="seal")
    return StoredProof(exchange, document, paper, seal, receipt.signed)
