"""Seals, theirs and ours. Many papers or receipts share one, and it may come again with every retry: stored once."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select

from node.model.envelope import Purpose, Seal
from node.model.ids import NodeCode, sha256
from node.store.database import Tx
from node.store.sql import ListStatement, insertion_if_absent, ms
from node.store.tables import SEAL


def seal_id(seal: Seal) -> str:
    """Name of a seal in this store: a digest of its bytes, so that the same seal has the same name."""
    return sha256(sha256(seal.manifest) + sha256(seal.signature)).hex()


def insert_seal(tx: Tx, seal: Seal, purpose: Purpose, issued_by_us: bool, partner: NodeCode, now: datetime) -> str:
    """Store a seal unless it is there already; its id. `partner` is the other side, whoever made the seal."""
    identifier = seal_id(seal)
    _INSERT.rows(tx, identifier, purpose.value, issued_by_us, partner, seal.manifest, seal.signature, ms(now))
    return identifier


def seals(tx: Tx, seal_ids: Collection[str]) -> dict[str, Seal]:
    """The seals with these ids; unknown ids are missing from the result."""
    return {key: Seal(manifest, signature) for key, manifest, signature in _LOAD.rows(tx, seal_ids)}


_INSERT = insertion_if_absent(SEAL)
_LOAD = ListStatement(lambda ids: select(SEAL.c.id, SEAL.c.manifest, SEAL.c.signature).where(SEAL.c.id.in_(ids)))
