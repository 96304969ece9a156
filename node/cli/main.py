"""`n2n`: the command that runs, feeds and questions an exchange node."""

import os
import platform
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from node import __version__
from node.cli import (
    answer,
    audit,
    bench,
    chaos,
    codes,
    db,
    demo,
    evidence,
    exchange,
    explain,
    init,
    key,
    kinds,
    paper,
    pki,
    queue,
    register,
    retention,
    send,
    up,
    use,
)
from node.cli.failure import report
from node.cli.session import Debug, Home, Json, Lang, Session

EXIT_INTERRUPTED = 130
"""What shells report for a program that Ctrl-C ended (128 + SIGINT)."""

app = typer.Typer(
    name="n2n",
    help="Exchange node of a national single window. 國家單一窗口跨境交換節點。",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _version(asked: bool) -> None:
    if asked:
        sys.stdout.write(f"n2n {__version__} (protocol v1, Python {platform.python_version()})\n")
        raise typer.Exit


@app.callback()
def _common(
    home: Home = None,
    lang: Lang = None,
    as_json: Json = False,
    debug: Debug = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="The version. 版本。")
    ] = False,
) -> None:
    """The common options write into the session by themselves."""


for noun in (demo, init, up, send, answer, use, kinds, codes, explain, bench, chaos):
    noun.add_to(app)
app.add_typer(exchange.app, name="exchange")
app.add_typer(evidence.app, name="evidence")
app.add_typer(audit.app, name="audit")
app.add_typer(db.app, name="db")
app.add_typer(key.app, name="key")
app.add_typer(paper.app, name="paper")
app.add_typer(pki.app, name="pki")
app.add_typer(queue.app, name="queue")
app.add_typer(register.app, name="register")
app.add_typer(retention.app, name="retention")


def main(arguments: Sequence[str]) -> int:
    """Run one command line; returns its exit code."""
    session = Session.from_environment(os.environ)
    try:
        app(args=list(arguments), prog_name="n2n", obj=session)
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 0
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader (`| head`) has seen enough; nothing more can be written, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        return report(error, session)
    return 0


def run() -> None:
    """Entry point of the `n2n` script."""
    sys.exit(main(sys.argv[1:]))
