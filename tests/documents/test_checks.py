"""Characters, moments and labels: what two systems would show, compare or store differently is refused."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from node.documents.checks import MAX_FIELD, NOT_NFC, UNFIT_RULES, is_label, joined, moment_of, unfit_characters
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
    assert _rules(f"葡萄柚{character}") == [UNFIT_RULES[rule]]
    assert _rules(f"grapefruit{character}") == [UNFIT_RULES[rule]]


def test_decomposed_letters_are_not_in_the_one_form() -> None:
    assert _rules("Sen\u0303or") == [NOT_NFC]


def test_an_attribute_is_judged_like_a_text() -> None:
    root = _paper("fit")
    root.set("b", "\ue000")
    assert [(breach.rule, breach.attribute) for breach in unfit_characters(root)] == [(UNFIT_RULES["private"], "b")]


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
