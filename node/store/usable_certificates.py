"""Certificates that can be used, as the store finds them: where each stands in its chain, and what it certifies.

`direction` is the certificate's: IN are the partner's certificates that we use, OUT are ours that the partner uses.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import bindparam, select

from node.documents.certified import certified
from node.errors import RaceLost
from node.model.exchange import Direction, State
from node.model.ids import Digest, ExchangeId, NodeCode
from node.model.uses import Amount, CertificateName, Certified, Life, Measure, plain
from node.store import exchanges, papers
from node.store.columns import intact
from node.store.database import Tx
from node.store.papers import KnownPaper
from node.store.sql import Statement, insertion
from node.store.uses_tables import CERTIFICATE, CERTIFICATE_AMOUNT

_ENDED = frozenset({State.REFUSED, State.EXPIRED, State.CANCELLED})


@dataclass(frozen=True, slots=True)
class Held:
    """A certificate as the ledger finds it. `reached` is False while it has not been sealed for its receiver yet."""

    paper: KnownPaper
    life: Life
    reached: bool
    ended_by: ExchangeId | None = None
    """The exchange of the paper that withdrew or replaced it."""

    @property
    def name(self) -> CertificateName:
        """What it is called."""
        return CertificateName(self.paper.kind, self.paper.issuer, self.paper.number, self.paper.document_sha256)


def certificate(tx: Tx, partner: NodeCode, direction: Direction, document_sha256: Digest) -> Held | None:
    """The certificate with this document, and where it stands in its chain; None when there is none."""
    known = papers.by_document(tx, partner, direction, [document_sha256]).get(document_sha256)
    if known is None:
        return None
    same = papers.known(tx, partner, direction, [(known.issuer, known.number)])[known.issuer, known.number]
    # Our own hub may send the same paper twice; one that is still alive counts.
    mine = [one for one in same if one.document_sha256 == document_sha256 and one.kind == known.kind]
    chained = papers.of_chains(tx, partner, direction, [(known.issuer, known.chain_number)])
    chain = [one for one in chained if one.kind == known.kind]
    rows = exchanges.load(tx, [one.exchange for one in (*mine, *chain)])
    alive = [one for one in mine if rows[one.exchange].state not in _ENDED]
    reached = any(rows[one.exchange].state is not State.ACCEPTED for one in alive)
    if not alive:
        return Held(known, Life.CLOSED, reached=False)
    life, ended_by = _life(known, [one for one in chain if rows[one.exchange].state not in _ENDED])
    return Held(known, life, reached, ended_by)


def _life(known: KnownPaper, chain: Sequence[KnownPaper]) -> tuple[Life, ExchangeId | None]:
    for one in chain:
        if one.version in papers.TERMINAL_VERSIONS:
            return Life.WITHDRAWN, one.exchange
    # A kind that says "replaced" of itself says so under its own number; another paper in its place stands behind it.
    if known.version != "1" or (chain and chain[-1].document_sha256 != known.document_sha256):
        return Life.REPLACED, chain[-1].exchange if chain else known.exchange
    return Life.IN_FORCE, None


def certified_by(tx: Tx, partner: NodeCode, direction: Direction, held: KnownPaper) -> Certified | None:
    """What the certificate certifies: as noted at its first use, or as its document says, which is noted by `count`.

    None when its kind certifies nothing, or its body was purged before anybody used it.
    """
    whose = (partner, direction.value, held.document_sha256)
    noted = _CERTIFICATE.rows(tx, *whose)
    if noted:
        with intact("certificate"):
            amounts = tuple(
                Amount(item, Measure(measure), unit, Decimal(number))
                for item, measure, unit, number in _AMOUNTS.rows(tx, *whose)
            )
            return Certified(amounts, date.fromisoformat(noted[0][0]) if noted[0][0] else None)
    body = exchanges.documents(tx, [held.exchange]).get(held.exchange)
    return certified(body.content) if body is not None else None


def note(tx: Tx, partner: NodeCode, direction: Direction, held: KnownPaper) -> None:
    """Keep what the certificate certifies: its body may be purged, the account may not. Raises RaceLost."""
    whose = (partner, direction.value, held.document_sha256)
    if _CERTIFICATE.rows(tx, *whose):
        return
    says = certified_by(tx, partner, direction, held)
    if says is None:
        return
    until = says.valid_until.isoformat() if says.valid_until is not None else ""
    _INSERT_CERTIFICATE.run_all(tx, [(*whose, held.exchange, until)], lost=RaceLost())
    rows = [(*whose, one.item, one.measure.value, one.unit, plain(one.number)) for one in says.amounts]
    _INSERT_CERTIFIED.run_all(tx, rows, lost=RaceLost())


_C, _A = CERTIFICATE.c, CERTIFICATE_AMOUNT.c
_WHOSE = ("its_partner", "its_direction")
_CERTIFICATE = Statement(
    select(_C.valid_until).where(
        _C.partner == bindparam("its_partner"),
        _C.direction == bindparam("its_direction"),
        _C.document_sha256 == bindparam("its_document"),
    ),
    *_WHOSE,
    "its_document",
)
_AMOUNTS = Statement(
    select(_A.item, _A.measure, _A.unit, _A.number)
    .where(
        _A.partner == bindparam("its_partner"),
        _A.direction == bindparam("its_direction"),
        _A.document_sha256 == bindparam("its_document"),
    )
    .order_by(_A.item, _A.measure),
    *_WHOSE,
    "its_document",
)
_INSERT_CERTIFICATE = insertion(CERTIFICATE)
_INSERT_CERTIFIED = insertion(CERTIFICATE_AMOUNT)
