"""`n2n paper validate FILE...`: everything that would be said of papers, before anybody hands them in."""

import errno
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from node.cli.output import Column, Data
from node.cli.pki import node_code
from node.cli.session import Session, command
from node.cli.words import Text
from node.errors import Category, Language
from node.model.exchange import Direction

if TYPE_CHECKING:
    from node.documents.findings import Explained
    from node.flows.examination import Between, Examined

ENDINGS = (".xml", ".json")
"""What is taken for a paper in a folder; a file that is named is examined whatever its name."""

_COLUMNS = (
    Column("severity", Text("Severity", "程度")),
    Column("path", Text("Place", "位置")),
    Column("text", Text("Reason", "事由")),
    Column("owner", Text("Whose rule", "規則出處")),
)
_GOOD = Text("acceptable", "可接受")
_BAD = Text("not acceptable", "不可接受")
_NOTHING = Text("No papers here.", "此處沒有文件。")
_COUNTED = Text("{good} of {all} acceptable.", "{all} 份文件中，{good} 份可接受。")
_UNREADABLE = Text("the file cannot be read: {why}", "檔案無法讀取：{why}")


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "validate")(validate)


def validate(
    session: Session,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Papers, or folders of them. 文件或資料夾。")],
    partner: Annotated[
        str | None, typer.Option("--partner", help="Under what was agreed with this node. 依與此夥伴之協定。")
    ] = None,
    direction: Annotated[
        Direction,
        typer.Option("--direction", case_sensitive=False, help="To that partner, or from it. 送往或來自該夥伴。"),
    ] = Direction.OUT,
) -> None:
    """Every finding about papers; nothing is sent. Exit code 65 when one is not acceptable. 檢核文件，列出所有事由。

    With --json one object per line. 使用 --json 時，每行一個物件。
    """
    from node.cli.node_access import arrangements_with  # the rules of every kind come along
    from node.flows.examination import examine, unreadable

    between = arrangements_with(session, node_code(partner), direction) if partner else None
    found = list(_papers(files))
    good = 0
    with _bar(session, len(found)) as step:
        for file in found:
            examined = _examined(file, between, examine, unreadable)
            good += examined.ok
            step()
            _tell(session, file, examined)
    if not found:
        session.output.say(_NOTHING)
    elif len(found) > 1:
        session.output.say(Text(*(text.format(good=good, all=len(found)) for text in _COUNTED)))
    if good < len(found):
        raise typer.Exit(Category.MALFORMED.exit_code)


def _papers(files: list[Path]) -> Iterator[Path]:
    """Files as they are named; of folders what looks like a paper, by name, without following links."""
    for file in files:
        if not file.is_dir():
            yield file
            continue
        for folder, inner, names in os.walk(file):
            inner.sort()
            yield from (Path(folder, name) for name in sorted(names) if name.lower().endswith(ENDINGS))


def _examined(
    file: Path,
    between: "Between | None",
    examine: "Callable[[bytes, Between | None], Examined]",
    unreadable: "Callable[[Mapping[Language, str]], Examined]",
) -> "Examined":
    try:
        content = read_paper(file)
    except OSError as error:
        why = error.strerror or type(error).__name__
        return unreadable({Language.EN: _UNREADABLE.en.format(why=why), Language.ZH: _UNREADABLE.zh.format(why=why)})
    return examine(content, between)


def read_paper(file: Path) -> bytes:
    """The bytes of a file, of one that is too large only so many that this shows. Raises OSError."""
    from node.wire import MAX_DOCUMENT_BYTES

    if file.exists() and not file.is_file():
        raise OSError(errno.EINVAL, "no regular file")  # a pipe or device may never end
    with file.open("rb") as opened:
        return opened.read(MAX_DOCUMENT_BYTES + 1)


def _tell(session: Session, file: Path, examined: "Examined") -> None:
    output, language = session.output, session.language
    if session.as_json:
        output.line(_as_data(file, examined, language))
        return
    word = (_GOOD if examined.ok else _BAD).to(language)
    about = "  ".join(part for part in (str(file), word, examined.kind, examined.number) if part)
    output.heading(about)
    if examined.findings:
        output.table(_COLUMNS, [_row(one, language) for one in examined.findings], _NOTHING)


def _as_data(file: Path, examined: "Examined", language: Language) -> dict[str, Data]:
    return {
        "file": str(file),
        "ok": examined.ok,
        "kind": examined.kind,
        "number": examined.number,
        "findings": [
            {
                "path": one.finding.path,
                "rule": one.finding.rule,
                "severity": one.severity.value,
                "text": one.reason[language],
            }
            for one in examined.findings
        ],
    }


def _row(one: "Explained", language: Language) -> tuple[str, str, str, str]:
    """Both languages of the reason, that of the reader first: the other is for whoever must mend the paper."""
    from node.documents.findings import OWNERS, SEVERITIES

    other = Language.EN if language is Language.ZH else Language.ZH
    reason = f"{one.reason[language]} ｜ {one.reason[other]}"
    return SEVERITIES[one.severity][language], one.finding.path or "/", reason, OWNERS[one.owner][language]


@contextmanager
def _bar(session: Session, papers: int) -> Iterator[Callable[[], None]]:
    """A progress bar for a person at a terminal who waits for many papers."""
    if session.as_json or papers < 2 or not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(file=sys.stderr), transient=True) as bar:
        task = bar.add_task("", total=papers)
        yield lambda: bar.advance(task)
