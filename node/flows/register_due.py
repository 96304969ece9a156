"""Lists that are later than the arrangement says, on either side, and gaps: what an officer should know of."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from node.flows.ports import Node
from node.model.certificate import OPERATORS
from node.model.exchange import Direction
from node.model.ids import NodeCode
from node.model.operator import RegisterState
from node.model.operator_terms import ListMode, OperatorTerms
from node.profiles.book import Book
from node.store import operator_series, operators
from node.store.database import Tx


@dataclass(frozen=True, slots=True)
class Overdue:
    """A list that should be here (direction IN) or have been told (OUT): complete, or of any sort, since `due_at`.

    `sequence` is the list that is held; None without any, and then nobody knows the programme either.
    """

    partner: NodeCode
    direction: Direction
    programme: str
    complete: bool
    sequence: int | None
    due_at: datetime


def overdue(node: Node) -> list[Overdue]:
    """All lists that are late now."""
    return node.store.read(lambda tx: late(tx, node.book, node.clock.now()))


def late(tx: Tx, book: Book, now: datetime) -> list[Overdue]:
    """All lists that are late at `now`, by partner and direction."""
    found: list[Overdue] = []
    for partner in book.partners:
        for direction, terms, since in _agreed(book, partner.code, now):
            registers = operators.registers(tx, partner.code, direction)
            for register in registers:
                found += _of_register(tx, register, terms, since, now)
            if not registers:
                found += _late(partner.code, direction, None, terms, (since, since), now)
    return found


def _agreed(book: Book, partner: NodeCode, now: datetime) -> Iterator[tuple[Direction, OperatorTerms, datetime]]:
    """Where lists were agreed, and from when on."""
    for profile in book.profiles_of(partner):
        for kind in profile.kinds if profile.in_force(now) else ():
            terms = kind.terms.operators
            if kind.name == OPERATORS and kind.switched_on and terms is not None and terms.mode is not ListMode.EVENTS:
                for direction in sorted(kind.directions):
                    yield direction, terms, profile.valid_from


def _of_register(
    tx: Tx, register: RegisterState, terms: OperatorTerms, since: datetime, now: datetime
) -> Iterator[Overdue]:
    names = (register.partner, register.direction, register.authority, register.programme)
    series = operator_series.load(tx, *names)
    complete, of_any_sort = (None, None) if series is None else operator_series.listed_at(tx, series)
    yield from _late(
        register.partner, register.direction, register, terms, (complete or since, of_any_sort or since), now
    )


def _late(
    partner: NodeCode,
    direction: Direction,
    register: RegisterState | None,
    terms: OperatorTerms,
    last: tuple[datetime, datetime],
    now: datetime,
) -> Iterator[Overdue]:
    for complete, days, moment in zip((True, False), (terms.baseline_days, terms.delta_days), last, strict=True):
        if days is not None and moment + timedelta(days=days) < now:
            programme, sequence = ("", None) if register is None else (register.programme, register.sequence)
            yield Overdue(partner, direction, programme, complete, sequence, moment + timedelta(days=days))
