"""The next thing to do for an exchange: durable, leased, fenced, retried."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from node.model.envelope import Priority
from node.model.ids import ExchangeId, NodeCode


class Verb(StrEnum):
    """What a job does; the verbs of the walk."""

    SEAL = "seal"
    DELIVER = "deliver"
    TELL_HUB = "tell_hub"
    HAND_OVER = "hand_over"


@dataclass(frozen=True, slots=True)
class Job:
    """A claimed job. `fence` rises with every claim; a result is only taken from the holder of the latest one."""

    id: str
    exchange: ExchangeId
    partner: NodeCode
    verb: Verb
    due_at: datetime
    attempts: int
    fence: int
    created_at: datetime
    first_cause: str = ""
    priority: int = Priority.B


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a retry decision depends on besides the job and its error.

    `luck` is a random number from 0 (inclusive) to 1 (exclusive); `hint` the least wait the partner asked for; `anew`
    how often the partner has asked for this paper to be encrypted or signed anew, this time included.
    """

    now: datetime
    luck: float
    hint: timedelta = timedelta(0)
    anew: int = 0


@dataclass(frozen=True, slots=True)
class Again:
    """Try the same verb again at `due_at` (UTC)."""

    due_at: datetime


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Stop trying and leave the exchange to a human, for the reason in `code` (a catalogue code)."""

    code: str


NextTry = Again | GiveUp
