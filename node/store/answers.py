"""Business answers, ours and theirs: one for each exchange that was answered, for ever.

What was decided stays; its texts lie in the document of the exchange that carries the answer and go when that body is
purged. An answer has one form, so two answers to a paper are the same exactly when their documents are.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from node.clock import from_ms
from node.documents import answer_forms
from node.errors import AnswerMalformed, JsonError, RaceLost, StoreCorrupt, XmlError
from node.model.answer import AnswerVerdict, BusinessAnswer
from node.model.ids import Digest, ExchangeId
from node.store.columns import intact
from node.store.database import Tx
from node.store.exchanges import documents
from node.store.sql import ListStatement, insert_rows
from node.store.tables import BUSINESS_ANSWER


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """What was decided about `exchange`, the exchange that carries it, and the digest of the document that says it."""

    exchange: ExchangeId
    carrier: ExchangeId
    verdict: AnswerVerdict
    document_sha256: Digest
    stored_at: datetime


@dataclass(frozen=True, slots=True)
class ToldAnswer:
    """A stored answer with its texts, as far as they are still there."""

    stored: StoredAnswer
    answer: BusinessAnswer


def record(tx: Tx, rows: Sequence[StoredAnswer]) -> None:
    """Store answers; RaceLost when one of the exchanges has an answer already."""
    values = [
        {
            "exchange_id": row.exchange,
            "carrier_id": row.carrier,
            "verdict": row.verdict.value,
            "document_sha256": row.document_sha256,
            "stored_at": row.stored_at,
        }
        for row in rows
    ]
    insert_rows(tx, BUSINESS_ANSWER, values, lost=RaceLost())


def of(tx: Tx, exchanges: Collection[ExchangeId]) -> dict[ExchangeId, StoredAnswer]:
    """The answers to these exchanges; those without one are missing from the result."""
    return {one.exchange: one for one in _found(_TO.rows(tx, exchanges))}


def carried_by(tx: Tx, carriers: Collection[ExchangeId]) -> list[StoredAnswer]:
    """The answers that these exchanges carry."""
    return _found(_CARRIED.rows(tx, carriers))


def told(tx: Tx, exchanges: Collection[ExchangeId]) -> dict[ExchangeId, ToldAnswer]:
    """The answers to these exchanges with their texts; of a purged one only the verdict is left."""
    found = of(tx, exchanges)
    bodies = documents(tx, [one.carrier for one in found.values()]) if found else {}
    return {
        exchange: ToldAnswer(one, _read(bodies[one.carrier].content) if one.carrier in bodies else _bare(one))
        for exchange, one in found.items()
    }


def _read(content: bytes) -> BusinessAnswer:
    try:
        return answer_forms.read(content)[0]
    except (AnswerMalformed, JsonError, XmlError) as error:
        raise StoreCorrupt(what="business_answer") from error


def _bare(stored: StoredAnswer) -> BusinessAnswer:
    return BusinessAnswer(stored.verdict)


def _found(rows: Sequence[Sequence[Any]]) -> list[StoredAnswer]:
    with intact("business_answer"):
        return [
            StoredAnswer(ExchangeId(exchange), ExchangeId(carrier), AnswerVerdict(verdict), Digest(digest), from_ms(at))
            for exchange, carrier, verdict, digest, at in rows
        ]


_TABLE = BUSINESS_ANSWER.c
_COLUMNS = select(_TABLE.exchange_id, _TABLE.carrier_id, _TABLE.verdict, _TABLE.document_sha256, _TABLE.stored_at)
_TO = ListStatement(lambda ids: _COLUMNS.where(_TABLE.exchange_id.in_(ids)))
_CARRIED = ListStatement(lambda ids: _COLUMNS.where(_TABLE.carrier_id.in_(ids)))
