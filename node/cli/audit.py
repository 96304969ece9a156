"""`n2n audit`: who did what, and whether what was written down still says so."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from node.cli.output import Cell, Column, Data
from node.cli.pki import node_code
from node.cli.session import Session, command
from node.cli.words import Text
from node.clock import to_xml
from node.journal import escaped

if TYPE_CHECKING:  # the command line starts without them
    from node.archive.log_check import LogReport, Progress
    from node.store.audit import AuditEntry

app = typer.Typer(no_args_is_help=True, help="Acts and logs, and whether they still hold. 稽核紀錄及其查驗。")

PAGE = 50
"""A screenful, unless told otherwise."""

MAX_LISTED = 10_000
"""A list is for reading; more than this is an export of the whole store."""

_ID = Column("id", Text("#", "#"))
_MOMENT = Column("moment", Text("When", "時間"))
_ACTOR = Column("actor", Text("Who", "行為者"))
_ACT = Column("act", Text("Act", "行為"))
_OBJECT = Column("object", Text("On what", "對象"))
_DETAIL = Column("detail", Text("Detail", "備註"))
_LISTED = (_ID, _MOMENT, _ACTOR, _ACT, _OBJECT, _DETAIL)

_LOG = Column("log", Text("Log", "紀錄"))
_ENTRIES = Column("entries", Text("Entries", "筆數"))
_CHECKPOINTS = Column("checkpoints", Text("Signed checkpoints", "已簽署查核點"))
_COVERED = Column("covered", Text("Vouched for up to", "已擔保至"))
_RESULT = Column("result", Text("Result", "結果"))
_CHECKED = (_LOG, _ENTRIES, _CHECKPOINTS, _COVERED, _RESULT)

_HOLDS = Text("holds", "成立")
_UNSIGNED = Text("fits, but nothing was signed", "相符，惟無已簽署之查核點")
_NONE = Text("Nothing of that kind was done.", "沒有符合的紀錄。")
_NO_LOGS = Text("There is no log yet.", "尚無紀錄。")
_CLEARED = Text(
    "The alarm is cleared; the next checkpoint of the partner counts as its first. "
    "Parked papers stay parked: n2n exchange resume ID.",
    "警示已解除；對方下一個查核點視為首個。已暫停之文件仍維持暫停：n2n exchange resume ID。",
)

_Partner = Annotated[str | None, typer.Option("--partner", help="Code of the partner. 夥伴代碼。")]


@command(app, "tail")
def tail(
    session: Session,
    partner: _Partner = None,
    act: Annotated[str | None, typer.Option("--act", help="Only this act, e.g. refused. 僅列此行為。")] = None,
    after: Annotated[
        int | None, typer.Option("--after", min=0, metavar="N", help="Behind entry N, else the last. 自第 N 筆之後。")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=MAX_LISTED, help="At most so many. 筆數上限。")] = PAGE,
    follow: Annotated[bool, typer.Option("--follow", help="Go on as more is done; Ctrl-C ends. 持續顯示。")] = False,
) -> None:
    """Show who did what, the newest last. 顯示何人所為何事，最新者在後。"""
    from node.cli.node_access import audit_entries, follow_audit

    whose = node_code(partner) if partner else None
    found = audit_entries(session, after=after, limit=limit, partner=whose, act=act)
    if not follow:
        if session.as_json:
            session.output.data([_as_data(one) for one in found])
        else:
            session.output.table(_LISTED, [_row(one) for one in found], _NONE)
        return
    for one in found:
        _show(session, one)
    seen = found[-1].id if found else after or 0
    for one in follow_audit(session, seen, partner=whose, act=act):
        _show(session, one)


@command(app, "verify")
def verify(session: Session, partner: _Partner = None) -> None:
    """Work out our logs again and compare them with what was signed. 重新核算紀錄並與已簽署者比對。"""
    from node.cli.node_access import check_logs

    with _bar(session) as progress:
        reports = check_logs(session, node_code(partner) if partner else None, progress)
    if session.as_json:
        session.output.data([_report(one) for one in reports])
    else:
        session.output.table(_CHECKED, [_checked(one, session) for one in reports], _NO_LOGS)
    for one in reports:
        if one.broken is not None:
            raise one.broken


@command(app, "clear")
def clear(
    session: Session,
    partner: Annotated[str, typer.Argument(help="Whose log was rewritten. 紀錄遭改寫之夥伴。")],
    because: Annotated[str, typer.Option("--because", help="What was found out; it is kept. 查明之事由，將予保存。")],
) -> None:
    """Take back the alarm about a partner's log, after it was looked into. 查明後解除夥伴紀錄之警示。"""
    from node.cli.node_access import clear_alarm

    code = node_code(partner)
    clear_alarm(session, code, because)
    if session.as_json:
        session.output.data({"partner": code, "cleared": True})
    else:
        session.output.say(_CLEARED)


def _show(session: Session, one: "AuditEntry") -> None:
    if session.as_json:
        session.output.line(_as_data(one))
    else:
        identifier, _, *rest = _row(one)
        words = (str(identifier), to_xml(one.moment), *(str(cell) for cell in rest))
        session.output.text(escaped("  ".join(words)))
    sys.stdout.flush()


def _row(one: "AuditEntry") -> tuple[Cell, ...]:
    detail = " ".join(f"{name}={value}" for name, value in one.detail.items())
    return one.id, one.moment, f"{one.actor} ({one.kind})", one.act, one.object, detail


def _as_data(one: "AuditEntry") -> dict[str, Data]:
    return {
        "id": one.id,
        "moment": one.moment,
        "actor": one.actor,
        "kind": one.kind.value,
        "act": one.act,
        "object": one.object,
        "detail": dict(one.detail),
    }


def _checked(one: "LogReport", session: Session) -> tuple[Cell, ...]:
    if one.broken is not None:
        result = one.broken.message(session.language)
    else:
        result = (_UNSIGNED if one.entries and not one.checkpoints else _HOLDS).to(session.language)
    return one.log, one.entries, one.checkpoints, one.covered, result


def _report(one: "LogReport") -> dict[str, Data]:
    from node.cli.failure import as_data

    return {
        "log": one.log,
        "entries": one.entries,
        "checkpoints": one.checkpoints,
        "covered": one.covered,
        "holds": one.broken is None,
        "error": None if one.broken is None else as_data(one.broken),
    }


@contextmanager
def _bar(session: Session) -> "Iterator[Progress]":
    """A progress bar for a person at a terminal; programs and files are spared it."""
    if session.as_json or not sys.stderr.isatty():
        yield lambda log, done, of: None
        return
    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(console=Console(file=sys.stderr), transient=True) as bar:
        tasks = {}

        def show(log: str, done: int, of: int) -> None:
            if log not in tasks:
                tasks[log] = bar.add_task(log, total=of)
            bar.update(tasks[log], completed=done)

        yield show
