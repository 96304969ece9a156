"""Where elements stand, as findings and releases write it."""

from collections import Counter
from collections.abc import Iterator

from node.safe_xml import Element, local_name


def everywhere(root: Element) -> Iterator[tuple[Element, str]]:
    """Every element in document order and its path, as `Paths.of` writes it, in one walk down."""
    waiting = [(root, f"/{_local(root.tag)}")]
    while waiting:
        element, path = waiting.pop()
        yield element, path
        if len(element):
            waiting += reversed(_children(element, path))


def _children(parent: Element, path: str) -> list[tuple[Element, str]]:
    tags = [child.tag for child in parent]
    names = {tag: _local(tag) for tag in tags}
    if len(names) == len(tags):
        return [(child, f"{path}/{names[tag]}") for child, tag in zip(parent, tags, strict=True)]
    twins = Counter(tags)
    before: Counter[str] = Counter()
    found = []
    for child, tag in zip(parent, tags, strict=True):
        before[tag] += 1
        position = f"[{before[tag]}]" if twins[tag] > 1 else ""
        found.append((child, f"{path}/{names[tag]}{position}"))
    return found


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


class Paths:
    """Paths of the elements of a tree that nobody alters meanwhile.

    The children of a parent are counted once, however many of them are asked for: a paper may have 200,000 of them.
    """

    def __init__(self) -> None:
        self._numbers: dict[Element, int] = {}

    def of(self, element: Element) -> str:
        """The path by local names: `/SPSCertificate/SPSExchangedDocument/IncludedSPSNote[3]/Content`.

        The position is written only where the parent holds several elements of that name.
        """
        steps: list[str] = []
        node: Element | None = element
        while node is not None:
            number = self._number(node)
            steps.append(f"{local_name(node)}[{number}]" if number else local_name(node))
            node = node.getparent()
        return "/" + "/".join(reversed(steps))

    def _number(self, element: Element) -> int:
        """The position among the twins, from 1; 0 for an only one."""
        parent = element.getparent()
        if parent is None:
            return 0
        if element not in self._numbers:
            self._count(parent)
        return self._numbers[element]

    def _count(self, parent: Element) -> None:
        twins = Counter(child.tag for child in parent)
        before: Counter[object] = Counter()
        for child in parent:
            before[child.tag] += 1
            self._numbers[child] = before[child.tag] if twins[child.tag] > 1 else 0
