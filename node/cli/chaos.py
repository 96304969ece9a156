"""`n2n chaos`: break two real nodes in every way there is, and count what is lost."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Annotated

import typer

from node.cli.output import Cell, Column
from node.cli.session import Session, command
from node.cli.words import Text
from node.errors import Category

if TYPE_CHECKING:
    from rich.progress import Progress

    from node.sandbox.chaos import Result

EXIT_BROKEN = Category.INTERNAL.exit_code
"""A promise was broken: a defect of ours."""

_COLUMNS = {
    "seed": Column("seed", Text("Seed", "亂數種子")),
    "kills": Column("kills", Text("Processes killed", "強制終止次數")),
    "faults": Column("faults", Text("Other faults", "其他故障次數")),
    "papers": Column("papers", Text("Papers handed in", "送件數")),
    "lost": Column("lost", Text("Lost", "遺失")),
    "doubled": Column("doubled", Text("Delivered twice", "重複送達")),
    "unproven": Column("unproven", Text("Without evidence", "無證據")),
    "waiting": Column("waiting", Text("Never accepted", "未獲受理")),
    "worst_restart_s": Column("worst_restart_s", Text("Slowest restart, s", "最慢重啟秒數")),
    "settled_s": Column("settled_s", Text("Quiet time until all had ended, s", "全部結案所需平靜秒數")),
    "missed": Column("missed", Text("Points not reached", "未到達之終止點")),
}

_HELD = Text("Every promise held.", "所有承諾均成立。")
_BROKEN = Text("A promise was broken; everything lies in {folder}", "承諾未成立；所有檔案位於 {folder}")


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "chaos")(chaos)


def chaos(
    session: Session,
    seconds: Annotated[float, typer.Option("--seconds", min=1, help="All faults for so long. 混合故障秒數。")] = 60,
    seed: Annotated[int, typer.Option("--seed", help="What is done is drawn from it. 亂數種子。")] = 1,
    points: Annotated[
        int, typer.Option("--points", min=0, help="Instead: every kill point so often. 改為逐一終止點重複次數。")
    ] = 0,
    kills: Annotated[int, typer.Option("--kills", min=0, help="Instead: random kills. 改為隨機強制終止次數。")] = 0,
    in_flight: Annotated[
        int, typer.Option("--in-flight", min=2, help="Papers on their way at each point. 途中文件數。")
    ] = 50,
    database: Annotated[
        str,
        typer.Option("--database", metavar="URL", help="Of both stores, with {node} for the code. 兩節點之資料庫。"),
    ] = "",
) -> None:
    """Kill, freeze and cut off two nodes while papers cross, then judge. 故障試驗：強制終止、凍結、斷線後核對。"""
    from node.sandbox.chaos import Plan, run  # brings the whole node

    by_points = bool(points or kills)
    if database and "{node}" not in database:
        raise typer.BadParameter("--database: postgresql://…/{node}")
    plan = Plan(0 if by_points else seconds, seed, points, in_flight, kills, database)
    folder = Path(mkdtemp(prefix="n2n-chaos-"))
    with _bar(session, plan.steps) as bar:

        def tell(what: str) -> None:
            # In a run by time the seconds are counted, not what happens in them.
            advance = 1 if by_points or not what else 0
            bar.update(bar.task_ids[0], advance=advance, description=what or None)

        result = run(plan, folder, tell)
    _show(session, result)
    if not result.ok:
        session.output.say(Text(*(text.format(folder=folder) for text in _BROKEN)))
        raise typer.Exit(EXIT_BROKEN)
    shutil.rmtree(folder, ignore_errors=True)
    session.output.say(_HELD)


@contextmanager
def _bar(session: Session, steps: int) -> Iterator["Progress"]:
    """A progress bar on standard error; programs that asked for JSON see none."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn  # slow to import

    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=Console(stderr=True), disable=session.as_json) as bar:
        bar.add_task("", total=steps)
        yield bar


def _show(session: Session, result: "Result") -> None:
    verdict = result.verdict
    said: dict[str, Cell] = {
        "seed": result.seed,
        "kills": result.kills,
        "faults": result.faults,
        "papers": verdict.papers,
        "lost": len(verdict.lost),
        "doubled": len(verdict.doubled),
        "unproven": len(verdict.unproven),
        "waiting": len(verdict.waiting),
        "worst_restart_s": result.worst_restart_s,
        "settled_s": result.settled_s,
    }
    if session.as_json:
        session.output.line({**said, "missed": list(result.missed)})
    else:
        session.output.record([(_COLUMNS[name], value) for name, value in said.items()])
        if result.missed:
            session.output.record([(_COLUMNS["missed"], ", ".join(sorted(set(result.missed))))])
