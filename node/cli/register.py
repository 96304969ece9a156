"""`n2n register`: is it in force, was it, what goes with it, and the whole register for others to read."""

import csv
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from node.cli import register_requests
from node.cli.moments import day, since
from node.cli.output import Cell, Column, Data, csv_cells, to_json
from node.cli.pki import node_code
from node.cli.register_words import (
    CERTIFICATES,
    ISSUER,
    KIND,
    LEFT,
    LIVES,
    NUMBER,
    OPERATOR_COLUMNS,
    STATUS,
    Entry,
    entry_data,
    entry_life,
    entry_row,
    entry_says,
    left_rows,
    operator_data,
    operator_life,
    operator_row,
    row_of,
    told_data,
    told_lines,
    with_chain,
)
from node.cli.session import Session, command
from node.cli.words import DIRECTIONS, STATES, Text
from node.clock import SystemClock
from node.errors import Category, KindUnknown
from node.model.certificate import OPERATORS, Life
from node.model.exchange import Direction
from node.model.lookup import Question

if TYPE_CHECKING:
    from node.model.ids import NodeCode
    from node.store.tracing import Traced

app = typer.Typer(no_args_is_help=True, help="Registers: certificates, consignments. 登記簿：證書與貨物。")
register_requests.add_to(app)

EXIT_NOT_IN_FORCE = 1
"""It is known, and not in force."""
EXIT_UNKNOWN = Category.NOT_FOUND.exit_code
"""Nothing is known of it."""

PAGE = 50
"""A screenful, unless told otherwise."""

_NOTHING = Text("Nothing is known of it.", "查無資料。")
_NONE = Text("The register holds nothing that matches.", "登記簿中沒有符合的資料。")
_MORE = Text("There is more than a trace shows.", "相關交換過多，僅顯示一部分。")
_WRITTEN = Text("{count} written to {path}", "已將 {count} 筆寫入 {path}")

_ID = Column("id", Text("Exchange", "交換"))
_DIRECTION = Column("direction", Text("Direction", "方向"))
_PARTNER = Column("partner", Text("Partner", "夥伴"))
_VERSION = Column("version", Text("Version", "版本"))
_STATE = Column("state", Text("State", "狀態"))
_UCR = Column("ucr", Text("UCR", "貨物唯一追蹤號碼"))
_SINCE = Column("created_at", Text("Since", "建立時間"))
_LOOKUP = Column("lookup", Text("Lookup", "查詢"))
_OURS = Column("asked_by_us", Text("Asked by us", "我方查詢"))
_MOMENT = Column("moment", Text("When", "時間"))
_DAY = Column("on", Text("On", "查詢日期"))
_AS_KNOWN = Column("known_at", Text("As known at", "所知時點"))
_ASKED = (_LOOKUP, _MOMENT, _PARTNER, _OURS, KIND, ISSUER, NUMBER, _DAY, _AS_KNOWN, STATUS)
_TRACED = (_SINCE, _DIRECTION, _PARTNER, KIND, NUMBER, _VERSION, _STATE, _UCR, _ID)

_Partner = Annotated[str | None, typer.Option("--partner", help="Code of the partner. 夥伴代碼。")]
_On = Annotated[str | None, typer.Option("--on", help="In force on this day, else today. 查詢日期，預設今日。")]
_KnownAt = Annotated[
    str | None, typer.Option("--known-at", help="As known then: a moment, or 24h ago. 以當時所知為準。")
]
_Whose = Annotated[
    Direction,
    typer.Option(
        "--direction", case_sensitive=False, help="in: what partners told us; out: what we told them. 登記簿方向。"
    ),
]


class Format(StrEnum):
    """How a register is written out."""

    CSV = "csv"
    JSON = "json"


@command(app, "lookup")
def lookup(
    session: Session,
    which: Annotated[
        list[str], typer.Argument(metavar="NUMBER | KIND ISSUER NUMBER", help="What to look up. 查詢對象。")
    ],
    partner: _Partner = None,
    on: _On = None,
    known_at: _KnownAt = None,
    direction: _Whose = Direction.IN,
    ask: Annotated[bool, typer.Option("--ask", help="Ask the partner itself, now. 直接向夥伴查詢。")] = False,
) -> None:
    """Is it authentic and in force? Exit 0: it is; 1: known, not in force; 66: not known. 查詢證書或企業是否有效。"""
    from node.cli.register_access import certificates_with, operators_with, quantities_left

    *named, number = _one_or_three(which)
    kind, issuer = named or (None, None)
    day, moment = _when(on, known_at)
    if ask:
        _ask(session, Question(kind or "", issuer or "", number, day, moment if known_at else None), partner)
        return
    whose = _code(partner)
    found = certificates_with(
        session, number, day, moment, direction=direction, partner=whose, kind=kind, issuer=issuer
    )
    traders = (
        operators_with(session, number, day, moment, direction=direction, partner=whose, authority=issuer)
        if kind in (None, OPERATORS)
        else []
    )
    # The ledger tells what is left now; it does not tell what was left then.
    left = [()] * len(found) if known_at else quantities_left(session, found)
    if session.as_json:
        session.output.data([*map(with_chain, found, left), *map(operator_data, traders)])
    else:
        to = session.language
        rows = [*(row_of(one, LIVES[one.life].to(to)) for one in found)]
        rows += [operator_row(one, LIVES[operator_life(one)].to(to)) for one in traders]
        session.output.table(CERTIFICATES, rows, _NOTHING)
        amounts = [row for one, some in zip(found, left, strict=True) for row in left_rows(one, some, to)]
        if amounts:
            session.output.table(LEFT, amounts, _NOTHING)
    if not any([*(one.in_force for one in found), *(one.in_force for one in traders)]):
        raise typer.Exit(EXIT_NOT_IN_FORCE if found or traders else EXIT_UNKNOWN)


def _ask(session: Session, question: Question, partner: str | None) -> None:
    from node.cli.register_access import ask_partner

    if not question.kind or partner is None:
        raise typer.BadParameter("--ask: KIND ISSUER NUMBER --partner CODE")
    told = ask_partner(session, node_code(partner), question)
    if session.as_json:
        session.output.data(told_data(told.answer, partner, told.lookup))
    else:
        session.output.record(told_lines(told.answer, partner, session.language))
    if not told.answer.in_force:
        raise typer.Exit(EXIT_UNKNOWN if told.answer.status == Life.UNKNOWN else EXIT_NOT_IN_FORCE)


@command(app, "asked")
def asked(
    session: Session,
    partner: _Partner = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="At most so many. 筆數上限。")] = PAGE,
) -> None:
    """List what partners and we asked each other, newest first. 列出雙方之即時查詢，由新至舊。"""
    from node.cli.register_access import kept_lookups
    from node.wire import lookup_answer_from_bytes, lookup_request_from_bytes

    rows: list[tuple[Cell, ...]] = []
    for one in kept_lookups(session, limit, _code(partner)):
        question = lookup_request_from_bytes(one.request).question
        answer = lookup_answer_from_bytes(one.sealed.answer)
        names = (one.asked_by_us, question.kind, question.issuer, question.number, question.on.isoformat())
        rows.append((one.id, one.moment, one.partner, *names, question.known_at, answer.status))
    session.output.table(_ASKED, rows, _NONE)


@command(app, "list")
def list_(
    session: Session,
    kind: Annotated[str, typer.Argument(help="As `n2n kinds` names it. 文件種類。")],
    partner: _Partner = None,
    on: _On = None,
    known_at: _KnownAt = None,
    direction: _Whose = Direction.IN,
    in_force: Annotated[bool, typer.Option("--in-force", help="Only what is in force. 僅列有效者。")] = False,
    text: Annotated[str, typer.Option("--text", help="Part of number, issuer or name. 編號、機關或名稱。")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="At most so many. 筆數上限。")] = PAGE,
) -> None:
    """List a register, in the order in which things became known. 列出登記簿，依知悉先後。"""
    sought = text.casefold()

    def wanted(one: Entry) -> bool:
        return (one.in_force or not in_force) and entry_says(one, sought)

    rows = list(islice(filter(wanted, _register(session, kind, partner, on, known_at, direction)), limit))
    if session.as_json:
        session.output.data([entry_data(one) for one in rows])
    else:
        session.output.table(_columns(kind), [_shown(one, session) for one in rows], _NONE)


@command(app, "export")
def export(
    session: Session,
    kind: Annotated[str, typer.Argument(help="As `n2n kinds` names it. 文件種類。")],
    partner: _Partner = None,
    on: _On = None,
    known_at: _KnownAt = None,
    direction: _Whose = Direction.IN,
    form: Annotated[
        Format, typer.Option("--format", case_sensitive=False, help="json: one object per line. 輸出格式。")
    ] = Format.CSV,
    to: Annotated[Path | None, typer.Option("--output", help="A new file, else standard output. 輸出檔案。")] = None,
) -> None:
    """Write a whole register out, row by row. 輸出整份登記簿。"""
    rows = _register(session, kind, partner, on, known_at, direction)
    with _target(to) as stream:
        count = _WRITERS[form](stream, _columns(kind), rows)
    if to is not None:
        session.output.say(Text(*(text.format(count=count, path=to) for text in _WRITTEN)))


@command(app, "trace")
def trace(
    session: Session,
    what: Annotated[
        str, typer.Argument(metavar="UCR|NUMBER|ID", help="Consignment, certificate, message. 貨物、證書或訊息。")
    ],
) -> None:
    """Everything that hangs together, oldest first. 追蹤所有相關文件與回覆，由舊至新。"""
    from node.cli.register_access import trace as follow

    found = follow(session, what)
    if session.as_json:
        session.output.data({"exchanges": [_traced_data(one) for one in found.exchanges], "complete": found.complete})
    else:
        session.output.table(_TRACED, [_traced_row(one, session) for one in found.exchanges], _NOTHING)
        if not found.complete:
            session.output.say(_MORE)
    if not found.exchanges:
        raise typer.Exit(EXIT_UNKNOWN)


def _one_or_three(which: list[str]) -> list[str]:
    if len(which) not in (1, 3):
        raise typer.BadParameter("NUMBER, or KIND ISSUER NUMBER")
    return which


def _code(partner: str | None) -> "NodeCode | None":
    return node_code(partner) if partner else None


def _when(on: str | None, known_at: str | None) -> tuple[date, datetime]:
    """The day asked about – here, where the officer sits – and the moment whose knowledge counts."""
    now = SystemClock().now()
    return day(on, now), since(known_at, now) if known_at else now


def _register(
    session: Session, kind: str, partner: str | None, on: str | None, known_at: str | None, direction: Direction
) -> Iterator[Entry]:
    from node.cli.register_access import all_certificates, all_operators
    from node.documents.catalogue import CATALOGUE

    if all(name != kind for name, _ in CATALOGUE):
        raise KindUnknown(detail=f"no kind {kind[:64]}")
    if kind == OPERATORS:
        return all_operators(session, *_when(on, known_at), direction=direction, partner=_code(partner))
    return all_certificates(session, kind, *_when(on, known_at), direction=direction, partner=_code(partner))


def _columns(kind: str) -> Sequence[Column]:
    return OPERATOR_COLUMNS if kind == OPERATORS else CERTIFICATES


@contextmanager
def _target(path: Path | None) -> Iterator[TextIO]:
    if path is None:
        yield sys.stdout
        return
    try:
        stream = path.open("x", encoding="utf-8", newline="")
    except OSError as error:
        raise typer.BadParameter(f"{path}: {error.strerror}") from error
    with stream:
        yield stream


def _write_csv(stream: TextIO, columns: Sequence[Column], rows: Iterable[Entry]) -> int:
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow([column.key for column in columns])
    return _counted(writer.writerow(csv_cells(entry_row(one, entry_life(one).value))) for one in rows)


def _write_json(stream: TextIO, columns: Sequence[Column], rows: Iterable[Entry]) -> int:
    return _counted(stream.write(to_json(entry_data(one), indent=None) + "\n") for one in rows)


def _counted(writing: Iterable[object]) -> int:
    """Do all that is to be written; how much it was."""
    return sum(1 for _ in writing)


_WRITERS: dict[Format, Callable[[TextIO, Sequence[Column], Iterable[Entry]], int]] = {
    Format.CSV: _write_csv,
    Format.JSON: _write_json,
}


def _shown(one: Entry, session: Session) -> tuple[Cell, ...]:
    return entry_row(one, LIVES[entry_life(one)].to(session.language))


def _traced_row(one: "Traced", session: Session) -> tuple[Cell, ...]:
    found, to = one.exchange, session.language
    direction, state = DIRECTIONS[found.direction].to(to), STATES[found.state].to(to)
    names = (found.partner, found.kind, found.number, found.version)
    return (found.created_at, direction, *names, state, " ".join(one.ucrs), found.id)


def _traced_data(one: "Traced") -> dict[str, Data]:
    found = one.exchange
    return {
        "id": found.id,
        "direction": found.direction.value,
        "partner": found.partner,
        "kind": found.kind,
        "issuer": found.issuer,
        "number": found.number,
        "version": found.version,
        "state": found.state.value,
        "created_at": found.created_at,
        "message_id": found.message_id,
        "refers_to": found.refers_to,
        "ucrs": list(one.ucrs),
    }
