"""Hostile and odd files end in one sentence of ours, and lines are found wherever TOML lets a key stand."""

import contextlib
import tomllib
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from node.errors import SettingInvalid
from node.strict_toml import MAX_FILE_BYTES, MAX_LINE_CHARACTERS, load, parse
from node.toml_lines import KeyPath, find_lines

LAYOUT = '''# comment with [table] and key = 1
first = 1
"quoted # key" = "a = b" # c = d
text = """
[not.a.table]
no_key = "x" """""
raw = \'\'\'
[[nor.this]]
\'\'\'
list = [ # comment ] "
  "a = 1", [1, 2], # d = 2
  { inner = 3 },
]
after.dotted."x.y" = { in_line = 1 }

  [ spaced . table ]
key = true
[[array]]
one = 1
[array.below]
two = 2
[[array]]
one = 2
[[array.nested]]
three = 3
[[array.nested]]
three = 4
[last]
end = 1979-05-27 07:32:00'''


def test_lines_are_found_wherever_a_key_may_stand() -> None:
    lines = find_lines(LAYOUT)
    assert lines == {
        ("first",): 2,
        ("quoted # key",): 3,
        ("text",): 4,
        ("raw",): 7,
        ("list",): 10,
        ("after",): 14,
        ("after", "dotted"): 14,
        ("after", "dotted", "x.y"): 14,
        ("spaced", "table"): 16,
        ("spaced", "table", "key"): 17,
        ("array",): 18,
        ("array", 0): 18,
        ("array", 0, "one"): 19,
        ("array", 0, "below"): 20,
        ("array", 0, "below", "two"): 21,
        ("array", 1): 22,
        ("array", 1, "one"): 23,
        ("array", 1, "nested"): 24,
        ("array", 1, "nested", 0): 24,
        ("array", 1, "nested", 0, "three"): 25,
        ("array", 1, "nested", 1): 26,
        ("array", 1, "nested", 1, "three"): 27,
        ("last",): 28,
        ("last", "end"): 29,
    }


def test_windows_line_ends_do_not_shift_lines() -> None:
    assert find_lines("a = 1\r\n\r\n[b]\r\nc = 2\r\n") == {("a",): 1, ("b",): 3, ("b", "c"): 4}


values = st.one_of(
    st.integers(-9, 9).map(str),
    st.sampled_from(
        ['"x = 1"', "'[y]'", '"""a\nb = 2\n"""', "'''\n[[c]]\n'''", "[1,\n 2, # d = 3\n]", '{ z = "}" }', '"\\"#"']
    ),
)
keys = st.sampled_from(["alpha", "beta-1", '"ga mma"', "'de.lta'", '"\\u00e9"'])


@given(
    st.lists(st.tuples(keys, values, st.sampled_from(["", " # e = [1", "\n", "\n# f"])), unique_by=lambda row: row[0])
)
def test_every_key_is_found_on_the_line_it_was_written_on(rows: list[tuple[str, str, str]]) -> None:
    text = "[top]\n"
    expected: dict[KeyPath, int] = {("top",): 1}
    for key, value, tail in rows:
        (name,) = tomllib.loads(f"{key} = 0")
        expected["top", name] = text.count("\n") + 1
        text += f"{key} = {value}{tail}\n"
    tomllib.loads(text)
    assert find_lines(text) == expected


ODD = {
    "not UTF-8": (b'a = 1\nb = "\xff"\n', "f.toml:2", "this line is not UTF-8; save the file as UTF-8"),
    "UTF-8 mark": (
        b"\xef\xbb\xbfa = 1\n",
        "f.toml:1",
        "the file begins with a byte order mark; save it as UTF-8 without one",
    ),
    "UTF-16": (
        "a = 1\n".encode("utf-16"),
        "f.toml:1",
        "the file begins with a byte order mark; save it as UTF-8 without one",
    ),
    "huge": (b"#" * (MAX_FILE_BYTES + 1), "f.toml:1", "the file is larger than 64 KiB"),
    "long line": (b"a = 1\n#" + b"x" * MAX_LINE_CHARACTERS, "f.toml:2", "the line is longer than 1000 characters"),
    "deep lists": (b"a = " + b"[\n" * 20_000, "f.toml:1", "it is nested too deeply"),
    "deep tables": (b"b = 1\n" + b".".join([b"a"] * 10) + b" = 1\n", "f.toml:2", "it is nested deeper than 9 levels"),
    "huge number": (b"a = " + b"9" * 900 + b"\n", None, None),
    "NUL": (b"a = 1\nb = \x00\n", "f.toml:2", "not TOML: invalid value"),
    "duplicate table": (b"[a]\n[b]\n[a]\n", "f.toml:3", None),
    "unclosed text": (b'a = 1\nb = """\n\n', None, None),
}


def read(content: bytes) -> None:
    """As every reader of ours does: some keys, then nothing else."""
    root = parse(content, "f.toml", SettingInvalid)
    root.integer("a", 0, 10, default=1)
    root.close()


@pytest.mark.parametrize("name", ODD)
def test_an_odd_file_is_refused_in_one_sentence(name: str) -> None:
    content, where, detail = ODD[name]
    with pytest.raises(SettingInvalid) as caught:
        read(content)
    assert where in (None, caught.value.fields["where"])
    assert detail in (None, caught.value.fields["detail"])
    assert "\n" not in str(caught.value)


@given(st.binary(max_size=300) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")))
@example(b"\r")
@example(b"a=1\n[a.b]")
@example(b"a = 99999-01-01")
@example(b'"" = 1')
def test_no_input_escapes_as_a_foreign_exception(content: bytes) -> None:
    with contextlib.suppress(SettingInvalid):
        read(content)


SIGNS = st.text(alphabet="ab.=[]{}\"'#\n \\1,-", max_size=60)


@given(SIGNS)
@example('a = """\\"""b""""')
@example('a = """b"""" # "[" [\nc = 1')
@example("a.b = 1\na.c = 2")
def test_whatever_the_parser_accepts_has_lines_for_its_keys(text: str) -> None:
    try:
        values = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return
    assert {path[0] for path in find_lines(text)} == set(values)


def test_a_long_dotted_key_is_cheap_to_refuse() -> None:
    line = ".".join(["a"] * 499) + " = 1\n"
    with pytest.raises(SettingInvalid):
        parse(line.encode(), "f.toml", SettingInvalid)


def test_a_missing_file_and_a_folder_are_told_apart(tmp_path: Path) -> None:
    for path, detail in (
        (tmp_path / "none", "the file is missing"),
        (tmp_path, "the file cannot be read (Is a directory)"),
    ):
        with pytest.raises(SettingInvalid) as caught:
            load(path, "f.toml", SettingInvalid)
        assert caught.value.fields == {"where": "f.toml", "detail": detail}


def test_a_value_in_the_wrong_place_is_not_repeated_in_the_error() -> None:
    root = parse(b'count = "secret-of-somebody"\n', "f.toml", SettingInvalid)
    with pytest.raises(SettingInvalid) as caught:
        root.integer("count", 0, 9)
    assert "secret" not in str(caught.value)
