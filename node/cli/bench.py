"""`n2n bench`: measure whole exchanges between two real nodes, beside the naive way."""

import shutil
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Annotated

import typer

from node.cli.bench_registers import measure_registers, progress_bar
from node.cli.output import Cell, Column
from node.cli.session import Session, command
from node.cli.words import Text
from node.model.exchange import Assurance

if TYPE_CHECKING:
    from node.sandbox.bench import Figures, Result

_WAY = Column("way", Text("Signed", "簽署方式"))
_SIZE = Column("size", Text("Bytes", "位元組"))
_BATCH = Column("batch", Text("Batch", "批次"))
_RATE = Column("exchanges_per_s", Text("Exchanges/s", "每秒交換"))
_SENDER = Column("cpu_us_sender", Text("Sender CPU µs", "送方 CPU µs"))
_RECEIVER = Column("cpu_us_receiver", Text("Receiver CPU µs", "收方 CPU µs"))
_P50 = Column("p50_ms", Text("Lone p50 ms", "單件 p50 ms"))
_P99 = Column("p99_ms", Text("Lone p99 ms", "單件 p99 ms"))
_RSS = Column("rss_mb", Text("Memory MB", "記憶體 MB"))
_RATIO = Column("ratio_to_naive", Text("× naive", "對單純作法倍數"))
_COLUMNS = (_WAY, _SIZE, _BATCH, _RATE, _SENDER, _RECEIVER, _P50, _P99, _RSS, _RATIO)

_NOTHING = Text("Nothing was measured.", "沒有量測結果。")
_NAIVE = "naive"
_READ_ON = Text("How to read this: docs/performance.md", "判讀方式：docs/performance.md")


class MeasuredHub(StrEnum):
    """The hubs that can be measured with."""

    GRPC = "grpc"
    FOLDER = "folder"


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "bench")(bench)


def bench(
    session: Session,
    seconds: Annotated[
        float, typer.Option("--seconds", min=0.2, help="Length of one measurement. 每次量測秒數。")
    ] = 5.0,
    rounds: Annotated[int, typer.Option("--rounds", min=1, help="Medians are over these. 回合數。")] = 3,
    sizes: Annotated[
        str, typer.Option("--sizes", metavar="BYTES,…", help="Sizes of papers. 文件大小。")
    ] = "4096,30720",
    batch: Annotated[str, typer.Option("--batch", metavar="COUNT,…", help="Papers in a batch. 每批件數。")] = "32",
    assurance: Annotated[
        list[Assurance] | None, typer.Option("--assurance", help="Only this level; may be repeated. 僅此簽署方式。")
    ] = None,
    hub: Annotated[
        MeasuredHub,
        typer.Option("--hub", help="grpc: a feed; folder: files. 樞紐介接方式。"),
    ] = MeasuredHub.GRPC,
    registers: Annotated[
        bool, typer.Option("--registers", help="Measure lists of operators and lookups instead. 改為量測登記簿。")
    ] = False,
    operators: Annotated[
        int, typer.Option("--operators", min=1, max=1_000_000, help="How many a list has. 名單業者數。")
    ] = 100_000,
) -> None:
    """Measure exchanges between two nodes on this machine. 量測本機兩節點間的交換效能。"""
    if registers:
        measure_registers(session, operators)
        return
    from node.sandbox.bench import ASSURANCES, Plan, run  # brings the whole node
    from node.settings import HubKind

    levels = tuple(dict.fromkeys(assurance or ASSURANCES))
    plan = Plan(seconds, rounds, _numbers(sizes, 3_400, 1_000_000), _numbers(batch, 1, 64), levels, HubKind(hub.value))
    folder = Path(mkdtemp(prefix="n2n-bench-"))
    try:
        with progress_bar(session, plan.steps) as bar:
            result = run(plan, folder, lambda measured: bar.update(bar.task_ids[0], advance=1, description=measured))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    _show(session, result)


def _numbers(words: str, least: int, most: int) -> tuple[int, ...]:
    """Distinct whole numbers between commas."""
    try:
        numbers = tuple(dict.fromkeys(int(word) for word in words.split(",")))
    except ValueError:
        numbers = ()
    if not numbers or min(numbers) < least or max(numbers) > most:
        raise typer.BadParameter(f"{words}: {least} … {most}, as in 以逗號分隔 {least},{most}")
    return numbers


def _show(session: Session, result: "Result") -> None:
    if session.as_json:
        session.output.line(
            {
                "runs": [
                    {
                        "assurance": one.assurance.value,
                        "size": one.size,
                        "batch": one.batch,
                        **asdict(one.figures),
                        "ratio_to_naive": one.ratio_to_naive,
                    }
                    for one in result.runs
                ],
                "naive": {str(size): asdict(figures) for size, figures in result.naive.items()},
            }
        )
        return
    rows = [(one.assurance.value, one.size, one.batch, *_cells(one.figures), one.ratio_to_naive) for one in result.runs]
    rows += [(_NAIVE, size, 1, *_cells(figures), 1.0) for size, figures in result.naive.items()]
    session.output.table(_COLUMNS, rows, _NOTHING)
    session.output.say(_READ_ON)


def _cells(figures: "Figures") -> tuple[Cell, ...]:
    return (
        figures.exchanges_per_s,
        figures.cpu_us_sender,
        figures.cpu_us_receiver,
        figures.p50_ms,
        figures.p99_ms,
        figures.rss_mb,
    )
