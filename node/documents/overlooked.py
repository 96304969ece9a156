"""A copy of a paper that may be altered, so that the paper can be judged as it was meant and blamed as it came.

The bytes and the tree of the paper stay as they are. What is read is the copy; every finding is told at the place where
the paper itself has it, and every alteration is told, too.
"""

import copy
from dataclasses import replace

from node.documents.breach import Breach
from node.documents.structure import ENOUGH
from node.safe_xml import Element


class PaperCopy:
    """What a kind makes of a paper under the terms of an arrangement.

    `tree` is the copy, `overlooked` what was passed over and `disagreed` the terms that the paper breaks, both at
    elements of the paper itself. Nothing is altered once so much was passed over that nobody could be told.
    """

    def __init__(self, paper: Element) -> None:
        self.tree: Element = copy.deepcopy(paper)
        self.overlooked: list[Breach] = []
        self.disagreed: list[Breach] = []
        self._paper = paper
        # Held until the end: for an element that nobody holds, lxml makes a new object each time it is asked for.
        self._origin = dict(zip(self.tree.iter(), paper.iter(), strict=True))
        self._fillers: dict[Element, None] = {}

    @property
    def overfull(self) -> bool:
        """Whether this is no paper any more that somebody could have meant."""
        return len(self.overlooked) >= ENOUGH

    def overlook(self, element: Element, rule: str, attribute: str = "") -> None:
        """Pass over what is wrong with an element of the copy; the caller mends it."""
        if not self.overfull:
            self.overlooked.append(Breach(self._origin[element], rule, attribute))

    def disagree(self, element: Element, rule: str) -> None:
        """Note a term of the arrangement that an element of the copy breaks."""
        self.disagreed.append(Breach(self._origin[element], rule))

    def added(self, element: Element, stands_for: Element) -> None:
        """An element is new in the copy: what is wrong with it is told at another one."""
        origin = self._origin[stands_for]
        for one in element.iter():
            self._origin.setdefault(one, origin)

    def fill(self, element: Element) -> None:
        """What stands in this element is there for the judge alone, and nobody may read it."""
        self._fillers[element] = None

    def is_filler(self, element: Element) -> bool:
        """Whether nobody may read the element."""
        return element in self._fillers

    def original(self, breach: Breach) -> Breach:
        """The breach where the paper has it."""
        return replace(breach, element=self._origin.get(breach.element, self._paper))

    def readable(self) -> Element:
        """The copy without what was put in for the judge."""
        for element in self._fillers:
            parent = element.getparent()
            if parent is not None:
                parent.remove(element)
        return self.tree
