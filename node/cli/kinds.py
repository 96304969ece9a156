"""`n2n kinds`: the kinds of official paper this node understands."""

from typing import Annotated

import typer

from node.cli.output import Column
from node.cli.session import Session, command
from node.cli.words import Text

_COLUMNS = (
    Column("kind", Text("Kind", "種類")),
    Column("version", Text("Version", "版本")),
    Column("title", Text("Title", "名稱")),
    Column("media_type", Text("Form", "格式")),
    Column("root", Text("Root element", "根元素")),
    Column("package", Text("Package", "套件")),
)


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "kinds")(kinds)


def kinds(
    session: Session,
    data_model: Annotated[
        bool, typer.Option("--data-model", help="Every field in the WCO data model. WCO 資料模型對照。")
    ] = False,
) -> None:
    """The kinds of official paper this node understands. 本節點可處理的文件種類。"""
    from node.documents.catalogue import CATALOGUE, PACKAGES  # compiles schemas; only this command needs them
    from node.documents.data_model.page import page

    if data_model:
        session.output.text(page())
        return

    rows = [
        (
            kind.name,
            kind.version,
            Text(kind.title_en, kind.title_zh).to(session.language),
            kind.media_type,
            kind.root,
            PACKAGES.get((kind.name, kind.version), ""),
        )
        for kind in CATALOGUE.values()
    ]
    session.output.table(_COLUMNS, rows, Text("No kinds.", "沒有文件種類。"))
