"""`n2n key`: what partners are told about our keys."""

from typing import Annotated

import typer

from node.cli.output import Column
from node.cli.pki import node_code
from node.cli.session import Session, command
from node.cli.words import Text

app = typer.Typer(no_args_is_help=True, help="Our keys and what partners know of them. 本節點金鑰與夥伴所知。")

_ID = Column("id", Text("Exchange", "交換"))
_REPEATED = Column("repeated", Text("Announced before", "先前已公告"))

_NEXT = Text("The partner's receipt confirms it: n2n exchange show {id}", "對方的收據即為確認：n2n exchange show {id}")


@command(app, "announce")
def announce_keys(
    session: Session, to: Annotated[str, typer.Option("--to", help="Code of the partner. 夥伴代碼。")]
) -> None:
    """Send our current key statement to a partner. 將現行金鑰聲明送交夥伴。"""
    from node.cli.node_access import announce  # brings the store; other commands do without it

    accepted = announce(session, node_code(to))
    session.output.record([(_ID, accepted.exchange), (_REPEATED, accepted.repeated)])
    session.output.say(Text(*(text.format(id=accepted.exchange) for text in _NEXT)))
