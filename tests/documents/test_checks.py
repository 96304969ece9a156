"""Characters, moments and labels: what two systems would show, compare or store differently is refused."""

import unicodedata
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from node.documents.checks import (
    MAX_FIELD,
    NOT_NFC,
    UNFIT_RULES,
    certainly_fit,
    is_label,
    joined,
    moment_of,
    unfit,
    unfit_characters,
    unfit_where,
)
from node.documents.rule_texts import in_chinese
from node.model.document import Finding
from node.safe_xml import Element, parse


def _paper(text: str) -> Element:
    root = parse(b'<a b=""/>')
    root.text = text
    return root


def _rules(text: str) -> list[str]:
    return [breach.rule for breach in unfit_characters(_paper(text))]


FIT = {
    "plain": "Plant Health Service",
    "line breaks in an address": "first\n\tsecond\r",
    "full-width forms and the ideographic space": "鹿灣縣石硦路２段３６號　二樓（甲）",
    "beyond the basic plane": "𠮷野家、林𡍼賢、𪚥",
    "rare names": "堃喆瑩珉碁峯裡",
    "ideographs newer than the interpreter's tables": "\U00031350\U0002ebf0",
    "compatibility ideographs of legal names": "\uf9dc\ufa1e\U0002f81a",
    "joined emoji in a mark": "📦 mark",
    "precomposed letters": "Señor Müller",
    "variation selector of a name": "葛\U000e0100",
}


@pytest.mark.parametrize("text", FIT.values(), ids=FIT.keys())
def test_real_names_are_fit(text: str) -> None:
    assert _rules(text) == []


UNFIT = {
    "delete": ("\x7f", "control"),
    "next line": ("\x85", "control"),
    "a noncharacter": ("\ufdd0", "control"),
    "private use": ("\ue000", "private"),
    "private use at its end": ("\uf8ff", "private"),
    "private use of plane 16": ("\U0010fffd", "private"),
    "right-to-left override": ("\u202e", "direction"),
    "isolate": ("\u2067", "direction"),
    "left-to-right mark": ("\u200e", "direction"),
    "replacement character": ("\ufffd", "lost"),
}


@pytest.mark.parametrize(("character", "rule"), UNFIT.values(), ids=UNFIT.keys())
def test_unfit_characters_are_named(character: str, rule: str) -> None:
    named = ", at" if rule == "lost" else f": U+{ord(character):04X} at"
    assert _rules(f"葡萄柚{character}") == [f"{UNFIT_RULES[rule]}{named} 4"]
    assert _rules(f"grapefruit{character}") == [f"{UNFIT_RULES[rule]}{named} 11"]
    assert _rules(f"𠮷\U0002a6a5{character}") == [f"{UNFIT_RULES[rule]}{named} 3"]  # characters are counted, not units


def test_decomposed_letters_are_not_in_the_one_form() -> None:
    assert _rules("Sen\u0303or") == [f"{NOT_NFC}: U+0303 at 4"]
    assert _rules("\uf9dc\u212b") == [f"{NOT_NFC}: U+212B at 2"]


def test_an_attribute_is_judged_like_a_text() -> None:
    root = _paper("fit")
    root.set("b", "\ue000")
    assert [(breach.rule, breach.attribute) for breach in unfit_characters(root)] == [
        (f"{UNFIT_RULES['private']}: U+E000 at 1", "b")
    ]


def test_the_quick_look_at_a_whole_paper_never_hides_what_a_look_at_each_character_finds() -> None:
    paper = _paper("\ue000")  # unfit by itself, so that every text is looked at
    for code in [*range(0x7F, 0xD800), *range(0xE000, 0xFFFE), *range(0xF0000, 0xF0100)]:
        etree.SubElement(paper, "c").text = chr(code)
    unfit = [breach.element.text or "" for breach in unfit_characters(paper)]
    assert len(unfit) > 6800
    paper = _paper("")
    for text in unfit:
        paper.text = text
        assert list(unfit_characters(paper)), hex(ord(text))


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-22T09:30:00Z", datetime(2026, 11, 22, 9, 30, tzinfo=UTC)),
        ("2026-11-22T17:30:00+08:00", datetime(2026, 11, 22, 9, 30, tzinfo=UTC)),
        ("2026-11-22T09:30:00.250Z", datetime(2026, 11, 22, 9, 30, 0, 250_000, tzinfo=UTC)),
        ("2026-11-22T09:30:00.123456789Z", datetime(2026, 11, 22, 9, 30, 0, 123_456, tzinfo=UTC)),
        ("2026-11-22T09:30:00", None),
        ("2026-11-22 09:30:00Z", None),
        ("20261122T093000Z", None),
        ("2026-W47-7T09:30:00Z", None),
        ("2026-02-30T09:30:00Z", None),
        ("0001-01-01T00:00:00+08:00", None),
        ("\uff12\uff10\uff12\uff16-11-22T09:30:00Z", None),
        ("115-11-22T09:30:00Z", None),
        ("", None),
    ],
)
def test_a_moment_is_iso_8601_with_an_offset_and_nothing_else(text: str, moment: datetime | None) -> None:
    assert moment_of(text) == moment


@pytest.mark.parametrize("text", ["A", "XA-1", "a b", "字" * 60, "x" * 60, "南嶼　署"])
def test_labels(text: str) -> None:
    assert is_label(text, 60)


@pytest.mark.parametrize("text", ["", " A", "A ", "a  b", "a\tb", "a\nb", "x" * 61, "\u202eA", "A\ufffd"])
def test_no_labels(text: str) -> None:
    assert not is_label(text, 60)


@given(st.lists(st.text(max_size=80), max_size=40))
def test_a_field_stays_short_and_says_nothing_twice(texts: list[str]) -> None:
    field = joined(texts)
    assert len(field) <= MAX_FIELD
    assert joined(texts + texts) == field


# --- the look at the octets -----------------------------------------------------------------------------------------


def _seconds() -> set[int]:
    """The characters that combine with the one before them (NFC)."""
    parts = [unicodedata.decomposition(chr(code)).split() for code in range(0x110000)]
    hangul = {*range(0x1161, 0x1176), *range(0x11A8, 0x11C3)}
    return {int(part[1], 16) for part in parts if len(part) == 2 and not part[0].startswith("<")} | hangul


def test_a_plain_character_is_fit_in_any_company() -> None:
    seconds = _seconds()
    assert len(seconds) > 100
    plain = 0
    for code in [*range(0x80, 0xD800), *range(0xE000, 0x110000)]:
        one = chr(code)
        if certainly_fit(one.encode()):
            plain += 1
            assert unfit(one) == "", hex(code)
            assert unicodedata.is_normalized("NFC", one), hex(code)
            assert unicodedata.combining(one) == 0, hex(code)
            assert code not in seconds, hex(code)
    assert plain > 100_000


@pytest.mark.parametrize(
    "document",
    ["<a>e&#769;</a>", "<a>&#xE000;</a>", "<a b='&#x85;'/>", "<a>\x7f</a>", "<a>e\u0301</a>", "<a>\ue000</a>"],
)
def test_what_the_octets_do_not_show_is_left_to_the_tree(document: str) -> None:
    assert not certainly_fit(document.encode())
    assert list(unfit_characters(parse(document.encode())))


@pytest.mark.parametrize("text", ["e<![CDATA[\u0301]]>", "&lt;\u0338", "\u1100<![CDATA[\u1161]]>"])
def test_marks_that_join_across_markup_are_no_secret(text: str) -> None:
    document = f"<a>{text}</a>".encode()
    assert not certainly_fit(document)
    (rule,) = (breach.rule for breach in unfit_characters(parse(document)))
    assert rule.startswith(f"{NOT_NFC}: U+")


_PIECES = ["a", "é", "e\u0301", "\u0301", "字", "𠮷", "\x7f", "\x85", "\ue000", "\u202e", "\ufffd", "\u00ad", "\ufa1e"]
_PIECES += [
    "&amp;",
    "&lt;",
    "&#769;",
    "&#xe000;",
    "<![CDATA[x]]>",
    "<![CDATA[\u0301]]>",
    "\u3000",
    "\u1100",
    "가",
    "\u11a8",
]


@given(st.lists(st.sampled_from(_PIECES), max_size=6), st.lists(st.sampled_from(_PIECES), max_size=3))
def test_a_document_that_looks_fit_is_fit(text: list[str], value: list[str]) -> None:
    said = "".join(piece for piece in value if "<" not in piece)
    document = f'<a b="{said}">{"".join(text)}<c/>{"".join(value)}</a>'.encode()
    assert not (certainly_fit(document) and list(unfit_characters(parse(document))))


# --- real-looking names ---------------------------------------------------------------------------------------------

_NAMES = st.text(
    st.sampled_from("陳林黃堃喆珉臺灣省國際貿易股份有限公司（）・２𠮷𡍼𪚥𧟰\U00031350\uf9dc\ufa1eAÉñü .,-"),
    min_size=1,
    max_size=70,
)


@given(_NAMES)
def test_a_name_of_any_script_is_fit_once_it_is_in_nfc_and_stays_as_it_is(name: str) -> None:
    assert unfit_where(name) == ""
    document = f"<a>{name}</a>".encode()
    assert (parse(document).text or "") == name  # nothing is normalised, converted or made narrow


@given(_NAMES, st.integers(0, 70), st.sampled_from("\x85\ue001\uf8ff\U000f0000\u202e\ufffd"))
def test_an_unfit_character_in_a_name_is_named_with_its_place_in_characters(name: str, at: int, odd: str) -> None:
    place = min(at, len(name))
    (rule,) = _rules(name[:place] + odd + name[place:])
    assert rule.endswith(f" at {place + 1}")
    assert "U+FFFD" in rule if odd == "\ufffd" else f"U+{ord(odd):04X}" in rule
    assert len(rule) <= Finding.MAX_RULE
    assert in_chinese(rule) is not None


@given(st.text(max_size=30))
def test_a_text_that_is_unfit_always_has_a_place(text: str) -> None:
    assert bool(unfit(text)) == bool(unfit_where(text))
    if rule := unfit_where(text):
        assert 1 <= int(rule.rpartition(" ")[2]) <= len(text)


def test_an_attribute_with_a_long_name_keeps_its_whole_rule() -> None:
    root = _paper("fit")
    root.set("unitCodeListAgencyName", "\ue001")
    (breach,) = unfit_characters(root)
    assert (breach.rule, breach.attribute) == (UNFIT_RULES["private"], "unitCodeListAgencyName")
