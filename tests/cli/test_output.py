"""What reaches the terminal is inert, what reaches a program is exact."""

import csv
import io
import json
import unicodedata
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.cli.output import Cell, Column, Output, to_json
from node.cli.words import Text
from node.errors import Language

COLUMNS = (Column("name", Text("Name", "名稱")), Column("note", Text("Note", "備註")))
EMPTY = Text("Nothing.", "沒有資料。")
MOMENT = datetime(2026, 11, 22, 14, 35, 6, 123_000, UTC)
HOSTILE = ["\x1b[2J", "\x9b31m", "abc\u202egnp", "\u2028", "a\rb", "\x00", "\U000e0041", "\ud800"]
ACTING = {"Cc", "Cf", "Cs", "Zl", "Zp"}

Streams = pytest.CaptureFixture[str]


@pytest.mark.parametrize("hostile", HOSTILE, ids=ascii)
def test_data_cannot_act_on_a_terminal(capsys: Streams, hostile: str) -> None:
    for output in (Output(Language.EN), Output(Language.EN, as_json=True)):
        output.table(COLUMNS, [(hostile, hostile)], EMPTY)
        output.record([(COLUMNS[0], hostile)])
        output.say(hostile)
    streams = capsys.readouterr()
    acting = {each for each in streams.out + streams.err if unicodedata.category(each) in ACTING} - {"\n"}
    assert acting == set()


@pytest.mark.parametrize("markup", ["[bold]x[/bold]", "[link=file:///etc/passwd]x[/link]", ":warning:", "[/nothing]"])
def test_data_is_never_markup(capsys: Streams, markup: str) -> None:
    Output(Language.EN).table(COLUMNS, [(markup, "")], EMPTY)
    Output(Language.EN).record([(COLUMNS[0], markup)])
    Output(Language.EN).say(markup)
    streams = capsys.readouterr()
    assert streams.out.count(markup) == 2
    assert streams.err.count(markup) == 1


def test_headings_and_words_follow_the_language(capsys: Streams) -> None:
    rows: list[tuple[Cell, ...]] = [("甲", True)]
    Output(Language.ZH).table(COLUMNS, rows, EMPTY)
    assert capsys.readouterr().out.split() == ["名稱", "備註", "─" * 11, "甲", "是"]
    Output(Language.EN).table(COLUMNS, rows, EMPTY)
    assert capsys.readouterr().out.split()[-1] == "yes"


def test_an_empty_table_is_talk_for_people_and_an_empty_list_for_programs(capsys: Streams) -> None:
    Output(Language.ZH).table(COLUMNS, [], EMPTY)
    assert capsys.readouterr() == ("", "沒有資料。\n")
    Output(Language.ZH, as_json=True).table(COLUMNS, [], EMPTY)
    assert capsys.readouterr() == ("[]\n", "")


def test_programs_hear_no_talk(capsys: Streams) -> None:
    Output(Language.EN, as_json=True).say("hello")
    assert capsys.readouterr() == ("", "")


def test_nothing_is_cut_when_a_program_reads(capsys: Streams) -> None:
    Output(Language.EN).table(COLUMNS, [("a" * 500, "b" * 500)], EMPTY)
    assert f"{'a' * 500}   {'b' * 500}" in capsys.readouterr().out


@given(st.dictionaries(st.text(), st.text() | st.integers() | st.booleans() | st.none()))
def test_json_loses_nothing_and_acts_on_nothing(data: dict[str, str | int | bool | None]) -> None:
    text = to_json(data)
    assert json.loads(text) == data
    assert {unicodedata.category(each) for each in text if each != "\n"}.isdisjoint(ACTING)


def test_json_keeps_chinese_readable_and_moments_exact() -> None:
    assert to_json({"name": "產地證明書", "at": MOMENT}).splitlines()[1:3] == [
        '  "name": "產地證明書",',
        '  "at": "2026-11-22T14:35:06.123Z"',
    ]


def test_json_refuses_what_it_cannot_say() -> None:
    with pytest.raises(TypeError, match="bytes has no place"):
        to_json({"raw": b"x"})  # type: ignore[dict-item]


@pytest.mark.parametrize("formula", ["=HYPERLINK(1)", "+1", "-1", "@SUM(A1)"])
def test_a_spreadsheet_runs_nothing(capsys: Streams, formula: str) -> None:
    Output(Language.EN).csv(COLUMNS, [(formula, -1)])
    head, row = csv.reader(io.StringIO(capsys.readouterr().out, newline=""))
    assert head == ["name", "note"]
    assert row == [f"'{formula}", "-1"]


def test_csv_survives_quotes_commas_and_line_ends(capsys: Streams) -> None:
    Output(Language.EN).csv(COLUMNS, [('a "quoted", b', MOMENT), ("two\r\nlines", None)])
    rows = list(csv.reader(io.StringIO(capsys.readouterr().out, newline="")))
    assert rows[1:] == [['a "quoted", b', "2026-11-22T14:35:06.123Z"], ["two\\u000d\\u000alines", ""]]
