"""A rule that a paper breaks, while the paper is still a tree."""

from dataclasses import dataclass

from node.safe_xml import Element


@dataclass(frozen=True, slots=True)
class Breach:
    """The element that breaks a rule and the rule in words, never a value; `attribute` names the one that does it."""

    element: Element
    rule: str
    attribute: str = ""
