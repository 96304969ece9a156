"""What uses of certificates tie together, as questions for ids: certificates lead to uses, uses to certificates."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Select, and_, select

from node.model.ids import ExchangeId
from node.store.tables import PAPER
from node.store.uses_tables import CERTIFICATE_USE


def uses_beside(those: Collection[ExchangeId]) -> Select[tuple[Any, ...]]:
    """The exchanges that brought uses of the chains that the papers of these exchanges belong to."""
    same_chain = and_(
        _P.partner == _U.partner,
        _P.direction == _U.direction,
        _P.kind == _U.kind,
        _P.issuer == _U.issuer,
        _P.chain_number == _U.chain_number,
    )
    return select(_U.exchange_id).select_from(PAPER.join(CERTIFICATE_USE, same_chain)).where(_P.exchange_id.in_(those))


def certificates_beside(those: Collection[ExchangeId]) -> Select[tuple[Any, ...]]:
    """The exchanges that brought the certificates which the uses among these exchanges are of."""
    same_paper = and_(
        _P.partner == _U.partner,
        _P.direction == _U.direction,
        _P.kind == _U.kind,
        _P.issuer == _U.issuer,
        _P.number == _U.certificate_number,
    )
    return select(_P.exchange_id).select_from(CERTIFICATE_USE.join(PAPER, same_paper)).where(_U.exchange_id.in_(those))


_U, _P = CERTIFICATE_USE.c, PAPER.c
