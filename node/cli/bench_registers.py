"""`n2n bench --registers`: what judging a paper, a whole list of operators and a lookup cost."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

from node.cli.output import Column
from node.cli.session import Session
from node.cli.words import Text

if TYPE_CHECKING:
    from rich.progress import Progress

_WORDS = {
    "validate_ms": Text("Judging a paper of 4 KB, CPU ms", "審核 4 KB 文件 CPU ms"),
    "lookup_p99_ms": Text("Lookup p99 ms", "查詢 p99 ms"),
    "operators": Text("Operators", "業者數"),
    "baseline_s": Text("Whole list, seconds", "全份名單秒數"),
    "baseline_cpu_s": Text("Receiver CPU for it, seconds", "收方 CPU 秒數"),
    "baseline_rss_mb": Text("Receiver memory MB", "收方記憶體 MB"),
    "delta_s": Text("1,000 changes, seconds", "異動 1,000 家秒數"),
    "handed_in_s": Text("Handing the list in, seconds", "送件端受理全份名單秒數"),
    "parts": Text("Parts of the list", "名單部數"),
}
_READ_ON = Text("How to read this: docs/performance.md", "判讀方式：docs/performance.md")


def measure_registers(session: Session, operators: int) -> None:
    """Measure and show it."""
    from node.sandbox.bench_registers import RegisterPlan, run  # brings the whole node

    plan = RegisterPlan(operators)
    folder = Path(mkdtemp(prefix="n2n-bench-"))
    try:
        with progress_bar(session, plan.steps) as bar:
            figures = run(plan, folder, lambda done: bar.update(bar.task_ids[0], advance=1, description=done))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    found = asdict(figures)
    if session.as_json:
        session.output.line(found)
        return
    session.output.record([(Column(name, _WORDS[name]), value) for name, value in found.items()])
    session.output.say(_READ_ON)


@contextmanager
def progress_bar(session: Session, steps: int) -> Iterator["Progress"]:
    """A progress bar on standard error; programs that asked for JSON see none."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn  # slow to import

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), disable=session.as_json) as bar:
        bar.add_task("", total=steps)
        yield bar
