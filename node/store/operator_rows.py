"""Operators as rows say them: from a stored version to an `OperatorState`."""

import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from node.clock import from_ms
from node.model.exchange import Direction
from node.model.ids import ExchangeId, NodeCode
from node.model.operator import OperatorDetails, OperatorState, OperatorStatus
from node.store.columns import intact
from node.store.operator_tables import OPERATOR, OPERATOR_SERIES, OPERATOR_VERSION

COLUMNS = (
    OPERATOR.c.id,
    OPERATOR.c.partner,
    OPERATOR.c.direction,
    OPERATOR.c.authority,
    OPERATOR_SERIES.c.programme,
    OPERATOR.c.certificate_number,
    OPERATOR_VERSION.c.status,
    OPERATOR_VERSION.c.reason,
    OPERATOR_VERSION.c.effective,
    OPERATOR_VERSION.c.known_from,
    OPERATOR_VERSION.c.known_to,
    OPERATOR_VERSION.c.valid_until,
    OPERATOR_VERSION.c.version,
    OPERATOR_VERSION.c.exchange_id,
    OPERATOR_VERSION.c.list_sequence,
    OPERATOR_VERSION.c.body,
)
"""What `state_of` reads, in its order."""

VERSIONS = OPERATOR_VERSION.join(OPERATOR, OPERATOR.c.id == OPERATOR_VERSION.c.operator_id).join(
    OPERATOR_SERIES, OPERATOR_SERIES.c.id == OPERATOR.c.series_id
)
"""Versions with their operator and series."""


def state_of(row: Sequence[Any], on: datetime) -> OperatorState:
    """The version in `row`, with the status that it has at `on`. Raises StoreCorrupt when it cannot be ours."""
    with intact("operator_version"):
        told = OperatorStatus(row[6])
        until = date.fromisoformat(row[11]) if row[11] is not None else None
        return OperatorState(
            partner=NodeCode(row[1]),
            direction=Direction(row[2]),
            authority=row[3],
            programme=row[4],
            certificate_number=row[5],
            status=status_on(told, until, on),
            status_told=told,
            reason=row[7],
            effective=from_ms(row[8]),
            known_from=from_ms(row[9]),
            known_to=from_ms(row[10]) if row[10] is not None else None,
            valid_until=until,
            version=row[12],
            exchange=ExchangeId(row[13]),
            list_sequence=row[14],
            details=details_of(json.loads(row[15])),
            record=row[15],
        )


def status_on(told: OperatorStatus, valid_until: date | None, on: datetime) -> OperatorStatus:
    """What is told, or EXPIRED after the last day of validity (UTC): nobody needs to be told that a term ran out."""
    ran_out = valid_until is not None and on.date() > valid_until
    return OperatorStatus.EXPIRED if ran_out and told in (OperatorStatus.VALID, OperatorStatus.SUSPENDED) else told


def details_of(record: Any) -> OperatorDetails:  # noqa: ANN401 (JSON of our own store; `intact` stands around)
    """What a record says of an operator; it was judged by its kind before it was stored."""
    return OperatorDetails(
        name=record.get("name", ""),
        name_local=record.get("nameLocal", {}).get("text", ""),
        certified_on=_day(record.get("certifiedOn")),
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
