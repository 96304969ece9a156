"""TOML read strictly: every key known, every value of its type, and every refusal one sentence with file and line.

`load` gives the root `Table`; its typed getters take keys one by one, and `Table.close` refuses what nobody asked for:

    root = load(path, "node.toml", SettingInvalid)
    code = root.text("code")
    listen = root.table("listen")
    address = listen.text("exchange", default="127.0.0.1:7443")
    listen.close()
    root.close()
"""

import difflib
import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from node.errors import Language, NodeError
from node.toml_lines import KeyPath, find_lines

MAX_FILE_BYTES = 64 * 1024
"""A settings or profile file is a page or two; more is a mistake or an attack."""

MAX_LINE_CHARACTERS = 1000
"""Keeps the cost of long dotted keys, which grows with their square, harmless."""

MAX_TEXT_CHARACTERS = 500
"""A value that a person writes into a settings file, legal references included."""

MAX_DEPTH = 9
"""Tables inside tables, an array counting twice: the terms of an agreement for one kind of paper use eight."""

MAX_ADDRESS_CHARACTERS = 260
"""A DNS name has at most 253 characters, a port five."""

MAX_PORT = 65535

SIMILAR = 0.75
"""From this likeness (difflib) on, a key is taken for a misspelling of the one that is missing."""

_ADDRESS = re.compile(
    r"(?P<host>[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\]):(?P<port>[0-9]{1,5})", re.ASCII
)

Word = TypeVar("Word", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Source:
    """Where a file's values stand, and which error class refuses them."""

    name: str
    error: type[NodeError]
    lines: Mapping[KeyPath, int]
    variables: Mapping[KeyPath, str] = field(default_factory=dict)

    def refusal(self, path: KeyPath, detail: str) -> NodeError:
        """The error for the value at `path`, naming its variable, or the line of the nearest key in the file."""
        if path in self.variables:
            return self.error(where=self.variables[path], detail=detail)
        while path and path not in self.lines:
            path = path[:-1]
        return self.error(where=f"{self.name}:{self.lines.get(path, 1)}", detail=detail)


class Variable(str):
    """The value of an environment variable: text that may stand for a number, flag or list."""

    __slots__ = ()

    def as_toml(self) -> object:
        """What the text says when read as a TOML value; the text itself when it is none."""
        try:
            # A line break would begin another key.
            return tomllib.loads(f"value = {self}")["value"] if self.isprintable() else str(self)
        except (ValueError, RecursionError):
            return str(self)


class Table:
    """One TOML table being read. Getters raise the source's error class; a key without default must be there."""

    def __init__(self, values: Mapping[str, object], source: Source, path: KeyPath = ()) -> None:
        self._values = values
        self._source = source
        self._path = path
        self._asked: set[str] = set()

    def where(self, key: str | None = None) -> str:
        """`file:line` of a key, or of the table itself."""
        return self.refusal(key, "").fields["where"]

    def refusal(self, key: str | None, detail: str) -> NodeError:
        """An error of the source's class about a key, or about the table itself; for checks that go beyond types."""
        return self._source.refusal(self._path if key is None else (*self._path, key), detail)

    def has(self, key: str) -> bool:
        """Whether the key stands in the file; it still has to be read."""
        return key in self._values

    def keys(self) -> tuple[str, ...]:
        """The keys of a table that a person names freely, in the order of the file; each still has to be read."""
        return tuple(self._values)

    def text(self, key: str, default: str | None = None, *, longest: int = MAX_TEXT_CHARACTERS) -> str:
        """A non-empty string of at most `longest` printable characters."""
        value = self._take(key, default)
        if not isinstance(value, str):
            raise self._wrong(key, "text in quotes", value)
        self._require_printable(key, value, longest)
        return value

    def word(self, key: str, words: type[Word], default: Word | None = None) -> Word:
        """One word of a closed list."""
        value = self._take(key, default)
        if not isinstance(value, str):
            raise self._wrong(key, "text in quotes", value)
        return self._word(key, value, words)

    def words(self, key: str, words: type[Word], default: Collection[Word] | None = None) -> tuple[Word, ...]:
        """A non-empty list of different words of a closed list, in the order of the file."""
        if default is not None and key not in self._values:
            self._asked.add(key)
            return tuple(default)
        return tuple(self._word(key, value, words) for value in self.texts(key))

    def texts(self, key: str, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        """A list of different non-empty strings; empty only when the default is."""
        value = self._take_value(key, list(default) if default is not None else None)
        if not isinstance(value, list):
            raise self._wrong(key, 'a list of texts, as in ["a", "b"]', value)
        found: list[str] = []
        for item in value:
            if not isinstance(item, str):
                raise self._wrong(key, "a list of texts only", item)
            self._require_printable(key, item, MAX_TEXT_CHARACTERS)
            if item in found:
                raise self.refusal(key, f"{key} names {item[:80]!r} twice; leave one of them")
            found.append(item)
        if not found and default != ():
            raise self.refusal(key, f"{key} is empty; name at least one")
        return tuple(found)

    def texts_unless(self, key: str, word: str) -> tuple[str, ...] | None:
        """A list of texts, or None when the one word `word` stands there instead."""
        if self._values.get(key) == word:
            self._asked.add(key)
            return None
        if isinstance(self._values.get(key), str):
            raise self.refusal(key, f'{key} must be "{word}" or a list of texts, as in ["a", "b"]')
        return self.texts(key)

    def integer(self, key: str, low: int, high: int, default: int | None = None) -> int:
        """A whole number between `low` and `high`, both included."""
        value = self._take_value(key, default)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self._wrong(key, "a whole number", value)
        if not low <= value <= high:
            wanted = f"be {low}" if low == high else f"lie between {low} and {high}"
            raise self.refusal(key, f"{key} must {wanted}")
        return value

    def number(self, key: str, low: float, high: float, default: float | None = None) -> float:
        """A number between `low` and `high`, both included; infinities and NaN are not numbers here."""
        value = self._take_value(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self._wrong(key, "a number", value)
        if not low <= value <= high:
            raise self.refusal(key, f"{key} must lie between {low:g} and {high:g}")
        return float(value)

    def address(self, key: str, default: str | None = None, *, any_port: bool = False) -> str:
        """`host:port`; port 0 (take any free one) only where we listen ourselves."""
        value = self.text(key, default, longest=MAX_ADDRESS_CHARACTERS)
        match = _ADDRESS.fullmatch(value)
        if match is None or not (0 if any_port else 1) <= int(match["port"]) <= MAX_PORT:
            raise self.refusal(key, f"{key} must be host:port, as in localhost:7443 or [::1]:7443")
        return value

    def flag(self, key: str, default: bool | None = None) -> bool:
        """`true` or `false`."""
        value = self._take_value(key, default)
        if not isinstance(value, bool):
            raise self._wrong(key, "true or false", value)
        return value

    def day(self, key: str) -> date:
        """A date such as 2029-06-30, without quotes and without time of day."""
        value = self._take_value(key, None)
        if isinstance(value, datetime) or not isinstance(value, date):
            raise self._wrong(key, "a date such as 2029-06-30, without quotes", value)
        return value

    def names(self, key: str, default: Mapping[Language, str] | None = None) -> Mapping[Language, str]:
        """A text in every language of the node, as in { en = "...", zh-TW = "..." }."""
        if default is not None and key not in self._values:
            self._asked.add(key)
            return default
        table = self.table(key)
        found = {language: table.text(language.value) for language in Language}
        table.close()
        return found

    def table(self, key: str, *, optional: bool = False) -> "Table":
        """The table under a key; an absent optional one reads as empty."""
        value = self._take(key, {} if optional else None)
        if not isinstance(value, dict):
            raise self._wrong(key, f"a table, as in [{key}]", value)
        return Table(value, self._source, (*self._path, key))

    def tables(self, key: str, *, optional: bool = False) -> tuple["Table", ...]:
        """The tables of an array such as [[kind]]; at least one unless optional."""
        value = self._take(key, [] if optional else None)
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise self._wrong(key, f"tables, as in [[{key}]]", value)
        if not value and not optional:
            raise self.refusal(key, f"at least one [[{key}]] is needed")
        return tuple(Table(item, self._source, (*self._path, key, index)) for index, item in enumerate(value))

    def overlaid(self, env: Mapping[str, str], prefix: str, tables: Collection[str]) -> "Table":
        """This root table with the variables `<prefix><TABLE>_<KEY>` of `env` in place of the file's values.

        A misspelt key arrives as an unknown key of its table and is refused like one in the file.
        """
        values, variables = dict(self._values), dict(self._source.variables)
        for table in tables:
            inner, start = values.get(table, {}), f"{prefix}{table.upper()}_"
            given = {name.removeprefix(start).lower(): name for name in sorted(env) if name.startswith(start)}
            if given and isinstance(inner, dict):
                values[table] = inner | {key: Variable(env[name]) for key, name in given.items()}
                variables |= {(table, key): name for key, name in given.items()}
        return Table(values, replace(self._source, variables=variables), self._path)

    def close(self) -> None:
        """Refuse keys that nobody asked for, the first in the file first."""
        unknown = [key for key in self._values if key not in self._asked]
        if unknown:
            raise self._unknown(unknown[0], self._asked)

    def _take_value(self, key: str, default: object) -> object:
        """As `_take`, for what is not text: a variable's text is read as TOML first."""
        value = self._take(key, default)
        return value.as_toml() if isinstance(value, Variable) else value

    def _take(self, key: str, default: object) -> object:
        self._asked.add(key)
        if key in self._values:
            return self._values[key]
        if default is not None:
            return default
        # A misspelt key is the likeliest reason for a missing one: point at the misspelling, not at the hole.
        for other in self._values:
            if other not in self._asked and difflib.get_close_matches(other, [key], cutoff=SIMILAR):
                raise self._unknown(other, {key})
        raise self.refusal(None, f"the key {key!r} is missing{self._inside()}; add it")

    def _word(self, key: str, value: str, words: type[Word]) -> Word:
        try:
            return words(value)
        except ValueError:
            choices = ", ".join(repr(word.value) for word in words)
            raise self.refusal(key, f"{key} = {value[:40]!r} is not known; use one of {choices}") from None

    def _unknown(self, key: str, known: Collection[str]) -> NodeError:
        near = difflib.get_close_matches(key, known, 1)
        remedy = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(sorted(known))}"
        return self.refusal(key, f"the key {key[:40]!r} is unknown{self._inside()}; {remedy}")

    def _inside(self) -> str:
        if not self._path:
            return ""
        name = ".".join(part for part in self._path if isinstance(part, str))
        return f" in [[{name}]]" if isinstance(self._path[-1], int) else f" in [{name}]"

    def _wrong(self, key: str, wanted: str, value: object) -> NodeError:
        return self.refusal(key, f"{key} must be {wanted}, not {_nature(value)}")

    def _require_printable(self, key: str, value: str, longest: int) -> None:
        if not value.strip():
            raise self.refusal(key, f"{key} is empty; give a value")
        if len(value) > longest:
            raise self.refusal(key, f"{key} is longer than {longest} characters")
        if not value.isprintable():
            raise self.refusal(key, f"{key} holds a line break or control character; write plain text")


def load(path: Path, name: str, error: type[NodeError]) -> Table:
    """The root table of a file; `name` is what refusals call it. Raises `error` with fields where and detail."""
    return parse(read_bytes(path, name, error), name, error)


def parse(content: bytes, name: str, error: type[NodeError]) -> Table:
    """The root table of TOML bytes; raises `error`."""
    text = _decode(content, name, error)
    try:
        values: dict[str, object] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise _syntax(name, str(fault), text, error) from fault
    except RecursionError as fault:
        raise error(where=f"{name}:1", detail="it is nested too deeply") from fault
    except ValueError as fault:
        raise error(where=f"{name}:1", detail="it holds a number or date beyond every range") from fault
    lines = find_lines(text)
    for key, line in lines.items():
        if len(key) > MAX_DEPTH:
            raise error(where=f"{name}:{line}", detail=f"it is nested deeper than {MAX_DEPTH} levels")
    return Table(values, Source(name, error, lines))


def read_bytes(path: Path, name: str, error: type[NodeError]) -> bytes:
    """At most one byte more than a file may have, for `parse` to judge; raises `error` when it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(MAX_FILE_BYTES + 1)
    except FileNotFoundError as fault:
        raise error(where=name, detail="the file is missing") from fault
    except OSError as fault:
        raise error(where=name, detail=f"the file cannot be read ({fault.strerror or 'unknown reason'})") from fault


def _decode(content: bytes, name: str, error: type[NodeError]) -> str:
    if len(content) > MAX_FILE_BYTES:
        raise error(where=f"{name}:1", detail=f"the file is larger than {MAX_FILE_BYTES // 1024} KiB")
    if content.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        raise error(where=f"{name}:1", detail="the file begins with a byte order mark; save it as UTF-8 without one")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as fault:
        line = content.count(b"\n", 0, fault.start) + 1
        raise error(where=f"{name}:{line}", detail="this line is not UTF-8; save the file as UTF-8") from fault
    for line, row in enumerate(text.split("\n"), 1):
        if len(row) > MAX_LINE_CHARACTERS:
            raise error(where=f"{name}:{line}", detail=f"the line is longer than {MAX_LINE_CHARACTERS} characters")
    return text


def _syntax(name: str, message: str, text: str, error: type[NodeError]) -> NodeError:
    """The parser's own sentence, its position moved to where we write positions."""
    detail, _, position = message.partition(" (at ")
    digits = "".join(position.partition("line ")[2].partition(",")[0:1])
    line = int(digits) if digits.isdecimal() else text.rstrip("\n").count("\n") + 1
    return error(where=f"{name}:{line}", detail=f"not TOML: {detail[:1].lower()}{detail[1:120]}")


def _nature(value: object) -> str:
    """What a value is, in words; never the value itself, it may be a secret in the wrong place."""
    match value:
        case bool():
            return "true or false"
        case str():
            return "text"
        case int():
            return "a number"
        case float():
            return "a decimal number"
        case list():
            return "a list"
        case dict():
            return "a table"
        case datetime():
            return "a date with a time of day"
        case date():
            return "a date"
        case _:
            return "a time of day"
