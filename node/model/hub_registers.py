"""What domestic systems ask of the registers, and what they hear."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime

from node.errors import NodeError
from node.model.ids import NodeCode
from node.model.lookup import LookupAnswer, Question
from node.model.operator import OperatorState


@dataclass(frozen=True, slots=True)
class OperatorQuestion:
    """Which operator, how it stood at the end of a day (None: now), as known at a moment (None: now)."""

    code: str
    partner: NodeCode | None = None
    on: date | None = None
    known_at: datetime | None = None
    authority: str = ""
    ask_partner: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """What a partner said, and the number under which question and sealed answer are kept."""

    answer: LookupAnswer
    lookup: int


@dataclass(frozen=True, slots=True)
class OperatorAnswer:
    """What our register says, and what came of asking the partner (None: nobody asked)."""

    operators: tuple[OperatorState, ...]
    partner: Told | NodeError | None = None


AskPartner = Callable[[NodeCode, Question, str], Awaitable[Told]]
"""Puts a question to a partner on behalf of a domestic system, by its name; raises NodeError."""
