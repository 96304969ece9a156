"""`n2n up`: run the node until it is told to stop."""

import typer

from node.cli.session import Session, command


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "up")(up)


def up(session: Session) -> None:
    """Run the node; Ctrl-C or SIGTERM ends it after finishing what it is doing. 啟動節點，Ctrl-C 結束。"""
    from node.cli.node_access import run_node

    run_node(session)
