"""Accepted papers by what names them, for the rules about the same paper and the same number (protocol 3, 5)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from sqlalchemy import Select, bindparam, select

from node.errors import RaceLost
from node.model.exchange import Direction, Exchange
from node.model.ids import Digest, ExchangeId, NodeCode
from node.store.database import Tx
from node.store.sql import ListStatement, insertion
from node.store.tables import PAPER

DAY = len("2026-11-22")
"""A day is the beginning of every moment that a field of a paper holds."""

TERMINAL_VERSIONS = frozenset({"withdrawn", "cancelled", "revoked"})
"""Versions of a number after which nothing follows; a replaced paper lives on in its successor."""

_NO_FIELDS: Mapping[str, str] = {}


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
    issued: str | None = None
    valid_until: str | None = None

    @classmethod
    def of(cls, exchange: Exchange, chain_number: str = "", fields: Mapping[str, str] = _NO_FIELDS) -> Self:
        """The paper that an exchange carries, in the chain that begins with `chain_number` (its own by default).

        `fields` are what was read from it; of them the register keeps the days.
        """
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
            issued=fields.get("issued", "")[:DAY] or None,
            valid_until=fields.get("valid_until", "")[:DAY] or None,
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
    found: dict[tuple[str, str], list[KnownPaper]] = {}
    for issuer, numbers in _by_issuer(keys).items():
        for row in _BY_NUMBER.rows(tx, numbers, partner, direction.value, issuer):
            one = KnownPaper(*row)
            found.setdefault((one.issuer, one.number), []).append(one)
    return {key: tuple(group) for key, group in found.items()}


def by_document(
    tx: Tx, partner: NodeCode, direction: Direction, digests: Collection[bytes]
) -> dict[Digest, KnownPaper]:
    """Accepted papers by SHA-256 of the document, the oldest of each; digests never seen are missing."""
    found: dict[Digest, KnownPaper] = {}
    for row in _BY_DOCUMENT.rows(tx, digests, partner, direction.value):
        one = KnownPaper(*row)
        found.setdefault(one.document_sha256, one)
    return found


def of_chains(tx: Tx, partner: NodeCode, direction: Direction, chains: Collection[tuple[str, str]]) -> list[KnownPaper]:
    """Accepted papers of the chains with these (issuer, first number), the oldest of an issuer first."""
    return [
        KnownPaper(*row)
        for issuer, numbers in _by_issuer(chains).items()
        for row in _BY_CHAIN.rows(tx, numbers, partner, direction.value, issuer)
    ]


def record(tx: Tx, rows: Sequence[NewPaper]) -> None:
    """Count papers as accepted. RaceLost when the same paper of the same sender came in meanwhile."""
    values = [
        (
            paper.exchange,
            paper.partner,
            paper.direction.value,
            paper.issuer,
            paper.number,
            paper.version,
            paper.document_sha256,
            paper.kind,
            paper.chain_number,
            paper.issued,
            paper.valid_until,
        )
        for paper in rows
    ]
    _INSERT.run_all(tx, values, lost=RaceLost())


def _by_issuer(keys: Collection[tuple[str, str]]) -> dict[str, list[str]]:
    """One question for each issuer: asked for pairs, SQLite would look at every paper of the partner."""
    grouped: dict[str, list[str]] = {}
    for issuer, number in sorted(set(keys)):
        grouped.setdefault(issuer, []).append(number)
    return grouped


def _of() -> Select[tuple[object, ...]]:
    mine = (PAPER.c.partner == bindparam("its_partner"), PAPER.c.direction == bindparam("its_direction"))
    return _columns().where(*mine)


def _numbered() -> Select[tuple[object, ...]]:
    """By number and issuer alone, then whose it is: SQLite would else walk through all papers of the issuer."""
    partner, direction = (column.concat("") for column in (PAPER.c.partner, PAPER.c.direction))
    mine = (partner == bindparam("its_partner"), direction == bindparam("its_direction"))
    return _columns().where(*mine, _ISSUED)


def _columns() -> Select[tuple[object, ...]]:
    table = PAPER.c
    columns = (table.issuer, table.number, table.version, table.document_sha256, table.exchange_id, table.kind)
    # Not by exchange: ids drawn in one millisecond, as for one batch, are in no order.
    return select(*columns, table.chain_number).order_by(table.id)


_WHOSE = ("its_partner", "its_direction")
_ISSUED = PAPER.c.issuer == bindparam("its_issuer")

_INSERT = insertion(PAPER, *(column.name for column in PAPER.columns if column.name != "id"))
_BY_NUMBER = ListStatement(lambda them: _numbered().where(PAPER.c.number.in_(them)), *_WHOSE, "its_issuer")
_BY_DOCUMENT = ListStatement(lambda them: _of().where(PAPER.c.document_sha256.in_(them)), *_WHOSE)
_BY_CHAIN = ListStatement(lambda them: _of().where(_ISSUED, PAPER.c.chain_number.in_(them)), *_WHOSE, "its_issuer")
