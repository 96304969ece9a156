"""`n2n queue`: what waits, and acts on one paper or on all that match: try now, park, resume, cancel."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, cast

import typer

from node.cli import queue_drain, queue_standing
from node.cli.bars import bar
from node.cli.choosing import As, Ids, Kind, Part, Partner, Reason, States, Way
from node.cli.moments import since
from node.cli.output import Cell, Column, Data
from node.cli.pki import node_code
from node.cli.session import Session, command
from node.cli.words import STATES, Text
from node.clock import SystemClock
from node.model.envelope import Priority
from node.model.exchange import Direction, Exchange, State
from node.model.guarded import GUARDED

if TYPE_CHECKING:  # the command line starts without them
    from node.cli.queue_access import Aim, Looked
    from node.flows.acts import Act, Done
    from node.store.queries import ExchangeFilter

app = typer.Typer(no_args_is_help=True, help="What waits, and what people do about it. 待辦佇列與處置。")
queue_standing.add_to(app)
queue_drain.add_to(app)

_ID = Column("id", Text("Exchange", "交換"))
_PARTNER = Column("partner", Text("Partner", "夥伴"))
_KIND = Column("kind", Text("Kind", "種類"))
_NUMBER = Column("number", Text("Number", "編號"))
_STATE = Column("state", Text("State", "狀態"))
_FIRST = Column("first_cause", Text("First cause", "最初原因"))
_LAST = Column("last_cause", Text("Last cause", "最近原因"))
_SAMPLE = (_ID, _PARTNER, _KIND, _NUMBER, _STATE, _FIRST, _LAST)
_BEFORE = Column("before", Text("Before", "處置前"))
_AFTER = Column("after", Text("After", "處置後"))
_WHY = Column("why", Text("Remark", "備註"))
_DONE = (_ID, _BEFORE, _AFTER, _WHY)

_NOTHING = Text("No exchange matches.", "沒有符合的交換。")
_ASKED = Text(
    "it may have been sent: the partner is asked, and its receipt decides", "可能已送出：將向對方查詢，以其收據為準"
)
_SURE = Text("`--yes` is needed for more than one", "處置多件須加 `--yes`")
_WHOM = Text("name exchanges, or what they have in common", "請指明交換識別碼或篩選條件")

Cause = Annotated[str | None, typer.Option("--cause", metavar="CODE", help="Their first or last cause. 原因代碼。")]
Older = Annotated[
    str | None, typer.Option("--older-than", metavar="AGE", help="30m, 24h, 7d, or before a moment. 早於。")
]
Rank = Annotated[
    str | None, typer.Option("--priority", metavar="A|B|C", help="Urgent, normal, notifications. 優先序。")
]
Dry = Annotated[bool, typer.Option("--dry-run", help="Count and show, change nothing. 僅試算。")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask again. 不再確認。")]

_NEEDED = cast("str", ...)
"""What Typer takes for the default of an option that must be given."""


def _act_command(name: str, told: str, *, reason: str = "") -> None:
    """The command of one act: all of them choose exchanges, and ask, in the same way."""

    def act(
        session: Session,
        exchange: Ids = None,
        partner: Partner = None,
        kind: Kind = None,
        state: States = None,
        cause: Cause = None,
        older: Older = None,
        direction: Way = None,
        priority: Rank = None,
        text: Part = "",
        dry: Dry = False,
        yes: Yes = False,
        reason: Reason = reason,
        called: As = None,
    ) -> None:
        from node.flows.acts import Act

        wanted = _filter(Act(name), partner, kind, state, cause, older, direction, priority, text)
        _act(session, Act(name), exchange, wanted, dry=dry, yes=yes, reason=reason, called=called)

    act.__doc__ = told
    command(app, name)(act)


_act_command(
    "retry", "Try again now, and ask partners that are away whether they are back. 立即重試，並詢問中斷之夥伴是否恢復。"
)
_act_command("park", "Stop sending papers until they are resumed. 暫停送出文件，直至恢復。", reason=_NEEDED)
_act_command("resume", "Put parked papers back on their way, with hours of their own. 恢復暫停之文件，重新計時。")
_act_command(
    "cancel",
    "Take papers back; what may have been sent is asked about. 取消文件；可能已送出者向對方查詢。",
    reason=_NEEDED,
)


def _filter(
    act: "Act",
    partner: str | None,
    kind: str | None,
    state: Sequence[State] | None,
    cause: str | None,
    older: str | None,
    direction: Direction | None,
    priority: str | None,
    text: str,
) -> "ExchangeFilter | None":
    """What was asked for; None when nothing was. Without states those that the act is for are meant."""
    from node.flows.acts import REACH
    from node.store.queries import ExchangeFilter

    if not any((partner, kind, state, cause, older, direction, priority, text)):
        return None
    return ExchangeFilter(
        direction=direction,
        partner=node_code(partner) if partner else None,
        kind=kind,
        states=frozenset(state or REACH[act]),
        text=text,
        cause=cause,
        before=since(older, SystemClock().now()) if older else None,
        priority=_priority(priority) if priority else None,
    )


def _priority(word: str) -> int:
    try:
        return Priority[word.upper()].value
    except KeyError:
        raise typer.BadParameter(f"{word!r}: A, B, C") from None


def _act(
    session: Session,
    act: "Act",
    prefixes: Sequence[str] | None,
    wanted: "ExchangeFilter | None",
    *,
    dry: bool,
    yes: bool,
    reason: str,
    called: str | None,
) -> None:
    from node.cli.queue_access import aim, look

    if bool(prefixes) == (wanted is not None):
        raise typer.BadParameter(_WHOM.to(session.language))
    at = aim(session, prefixes or (), wanted)
    found = look(session, at)
    if dry:
        _show(session, found)
    elif found.count == 0:
        session.output.say(_NOTHING)
    elif yes or found.count == 1 or _sure(session, act, found.count):
        _carry_out(session, act, at, found.count, reason, called)


def _show(session: Session, found: "Looked") -> None:
    if session.as_json:
        session.output.data({"count": found.count, "sample": [_sampled(one) for one in found.sample]})
        return
    rows: list[tuple[Cell, ...]] = []
    for one in found.sample:
        number = "" if one.kind in GUARDED else one.number
        state = STATES[one.state].to(session.language)
        rows.append((one.id, one.partner, one.kind, number, state, one.first_cause, one.last_cause))
    session.output.table(_SAMPLE, rows, _NOTHING)
    session.output.say(
        Text(
            f"{found.count} exchanges match; the oldest are shown. Nothing was changed.",
            f"符合 {found.count} 件，顯示最早者；未變更任何內容。",
        )
    )


def _sampled(one: Exchange) -> dict[str, Data]:
    return {
        "id": one.id,
        "partner": one.partner,
        "kind": one.kind,
        "state": one.state.value,
        "first_cause": one.first_cause,
        "last_cause": one.last_cause,
    }


def _sure(session: Session, act: "Act", count: int) -> bool:
    if session.as_json or not sys.stdin.isatty():
        raise typer.BadParameter(_SURE.to(session.language))
    question = Text(f"{act.value}: {count} exchanges. Go on?", f"{act.value}：{count} 件，是否執行？")
    return typer.confirm(question.to(session.language), err=True)


def _carry_out(session: Session, act: "Act", at: "Aim", count: int, reason: str, called: str | None) -> None:
    from node.cli.queue_access import act_on

    told: list[Done] = []
    try:
        with bar(session, Text(act.value, act.value)) as progress:
            for part in act_on(session, act, at, reason, called):
                told += part
                progress(len(told), count)
                if session.as_json:
                    for one in part:
                        session.output.line(_told(one))
                    sys.stdout.flush()
    except KeyboardInterrupt:
        session.output.say(
            Text(
                f"Stopped after {len(told)} of {count}: what is done stays, the rest is untouched. Run it again.",
                f"已於處置 {len(told)}／{count} 件後中止：已處置者有效，其餘未變更；再次執行即可續行。",
            )
        )
        raise
    finally:
        if not session.as_json:
            _summary(session, told)
    if len(told) == 1 and told[0].error is not None and not session.as_json:
        raise told[0].error


def _summary(session: Session, told: "Sequence[Done]") -> None:
    """Everything, when it is few; else what was not done."""
    shown = told if len(told) <= 50 else [one for one in told if one.error is not None]
    rows: list[tuple[Cell, ...]] = [_done_row(one, session) for one in shown]
    session.output.table(_DONE, rows, Text("Everything was done.", "全部完成。"))
    done = sum(one.error is None for one in told)
    session.output.say(
        Text(f"Done: {done}. Not done: {len(told) - done}.", f"完成 {done} 件，未完成 {len(told) - done} 件。")
    )


def _done_row(one: "Done", session: Session) -> tuple[Cell, ...]:
    to = session.language
    before = STATES[one.before].to(to) if one.before else ""
    after = STATES[one.after].to(to) if one.after else ""
    why = f"{one.error.code} {one.error.message(to)}" if one.error else _ASKED.to(to) if one.asked else ""
    return one.exchange, before, after, why


def _told(one: "Done") -> dict[str, Data]:
    from node.cli.failure import as_data

    return {
        "id": one.exchange,
        "before": one.before.value if one.before else None,
        "after": one.after.value if one.after else None,
        "asked": one.asked,
        "error": as_data(one.error) if one.error else None,
    }
