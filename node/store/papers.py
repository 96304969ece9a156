"""Accepted papers by what names them, for the rules about the same paper and the same number (protocol 3, 5)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Self

from sqlalchemy import Row, Select, select, tuple_

from node.errors import RaceLost
from node.model.exchange import Direction, Exchange
from node.model.ids import Digest, ExchangeId, NodeCode
from node.store.database import Tx
from node.store.sql import insert_rows
from node.store.tables import PAPER


@dataclass(frozen=True, slots=True)
class NewPaper:
    """A paper that was accepted: its identity and the exchange that brought it."""

    exchange: ExchangeId
    partner: NodeCode
    direction: Direction
    issuer: str
    number: str
    version: str
    document_sha256: Digest
    kind: str
    chain_number: str

    @classmethod
    def of(cls, exchange: Exchange, chain_number: str = "") -> Self:
        """The paper that an exchange carries, in the chain that begins with `chain_number` (its own by default)."""
        return cls(
            exchange=exchange.id,
            partner=exchange.partner,
            direction=exchange.direction,
            issuer=exchange.issuer,
            number=exchange.number,
            version=exchange.version,
            document_sha256=Digest(exchange.document_sha256),
            kind=exchange.kind,
            chain_number=chain_number or exchange.number,
        )


@dataclass(frozen=True, slots=True)
class KnownPaper:
    """A paper we hold as accepted."""

    issuer: str
    number: str
    version: str
    document_sha256: Digest
    exchange: ExchangeId
    kind: str
    chain_number: str


def known(
    tx: Tx, partner: NodeCode, direction: Direction, keys: Collection[tuple[str, str]]
) -> dict[tuple[str, str], tuple[KnownPaper, ...]]:
    """Accepted papers under these (issuer, number), oldest first; numbers never seen are missing from the result."""
    wanted = tuple_(PAPER.c.issuer, PAPER.c.number).in_(sorted(set(keys)))
    found: dict[tuple[str, str], list[KnownPaper]] = {}
    for row in tx.execute(_of(partner, direction).where(wanted)):
        found.setdefault((row.issuer, row.number), []).append(_known(row))
    return {key: tuple(group) for key, group in found.items()}


def by_document(
    tx: Tx, partner: NodeCode, direction: Direction, digests: Collection[bytes]
) -> dict[Digest, KnownPaper]:
    """Accepted papers by SHA-256 of the document, the oldest of each; digests never seen are missing."""
    found: dict[Digest, KnownPaper] = {}
    for row in tx.execute(_of(partner, direction).where(PAPER.c.document_sha256.in_(sorted(set(digests))))):
        found.setdefault(Digest(row.document_sha256), _known(row))
    return found


def of_chains(tx: Tx, partner: NodeCode, direction: Direction, chains: Collection[tuple[str, str]]) -> list[KnownPaper]:
    """Accepted papers of the chains with these (issuer, first number), oldest first."""
    wanted = tuple_(PAPER.c.issuer, PAPER.c.chain_number).in_(sorted(set(chains)))
    return [_known(row) for row in tx.execute(_of(partner, direction).where(wanted))]


def record(tx: Tx, rows: Sequence[NewPaper]) -> None:
    """Count papers as accepted. RaceLost when the same paper of the same sender came in meanwhile."""
    values = [
        {
            "exchange_id": paper.exchange,
            "partner": paper.partner,
            "direction": paper.direction.value,
            "issuer": paper.issuer,
            "number": paper.number,
            "version": paper.version,
            "document_sha256": paper.document_sha256,
            "kind": paper.kind,
            "chain_number": paper.chain_number,
        }
        for paper in rows
    ]
    insert_rows(tx, PAPER, values, lost=RaceLost())


def _of(partner: NodeCode, direction: Direction) -> Select[tuple[object, ...]]:
    mine = select(PAPER).where(PAPER.c.partner == partner, PAPER.c.direction == direction.value)
    # Not by exchange: ids drawn in one millisecond, as for one batch, are in no order.
    return mine.order_by(PAPER.c.id)


def _known(row: Row[tuple[object, ...]]) -> KnownPaper:
    digest, exchange = Digest(row.document_sha256), ExchangeId(row.exchange_id)
    return KnownPaper(row.issuer, row.number, row.version, digest, exchange, row.kind, row.chain_number)
