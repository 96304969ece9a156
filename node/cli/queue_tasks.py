"""What waits, and everything that waits for a person, gathered from the store and the agreements."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from node.cli.node_access import open_store, settings_of
from node.cli.session import Session
from node.cli.words import Text
from node.clock import SystemClock
from node.errors import LogForked, NodeError, PartnerUnknown, PartnerUnreachable, ReleaseNeeded, Side, catalogue
from node.model.exchange import Direction, Exchange
from node.model.ids import NodeCode
from node.profiles.book import Book, load_book
from node.store import circuits, holds, intake_gate, operators, queue_top, witnessed
from node.store.circuits import Away
from node.store.database import Tx
from node.store.queue_top import CauseTop, LaneTop

AWAY_FOR = timedelta(hours=1)
"""A partner that is away for longer than this needs somebody who calls its people."""

HOLD_ENDS_IN = timedelta(days=7)
"""A hold that ends sooner than this is worth a thought: what it keeps may be purged then."""


class TaskKind(StrEnum):
    """Why a person is needed."""

    PARKED = "parked"
    RELEASE = "release"
    UNRESOLVED = "unresolved"
    AWAY = "away"
    LOG = "log"
    REGISTER = "register"
    HOLD = "hold"
    UNROUTABLE = "unroutable"


@dataclass(frozen=True, slots=True)
class Task:
    """One thing that waits for a person: since when, for whom, and what to type next."""

    kind: TaskKind
    since: datetime | None
    partner: str
    exchange: str | None
    cause: str
    side: Side
    what: Text
    next_command: str


@dataclass(frozen=True, slots=True)
class Top:
    """What waits at one moment."""

    at: datetime
    lanes: list[LaneTop]
    away: list[Away]
    causes: list[CauseTop]
    closed_since: datetime | None


def standing(session: Session) -> Top:
    """What waits now, by lane, partner and cause."""
    now = SystemClock().now()
    with open_store(session) as store:
        return store.read(lambda tx: _top(tx, now))


def _top(tx: Tx, now: datetime) -> Top:
    return Top(now, queue_top.lanes(tx, now), circuits.away(tx), queue_top.causes(tx), intake_gate.closed_since(tx))


def open_tasks(session: Session, limit: int) -> list[Task]:
    """Everything that waits for a person, what waits longest first; of papers the oldest `limit`."""
    settings, now = settings_of(session), SystemClock().now()
    book = load_book(settings.profiles_folder, settings.home, settings.code)
    with open_store(session) as store:
        found = store.read(lambda tx: list(_gather(tx, book, limit, now)))
    return sorted(found, key=lambda one: (one.since is None, one.since or now))


def _gather(tx: Tx, book: Book, limit: int, now: datetime) -> Iterator[Task]:
    for paper in queue_top.parked(tx, limit):
        yield _parked(paper)
    yield from _unresolved(tx, book, limit, now)
    for away in circuits.away(tx):
        if now - away.open_since > AWAY_FOR:
            yield _away(away)
    for partner in sorted(witnessed.doubted(tx)):
        yield _log(tx, partner)
    yield from _registers(tx)
    for hold in holds.holds(tx):
        if hold.in_force(now) and hold.ends_at is not None and hold.ends_at - now < HOLD_ENDS_IN:
            yield Task(
                TaskKind.HOLD, hold.placed_at, "", None, "", Side.OURS,
                Text(f"hold {hold.id} is about to end", f"保全令 {hold.id} 即將屆期"),
                "n2n retention holds",
            )  # fmt: skip
    known = {partner.code for partner in book.partners}
    for lane in queue_top.lanes(tx, now):
        if lane.partner not in known:
            yield Task(
                TaskKind.UNROUTABLE, lane.oldest, lane.partner, None, PartnerUnknown.code, Side.OURS,
                Text(f"{lane.waiting} wait for a partner who is not agreed", f"{lane.waiting} 件之夥伴未列於協定"),
                f"n2n exchange list --partner {lane.partner}",
            )  # fmt: skip


def _parked(one: Exchange) -> Task:
    cause = one.last_cause or one.first_cause
    what = Text(f"{one.kind} is parked: {cause}", f"{one.kind} 暫停：{cause}")
    if cause == ReleaseNeeded.code:
        what = Text(f"{one.kind} waits for a second person", f"{one.kind} 待第二人放行")
        command = f'n2n exchange release {one.id} --reason "…"'
        return Task(TaskKind.RELEASE, one.updated_at, one.partner, one.id, cause, Side.OURS, what, command)
    error = catalogue().get(cause)
    side = Side.OURS if error is None else _side(error)
    act = "resume" if error is None else "retry"
    command = f"n2n queue {act} {one.id}"
    if cause.startswith("predecessor") and one.follows is not None:
        command = f"n2n exchange show {one.follows}"
    return Task(TaskKind.PARKED, one.updated_at, one.partner, one.id, cause, side, what, command)


def _side(error: type[NodeError]) -> Side:
    """What settles by itself is not parked: whoever reads this must act."""
    return Side.OURS if error.side is Side.NOBODY else error.side


def _unresolved(tx: Tx, book: Book, limit: int, now: datetime) -> Iterator[Task]:
    hours = [profile.retry.give_up_h for profile in book.profiles]
    before = now - timedelta(hours=min(hours, default=0.0))
    for one, since in queue_top.unresolved_since(tx, before, limit):
        allowed = [profile.retry.give_up_h for profile in book.profiles if profile.id == one.arrangement]
        if allowed and now - since < timedelta(hours=max(allowed)):
            continue
        what = Text(f"{one.kind} was sent, and no receipt came in its hours", f"{one.kind} 已送出，逾時未獲收據")
        cause = one.first_cause or one.last_cause
        yield Task(
            TaskKind.UNRESOLVED, since, one.partner, one.id, cause, Side.THEIRS, what, f"n2n queue retry {one.id}"
        )


def _away(away: Away) -> Task:
    error = catalogue().get(away.cause, PartnerUnreachable)
    what = Text(f"does not answer: {away.cause}", f"無回應：{away.cause}")
    command = f"n2n queue retry --partner {away.partner} --yes"
    return Task(TaskKind.AWAY, away.open_since, away.partner, None, away.cause, _side(error), what, command)


def _log(tx: Tx, partner: str) -> Task:
    alarm = witnessed.alarm(tx, NodeCode(partner))
    since = None if alarm is None else alarm.raised_at
    what = Text("its log of receipts was rewritten", "其收據紀錄遭改寫")
    command = f'n2n audit clear {partner} --because "…"'
    return Task(TaskKind.LOG, since, partner, None, LogForked.code, Side.THEIRS, what, command)


def _registers(tx: Tx) -> Iterator[Task]:
    for one in operators.registers(tx):
        if one.direction is Direction.IN and one.gap is not None:
            what = Text(
                f"list {one.gap} of {one.programme} came without those before it: ask for a baseline",
                f"{one.programme} 名冊第 {one.gap} 號缺前號：請對方重送全冊",
            )
            yield Task(TaskKind.REGISTER, one.gap_since, one.partner, None, "", Side.THEIRS, what, "n2n register list")
