"""`n2n register`: what an officer types, and what programs read."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from node.cli.main import main
from node.documents import samples

Run = Callable[..., Any]
KIND, TEA, TEA_AGAIN = "certificate_of_origin", "XA-115-CO-0093127", "XA-115-CO-0093544"
UCR = "6XA2290187-PO5512"
SUSPENDED = "XA-AEOS-2026-0118"
ISSUER = "XA:南嶼商業總會"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """XA, which has told XB of three certificates: one was replaced, one names a consignment."""
    folder = tmp_path_factory.mktemp("register")
    assert main(["pki", "dev", str(folder / "pki"), "XA", "XB"]) == 0
    home = folder / "xa"
    partner = ["--partner", "XB=127.0.0.1:1"]
    assert main(["init", str(home), "--code", "XA", "--pki", str(folder / "pki"), *partner]) == 0
    for name in ("tea", "tea_replacement", "machine_parts"):
        paper = folder / f"{name}.xml"
        paper.write_bytes(samples.sample(KIND, name))
        assert main(["send", str(paper), "--to", "XB", "--home", str(home)]) == 0
    return home


@pytest.fixture
def ask(n2n: Run, home: Path) -> Run:
    return lambda *arguments: n2n("register", *arguments, "--home", home)


OUT = ("--direction", "out")


def test_the_exit_code_tells_in_force_from_ended_from_unknown(ask: Run) -> None:
    assert ask("lookup", TEA_AGAIN, *OUT).code == 0
    assert ask("lookup", TEA, *OUT).code == 1
    assert ask("lookup", "XA-NEVER", *OUT).code == 66
    assert ask("lookup", TEA_AGAIN).code == 66, "nobody told us of it"
    assert ask("lookup", TEA_AGAIN, *OUT, "--on", "2020-01-01").code == 1
    assert ask("lookup", TEA_AGAIN, *OUT, "--known-at", "2020-01-01").code == 66


def test_one_certificate_is_named_by_kind_issuer_and_number(ask: Run) -> None:
    (found,) = ask("lookup", KIND, ISSUER, TEA, *OUT, "--json").data
    assert (found["status"], found["in_force"], found["issued"]) == ("replaced", False, "2026-11-10")
    assert [one["number"] for one in found["chain"]] == [TEA, TEA_AGAIN]
    assert ask("lookup", KIND, "XA:somebody else", TEA, *OUT).code == 66
    assert ask("lookup", "aeo_status", ISSUER, TEA, *OUT).code == 66
    assert ask("lookup", KIND, TEA, *OUT).code == 2, "two words name nothing"
    assert ask("lookup", TEA, "--on", "tomorrow").code == 2


def test_what_is_left_is_told_now_and_of_what_is_in_force(ask: Run) -> None:
    def left(number: str, *more: str) -> list[dict[str, str]]:
        return ask("lookup", number, *OUT, "--json", *more).data[0]["left"]

    by_quantity = left(TEA_AGAIN)[0]
    assert by_quantity == {"item": "1", "measure": "quantity", "unit": "KGM", "left": by_quantity["left"]}
    assert float(by_quantity["left"]) > 0
    assert left(TEA) == left(TEA_AGAIN, "--known-at", "0h") == []
    assert "KGM" in ask("lookup", TEA_AGAIN, *OUT).out
    assert "數量" in ask("lookup", TEA_AGAIN, *OUT, "--lang", "zh-TW").out


def test_people_read_it_in_their_language(ask: Run) -> None:
    assert "replaced by another" in ask("lookup", TEA, *OUT).out
    assert "已換發" in ask("lookup", TEA, *OUT, "--lang", "zh-TW").out
    assert "查無資料" in ask("lookup", "XA-NEVER", "--lang", "zh-TW").err


def test_a_register_is_listed_and_filtered(ask: Run) -> None:
    def numbers(*filters: str) -> set[str]:
        return {one["number"] for one in ask("list", KIND, *OUT, "--json", *filters).data}

    assert len(numbers()) == 3
    assert TEA not in numbers("--in-force")
    assert numbers("--text", "0093") == {TEA, TEA_AGAIN}
    assert len(numbers("--limit", "1")) == 1
    assert numbers("--partner", "XB") == numbers()
    assert not numbers("--partner", "XC")
    assert ask("list", "no_such_kind").code == 65


def test_a_register_is_written_out_for_spreadsheets_and_programs(ask: Run, tmp_path: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(ask("export", KIND, *OUT).out)))
    assert {row["number"]: row["status"] for row in rows}[TEA] == "replaced"
    target = tmp_path / "origin.jsonl"
    assert ask("export", KIND, *OUT, "--format", "json", "--output", target).code == 0
    lines = [json.loads(line) for line in target.read_text().splitlines()]
    assert [one["number"] for one in lines] == [row["number"] for row in rows]
    again = ask("export", KIND, *OUT, "--output", target)
    assert again.code == 2, "a file that is there is never written over"


def test_a_consignment_is_traced_by_reference_number_and_id(ask: Run) -> None:
    def traced(what: str) -> list[str]:
        return [one["number"] for one in ask("trace", what, "--json").data["exchanges"]]

    (machine,) = traced(UCR)
    assert traced(UCR.lower()) == traced(machine) == [machine]
    assert traced(TEA) == [TEA, TEA_AGAIN]
    (found,) = ask("trace", UCR, "--json").data["exchanges"]
    assert traced(found["id"]) == [machine]
    assert found["ucrs"] == [UCR.casefold()]
    assert ask("trace", "nothing").code == 66
    assert UCR.casefold() in ask("trace", UCR).out


# --- lists ----------------------------------------------------------------------------------------------------------


def test_what_is_late_and_what_was_asked_for_is_listed(ask: Run) -> None:
    assert ask("request", "XB", "certificate_of_origin").code == 77, "it has no lists"
    assert ask("request", "XB", "--after", "7").code == 69, "nobody is there"
    rows = ask("requests", "--json").data
    late = [(one["state"], one["lists"], one["partner"]) for one in rows if one["state"].endswith("overdue")]
    assert ("baseline-overdue", "in", "XB") in late
    (asked,) = [one for one in rows if one["request"]]
    assert (asked["state"], asked["lists"], asked["kind"], asked["after"], asked["sequence"], asked["done_at"]) == (
        "unanswered", "in", "aeo_status", 7, None, None,
    )  # fmt: skip
    assert [one["request"] for one in ask("requests", "--partner", "XA", "--json").data] == []
    assert "no answer" in ask("requests").out
    assert "未獲回應" in ask("requests", "--lang", "zh-TW").out


def test_operators_are_listed_and_written_out_and_not_their_papers(n2n: Run, home: Path, tmp_path: Path) -> None:
    paper = tmp_path / "suspended.json"
    for name in ("operators_baseline", "operator_granted", "operator_suspended"):
        paper.write_bytes(samples.sample("aeo_status", name))
        assert main(["send", str(paper), "--to", "XB", "--home", str(home)]) == 0

    def ask(*arguments: str) -> Any:  # noqa: ANN401
        return n2n("register", *arguments, *OUT, "--home", home)

    every = {one["number"]: one for one in ask("list", "aeo_status", "--json").data}
    assert len(every) == 3
    assert (every[SUSPENDED]["status"], every[SUSPENDED]["in_force"]) == ("suspended", False)
    assert SUSPENDED not in {one["number"] for one in ask("list", "aeo_status", "--in-force", "--json").data}
    assert [one["number"] for one in ask("list", "aeo_status", "--text", "𠮷𪚥", "--json").data] == [
        "XA-AEOS-2021-0043"
    ]
    assert "停權中" in ask("list", "aeo_status", "--lang", "zh-TW").out
    rows = {row["number"]: row for row in csv.DictReader(io.StringIO(ask("export", "aeo_status").out))}
    assert rows.keys() == every.keys()
    assert [rows[SUSPENDED][key] for key in ("status", "reason", "name")] == [
        "suspended", "security-incident", "Merrow Precision Works Ltd",
    ]  # fmt: skip
    lines = [json.loads(line) for line in ask("export", "aeo_status", "--format", "json").out.splitlines()]
    assert {one["number"]: one["in_force"] for one in lines}[SUSPENDED] is False
    early = ask("list", "aeo_status", "--on", "2026-11-19", "--json").data
    assert {one["number"]: one["in_force"] for one in early}[SUSPENDED] is True
