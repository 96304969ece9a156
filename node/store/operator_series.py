"""How far the lists of an authority have come, and which papers name its operators."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, func, or_, select, update

from node.clock import from_ms
from node.errors import RaceLost
from node.model.exchange import Direction
from node.model.ids import ExchangeId, NodeCode
from node.store.columns import intact
from node.store.database import Tx
from node.store.operator_tables import OPERATOR, OPERATOR_PAPER, OPERATOR_SERIES
from node.store.sql import ListStatement, Statement, insertion, ms, ms_or_none
from node.store.tables import EXCHANGE

NOT_YET = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
"""The time of issue of a baseline that never began."""

_REMEMBERED = 100
"""Papers that are looked through for one whose body is still held."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One series of lists; the fields are explained at `store.operator_tables.OperatorSeriesRow`."""

    partner: NodeCode
    direction: Direction
    authority: str
    programme: str
    id: int = 0
    sequence: int | None = None
    list_number: str = ""
    run: int = 0
    forgetful_run: int = -1
    incoming: int | None = None
    parts: int = 0
    parts_held: int = 0
    total: int = 0
    counted: int = 0
    incoming_issued: datetime = NOT_YET
    gap: int | None = None
    gap_since: datetime | None = None


def load(tx: Tx, partner: NodeCode, direction: Direction, authority: str, programme: str) -> Series | None:
    """The series; None while no paper of it came."""
    with intact("operator_series"):
        for row in _LOAD.rows(tx, partner, direction.value, authority, programme):
            return Series(
                partner=partner,
                direction=direction,
                authority=authority,
                programme=programme,
                id=row[0],
                sequence=row[1],
                list_number=row[2],
                run=row[3],
                forgetful_run=row[4],
                incoming=row[5],
                parts=row[6],
                parts_held=row[7],
                total=row[8],
                counted=row[9],
                incoming_issued=from_ms(row[10]),
                gap=row[11],
                gap_since=from_ms(row[12]) if row[12] is not None else None,
            )
    return None


def ensure(tx: Tx, partner: NodeCode, direction: Direction, authority: str, programme: str, now: datetime) -> Series:
    """The series, begun when it is new. RaceLost when another process begins it."""
    known = load(tx, partner, direction, authority, programme)
    if known is not None:
        return known
    new = Series(partner=partner, direction=direction, authority=authority, programme=programme)
    values = (partner, direction.value, authority, programme, *_state(new), ms(now))
    _INSERT.run_all(tx, [values], lost=RaceLost())
    begun = load(tx, partner, direction, authority, programme)
    if begun is None:
        raise RaceLost
    return begun


def keep(tx: Tx, series: Series, now: datetime) -> None:
    """Store how far it has come."""
    _KEEP.run(tx, series.id, *_state(series), ms(now))


def note_paper(tx: Tx, exchange: ExchangeId, series: Series, operator: int | None) -> None:
    """Remember that this paper names operators: one (an event), or those of a list (None)."""
    _NOTE.run(tx, exchange, series.id, operator, series.run)


def note_gap(tx: Tx, series: Series, sequence: int, now: datetime) -> None:
    """Remember that the list `sequence` came without those before it; the first one counts until lists fit again.

    It is no gap any more where another call brought that list, or a later one, meanwhile.
    """
    _NOTE_GAP.run(tx, series.id, sequence, ms(now), sequence)


def newest_papers(tx: Tx, series: Series) -> list[ExchangeId]:
    """The last papers of the series that are remembered, newest first."""
    return [ExchangeId(row[0]) for row in _NEWEST.rows(tx, series.id)]


def newest_issue(tx: Tx, series: Series) -> datetime:
    """When the newest paper about any operator of the series, or its last baseline, was issued."""
    newest = _NEWEST_ISSUE.rows(tx, series.id)[0][0]
    return max(series.incoming_issued, NOT_YET if newest is None else from_ms(newest))


def listed_at(tx: Tx, series: Series) -> tuple[datetime | None, datetime | None]:
    """When the last complete list began to be exchanged, and the last list of any sort; None for neither."""
    rows = _LISTED_AT.rows(tx, series.id)
    moments = [from_ms(moment) for run, moment in rows]
    baselines = [from_ms(moment) for run, moment in rows if run == series.run]
    return min(baselines, default=None), max(moments, default=None)


def events_about(tx: Tx, operators: Collection[int]) -> list[ExchangeId]:
    """The events about these operators; they are not remembered any longer."""
    return [ExchangeId(row[0]) for row in _EVENTS.rows(tx, operators)]


def lists_up_to(tx: Tx, series: Series, run: int) -> list[ExchangeId]:
    """The lists of the runs up to this one; they are not remembered any longer."""
    return [ExchangeId(row[0]) for row in _LISTS.rows(tx, series.id, run)]


def _state(series: Series) -> tuple[object, ...]:
    return (
        series.sequence,
        series.list_number,
        series.run,
        series.forgetful_run,
        series.incoming,
        series.parts,
        series.parts_held,
        series.total,
        series.counted,
        ms(series.incoming_issued),
        series.gap,
        ms_or_none(series.gap_since),
    )


_STATE = (
    "sequence",
    "list_number",
    "run",
    "forgetful_run",
    "incoming",
    "parts",
    "parts_held",
    "total",
    "counted",
    "incoming_issued",
    "gap",
    "gap_since",
)
_LOAD = Statement(
    select(OPERATOR_SERIES.c.id, *(OPERATOR_SERIES.c[name] for name in _STATE)).where(
        OPERATOR_SERIES.c.partner == bindparam("its_partner"),
        OPERATOR_SERIES.c.direction == bindparam("its_direction"),
        OPERATOR_SERIES.c.authority == bindparam("its_authority"),
        OPERATOR_SERIES.c.programme == bindparam("its_programme"),
    ),
    "its_partner",
    "its_direction",
    "its_authority",
    "its_programme",
)
_INSERT = insertion(OPERATOR_SERIES, *(column.name for column in OPERATOR_SERIES.columns if column.name != "id"))
_KEPT = (*_STATE, "updated_at")
_KEEP = Statement(
    update(OPERATOR_SERIES)
    .where(OPERATOR_SERIES.c.id == bindparam("which"))
    .values({name: bindparam(f"new_{name}") for name in _KEPT}),
    "which",
    *(f"new_{name}" for name in _KEPT),
)
_NOTE = insertion(OPERATOR_PAPER)
_NOTE_GAP = Statement(
    update(OPERATOR_SERIES)
    .where(OPERATOR_SERIES.c.id == bindparam("which"), OPERATOR_SERIES.c.gap.is_(None))
    .where(or_(OPERATOR_SERIES.c.sequence.is_(None), OPERATOR_SERIES.c.sequence < bindparam("not_below")))
    .values(gap=bindparam("new_gap"), gap_since=bindparam("gap_from")),
    "which",
    "new_gap",
    "gap_from",
    "not_below",
)
_NEWEST = Statement(
    select(OPERATOR_PAPER.c.exchange_id)
    .where(OPERATOR_PAPER.c.series_id == bindparam("its_series"))
    .order_by(OPERATOR_PAPER.c.exchange_id.desc())
    .limit(_REMEMBERED),
    "its_series",
)
_LISTED_AT = Statement(
    select(OPERATOR_PAPER.c.run, EXCHANGE.c.created_at)
    .join(EXCHANGE, EXCHANGE.c.id == OPERATOR_PAPER.c.exchange_id)
    .where(OPERATOR_PAPER.c.series_id == bindparam("its_series"), OPERATOR_PAPER.c.operator_id.is_(None)),
    "its_series",
)
_NEWEST_ISSUE = Statement(
    select(func.max(OPERATOR.c.issued)).where(OPERATOR.c.series_id == bindparam("its_series")), "its_series"
)
_EVENTS = ListStatement(
    lambda ids: (
        delete(OPERATOR_PAPER).where(OPERATOR_PAPER.c.operator_id.in_(ids)).returning(OPERATOR_PAPER.c.exchange_id)
    )
)
_LISTS = Statement(
    delete(OPERATOR_PAPER)
    .where(OPERATOR_PAPER.c.series_id == bindparam("its_series"), OPERATOR_PAPER.c.run <= bindparam("last_run"))
    .where(OPERATOR_PAPER.c.operator_id.is_(None))
    .returning(OPERATOR_PAPER.c.exchange_id),
    "its_series",
    "last_run",
)
