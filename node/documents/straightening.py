"""Puts a copy of a paper into the order of its schema, and stands in for what real papers leave out.

    order                        children are sorted by their places in the sequence
    a moment as plain text       <IssueDateTime>2026-…</IssueDateTime> gets the element that should hold it
    an empty element             is left out where it is optional
    a missing or empty element   gets a filler where the kind knows that other networks leave it out

Everything else stays and is judged like any paper. Each alteration is overlooked by name (`PaperCopy`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from lxml import etree

from node.documents.overlooked import PaperCopy
from node.documents.structure import disorder
from node.documents.xsd_tables import Slot, Tables
from node.safe_xml import Element

Fill = Callable[[Element], None]
"""Puts something valid into a new element."""


@dataclass(frozen=True, slots=True)
class Habits:
    """What a kind lets pass. Types and elements are Clark names.

    `fillers` gives, per type and child, what stands in for the child; `may_fill` may still refuse it for one parent.
    `moment` is the type of moments, and `moment_text` the child that holds one as text.
    """

    fillers: Mapping[str, Mapping[str, Fill]]
    may_fill: Callable[[Element, str], bool]
    moment: str
    moment_text: str


def straighten(paper: PaperCopy, tables: Tables, habits: Habits) -> None:
    """Straighten the copy, from its root down; an element that the schema does not know is left alone."""
    root_type = tables.roots.get(str(paper.tree.tag))
    waiting = [(paper.tree, root_type)] if root_type is not None else []
    while waiting and not paper.overfull:
        element, type_name = waiting.pop()
        its_type = tables.types[type_name]
        if its_type.value is not None or type_name == habits.moment:
            continue
        _Parent(paper, tables, habits, element, type_name).straighten()
        types = its_type.types
        waiting += [(child, types[child.tag]) for child in element if child.tag in types and not paper.is_filler(child)]


class _Parent:
    """One element with children, while they are put in order."""

    def __init__(self, paper: PaperCopy, tables: Tables, habits: Habits, element: Element, type_name: str) -> None:
        self._paper, self._tables, self._habits = paper, tables, habits
        self._element, self._type = element, tables.types[type_name]
        self._fillers = habits.fillers.get(type_name, {})

    def straighten(self) -> None:
        children = list(self._element)
        for child in children:
            if self._type.types.get(child.tag) == self._habits.moment:
                self._as_moment(child)
        self._without_blanks(children)
        self._in_order()
        self._complete()

    def _as_moment(self, moment: Element) -> None:
        text = (moment.text or "").strip()
        if text and len(moment) == 0:
            moment.text = None
            inside = etree.SubElement(moment, self._habits.moment_text)
            inside.text = text
            self._paper.added(inside, moment)
            self._paper.overlook(moment, "must hold elements only, no text")

    def _without_blanks(self, children: list[Element]) -> None:
        blanks = [child for child in children if child.tag in self._type.places and self._is_blank(child)]
        if not blanks:
            return
        blank = set(blanks)
        places = self._type.places
        said = {places[child.tag] for child in children if child.tag in places and child not in blank}
        for child in blanks:
            slot = self._type.slots[places[child.tag]]
            spare = places[child.tag] in said and slot.most is None
            if (slot.least == 0 or spare) and not (child.tail or "").strip():
                self._paper.overlook(child, "must not be empty")
                self._element.remove(child)
            elif self._may_fill(child.tag):
                self._paper.overlook(child, "must not be empty")
                for inside in list(child):
                    child.remove(inside)
                self._fill(child)
                self._paper.added(child, child)

    def _is_blank(self, child: Element) -> bool:
        """Whether nothing stands where the schema wants something."""
        its_type = self._tables.types[self._type.types[child.tag]]
        if (child.text or "").strip():
            return False
        if its_type.value is not None:
            return len(child) == 0 and not its_type.value.admits("")
        if self._type.types[child.tag] != self._habits.moment:
            return False
        return all(len(inside) == 0 and not (inside.text or "").strip() for inside in child)

    def _in_order(self) -> None:
        places = self._type.places
        placed = [(child, places[child.tag]) for child in self._element if child.tag in places]
        for breach in disorder(placed, self._type.slots):
            self._paper.overlook(breach.element, breach.rule)

    def _complete(self) -> None:
        """Add fillers, then sort: what the schema does not know goes to the end and is refused there."""
        there = {child.tag for child in self._element}
        for slot in self._type.slots:
            name = _only_name(slot)
            if slot.least and name not in there and self._may_fill(name):
                filler = etree.SubElement(self._element, name)
                self._fill(filler)
                self._paper.added(filler, self._element)
                self._paper.overlook(self._element, f"lacks {slot.names}")
        children = list(self._element)
        ordered = sorted(children, key=self._place)
        if ordered != children:
            self._element[:] = ordered

    def _place(self, child: Element) -> int:
        return self._type.places.get(child.tag, len(self._type.slots))

    def _may_fill(self, name: str) -> bool:
        return name in self._fillers and self._habits.may_fill(self._element, name)

    def _fill(self, child: Element) -> None:
        self._fillers[child.tag](child)
        self._paper.fill(child)


def _only_name(slot: Slot) -> str:
    return next(iter(slot.types)) if len(slot.types) == 1 else ""
