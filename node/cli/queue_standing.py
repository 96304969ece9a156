"""`n2n queue top` and `n2n queue tasks`: what waits and why, and what waits for a person."""

import time
from typing import TYPE_CHECKING, Annotated

import typer

from node.cli.output import Cell, Column, Data
from node.cli.session import Session, command
from node.cli.words import SIDES, STATES, Text
from node.clock import to_xml
from node.model.envelope import Priority

if TYPE_CHECKING:  # the command line starts without them
    from node.cli.queue_tasks import Told
    from node.cli.queue_tasks import Top as Standing
    from node.flows.tasks import Task

_PARTNER = Column("partner", Text("Partner", "夥伴"))
_VERB = Column("verb", Text("Work", "作業"))
_PRIORITY = Column("priority", Text("Lane", "優先序"))
_WAITING = Column("waiting", Text("Waiting", "等候"))
_OLDEST = Column("oldest", Text("Oldest since", "最早"))
_DUE = Column("due", Text("Due now", "到期"))
_LEASED = Column("leased", Text("At work", "處理中"))
_BLOCKED = Column("blocked", Text("Behind others", "待前件"))
_LANES = (_PARTNER, _VERB, _PRIORITY, _WAITING, _OLDEST, _DUE, _LEASED, _BLOCKED)
_STATE = Column("state", Text("State", "狀態"))
_FIRST = Column("first_cause", Text("First cause", "最初原因"))
_LAST = Column("last_cause", Text("Last cause", "最近原因"))
_COUNT = Column("count", Text("Papers", "件數"))
_CAUSES = (_PARTNER, _STATE, _FIRST, _LAST, _COUNT, _OLDEST)
_SINCE = Column("open_since", Text("Away since", "中斷時間"))
_CAUSE = Column("cause", Text("Cause", "原因"))
_PROBE = Column("probe_at", Text("Asked next", "下次探詢"))
_AWAY = (_PARTNER, _SINCE, _CAUSE, _PROBE)
_TASK_SINCE = Column("since", Text("Since", "起始時間"))
_SIDE = Column("side", Text("Who must act", "應處理者"))
_WHAT = Column("what", Text("What waits", "待辦事項"))
_NEXT = Column("next", Text("Next", "下一步"))
_TASKS = (_TASK_SINCE, _PARTNER, _WHAT, _SIDE, _NEXT)

EVERY_S = 2.0
"""How often --follow looks: often enough for a person, seldom enough for a store with a million rows."""


def add_to(app: typer.Typer) -> None:
    """Give `n2n queue` these commands."""
    command(app, "top")(top)
    command(app, "tasks")(tasks)


def top(
    session: Session,
    follow: Annotated[bool, typer.Option("--follow", help="Look again every two seconds. 持續更新。")] = False,
) -> None:
    """Show what waits by lane, who is away, and first causes. 顯示各佇列、中斷之夥伴與最初原因。"""
    from node.cli.queue_tasks import standing

    while True:
        show(session, standing(session), one_line=follow)
        if not follow:
            return
        time.sleep(EVERY_S)


def tasks(
    session: Session,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="Papers at most. 文件筆數上限。")] = 200,
) -> None:
    """List what waits for a person: since when, who must act, what to type. 列出待人工處理事項與下一步。"""
    from node.cli.queue_tasks import open_tasks, told

    found = [(one, told(one)) for one in open_tasks(session, limit)]
    if session.as_json:
        session.output.data([_task(one, words) for one, words in found])
        return
    to = session.language
    rows: list[tuple[Cell, ...]] = [
        (one.since, one.partner, words.what.to(to), SIDES[one.side].to(to), words.next_command) for one, words in found
    ]
    session.output.table(_TASKS, rows, Text("Nothing waits for a person.", "無待人工處理事項。"))


def show(session: Session, found: "Standing", *, one_line: bool = False) -> None:
    """What waits, as tables or as JSON."""
    if session.as_json:
        (session.output.line if one_line else session.output.data)(_data(found))
    else:
        _show(session, found)


def _show(session: Session, found: "Standing") -> None:
    to, output = session.language, session.output
    if found.closed_since is not None:
        since = to_xml(found.closed_since)
        output.say(Text(f"Nothing new is taken since {since}.", f"自 {since} 起停止收件。"))
    lanes: list[tuple[Cell, ...]] = [
        (
            one.partner, one.verb.value, Priority(one.priority).name, one.waiting, one.oldest, one.due, one.leased,
            one.blocked,
        )
        for one in found.lanes
    ]  # fmt: skip
    output.table(_LANES, lanes, Text("Nothing waits.", "無等候事項。"))
    if found.away:
        output.table(
            _AWAY, [(one.partner, one.open_since, one.cause, one.probe_at) for one in found.away], Text("", "")
        )
    if found.causes:
        output.table(
            _CAUSES,
            [
                (one.partner, STATES[one.state].to(to), one.first_cause, one.last_cause, one.count, one.oldest)
                for one in found.causes
            ],
            Text("", ""),
        )


def _data(found: "Standing") -> dict[str, Data]:
    return {
        "at": found.at,
        "closed_since": found.closed_since,
        "lanes": [
            {
                "partner": one.partner,
                "verb": one.verb.value,
                "priority": Priority(one.priority).name,
                "waiting": one.waiting,
                "oldest": one.oldest,
                "due": one.due,
                "leased": one.leased,
                "blocked": one.blocked,
            }
            for one in found.lanes
        ],
        "away": [
            {"partner": one.partner, "open_since": one.open_since, "cause": one.cause, "probe_at": one.probe_at}
            for one in found.away
        ],
        "causes": [
            {
                "partner": one.partner,
                "state": one.state.value,
                "first_cause": one.first_cause,
                "last_cause": one.last_cause,
                "count": one.count,
                "oldest": one.oldest,
            }
            for one in found.causes
        ],
    }


def _task(one: "Task", words: "Told") -> dict[str, Data]:
    return {
        "kind": one.kind.value,
        "since": one.since,
        "partner": one.partner,
        "exchange": None if one.paper is None else one.paper.id,
        "cause": one.cause,
        "side": one.side.value,
        "what": {"en": words.what.en, "zh-TW": words.what.zh},
        "next": words.next_command,
    }
