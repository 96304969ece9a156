"""`n2n paper validate`: every finding of many papers at once, for people and for programs, with and without a home."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from node.cli.main import main
from node.documents import samples

Run = Callable[..., Any]
KIND = "certificate_of_origin"
MEMBERS = ["file", "ok", "kind", "number", "findings"]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("good") / "good.xml"
    file.write_bytes(samples.sample(KIND, "machine_parts"))
    return file


@pytest.fixture(scope="module")
def bad(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("bad") / "bad.xml"
    text = samples.sample(KIND, "machine_parts").decode()
    file.write_text(text.replace(">848210<", ">1<").replace("<Items>2<", "<Items>9<"), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("validate")
    assert main(["pki", "dev", str(folder / "pki"), "XA", "XB"]) == 0
    partner = ["--partner", "XB=127.0.0.1:1"]
    assert main(["init", str(folder / "xa"), "--code", "XA", "--pki", str(folder / "pki"), *partner]) == 0
    return folder / "xa"


def _lines(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


def test_a_good_paper_is_acceptable(n2n: Run, good: Path) -> None:
    ran = n2n("paper", "validate", good, "--json")
    assert ran.code == 0
    assert _lines(ran.out) == [
        {"file": str(good), "ok": True, "kind": KIND, "number": "XA-CO-26-1100342", "findings": []}
    ]


def test_a_bad_paper_is_told_everything_at_once(n2n: Run, good: Path, bad: Path) -> None:
    ran = n2n("paper", "validate", good, bad, "--json")
    assert ran.code == 65
    first, second = _lines(ran.out)
    assert list(first) == list(second) == MEMBERS
    assert (first["ok"], second["ok"]) == (True, False)
    assert (second["kind"], second["number"]) == (KIND, "XA-CO-26-1100342")
    assert [list(each) for each in second["findings"]] == [["path", "rule", "severity", "text"]] * 2
    assert second["findings"][1] == {
        "path": "/CertificateOfOrigin/Totals/Items",
        "rule": "must be the number of items",
        "severity": "error",
        "text": "must be the number of items",
    }


def test_reasons_come_in_the_language_that_is_asked_for(n2n: Run, bad: Path) -> None:
    found = _lines(n2n("paper", "validate", bad, "--json", "--lang", "zh-TW").out)[0]["findings"]
    assert [each["text"] for each in found] == ["應為 6 至 10 個數字，不得有其他字元（HS 稅則號別）", "應等於貨品項數"]
    assert [each["rule"] for each in found] == [
        "must be 6 to 10 digits and nothing else (HS)",
        "must be the number of items",
    ]


@pytest.mark.parametrize("language", ["en", "zh-TW"])
def test_people_see_a_table_with_both_languages_and_whose_rule_it_is(n2n: Run, bad: Path, language: str) -> None:
    ran = n2n("paper", "validate", bad, "--lang", language)
    assert ran.code == 65
    for part in (str(bad), "/CertificateOfOrigin/Totals/Items", "must be the number of items", "應等於貨品項數"):
        assert part in ran.out
    assert ("this kind of paper" if language == "en" else "本文件種類") in ran.out


def test_a_folder_stands_for_the_papers_in_it(n2n: Run, tmp_path: Path) -> None:
    for name, content in {"b/2.json": ("aeo_status", "operator_granted"), "a/1.XML": (KIND, "tea")}.items():
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(samples.sample(*content))
    (tmp_path / "readme.txt").write_text("no paper", encoding="utf-8")
    ran = n2n("paper", "validate", tmp_path, "--json")
    assert ran.code == 0
    assert [Path(each["file"]).name for each in _lines(ran.out)] == ["1.XML", "2.json"]
    assert "2 of 2 acceptable" in n2n("paper", "validate", tmp_path).err


def test_an_empty_folder_is_no_defect(n2n: Run, tmp_path: Path) -> None:
    ran = n2n("paper", "validate", tmp_path)
    assert (ran.code, ran.out) == (0, "")
    assert "No papers here" in ran.err


ODD: dict[str, bytes] = {
    "empty": b"",
    "no paper": b"Dear colleague,",
    "cut short": b"<CertificateOfOrigin xmlns='urn:n2n:v1:certificate-of-origin'><Number>A",
    "another root": b"<a/>",
    "json without a schema": b"{}",
    "json of no kind": b'{"schema": "urn:x"}',
    "json with a schema that is no text": b'{"schema": {"schema": []}}',
    "json list": b"[]",
    "not utf-8": b"\xff\xfe\x00",
    "a DTD": b"<!DOCTYPE a><a/>",
    "a kind with nothing in it": b'<CertificateOfOrigin xmlns="urn:n2n:v1:certificate-of-origin"/>',
    "json of a kind with nothing in it": b'{"schema": "urn:n2n:v1:aeo-status"}',
}


@pytest.mark.parametrize("content", ODD.values(), ids=ODD.keys())
def test_what_is_no_paper_is_a_finding_and_no_crash(n2n: Run, content: bytes, good: Path, tmp_path: Path) -> None:
    file = tmp_path / "odd"
    file.write_bytes(content)
    ran = n2n("paper", "validate", file, good, "--json")
    assert ran.code == 65
    odd, fine = _lines(ran.out)
    assert (odd["ok"], fine["ok"]) == (False, True)
    assert odd["findings"]
    assert all(each["text"] and each["severity"] == "error" for each in odd["findings"])


def test_what_cannot_be_read_is_a_finding_and_no_crash(n2n: Run, good: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.xml")
    (tmp_path / "loop.xml").symlink_to(tmp_path / "loop.xml")
    ran = n2n("paper", "validate", tmp_path / "nobody.xml", tmp_path, good, "--json")
    assert ran.code == 65
    assert [each["ok"] for each in _lines(ran.out)] == [False, False, False, True]
    assert "cannot be read" in ran.out


def test_names_of_files_reach_the_terminal_as_inert_text(n2n: Run, tmp_path: Path) -> None:
    ran = n2n("paper", "validate", tmp_path / "\x1b[2J[bold]x.xml")
    assert "\x1b[2J" not in ran.out
    assert "[bold]x.xml" in ran.out


# --- under an arrangement -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("direction", ["out", "in"])
def test_what_was_agreed_is_acceptable(n2n: Run, home: Path, good: Path, direction: str) -> None:
    ran = n2n("paper", "validate", good, "--home", home, "--partner", "XB", "--direction", direction, "--json")
    assert (ran.code, _lines(ran.out)[0]["findings"]) == (0, [])


@pytest.fixture
def changed(home: Path) -> Iterator[Callable[[str, str], None]]:
    """Changes the arrangement with XB for one test."""
    (file,) = (home / "partner_profiles/XB").glob("*-trade-papers.toml")
    whole = file.read_text(encoding="utf-8")

    def change(before: str, after: str) -> None:
        assert before in whole
        file.write_text(whole.replace(before, after, 1), encoding="utf-8")

    yield change
    file.write_text(whole, encoding="utf-8")


@pytest.mark.parametrize("direction", ["out", "in"])
def test_a_paper_that_is_too_large_for_the_arrangement_is_not(
    n2n: Run, home: Path, good: Path, direction: str, changed: Callable[[str, str], None]
) -> None:
    changed('"optional"\nmax_bytes = 1048576\nrelease = "all"\n', '"optional"\nmax_bytes = 100\nrelease = "all"\n')
    ran = n2n("paper", "validate", good, "--home", home, "--partner", "XB", "--direction", direction, "--json")
    assert ran.code == 65
    assert [each["rule"] for each in _lines(ran.out)[0]["findings"]] == ["N2N-WIRE-003"]


@pytest.mark.parametrize("direction", ["out", "in"])
def test_a_kind_that_nobody_agreed_is_not(
    n2n: Run, home: Path, good: Path, direction: str, changed: Callable[[str, str], None]
) -> None:
    other = "in" if direction == "out" else "out"
    (home / "partner_profiles" / "XB" / "xa-xb-origin-rules.toml").unlink(missing_ok=True)
    changed(f'name = "{KIND}"\nversion = 1\ndirection = "both"', f'name = "{KIND}"\nversion = 1\ndirection = "{other}"')
    ran = n2n("paper", "validate", good, "--home", home, "--partner", "XB", "--direction", direction, "--json")
    assert ran.code == 65
    assert [each["rule"] for each in _lines(ran.out)[0]["findings"]] == ["N2N-PROF-003"]


def test_an_unknown_partner_is_an_error_of_the_command(n2n: Run, home: Path, good: Path) -> None:
    ran = n2n("paper", "validate", good, "--home", home, "--partner", "XC", "--json")
    assert ran.code not in (0, 65)
    assert ran.out == ""


def test_a_refused_paper_tells_everything_when_it_is_sent(n2n: Run, home: Path, bad: Path) -> None:
    ran = n2n("send", bad, "--to", "XB", "--home", home, "--lang", "zh-TW")
    assert ran.code == 65
    assert "應等於貨品項數" in ran.err
    assert "HS 稅則號別" in ran.err
