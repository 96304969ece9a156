"""`n2n register request` and `requests`: asking a partner for its lists, and what was asked for or is late."""

from collections.abc import Mapping
from typing import Annotated

import typer

from node.cli.output import Cell, Column
from node.cli.pki import node_code
from node.cli.session import Session, command
from node.cli.words import Text
from node.model.certificate import OPERATORS
from node.model.exchange import Direction

MAX_SEQUENCE = 999_999_999
"""As many lists as a paper can count."""

STATES: Mapping[str, Text] = {
    "unanswered": Text("no answer", "未獲回應"),
    "open": Text("lists to come", "待送達"),
    "done": Text("lists came", "已送達"),
    "gap": Text("a list is missing", "缺前一名單"),
    "overdue": Text("list later than agreed", "名單逾期"),
    "baseline-overdue": Text("complete list later than agreed", "全份名單逾期"),
}

WHOSE: Mapping[Direction, Text] = {
    Direction.IN: Text("the partner's", "夥伴名單"),
    Direction.OUT: Text("ours", "我方名單"),
}

_LISTS = Column("lists", Text("Whose lists", "名單所屬"))
_COLUMNS = (
    Column("state", Text("State", "狀態")),
    _LISTS,
    Column("partner", Text("Partner", "夥伴")),
    Column("kind", Text("Kind", "種類")),
    Column("programme", Text("Programme", "計畫")),
    Column("after", Text("After", "起始序號")),
    Column("sequence", Text("Sequence", "序號")),
    Column("since", Text("Since", "自")),
    Column("done_at", Text("Done", "完成時間")),
    Column("request", Text("Request", "索取編號")),
)
_NONE = Text("Nothing was asked for, and nothing is late.", "無索取紀錄，亦無逾期名單。")
_COMES = Text(
    "{partner} is at list {sequence}; what is missing comes as papers.",
    "{partner} 之名單已達第 {sequence} 號；所缺者將以文件送達。",
)
_NOTHING_YET = Text(
    "{partner} has told no list yet; its authority was asked for one.", "{partner} 尚未傳送名單；已轉請其主管機關提供。"
)
_WHOLE = Text("{partner} is at list {sequence}: nothing is missing.", "{partner} 之名單為第 {sequence} 號，並無缺漏。")


def add_to(app: typer.Typer) -> None:
    """Make both commands part of `n2n register`."""
    command(app, "request")(request)
    command(app, "requests")(requests)


def request(
    session: Session,
    partner: Annotated[str, typer.Argument(help="Code of the partner. 夥伴代碼。")],
    kind: Annotated[str, typer.Argument(help="Kind of lists. 名單種類。")] = OPERATORS,
    after: Annotated[
        int, typer.Option("--after", min=0, max=MAX_SEQUENCE, help="Lists after this one; else a baseline. 起始序號。")
    ] = 0,
) -> None:
    """Ask a partner for its lists, now; they come as papers. 向夥伴索取名單，將以文件送達。"""
    from node.cli.register_access import request_lists

    code = node_code(partner)
    asked = request_lists(session, code, kind, after)
    if session.as_json:
        session.output.data(
            {
                "partner": code,
                "kind": kind,
                "after": after,
                "sequence": asked.sequence,
                "request": asked.request,
                "state": "done" if asked.nothing_missing else "open",
            }
        )
        return
    said = _WHOLE if asked.nothing_missing else _COMES if asked.sequence else _NOTHING_YET
    session.output.say(Text(*(text.format(partner=code, sequence=asked.sequence) for text in said)))


def requests(
    session: Session,
    partner: Annotated[str | None, typer.Option("--partner", help="Code of the partner. 夥伴代碼。")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="At most so many. 筆數上限。")] = 50,
) -> None:
    """List what is late or missing, then what was asked for, newest first. 列出逾期、缺漏及索取之名單。"""
    from node.cli.register_access import asked_lists

    code = node_code(partner) if partner else None
    rows: list[tuple[Cell, ...]] = []
    late, gaps, kept = asked_lists(session, code, limit)
    for one in late:
        state = _state(session, "baseline-overdue" if one.complete else "overdue")
        names = (state, _whose(session, one.direction), one.partner, OPERATORS, one.programme)
        rows.append((*names, None, one.sequence, one.due_at, None, None))
    for gap in gaps:
        names = (_state(session, "gap"), _whose(session, gap.direction), gap.partner, OPERATORS, gap.programme)
        rows.append((*names, gap.sequence, gap.gap, gap.gap_since, None, None))
    for asked in kept:
        lists = Direction.OUT if asked.direction is Direction.IN else Direction.IN
        names = (_state(session, asked.state.value), _whose(session, lists), asked.partner, asked.kind, "")
        rows.append((*names, asked.after, asked.sequence, asked.asked_at, asked.done_at, asked.id))
    session.output.table(_COLUMNS, rows, _NONE)


def _state(session: Session, state: str) -> str:
    return state if session.as_json else STATES[state].to(session.language)


def _whose(session: Session, lists: Direction) -> str:
    """In programs' words `in` for lists that come from the partner, `out` for ours."""
    return lists.value if session.as_json else WHOSE[lists].to(session.language)
