"""`n2n codes [LIST] [CODE]`: the code lists that papers use, and what a code means."""

from typing import TYPE_CHECKING, Annotated

import typer

from node.cli.output import Column
from node.cli.session import Session, command
from node.cli.words import Text

if TYPE_CHECKING:
    from node.documents.code_lists import CodeList

_LISTS = (
    Column("list", Text("List", "代碼表")),
    Column("title", Text("Title", "名稱")),
    Column("source", Text("Source", "來源")),
    Column("version", Text("Version", "版本")),
    Column("codes", Text("Codes", "代碼數")),
)
_CODES = (
    Column("code", Text("Code", "代碼")),
    Column("en", Text("English", "英文")),
    Column("zh-TW", Text("繁體中文", "繁體中文")),
)
_NONE = Text("No codes.", "沒有代碼。")


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "codes")(codes)


def codes(
    session: Session,
    name: Annotated[str | None, typer.Argument(metavar="[LIST]", help="One list. 代碼表。")] = None,
    code: Annotated[str | None, typer.Argument(metavar="[CODE]", help="One code of it. 代碼。")] = None,
) -> None:
    """Code lists, the codes of one, or the meaning of one code. 代碼表、其代碼，或單一代碼之意義。"""
    from node.documents.code_lists import code_list, list_names  # reads tables; only this command needs them here

    if name is None:
        rows = [_row(code_list(one), session) for one in sorted(list_names())]
        session.output.table(_LISTS, rows, _NONE)
        return
    if name not in list_names():
        raise typer.BadParameter(f"{name!r}: {', '.join(sorted(list_names()))}", param_hint="LIST")
    found = code_list(name)
    if code is not None and code not in found.names:
        raise typer.BadParameter(f"{code!r}: n2n codes {name}", param_hint="CODE")
    chosen = found.names if code is None else {code: found.names[code]}
    session.output.table(_CODES, [(one, en, zh) for one, (en, zh) in chosen.items()], _NONE)


def _row(one: "CodeList", session: Session) -> tuple[str, str, str, str, int]:
    return one.name, Text(*one.title).to(session.language), one.source, one.version, len(one.names)
