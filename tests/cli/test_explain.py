"""`n2n explain`: every code, both languages, and the page of the docs made from it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from node.cli.explain import page
from node.errors import catalogue

Run = Callable[..., Any]

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("code", catalogue())
@pytest.mark.parametrize("language", ["en", "zh-TW"])
def test_every_code_is_explained_in_both_languages(n2n: Run, code: str, language: str) -> None:
    ran = n2n("explain", code, "--lang", language)
    assert ran.code == 0
    error = catalogue()[code]
    assert code in ran.out
    assert error.category.name in ran.out
    assert ran.err == ""
    assert (error.remedy_zh if language == "zh-TW" else error.remedy).replace("{", "‹").replace("}", "›") in ran.out


@pytest.mark.parametrize("asked", ["N2N-SIG-009", "n2n-sig-009", "sig-009", " SIG-009 "])
def test_a_code_is_found_however_it_is_typed(n2n: Run, asked: str) -> None:
    ran = n2n("explain", asked, "--json")
    assert ran.data["code"] == "N2N-SIG-009"


def test_json_holds_both_languages_and_the_whole_row(n2n: Run) -> None:
    data = n2n("explain", "DLV-001", "--json").data
    assert data["message"]["en"] == "‹partner› cannot be reached at ‹address›: ‹detail›."
    assert data["message"]["zh-TW"] == "無法連線至 ‹partner›（‹address›）：‹detail›。"
    row = {
        "category": "UNREACHABLE",
        "grpc": "UNAVAILABLE",
        "http": 503,
        "exit_code": 69,
        "retry": True,
        "side": "theirs",
    }
    assert {key: data[key] for key in row} == row


def test_an_unknown_code_gets_a_suggestion(n2n: Run) -> None:
    ran = n2n("explain", "SIG-0009")
    assert ran.code == 66
    assert ran.out == ""
    assert "N2N-CFG-008" in ran.err
    assert "the nearest is N2N-SIG-009" in ran.err


def test_without_a_code_everything_is_listed(n2n: Run) -> None:
    ran = n2n("explain")
    assert all(code in ran.out for code in catalogue())
    assert [each["code"] for each in n2n("explain", "--json").data] == list(catalogue())


def test_the_page_of_the_docs_is_current(n2n: Run) -> None:
    """`make docs` rewrites it."""
    current = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8") == page()
    assert current, "docs/errors.md is out of date: run `make docs`"
    assert n2n("explain", "--markdown").out == page()
