"""`n2n paper convert FILE --as FORM`: a paper in another form, and field by field what did not cross as it was."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from node.cli.output import Column, Data
from node.cli.session import Session, command
from node.cli.words import Text

if TYPE_CHECKING:  # compiles schemas; only the command itself needs them
    from node.documents.conversion import Loss, Note

_PATH = Column("path", Text("Field", "欄位"))
_WHAT = Column("what", Text("What happened", "處理"))
_TEXT = Column("text", Text("Why", "說明"))

_ALL_CROSSED = Text("Every field crossed as it was.", "所有欄位均原樣轉換。")
_WRITTEN = Text("Written to {path}.", "已寫入 {path}。")


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "convert")(convert)


def convert(
    session: Session,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="The paper. 文件。")],
    form: Annotated[str, typer.Option("--as", metavar="FORM", help="The form, see docs/conversions.md. 目標格式。")],
    output: Annotated[
        Path | None, typer.Option("--output", metavar="PATH", help="A new file instead of the terminal. 輸出檔案。")
    ] = None,
) -> None:
    """Tell a paper in another form, and name what was dropped, defaulted or changed. 轉換文件格式並逐欄說明差異。"""
    from node.documents.forms import convert as converted_to

    converted = converted_to(file.read_bytes(), form)
    if output is not None:
        _write(output, converted.content)
    document = converted.content.decode()
    if session.as_json:
        where: dict[str, Data] = {"document": document} if output is None else {"output": str(output)}
        notes: list[Data] = [
            {"path": note.path, "what": note.what.value, "text": note.text(session.language)}
            for note in converted.notes
        ]
        session.output.data({"file": str(file), "form": form, **where, "notes": notes})
        return
    if output is None:
        session.output.text(document)
    else:
        session.output.say(Text(*(text.format(path=output) for text in _WRITTEN)))
    _tell_notes(session, converted.notes)


def _tell_notes(session: Session, notes: "tuple[Note, ...]") -> None:
    """To standard error, so that a converted paper can go into a pipe."""
    rows = [(note.path, _losses()[note.what].to(session.language), note.text(session.language)) for note in notes]
    session.output.aside((_PATH, _WHAT, _TEXT), rows, _ALL_CROSSED)


def _losses() -> "dict[Loss, Text]":
    from node.documents.conversion import Loss

    return {
        Loss.DROPPED: Text("dropped", "捨棄"),
        Loss.DEFAULTED: Text("defaulted", "補入預設值"),
        Loss.CHANGED: Text("changed", "變更"),
    }


def _write(path: Path, content: bytes) -> None:
    """Create the file; whatever has the name already stays."""
    from node.errors import FileNotWritten

    try:
        with path.open("xb") as file:
            file.write(content)
    except OSError as error:
        raise FileNotWritten(path=path, detail=error.strerror or "it cannot be written") from error
