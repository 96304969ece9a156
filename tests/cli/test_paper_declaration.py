"""`n2n paper check-declaration`: what an officer sees, and what programs read, at a node that was told nothing yet."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from node.cli.main import main

Run = Callable[..., Any]
GOOD = Path(__file__).parents[1] / "declarations/good.xml"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("declaration")
    assert main(["pki", "dev", str(folder / "pki"), "XA", "XB"]) == 0
    home = folder / "xb"
    partner = ["--partner", "XA=127.0.0.1:1"]
    assert main(["init", str(home), "--code", "XB", "--pki", str(folder / "pki"), *partner]) == 0
    return home


@pytest.fixture
def check(n2n: Run, home: Path) -> Run:
    return lambda *arguments: n2n("paper", "check-declaration", *arguments, "--home", home)


def test_what_nobody_told_of_fails_with_its_reason(check: Run) -> None:
    ran = check(GOOD)
    assert ran.code == 65
    assert "no partner told us of such an operator" in ran.out
    assert "no partner sent us a certificate of this type and number" in ran.out
    assert "4 of 6 do not hold." in ran.err
    assert "夥伴未曾傳送此種類與號碼之證書" in check(GOOD, "--lang", "zh-TW").out


def test_programs_read_one_object(check: Run) -> None:
    data = check(GOOD, "--json", "--partner", "XA", "--on", "2026-11-22").data
    assert (data["declaration"], data["ok"]) == ("26XB0000551901", False)
    first = data["verdicts"][0]
    assert (first["subject"], first["named"], first["outcome"]) == ("operator", "XA22901870", "fails")
    assert (first["reason"], set(first["text"])) == ("operator_unknown", {"en", "zh-TW"})


def test_a_declaration_without_foreign_papers_holds(check: Run, tmp_path: Path) -> None:
    empty = tmp_path / "empty.xml"
    empty.write_text('<Declaration xmlns="urn:wco:datamodel:WCO:DEC-DMS:2"><ID>1</ID></Declaration>', encoding="utf-8")
    ran = check(empty)
    assert ran.code == 0
    assert "The declaration names no foreign operator or document." in ran.err


def test_what_is_no_declaration_says_so(check: Run, tmp_path: Path) -> None:
    other = tmp_path / "other.xml"
    other.write_text("<Declaration/>", encoding="utf-8")
    ran = check(other)
    assert (ran.code, "N2N-DOC-008" in ran.err) == (65, True)
    assert check(tmp_path / "missing.xml").code == 2
    assert check(GOOD, "--partner", "XZ").code != 0
    assert check(GOOD, "--on", "yesterday").code == 2
