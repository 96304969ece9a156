"""`n2n codes`: lists, codes and meanings for people and programs."""

from collections.abc import Callable
from typing import Any

Run = Callable[..., Any]


def test_lists_are_listed_with_their_source(n2n: Run) -> None:
    lists = {one["list"]: one for one in n2n("codes", "--json").data}
    assert lists["country"]["source"] == "ISO 3166-1"
    assert lists["transport_mode"]["codes"] == 10
    assert "代碼表" in n2n("codes", "--lang", "zh-TW").out


def test_a_list_tells_its_codes_and_a_code_its_meaning(n2n: Run) -> None:
    assert {"code": "4", "en": "air", "zh-TW": "空運"} in n2n("codes", "transport_mode", "--json").data
    assert n2n("codes", "country", "TW", "--json").data == [
        {"code": "TW", "en": "Taiwan / 臺灣", "zh-TW": "Taiwan / 臺灣"}
    ]
    assert "空運" in n2n("codes", "transport_mode", "4").out


def test_what_does_not_exist_is_a_usage_error_that_says_what_does(n2n: Run) -> None:
    unknown = n2n("codes", "countries")
    assert unknown.code == 2
    assert "country" in unknown.err
    assert n2n("codes", "country", "QQ").code == 2
