"""Progress bars: for a person at a terminal; programs and files are spared them."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from node.cli.session import Session
from node.cli.words import Text


@contextmanager
def bar(session: Session, what: Text) -> Iterator[Callable[[int, int], None]]:
    """Something to tell how many of how many are done."""
    if session.as_json or not sys.stderr.isatty():
        yield lambda done, of: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(file=sys.stderr), transient=True) as shown:
        task = shown.add_task(what.to(session.language), total=None)
        yield lambda done, of: shown.update(task, completed=done, total=of)
