"""Business answers, ours and theirs: one for each exchange that was answered, for ever."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row, select

from node.errors import RaceLost
from node.model.answer import AnswerVerdict, BusinessAnswer
from node.model.ids import ExchangeId
from node.store.columns import intact
from node.store.database import Tx
from node.store.sql import insert_rows, texts
from node.store.tables import BUSINESS_ANSWER


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """What was decided about `exchange`, and the exchange that carries the decision."""

    exchange: ExchangeId
    carrier: ExchangeId
    answer: BusinessAnswer
    stored_at: datetime


def record(tx: Tx, rows: Sequence[StoredAnswer]) -> None:
    """Store answers; RaceLost when one of the exchanges has an answer already."""
    values = [
        {
            "exchange_id": row.exchange,
            "carrier_id": row.carrier,
            "verdict": row.answer.verdict.value,
            "reason_code": row.answer.reason_code,
            "reason": row.answer.reason,
            "reference": row.answer.reference,
            "stored_at": row.stored_at,
        }
        for row in rows
    ]
    insert_rows(tx, BUSINESS_ANSWER, values, lost=RaceLost())


def of(tx: Tx, exchanges: Collection[ExchangeId]) -> dict[ExchangeId, StoredAnswer]:
    """The answers to these exchanges; those without one are missing from the result."""
    query = select(BUSINESS_ANSWER).where(BUSINESS_ANSWER.c.exchange_id.in_(texts(exchanges)))
    return {found.exchange: found for found in map(_stored, tx.execute(query))}


def carried_by(tx: Tx, carriers: Collection[ExchangeId]) -> dict[ExchangeId, StoredAnswer]:
    """The answers that these exchanges carry, by carrier."""
    query = select(BUSINESS_ANSWER).where(BUSINESS_ANSWER.c.carrier_id.in_(texts(carriers)))
    return {found.carrier: found for found in map(_stored, tx.execute(query))}


def _stored(row: Row[tuple[object, ...]]) -> StoredAnswer:
    with intact("business_answer"):
        verdict = AnswerVerdict(row.verdict)
    answer = BusinessAnswer(verdict, row.reason_code, row.reason, row.reference)
    return StoredAnswer(ExchangeId(row.exchange_id), ExchangeId(row.carrier_id), answer, row.stored_at)
