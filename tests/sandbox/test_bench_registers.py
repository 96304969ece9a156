"""`n2n bench --registers` measures real lists between real nodes; a short run shows that all of it is measured."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from node.cli.main import main
from node.documents import aeo_compose, reader
from node.sandbox.bench_operators import HEAD, record
from node.sandbox.bench_registers import RegisterPlan, run

FIGURES = {
    "validate_ms",
    "lookup_p99_ms",
    "operators",
    "baseline_s",
    "baseline_cpu_s",
    "baseline_rss_mb",
    "delta_s",
    "handed_in_s",
    "parts",
}


def test_a_short_run_tells_every_figure(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--registers", "--operators", "40", "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert set(figures) == FIGURES
    assert figures["operators"] == 40
    assert all(value > 0 for name, value in figures.items() if name != "baseline_cpu_s")


def test_lists_of_several_parts_arrive_and_progress_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = aeo_compose.baseline
    monkeypatch.setattr(aeo_compose, "baseline", lambda *values: whole(*values, 20_000))
    told: list[str] = []
    figures = run(RegisterPlan(90), tmp_path, told.append)
    assert figures.parts > 2
    assert len(told) == RegisterPlan(90).steps


def test_operators_to_measure_with_are_good_ones() -> None:
    now = datetime(2026, 11, 22, tzinfo=UTC)
    (paper,) = aeo_compose.baseline(HEAD, "L-1", 1, now, [record(number, 1) for number in range(50)])
    assert reader.recognise(paper).reading.fields["count"] == "50"
