"""What stands in an element, listed once instead of searched for at each question: a search costs as much."""

from typing import cast

from lxml import etree

from node.safe_xml import Element


def first_by_name(element: Element | None) -> dict[str, Element]:
    """The first child of each name (Clark notation); nothing stands in nothing."""
    if element is None:
        return {}
    return {child.tag: child for child in element.iterchildren(reversed=True)}


class Way:
    """A way down from an element by the names of children, each `{namespace}name` or `*`; libxml2 walks it."""

    def __init__(self, *names: str) -> None:
        spaces = list(dict.fromkeys(name[1:].partition("}")[0] for name in names if name != "*"))
        prefixes = {space: f"n{index}" for index, space in enumerate(spaces)}
        steps = [_step(name, prefixes) for name in names]
        self._path = etree.XPath("/".join(steps), namespaces={prefix: space for space, prefix in prefixes.items()})

    def all(self, element: Element) -> list[Element]:
        """Every element at the end of the way, in document order."""
        return cast("list[Element]", self._path(element))  # a way of child steps ends at elements and nothing else

    def first(self, element: Element) -> Element | None:
        """The first of them."""
        found = self.all(element)
        return found[0] if found else None


def _step(name: str, prefixes: dict[str, str]) -> str:
    space, _, local = name[1:].partition("}")
    return name if name == "*" else f"{prefixes[space]}:{local}"
