"""The measurement measures what it says: whole exchanges of real papers, and nothing that did not happen."""

import io
import json
import os
import time
from pathlib import Path

import pytest

from node.cli.main import main
from node.documents import reader
from node.errors import Unexpected
from node.model.exchange import Assurance, Direction, State
from node.model.ids import NodeCode
from node.profiles.book import load_book
from node.sandbox import bench
from node.sandbox.bench_papers import KIND, MAX_BYTES, MIN_BYTES, Papers
from node.sandbox.bench_process import Child, Done, Load, cpu_s, obey, peak_rss_mb
from node.settings import HubKind, load_settings
from node.store.database import Database

XA, XB = NodeCode("XA"), NodeCode("XB")
FIGURES = {"exchanges_per_s", "cpu_us_sender", "cpu_us_receiver", "p50_ms", "p99_ms", "rss_mb"}


# --- papers -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [MIN_BYTES, 4_096, 4_863, 30_720, 30_721])
def test_papers_have_exactly_the_size_asked_for_and_are_valid(size: int) -> None:
    number, content = Papers(size).next()
    assert len(content) == size
    document = reader.recognise(content)
    assert (document.kind, document.reading.identity.number) == (KIND, number)


def test_no_two_papers_share_a_number() -> None:
    one, other = Papers(4_096), Papers(4_096)
    numbers = [supply.next()[0] for supply in (one, one, other, other)]
    assert len(set(numbers)) == 4


@pytest.mark.parametrize("size", [0, MIN_BYTES - 1, MAX_BYTES + 1])
def test_a_size_that_no_paper_has_is_refused(size: int) -> None:
    with pytest.raises(Unexpected, match="bytes"):
        Papers(size)


@pytest.mark.parametrize("assurance", list(Assurance))
def test_both_homes_agree_on_the_level_that_is_measured(tmp_path: Path, assurance: Assurance) -> None:
    bench.furnish(tmp_path / "homes", assurance, HubKind.GRPC)
    for code, partner in ((XA, XB), (XB, XA)):
        settings = load_settings(tmp_path / "homes" / code, {})
        profiles = load_book(settings.profiles_folder, settings.home, code).profiles_of(partner)
        later, agreed = (one for profile in profiles for one in profile.kinds if one.name == KIND)
        assert later.terms.origin is not None, "the arrangement that follows, under the rules of agreements"
        assert agreed.assurance is assurance


# --- processes --------------------------------------------------------------------------------------------------------


def test_the_kernel_says_what_a_process_cost() -> None:
    before, give_up = cpu_s(os.getpid()), time.monotonic() + 10
    while cpu_s(os.getpid()) < before + 0.1:
        assert time.monotonic() < give_up
    assert peak_rss_mb(os.getpid()) > 10


def test_a_process_that_is_gone_cannot_be_measured() -> None:
    with pytest.raises(Unexpected, match="/proc"):
        cpu_s(0)


def test_orders_are_done_one_by_one_and_answered() -> None:
    orders = "".join(json.dumps({"size": size, "seconds": 1.0, "batch": 32, "lone": False}) + "\n" for size in (1, 2))
    answers = io.StringIO()
    obey("here", lambda load: Done(load.size, load.seconds), io.StringIO(orders), answers)
    said = [json.loads(line) for line in answers.getvalue().splitlines()]
    assert said[0] == {"ready": "here"}
    assert [one["exchanges"] for one in said[1:]] == [1, 2]


def test_what_fails_in_the_child_is_heard_by_the_parent() -> None:
    def fails(load: Load) -> Done:
        raise ZeroDivisionError(load.size)

    answers = io.StringIO()
    obey("here", fails, io.StringIO('{"size": 7, "seconds": 1, "batch": 1}\n'), answers)
    assert json.loads(answers.getvalue().splitlines()[1]) == {"failed": "ZeroDivisionError: 7"}


def test_a_child_that_ends_early_is_no_result(tmp_path: Path) -> None:
    child = Child(
        "node.sandbox.naive", ["receiver", str(tmp_path / "nowhere"), XA, "127.0.0.1:1"], tmp_path / "log", {}
    )
    child.launch()
    with pytest.raises(Unexpected, match="HomeNotFound"):
        child.ready()
    child.stop()
    child.stop()


def test_an_exchange_that_did_not_arrive_is_not_counted(tmp_path: Path) -> None:
    store = Database.open(f"sqlite:///{tmp_path / 'node.db'}")
    try:
        store.migrate()
        ledger = bench.Ledger(store, Direction.IN, State.HANDED_OVER)
        ledger.settle(0)
        with pytest.raises(Unexpected, match="1 exchanges were made, 0 are"):
            ledger.settle(1)
    finally:
        store.close()


# --- all of it --------------------------------------------------------------------------------------------------------


def test_the_bench_measures_nodes_beside_the_naive_way(capsys: pytest.CaptureFixture[str]) -> None:
    small = ["--seconds", "0.5", "--rounds", "1", "--sizes", "4096", "--batch", "8", "--assurance", "document"]
    code = main(["bench", *small, "--json"])
    out, err = capsys.readouterr()
    assert code == 0, err
    measured = json.loads(out.splitlines()[-1])
    assert set(measured) == {"runs", "naive"}
    assert set(measured["naive"]) == {"4096"}
    assert set(measured["naive"]["4096"]) == FIGURES
    assert [(run["assurance"], run["size"], run["batch"]) for run in measured["runs"]] == [("document", 4096, 8)]
    for run in measured["runs"]:
        assert set(run) == FIGURES | {"assurance", "size", "batch", "ratio_to_naive"}
        assert min(run[figure] for figure in run if figure != "assurance") > 0
        assert run["p50_ms"] <= run["p99_ms"]
        assert run["ratio_to_naive"] == pytest.approx(
            run["exchanges_per_s"] / measured["naive"]["4096"]["exchanges_per_s"], rel=0.05
        )


@pytest.mark.parametrize("words", ["", "4096,", "four", "100", "5000000"])
def test_sizes_that_make_no_sense_are_refused_at_once(capsys: pytest.CaptureFixture[str], words: str) -> None:
    assert main(["bench", "--sizes", words]) == 2
    assert "3400 … 1000000" in capsys.readouterr().err


@pytest.mark.parametrize(("language", "heading"), [("en", "Exchanges/s"), ("zh-TW", "每秒交換")])
def test_people_see_a_table_that_ends_with_the_naive_way(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], language: str, heading: str
) -> None:
    ours, theirs = (bench.Figures(rate, 100, 90, 20.5, 31.0, 120.0) for rate in (800.0, 40.0))
    planned: list[bench.Plan] = []

    def measured(plan: bench.Plan, folder: Path, progress: bench.Progress) -> bench.Result:
        planned.append(plan)
        for step in range(plan.steps):
            progress(f"step {step}")
        return bench.Result((bench.Run(Assurance.BATCH, 4096, 32, ours, 20.0),), {4096: theirs})

    monkeypatch.setattr(bench, "run", measured)
    assert main(["bench", "--lang", language, "--batch", "8,32,8", "--sizes", "4096"]) == 0
    out, err = capsys.readouterr()
    assert (planned[0].batches, planned[0].steps) == ((8, 32), 15)
    lines = out.split("\n")
    assert heading in out
    assert [line.split()[0] for line in lines if "4096" in line] == ["batch", "naive"]
    assert "docs/performance.md" in err
