"""What a paper says, listed once: a tree costs at every question, a dictionary hardly.

listing = Listing(root)
listing.text("{urn:x}Number")                      # what a child of the root says
listing.texts("{urn:x}Invoice", "{urn:x}Number")   # what the children of such children say
"""

from collections.abc import Sequence

from node.safe_xml import Element


class Listing:
    """The children of the root, in document order under their names (Clark notation), and what they say."""

    def __init__(self, root: Element) -> None:
        self._parts: dict[str, list[Element]] = {}
        for part in root:
            self._parts.setdefault(part.tag, []).append(part)

    def __contains__(self, name: str) -> bool:
        """Whether there is such a part."""
        return name in self._parts

    def parts(self, name: str) -> Sequence[Element]:
        """The parts of this name."""
        return self._parts.get(name, ())

    def text(self, name: str) -> str:
        """The text of the first part of this name, without surrounding white space; empty when there is none."""
        return (self._parts[name][0].text or "").strip() if name in self._parts else ""

    def texts(self, name: str, inside: str) -> list[str]:
        """The same of every child called `inside` of the parts of this name."""
        return [(child.text or "").strip() for part in self._parts.get(name, ()) for child in part.iterchildren(inside)]

    def first(self, name: str, inside: str) -> str:
        """The first of these texts; empty when there is none."""
        found = self.texts(name, inside)
        return found[0] if found else ""


class Table:
    """Parts of one name as rows: one text per name of a child, or of a grandchild where `deeper` names it."""

    def __init__(self, parts: Sequence[Element], *deeper: str) -> None:
        self._parts = parts
        self.rows = [{one.tag: one.text or "" for one in part.iterdescendants()} for part in parts]
        """Of several texts of one name in a row, the last; with the white space around them."""
        below = sum(name in row for name in deeper for row in self.rows)
        self._is_whole = sum(map(len, self.rows)) == sum(map(len, parts)) + below

    def column(self, name: str) -> list[str]:
        """The texts of every child of this name: none, one or several of a row."""
        if self._is_whole:
            return [row[name] for row in self.rows if name in row]
        return [child.text or "" for part in self._parts for child in part.iterdescendants(name)]
