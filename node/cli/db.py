"""`n2n db`: copies of what the node remembers, the way back, and whether the store is whole."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from node.cli.bars import bar
from node.cli.output import Column
from node.cli.session import Session, command
from node.cli.words import Text

if TYPE_CHECKING:  # the command line starts without them
    from node.archive.backups import Backup

app = typer.Typer(no_args_is_help=True, help="Backup, restore and check of the store. 資料庫備份、還原與檢查。")

DRILLED = 20
"""Papers of each direction that a drill proves, unless told otherwise."""

_FILE = Column("file", Text("Backup", "備份"))
_MADE = Column("made_at", Text("Made", "製作時間"))
_BYTES = Column("bytes", Text("Bytes", "位元組"))
_SHA256 = Column("sha256", Text("SHA-256", "SHA-256"))
_ROWS = Column("rows", Text("Rows", "資料列"))

_ASKED = Column("asked_about", Text("Papers partners are asked about", "將向夥伴查詢之文件"))
_BEFORE = Column("before", Text("The store before", "原資料庫"))

_DIFFERING = Column("differing", Text("Tables that differ", "不一致之資料表"))
_VERDICTS = Column("verdicts", Text("Evidence, by verdict", "證據檔（依結果）"))
_RESULT = Column("result", Text("Result", "結果"))

_WHOLE = Text("whole", "完整")
_GOOD = Text("the backup can be gone back to", "備份可供還原")

_Backup = Annotated[Path, typer.Argument(metavar="FILE", help="A backup: its .db file. 備份檔（.db）。")]


@command(app, "backup")
def backup(
    session: Session,
    to: Annotated[Path, typer.Option("--to", metavar="FOLDER", help="Where to. 輸出目錄。")] = Path("backups"),
) -> None:
    """Copy the store beside a running node, and check the copy. 於節點運作中備份並檢查備份。"""
    from node.cli.db_access import take_backup

    with _pages(session) as progress:
        made = take_backup(session, to, progress)
    session.output.record(
        [
            (_FILE, str(made.path)),
            (_MADE, made.made_at),
            (_BYTES, made.size),
            (_SHA256, made.sha256),
            (_ROWS, _rows(made)),
        ]
    )


@command(app, "restore")
def restore(
    session: Session,
    file: _Backup,
    replace: Annotated[
        bool, typer.Option("--replace", help="Move the store that is there aside. 將現有資料庫移至旁側。")
    ] = False,
) -> None:
    """Put a backup in the store's place while the node is stopped. 於節點停止時以備份還原。"""
    from node.cli.db_access import restore_backup

    with _pages(session) as progress:
        done = restore_backup(session, file, replace, progress)
    session.output.record([(_ASKED, len(done.asked_about)), (_BEFORE, str(done.before or ""))])
    session.output.say(
        Text(
            "Papers from partners that came after the backup are lost here, and their senders have our receipts: ask "
            "them to send those again. Their nodes will report that our log shrank; tell them why. "
            "docs/reliability.md.",
            "備份後收到之夥伴文件於此已遺失，而寄件方持有我方收據：請其重送。對方節點將通報我方紀錄縮短，請告知原因。"
            "詳見 docs/reliability.md。",
        )
    )


@command(app, "drill")
def drill(
    session: Session,
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="A backup, else one is made now. 備份檔；省略則即時製作。")
    ] = None,
    papers: Annotated[
        int, typer.Option("--papers", min=0, max=10_000, help="Newest papers proved, each way. 各方向舉證件數。")
    ] = DRILLED,
) -> None:
    """Rehearse a restore in a scratch folder: compare, prove, verify. 於暫存目錄演練還原：比對、舉證、驗證。"""
    from node.cli.db_access import drill_backup
    from node.errors import BackupUnusable

    with _pages(session) as progress:
        made, done = drill_backup(session, file, papers, progress)
    session.output.record(
        [
            (_FILE, str(made.path)),
            (_MADE, made.made_at),
            (_ROWS, _rows(made)),
            (_DIFFERING, " ".join(done.differing)),
            (_VERDICTS, " ".join(f"{verdict}={count}" for verdict, count in done.verdicts.items())),
            (_RESULT, _GOOD.to(session.language) if done.ok else ""),
        ]
    )
    if not done.ok:
        raise BackupUnusable(path=made.path, detail="what is in it differs from the store, or does not prove itself")


@command(app, "check")
def check(session: Session) -> None:
    """Whether the store is whole: pages, indexes, references, schema. 檢查資料庫之頁面、索引、參照與綱要。"""
    from node.cli.db_access import check_store

    faults = check_store(session)
    if session.as_json:
        session.output.data({"ok": not faults, "faults": faults})
    else:
        session.output.record([(_RESULT, "; ".join(faults) or _WHOLE.to(session.language))])
    if faults:
        from node.errors import StoreCorrupt

        raise StoreCorrupt(what="database file")


def _rows(made: "Backup") -> int:
    return sum(made.counts.values())


@contextmanager
def _pages(session: Session) -> Iterator[Callable[[int, int], None]]:
    with bar(session, Text("pages", "頁")) as progress:
        yield progress
