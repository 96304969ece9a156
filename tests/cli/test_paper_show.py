"""`n2n paper show`: one paper as an officer reads it, from a file or from the node."""

import sqlite3
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from node.cli.main import main
from node.cli.paper_show import local_form
from node.documents import samples
from node.errors import Language

Run = Callable[..., Any]


@pytest.fixture(scope="module")
def tea(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("tea") / "tea.xml"
    file.write_bytes(samples.sample("certificate_of_origin", "tea"))
    return file


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("show")
    assert main(["pki", "dev", str(folder / "pki"), "XA", "XB"]) == 0
    partner = ["--partner", "XB=127.0.0.1:1"]
    assert main(["init", str(folder / "xa"), "--code", "XA", "--pki", str(folder / "pki"), *partner]) == 0
    return folder / "xa"


def test_a_file_is_shown_in_sections_with_meanings(n2n: Run, tea: Path) -> None:
    shown = n2n("paper", "show", tea)
    assert shown.code == 0
    for part in (
        "Certificate of origin",
        "861 (certificate of origin)",
        "𠮷𪚥茶業股份有限公司 [zh-Hant-TW] ｜ Jida Tea Co., Ltd. [en]",
        "10 November 2026  [2026-11-10]",
        "KGM (kilogram)",
        "Signatures",
    ):
        assert part in shown.out


def test_the_same_in_chinese(n2n: Run, tea: Path) -> None:
    shown = n2n("paper", "show", tea, "--lang", "zh-TW").out
    for part in ("原產地證明書", "861（原產地證明書）", "2026年11月10日", "KGM（公斤）", "簽署", "出口人"):
        assert part in shown


def test_programs_get_labels_and_meanings_in_both_languages(n2n: Run, tea: Path) -> None:
    data = n2n("paper", "show", tea, "--json").data
    assert (data["kind"], data["number"], data["ok"]) == ("certificate_of_origin", "XA-115-CO-0093127", True)
    first = data["sections"][0]["items"][1]
    assert first == {
        "name": "TypeCode",
        "label": {"en": "Type", "zh-TW": "類型"},
        "values": [
            {
                "text": "861",
                "lang": None,
                "meaning": {"en": "certificate of origin", "zh-TW": "原產地證明書"},
                "utc": None,
            }
        ],
        "items": [],
    }
    assert data["exchange"] is None


def test_a_paper_that_is_no_good_is_shown_with_its_findings(n2n: Run, tea: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.xml"
    bad.write_bytes(tea.read_bytes().replace(b">090230<", b">9<"))
    shown = n2n("paper", "show", bad, "--lang", "zh-TW")
    assert shown.code == 0
    assert "應為 6 至 10 個數字" in shown.out
    assert n2n("paper", "show", bad, "--json").data["ok"] is False


def test_what_is_no_paper_is_refused_with_its_reason(n2n: Run, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("no paper", encoding="utf-8")
    assert n2n("paper", "show", tmp_path / "a.txt").code == 65
    assert n2n("paper", "show", tmp_path).code == 2


def test_a_paper_of_the_node_is_shown_with_its_exchange_also_when_it_was_purged(
    n2n: Run, home: Path, tea: Path
) -> None:
    sent = n2n("send", tea, "--to", "XB", "--home", home, "--json").data
    shown = n2n("paper", "show", sent["id"], "--home", home)
    assert "861 (certificate of origin)" in shown.out
    assert "xa-xb-trade-papers" in shown.out
    (store,) = home.rglob("*.db")
    with sqlite3.connect(store) as db:
        db.execute(
            "INSERT INTO tombstone (exchange_id, document_sha256, purged_at, actor_id, reason) "
            "SELECT exchange_id, x'00', '2026-11-28T00:00:00.000000Z', 1, 'for this test' FROM document"
        )
        db.execute("DELETE FROM document")
    db.close()
    purged = n2n("paper", "show", sent["id"], "--home", home)
    assert purged.code == 0
    assert "purged" in purged.err
    assert "XA-115-CO-0093127" in purged.out
    data = n2n("paper", "show", sent["id"], "--home", home, "--json").data
    assert (data["purged"], data["exchange"]["number"]) == (True, "XA-115-CO-0093127")


def test_an_exchange_that_does_not_exist_is_not_found(n2n: Run, home: Path) -> None:
    assert n2n("paper", "show", "0000", "--home", home).code not in (0, 2)


@pytest.mark.parametrize(
    ("moment", "en", "zh"),
    [
        (date(2026, 11, 2), "2 November 2026", "2026年11月2日"),
        (
            datetime(2026, 11, 16, 0, 30, tzinfo=timezone(timedelta(hours=8))),
            "16 November 2026 00:30 +0800 = 2026-11-15 16:30 UTC",
            "2026年11月16日 00:30 +0800 = 2026-11-15 16:30 UTC",
        ),
        (
            datetime(2026, 1, 1, tzinfo=UTC),
            "1 January 2026 00:00 +0000 = 2026-01-01 00:00 UTC",
            "2026年1月1日 00:00 +0000 = 2026-01-01 00:00 UTC",
        ),
    ],
)
def test_moments_are_told_in_the_offset_of_the_paper_and_in_utc(moment: datetime | date, en: str, zh: str) -> None:
    assert local_form(moment, Language.EN) == en
    assert local_form(moment, Language.ZH) == zh
