"""The one renderer of the command line: tables, records, JSON and CSV to standard output, talk to standard error.

What a partner or a paper may have written reaches the terminal as inert text: no markup, no control characters.
"""

import csv
import json
import sys
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TextIO

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text as Styled

from node.cli.words import NO, YES, Text
from node.clock import to_xml
from node.errors import Language
from node.journal import escaped

UNLIMITED_COLUMNS = 10_000
"""Width of a table that goes to a file or another program: nothing is cut or wrapped there."""

Cell = str | int | float | bool | datetime | None
Data = Cell | Sequence["Data"] | Mapping[str, "Data"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table or a line of a record: its name for programs and its heading for people."""

    key: str
    heading: Text


@dataclass(frozen=True, slots=True)
class Output:
    """Where and how results are written."""

    language: Language
    as_json: bool = False

    def say(self, text: Text | str) -> None:
        """Talk to the person at the terminal; programs that asked for JSON hear nothing."""
        if not self.as_json:
            _print(sys.stderr, Styled(self._plain(text)))

    def text(self, text: str) -> None:
        """Write finished text, such as a page of documentation."""
        sys.stdout.write(text if text.endswith("\n") else text + "\n")

    def heading(self, text: str) -> None:
        """A line above what follows, as inert text."""
        _print(sys.stdout, Styled(escaped(text), style="bold"))

    def data(self, data: Data) -> None:
        """Write JSON, whatever was asked for."""
        sys.stdout.write(to_json(data) + "\n")

    def line(self, data: Data) -> None:
        """Write JSON on one line, for programs that read the last line."""
        sys.stdout.write(to_json(data, indent=None) + "\n")

    def table(self, columns: Sequence[Column], rows: Sequence[Sequence[Cell]], empty: Text) -> None:
        """A table; as JSON an array of objects. `empty` is said when there are no rows."""
        if self.as_json:
            self.data([{column.key: cell for column, cell in zip(columns, row, strict=True)} for row in rows])
        elif rows:
            _print(sys.stdout, self._table(columns, rows))
        else:
            self.say(empty)

    def aside(self, columns: Sequence[Column], rows: Sequence[Sequence[Cell]], empty: Text) -> None:
        """A table beside the result, to standard error; programs that asked for JSON get it in their JSON."""
        if rows and not self.as_json:
            _print(sys.stderr, self._table(columns, rows))
        elif not rows:
            self.say(empty)

    def record(self, lines: Sequence[tuple[Column, Cell]], more: Mapping[str, Data] | None = None) -> None:
        """One thing, line by line; as JSON an object, with `more` beside the lines."""
        if self.as_json:
            self.data({**{column.key: cell for column, cell in lines}, **(more or {})})
            return
        grid = Table.grid(padding=(0, 2))
        grid.add_column(style="bold", no_wrap=True)
        grid.add_column(overflow="fold")
        for column, cell in lines:
            grid.add_row(Styled(column.heading.to(self.language)), Styled(self._shown(cell)))
        _print(sys.stdout, grid)

    def csv(self, columns: Sequence[Column], rows: Sequence[Sequence[Cell]]) -> None:
        """RFC 4180 with the columns' keys as first row."""
        writer = csv.writer(sys.stdout, lineterminator="\r\n")
        writer.writerow([column.key for column in columns])
        writer.writerows(map(csv_cells, rows))

    def _table(self, columns: Sequence[Column], rows: Sequence[Sequence[Cell]]) -> Table:
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        for column in columns:
            table.add_column(column.heading.to(self.language), overflow="fold")
        for row in rows:
            table.add_row(*(Styled(self._shown(cell)) for cell in row))
        return table

    def _plain(self, text: Text | str) -> str:
        return escaped(text if isinstance(text, str) else text.to(self.language), keep="\n")

    def _shown(self, cell: Cell) -> str:
        match cell:
            case None:
                return ""
            case bool():
                return (YES if cell else NO).to(self.language)
            case datetime():
                return to_xml(cell)
            case _:
                return escaped(str(cell))


def to_json(data: Data, indent: int | None = 2) -> str:
    """JSON with readable 中文; characters that could act on a terminal become JSON's own escapes, losing nothing."""
    text = json.dumps(data, ensure_ascii=False, indent=indent, default=_json_value)
    return "".join(json.dumps(c)[1:-1] if c != "\n" and unicodedata.category(c) in _UNSAFE else c for c in text)


_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def csv_cells(row: Sequence[Cell]) -> list[str]:
    """The cells of one row, as any CSV of ours writes them."""
    return [_csv_cell(cell) for cell in row]


def _csv_cell(cell: Cell) -> str:
    """A spreadsheet would run a cell that begins like a formula; an apostrophe makes it text again."""
    text = to_xml(cell) if isinstance(cell, datetime) else "" if cell is None else escaped(str(cell))
    return f"'{text}" if isinstance(cell, str) and text.startswith(_FORMULA_STARTS) else text


def _json_value(value: object) -> str:
    if isinstance(value, datetime):
        return to_xml(value)
    raise TypeError(f"{type(value).__name__} has no place in JSON output")


def _print(stream: TextIO, what: Table | Styled) -> None:
    """To a terminal in its width and colour; into a file or program unwrapped, without blanks at the ends of lines."""
    if stream.isatty():
        _console(stream, None).print(what)
        return
    console = _console(stream, UNLIMITED_COLUMNS)
    with console.capture() as captured:
        console.print(what)
    stream.write("".join(f"{line.rstrip()}\n" for line in captured.get().splitlines()))


def _console(stream: TextIO, width: int | None) -> Console:
    return Console(file=stream, highlight=False, emoji=False, markup=False, width=width)
