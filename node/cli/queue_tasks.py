"""How `n2n queue` reaches what waits, and in which words it tells of what waits for a person."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from node.cli.node_access import open_store, settings_of
from node.cli.session import Session
from node.cli.words import Text
from node.clock import SystemClock
from node.errors import catalogue
from node.flows.tasks import Task, TaskKind, waiting_for_people
from node.profiles.book import load_book
from node.store import circuits, intake_gate, queue_top
from node.store.circuits import Away
from node.store.database import Tx
from node.store.queue_top import CauseTop, LaneTop


@dataclass(frozen=True, slots=True)
class Top:
    """What waits at one moment."""

    at: datetime
    lanes: list[LaneTop]
    away: list[Away]
    causes: list[CauseTop]
    closed_since: datetime | None


class Told(NamedTuple):
    """What waits, and what to type next."""

    what: Text
    next_command: str


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
        return store.read(lambda tx: waiting_for_people(tx, book, limit, now))


def told(task: Task) -> Told:
    """A task in words."""
    return _TOLD[task.kind](task)


def _id(task: Task) -> str:
    return "" if task.paper is None else task.paper.id


def _parked(task: Task) -> Told:
    what = Text(f"{task.subject} is parked: {task.cause}", f"{task.subject} 暫停：{task.cause}")
    before = None if task.paper is None else task.paper.follows
    if task.cause.startswith("predecessor") and before is not None:
        return Told(what, f"n2n exchange show {before}")
    # What a person parked has no code for its cause, and goes on only by a person's word.
    act = "retry" if task.cause in catalogue() else "resume"
    return Told(what, f"n2n queue {act} {_id(task)}")


def _release(task: Task) -> Told:
    what = Text(f"{task.subject} waits for a second person", f"{task.subject} 待第二人放行")
    return Told(what, f'n2n exchange release {_id(task)} --reason "…"')


def _unresolved(task: Task) -> Told:
    en, zh = f"{task.subject} was sent, and no receipt came in its hours", f"{task.subject} 已送出，逾時未獲收據"
    return Told(Text(en, zh), f"n2n queue retry {_id(task)}")


def _away(task: Task) -> Told:
    what = Text(f"does not answer: {task.cause}", f"無回應：{task.cause}")
    return Told(what, f"n2n queue retry --partner {task.partner} --yes")


def _log(task: Task) -> Told:
    what = Text("its log of receipts was rewritten", "其收據紀錄遭改寫")
    return Told(what, f'n2n audit clear {task.partner} --because "…"')


def _register(task: Task) -> Told:
    what = Text(
        f"list {task.number} of {task.subject} came without those before it: ask for a baseline",
        f"{task.subject} 名冊第 {task.number} 號缺前號：請對方重送全冊",
    )
    return Told(what, f"n2n register request {task.partner}")


def _hold(task: Task) -> Told:
    what = Text(f"hold {task.subject} is about to end", f"保全令 {task.subject} 即將屆期")
    return Told(what, "n2n retention holds")


def _unroutable(task: Task) -> Told:
    what = Text(f"{task.number} wait for a partner who is not agreed", f"{task.number} 件之夥伴未列於協定")
    return Told(what, f"n2n exchange list --partner {task.partner}")


_TOLD: Mapping[TaskKind, Callable[[Task], Told]] = {
    TaskKind.PARKED: _parked,
    TaskKind.RELEASE: _release,
    TaskKind.UNRESOLVED: _unresolved,
    TaskKind.AWAY: _away,
    TaskKind.LOG: _log,
    TaskKind.REGISTER: _register,
    TaskKind.HOLD: _hold,
    TaskKind.UNROUTABLE: _unroutable,
}
