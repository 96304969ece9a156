"""A paper as officers read it: labelled sections, original beside Latin text, codes with their meaning, dates as dates.

    view = view_of(content)      # of any paper that can be read at all, good or not

What a kind brings is a plan, a file of `view_plans/`: sections with the names that stand in them, and for each name its
labels and the code list of its values. Names that no section has end up in the last one, so nothing can stay hidden.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from pathlib import Path

from node.documents.checks import date_of, moment_of
from node.documents.code_lists import list_names, meaning

Pair = tuple[str, str]
"""English and 繁體中文."""

_FOLDER = Path(__file__).parent / "view_plans"
_COMMON = _FOLDER / "common.tsv"
OTHER: Pair = ("More", "其他")


@dataclass(frozen=True, slots=True)
class Value:
    """One thing that the paper says, in its language where it names one, and what it means where it is a code."""

    text: str
    language: str = ""
    meaning: Pair | None = None
    moment: datetime | date | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """A label and what stands there: values side by side, and what belongs to them."""

    name: str
    label: Pair
    values: tuple[Value, ...] = ()
    items: tuple["Item", ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """Items of one subject."""

    title: Pair
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a paper, whatever its form: what stands in an element or member."""

    name: str
    text: str = ""
    language: str = ""
    attributes: tuple[tuple[str, str], ...] = ()
    parts: tuple["Part", ...] = ()
    moment: datetime | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """How a kind is shown: sections by title with the names in them, labels and code lists by name.

    `through` names parts that are no more than a wrapping, `inline` parts that stand for the part around them.
    """

    sections: tuple[tuple[Pair, tuple[str, ...]], ...] = ()
    labels: Mapping[str, Pair] = field(default_factory=dict)
    lists: Mapping[str, str] = field(default_factory=dict)
    through: frozenset[str] = frozenset()
    inline: frozenset[str] = frozenset()

    def label(self, name: str, parent: str = "") -> Pair | None:
        """The label of a name, of `@name` for attributes; None when nobody wrote one."""
        return self.labels.get(f"{parent}/{name}") or self.labels.get(name)

    def meaning(self, name: str, parent: str, text: str) -> Pair | None:
        """What a value means where it is a code of a list."""
        found = self.lists.get(f"{parent}/{name}") or (
            self.lists.get(name) if f"{parent}/{name}" not in self.labels else None
        )
        return meaning(found, text) if found is not None else None


@cache
def read_plan(file: Path | None) -> Plan:
    """The plan in a file, with the labels that all kinds share; those alone without a file.

    Raises ValueError for lines that say nothing of a plan.
    """
    lines = [*_rows(_COMMON), *(_rows(file) if file is not None else [])]
    sections = tuple(((row[1], row[2]), tuple(row[3].split())) for row in lines if row[0] == "# section")
    words = {row[0]: frozenset(row[1].split()) for row in lines if row[0] in ("# through", "# inline")}
    labels = {row[0]: (row[1], row[2]) for row in lines if not row[0].startswith("# ")}
    lists = {row[0]: row[3] for row in lines if not row[0].startswith("# ") and len(row) > 3}
    if unknown := set(lists.values()) - list_names():
        raise ValueError(f"{file}: no code list {', '.join(sorted(unknown))}")
    nothing: frozenset[str] = frozenset()
    return Plan(sections, labels, lists, words.get("# through", nothing), words.get("# inline", nothing))


def _rows(file: Path) -> list[list[str]]:
    rows = [line.split("\t") for line in file.read_text(encoding="utf-8").splitlines() if line]
    if odd := [row[0] for row in rows if len(row) < (2 if row[0] in ("# through", "# inline") else 3)]:
        raise ValueError(f"{file}: too little about {odd[0]}")
    return rows


def sections_of(root: Part, plan: Plan) -> tuple[Section, ...]:
    """The paper in the sections of its plan; empty ones are left out."""
    tops = list(_tops(root, plan))
    left = dict.fromkeys(range(len(tops)))
    found = []
    for title, names in plan.sections:
        # In the order of the plan: what an officer asks first stands first, wherever the standard puts it.
        places = [place for name in names for place in left if name in (tops[place][1].name, _full(*tops[place]))]
        for place in places:
            left.pop(place, None)
        found.append(Section(title, items_of([tops[place] for place in dict.fromkeys(places)], plan)))
    found.append(Section(OTHER, items_of([tops[place] for place in left], plan)))
    return tuple(section for section in found if section.items)


def _tops(root: Part, plan: Plan) -> Iterator[tuple[str, Part]]:
    for part in root.parts:
        if part.name in plan.through:
            yield from _tops(part, plan)
        else:
            yield root.name, part


def _full(parent: str, part: Part) -> str:
    return f"{parent}/{part.name}"


def items_of(parts: Sequence[tuple[str, Part]], plan: Plan) -> tuple[Item, ...]:
    """The parts as items, in their order; plain texts of one name, one after another, stand side by side."""
    items: list[Item] = []
    for parent, part in parts:
        item = _item(parent, part, plan)
        if items and items[-1].name == item.name and not item.items and not items[-1].items:
            items[-1] = Item(item.name, item.label, (*items[-1].values, *item.values))
        else:
            items.append(item)
    return tuple(items)


def _item(parent: str, part: Part, plan: Plan) -> Item:
    label = plan.label(part.name, parent) or (part.name, part.name)
    shown = part
    if len(part.parts) == 1 and part.parts[0].name in plan.inline and not part.attributes:
        shown = part.parts[0]
    attributes = tuple(
        Item(
            f"@{name}", plan.label(f"@{name}", part.name) or (name, name), (_value(f"@{name}", part.name, text, plan),)
        )
        for name, text in shown.attributes
    )
    inner = items_of([(part.name, one) for one in shown.parts], plan)
    values = (_value(part.name, parent, shown.text, plan, shown.language, shown.moment),) if shown.text else ()
    return Item(part.name, label, values, (*attributes, *inner))


def _value(name: str, parent: str, text: str, plan: Plan, language: str = "", moment: datetime | None = None) -> Value:
    when = moment or moment_of(text)
    if when is not None and moment is None:
        when = datetime.fromisoformat(text)  # in the offset that the paper has: the hour that its author saw
    return Value(text, language, plan.meaning(name, parent, text), when or date_of(text))
