"""`n2n init HOME`: a complete node home for a laptop: settings, keys, partners and an empty store."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from node.cli.output import Column
from node.cli.pki import node_code
from node.cli.session import Session, command
from node.cli.words import Text
from node.clock import SystemClock
from node.model.ids import NodeCode

_HOME = Column("home", Text("Home", "節點目錄"))
_CODE = Column("code", Text("Code", "代碼"))
_LISTEN = Column("listen", Text("Listens on", "接聽位址"))
_PARTNERS = Column("partners", Text("Partners", "夥伴"))

_NEXT = Text("Next: n2n up --home {home}", "下一步：n2n up --home {home}")


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "init")(init)


def init(
    session: Session,
    code: Annotated[str, typer.Option("--code", help="The node's code, e.g. XA. 節點代碼。")],
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="HOME", help="A new or empty folder, else --home. 新目錄或空目錄。", show_default=False),
    ] = None,
    listen: Annotated[
        str, typer.Option("--listen", metavar="HOST:PORT", help="Where partners call. 夥伴連線位址。")
    ] = "127.0.0.1:7443",
    pki: Annotated[
        Path | None, typer.Option("--pki", help="Made by `n2n pki dev`; else new keys are drawn. 既有開發金鑰。")
    ] = None,
    partner: Annotated[
        list[str] | None,
        typer.Option(
            "--partner", metavar="CODE=HOST:PORT", help="A partner of the same PKI; repeatable. 夥伴，可重複。"
        ),
    ] = None,
) -> None:
    """Create a node home: settings, keys, partners, store. 建立節點目錄。

    It holds node.toml (settings), keys/ (one key per role, readable by the owner alone), partner_profiles/ and certs/
    (one folder per partner), hub/ (where papers come and go) and node.db (what the node remembers).
    """
    own, home = node_code(code), folder or session.home
    partners = dict(_partner(each) for each in partner or ())
    if partners and pki is None:
        raise typer.BadParameter("--partner needs --pki; --partner 須搭配 --pki")
    from node.cli.node_access import make_store

    _furnish(home, own, listen, pki, partners)
    session.home = home
    make_store(session)
    session.output.record(
        [(_HOME, str(home.absolute())), (_CODE, own), (_LISTEN, listen), (_PARTNERS, " ".join(partners))],
    )
    session.output.say(Text(*(text.format(home=home) for text in _NEXT)))


def _partner(text: str) -> tuple[NodeCode, str]:
    code, equals, address = text.partition("=")
    if not equals or not address:
        raise typer.BadParameter(f"{text!r}: CODE=HOST:PORT")
    return node_code(code), address


def _furnish(home: Path, code: NodeCode, listen: str, pki: Path | None, partners: dict[NodeCode, str]) -> None:
    from node.sandbox.dev_pki import DevPki, draw, require_empty  # libraries for development only
    from node.sandbox.homes import furnish_home

    require_empty(home)
    if pki is not None:
        furnish_home(DevPki(pki, (code, *partners)), home, code, listen=listen, partners=partners)
        return
    with TemporaryDirectory() as scratch:
        drawn = draw(Path(scratch) / "pki", [code], SystemClock().now())
        furnish_home(drawn, home, code, listen=listen)
