"""`n2n queue drain`: take nothing new, let what was accepted finish, and say what is left."""

import time
from typing import TYPE_CHECKING, Annotated

import typer

from node.cli import queue_standing
from node.cli.choosing import As, Reason
from node.cli.session import Session, command
from node.cli.words import Text
from node.model.job import Verb

if TYPE_CHECKING:  # the command line starts without it
    from node.cli.queue_tasks import Top

LOOK_S = 0.5
"""How often it looks whether something is left."""

_OPEN = Text("New papers are taken again.", "已恢復收件。")
_WAS_OPEN = Text("New papers were taken already.", "原即收件中。")
_CLOSED = Text("Nothing new is taken; `n2n queue drain --open` ends it.", "已停止收件；`n2n queue drain --open` 恢復。")


def add_to(app: typer.Typer) -> None:
    """Give `n2n queue` this command."""
    command(app, "drain")(drain)


def drain(
    session: Session,
    reason: Reason = "",
    open_: Annotated[bool, typer.Option("--open", help="Take new papers again. 恢復收件。")] = False,
    wait_s: Annotated[
        float, typer.Option("--wait", min=0, metavar="SECONDS", help="How long it may take. 等候秒數。")
    ] = 60.0,
    called: As = None,
) -> None:
    """Take nothing new, let the node finish what it can, show what is left. 停止收件並完成待辦。"""
    from node.cli.node_access import acting
    from node.cli.queue_tasks import standing
    from node.flows import draining  # brings the whole node

    if open_:
        with acting(session, called) as (node, by):
            opened = draining.reopen(node, by, reason)
        if session.as_json:
            session.output.data({"open": True, "was_closed": opened})
        else:
            session.output.say(_OPEN if opened else _WAS_OPEN)
        return
    with acting(session, called) as (node, by):
        draining.close(node, by, reason)
    session.output.say(_CLOSED)
    until = time.monotonic() + wait_s
    while _can_go_on(left := standing(session)) and time.monotonic() < until:
        time.sleep(LOOK_S)
    queue_standing.show(session, left)


def _can_go_on(left: "Top") -> bool:
    """Whether a running node has something to do that does not wait for a partner who is away."""
    away = {one.partner for one in left.away}
    return any(lane.verb is not Verb.DELIVER or lane.partner not in away for lane in left.lanes)
