"""`n2n pki`: keys and certificates for laptops and tests; a real node's come from its authority."""

from pathlib import Path
from typing import Annotated

import typer

from node.cli.output import Column
from node.cli.session import Session, command
from node.cli.words import Text
from node.clock import SystemClock
from node.model.ids import NodeCode, is_node_code

app = typer.Typer(no_args_is_help=True, help="Keys and certificates for development. 開發用金鑰與憑證。")

_COLUMNS = (Column("node", Text("Node", "節點")), Column("folder", Text("Folder", "目錄")))

_NEXT = Text(
    "Development keys only: never use them for a real node.\nNext: n2n init HOME --code {code} --pki {folder}",
    "僅供開發使用，切勿用於正式節點。\n下一步：n2n init HOME --code {code} --pki {folder}",
)


def node_code(text: str) -> NodeCode:
    """A node code from the command line; a usage error when it is none."""
    if not is_node_code(text):
        raise typer.BadParameter(
            f"{text!r}: two capitals, then up to 14 capitals or digits; 兩個大寫字母後接大寫字母或數字"
        )
    return NodeCode(text)


Codes = Annotated[list[str], typer.Argument(metavar="CODE...", help="Codes of the nodes. 節點代碼。")]


@command(app, "dev")
def dev(
    session: Session,
    folder: Annotated[Path, typer.Argument(help="A new or empty folder. 新目錄或空目錄。")],
    codes: Codes,
) -> None:
    """Draw a CA and all role keys for each node. 為各節點產生憑證機構與各用途金鑰。"""
    from node.sandbox.dev_pki import draw  # a library for development; other commands do without it

    pki = draw(folder, [node_code(code) for code in codes], SystemClock().now())
    session.output.table(_COLUMNS, [(node, str(pki.folder / node)) for node in pki.nodes], _NEXT)
    session.output.say(Text(*(text.format(code=codes[0], folder=folder) for text in _NEXT)))
