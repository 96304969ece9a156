"""What uses of certificates tie together: a certificate leads to its uses, and a use to its certificate."""

from collections.abc import Collection

from sqlalchemy import and_, select

from node.model.certificate import Filed
from node.model.ids import ExchangeId
from node.store.database import Tx
from node.store.sql import ListStatement
from node.store.tables import PAPER
from node.store.uses_tables import CERTIFICATE_USE


def uses_beside(tx: Tx, heads: Collection[Filed]) -> set[ExchangeId]:
    """The exchanges that brought uses of the chains that these papers belong to; one walk through the uses."""
    wanted = {(one.direction.value, one.partner, one.kind, one.issuer, one.chain_number) for one in heads}
    rows = _OF_CHAINS.rows(tx, sorted({one.chain_number for one in heads}))
    return {ExchangeId(row[0]) for row in rows if tuple(row[1:]) in wanted}


def certificates_beside(tx: Tx, those: Collection[ExchangeId]) -> set[ExchangeId]:
    """The exchanges that brought the certificates which the uses among these exchanges are of."""
    return {ExchangeId(row[0]) for row in _OF_USES.rows(tx, those)}


_U, _P = CERTIFICATE_USE.c, PAPER.c
_OF_CHAINS = ListStatement(
    lambda them: select(_U.exchange_id, _U.direction, _U.partner, _U.kind, _U.issuer, _U.chain_number).where(
        _U.chain_number.in_(them)
    )
)
_SAME = and_(
    _P.partner == _U.partner,
    _P.direction == _U.direction,
    _P.kind == _U.kind,
    _P.issuer == _U.issuer,
    _P.number == _U.certificate_number,
)
_OF_USES = ListStatement(
    lambda them: select(_P.exchange_id).select_from(CERTIFICATE_USE.join(PAPER, _SAME)).where(_U.exchange_id.in_(them))
)
