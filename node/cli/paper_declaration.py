"""`n2n paper check-declaration FILE`: a declaration held against the registers of operators and certificates."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from node.cli.moments import day
from node.cli.output import Column, Data
from node.cli.pki import node_code
from node.cli.session import Session, command
from node.cli.words import Text
from node.clock import SystemClock
from node.errors import Category, Language
from node.model.certificate import last_moment

if TYPE_CHECKING:
    from node.flows.declaration_check import Verdict

_COLUMNS = (
    Column("outcome", Text("Outcome", "結果")),
    Column("subject", Text("About", "對象")),
    Column("item", Text("Goods item", "項次")),
    Column("named", Text("Number or code", "號碼或代碼")),
    Column("text", Text("Reason", "事由")),
    Column("path", Text("Place", "位置")),
)
_SUBJECTS = {
    "operator": Text("operator", "業者"),
    "certificate": Text("certificate", "證書"),
    "write_off": Text("write-off", "沖銷"),
    "items": Text("items one to one", "項次一一對應"),
    "ucr": Text("UCR", "貨物唯一追蹤號碼"),
}
_OUTCOMES = {
    "holds": Text("holds", "相符"),
    "fails": Text("fails", "不符"),
    "unchecked": Text("not checked", "未查核"),
}
_NOTHING = Text("The declaration names no foreign operator or document.", "報單未載外國業者或文件。")
_ALL_HOLD = Text("Nothing stands in the way.", "查無不符。")
_SOME_FAIL = Text("{count} of {all} do not hold.", "{all} 項中有 {count} 項不符。")


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "check-declaration")(check_declaration)


def check_declaration(
    session: Session,
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="A WCO declaration. WCO 報單。")
    ],
    partner: Annotated[
        str | None, typer.Option("--partner", help="Only this partner's registers. 僅查此夥伴之登記簿。")
    ] = None,
    on: Annotated[
        str | None, typer.Option("--on", metavar="DATE", help="As of this day, else now. 查詢日期，預設現在。")
    ] = None,
) -> None:
    """Check a declaration's AEO parties, certificates and write-offs. Exit 65 when one fails. 以登記簿查核報單。"""
    from node.cli.register_access import check_against_registers
    from node.documents.declaration_reader import DECLARATION_LIMITS, read_declaration

    with file.open("rb") as opened:
        declaration = read_declaration(opened.read(DECLARATION_LIMITS.size_bytes + 1))
    now = SystemClock().now()
    code = node_code(partner) if partner else None
    # What holds on a day holds for the goods that are declared on it.
    moment = last_moment(day(on, now)) if on else now
    verdicts = check_against_registers(session, declaration, code, moment, now)
    failed = sum(not one.ok for one in verdicts)
    if session.as_json:
        session.output.data(
            {
                "file": str(file),
                "declaration": declaration.number,
                "ok": not failed,
                "verdicts": [_as_data(one) for one in verdicts],
            }
        )
    else:
        session.output.table(_COLUMNS, [_row(one, session.language) for one in verdicts], _NOTHING)
        told = _SOME_FAIL if failed else _ALL_HOLD
        session.output.say(Text(*(text.format(count=failed, all=len(verdicts)) for text in told)))
    if failed:
        raise typer.Exit(Category.MALFORMED.exit_code)


def _row(one: "Verdict", language: Language) -> tuple[str, str, str, str, str, str]:
    from node.flows.declaration_words import outcome, words

    result, about = _OUTCOMES[outcome(one.reason).value], _SUBJECTS[one.subject.value]
    return result.to(language), about.to(language), one.item, one.named, words(one.reason, language), one.path


def _as_data(one: "Verdict") -> dict[str, Data]:
    from node.flows.declaration_words import outcome, words

    return {
        "path": one.path,
        "subject": one.subject.value,
        "item": one.item,
        "named": one.named,
        "outcome": outcome(one.reason).value,
        "reason": one.reason.value,
        "text": {language.value: words(one.reason, language) for language in Language},
    }
