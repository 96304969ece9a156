"""On which line each key of a TOML file stands; the standard parser keeps values only."""

import re
import tomllib
from collections.abc import Iterator

KeyPath = tuple[str | int, ...]
"""Keys from the root down; an int counts the tables of an array such as [[kind]]."""

_TOKEN = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}'  # multi-line texts may end in up to two quotes of their own
    r"|'''.*?'{3,5}"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'"
    r"|#[^\n]*"
    r"|[\[\]{}=\n]"
    r"|[^\"'#\[\]{}=\n]+",
    re.DOTALL,
)


def find_lines(text: str) -> dict[KeyPath, int]:
    """Line (from 1) of every key and table header of a valid TOML text; keys inside inline tables share a line."""
    lines: dict[KeyPath, int] = {}
    arrays: dict[KeyPath, int] = {}
    table: KeyPath = ()
    for line, statement in _statements(text):
        if statement.startswith("[["):
            table = _resolve(_keys(statement[2:]), arrays)
            arrays[table] = arrays.get(table, -1) + 1
            lines.setdefault(table, line)
            table = (*table, arrays[table])
            lines[table] = line
        elif statement.startswith("["):
            table = _resolve(_keys(statement[1:]), arrays)
            lines[table] = line
        else:
            path = table
            for key in _keys(statement):
                path = (*path, key)
                lines.setdefault(path, line)
    return lines


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Line and left-hand side of every header and assignment: what stands before `=` or the closing bracket."""
    line, depth, start, words, in_value = 1, 0, 0, "", False
    for token in _TOKEN.findall(text):
        if token == "\n" and depth == 0:
            if words:
                yield start, words
            words, in_value = "", False
        elif not in_value and not token.startswith("#") and token != "]":
            if token == "=":
                in_value = True
            elif words or token.strip():
                start = start if words else line
                words += token.strip() if not words else token
        elif in_value:
            depth += (token in "[{") - (token in "]}")
        line += token.count("\n")
    if words:
        yield start, words


def _keys(statement: str) -> list[str]:
    """The parts of a dotted key, quotes and escapes resolved by the standard parser itself."""
    value: object = tomllib.loads(f"{statement.strip()} = 0")
    keys: list[str] = []
    while isinstance(value, dict):
        key, value = next(iter(value.items()))
        keys.append(key)
    return keys


def _resolve(keys: list[str], arrays: dict[KeyPath, int]) -> KeyPath:
    """The path of a header whose leading parts may name arrays: they mean the latest table of each."""
    path: KeyPath = ()
    for key in keys[:-1]:
        path = (*path, key)
        if path in arrays:
            path = (*path, arrays[path])
    return (*path, keys[-1])
