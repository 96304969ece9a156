"""`n2n send FILE --to CODE`: hand in a paper as the domestic hub would."""

from pathlib import Path
from typing import Annotated

import typer

from node.cli.output import Column
from node.cli.pki import node_code
from node.cli.session import Session, command
from node.cli.words import STATES, Text

_ID = Column("id", Text("Exchange", "交換"))
_PARTNER = Column("partner", Text("Partner", "夥伴"))
_KIND = Column("kind", Text("Kind", "種類"))
_NUMBER = Column("number", Text("Number", "編號"))
_STATE = Column("state", Text("State", "狀態"))

_NEXT = Text("Follow it with: n2n exchange show {id}", "追蹤：n2n exchange show {id}")

WAIT_S = 60.0
"""How long --wait waits for the partner's receipt unless told otherwise."""


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "send")(send)


def send(
    session: Session,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="The paper. 文件。")],
    to: Annotated[str, typer.Option("--to", help="Code of the partner. 夥伴代碼。")],
    kind: Annotated[str | None, typer.Option("--kind", help="Refuse anything else. 限定文件種類。")] = None,
    key: Annotated[str | None, typer.Option("--key", help="Idempotency key: same key, same exchange. 冪等鍵。")] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait for the partner's receipt. 等候對方收據。")] = False,
    wait_s: Annotated[
        float, typer.Option("--wait-s", min=0.0, help="At most so many seconds. 等候秒數上限。")
    ] = WAIT_S,
) -> None:
    """Hand in a paper for a partner. 送交文件予夥伴。"""
    from node.cli.node_access import hand_in

    partner = node_code(to)
    exchange = hand_in(session, file.read_bytes(), partner, kind=kind, key=key, wait_s=wait_s if wait else None)
    session.output.record(
        [
            (_ID, exchange.id),
            (_PARTNER, exchange.partner),
            (_KIND, exchange.kind),
            (_NUMBER, exchange.number),
            (_STATE, exchange.state.value if session.as_json else STATES[exchange.state].to(session.language)),
        ]
    )
    session.output.say(Text(*(text.format(id=exchange.id) for text in _NEXT)))
