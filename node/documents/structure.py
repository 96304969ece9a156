"""Why a paper does not follow its schema: every reason, not only the first under each parent.

The schema processor is the judge. It stops looking behind the first child that does not fit, and its cost grows with
the square of the number of errors, so it never explains: the same schema, read as tables, does, in one walk.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from lxml import etree

from node.documents.breach import Breach
from node.documents.xsd_tables import ElementType, Slot, Tables, read_tables
from node.safe_xml import Element, Schema

_XSI = "{http://www.w3.org/2001/XMLSchema-instance}"
_XSI_NAME = _XSI[1:-1].encode()
_HINTS = frozenset({f"{_XSI}schemaLocation", f"{_XSI}noNamespaceSchemaLocation"})
"""Attributes that any element may carry; they are ignored, a paper does not choose its schema."""

LARGE = 1_000
"""Elements from which a paper is walked first: a thousand errors cost the judge 0.1 s, thirty thousand a minute."""

ENOUGH = 1_000
"""Breaches after which nobody looks for more: a receipt tells 50 (protocol 1), and junk must not cost seconds."""

_ELEMENTS = etree.XPath("count(//*)")
_OWN_TYPES = etree.XPath("boolean(//@xsi:type) or boolean(//@xsi:nil)", namespaces={"xsi": _XSI[1:-1]})


class PaperSchema:
    """A schema of our package that can say everything that is wrong with a paper.

    The rule of a broken value is the documentation of its simple type, so the schema explains itself.
    """

    def __init__(self, path: Path) -> None:
        self._schema = Schema(path)
        self._tables = read_tables(self._schema.files)

    @property
    def tables(self) -> Tables:
        """The schema as tables."""
        return self._tables

    @property
    def rules(self) -> frozenset[str]:
        """Every sentence that a simple type of this schema can answer with."""
        values = (one.value for one in self._tables.types.values())
        return frozenset(value.rule for value in values if value is not None and value.rule)

    def breaches(self, root: Element, *, simple: bool = False) -> tuple[Breach, ...]:
        """Every departure from the schema, at most ENOUGH; empty when valid. The paper is not altered.

        `simple` spares two looks at the whole paper: it is known to be not LARGE, and to choose no types of its own.
        """
        if not simple and (_OWN_TYPES(root) or float(str(_ELEMENTS(root))) > LARGE):
            found = tuple(islice(self.walk(root), ENOUGH))
            if found:
                return found
        if self._schema.admits(root):
            return ()
        return tuple(islice(self.walk(root), ENOUGH)) or (Breach(root, "does not follow its schema"),)

    def walk(self, root: Element) -> Iterator[Breach]:
        """The breaches that the tables show, without asking the judge."""
        root_type = self._tables.roots.get(str(root.tag))
        if root_type is None:
            yield Breach(root, "is not the root element of this kind")
            return
        # Held until the end: for an element that nobody holds, lxml makes a new object each time it is asked for.
        held = list(root.iter())
        waiting = [(root, self._tables.types[root_type])]
        while waiting:
            element, its_type = waiting.pop()
            yield from _attribute_breaches(element, its_type)
            if its_type.value is not None:
                yield from _value_breaches(element, its_type)
                continue
            yield from _content_breaches(element, its_type)
            types = its_type.types
            known = [(child, types[child.tag]) for child in element if child.tag in types]
            waiting += [(child, self._tables.types[type_name]) for child, type_name in known]
        del held


def certainly_few(content: bytes) -> bool:
    """Whether a paper in these well-formed octets is certainly not LARGE.

    A tag begins at each "<" where no CDATA section stands, which begins with "<!". A no says nothing.
    """
    tags = content.count(b"<")
    return tags <= LARGE or (b"!" not in content and tags - content.count(b"</") <= LARGE)


def may_choose_types(content: bytes) -> bool:
    """Whether the namespace that lets a paper choose the types of its elements could stand in these octets."""
    return may_name(content, _XSI_NAME)


def may_name(content: bytes, namespace: bytes) -> bool:
    """Whether an element or attribute of this namespace could stand in these octets."""
    return namespace in content or (b"&" in content and b"&#" in content)


# --- one element ----------------------------------------------------------------------------------------------------


def _attribute_breaches(element: Element, its_type: ElementType) -> Iterator[Breach]:
    for name, value in element.items():
        allowed = its_type.attributes.get(str(name))
        if allowed is None:
            if name not in _HINTS:
                yield Breach(element, "is not allowed here", etree.QName(name).localname)
        elif not allowed.value.admits(str(value)):
            yield Breach(element, allowed.value.rule, etree.QName(name).localname)
    for needed, attribute in its_type.attributes.items():
        if attribute.required and element.get(needed) is None:
            yield Breach(element, "is missing", needed)


def _value_breaches(element: Element, its_type: ElementType) -> Iterator[Breach]:
    if len(element):
        yield Breach(element, "must hold text only, no elements")
    elif its_type.value is not None and not its_type.value.admits(element.text or ""):
        yield Breach(element, its_type.value.rule or "has a value that is not allowed")


def _content_breaches(element: Element, its_type: ElementType) -> Iterator[Breach]:
    """Text where none may be, strangers, surplus children, children out of order, and what is missing."""
    if _has_text(element):
        yield Breach(element, "must hold elements only, no text")
    slots, places = its_type.slots, its_type.places
    counts = [0] * len(slots)
    placed: list[tuple[Element, int]] = []
    for child in element:
        index = places.get(child.tag)
        if index is None:
            yield Breach(child, "is not known here")
            continue
        counts[index] += 1
        most = slots[index].most
        if most is not None and counts[index] > most:
            yield Breach(child, "may stand here " + ("only once" if most == 1 else f"at most {most} times"))
        else:
            placed.append((child, index))
    yield from disorder(placed, slots)
    for slot, count in zip(slots, counts, strict=True):
        if count < slot.least:
            yield Breach(element, f"lacks {slot.names}")


def _has_text(element: Element) -> bool:
    texts = [element.text, *(child.tail for child in element)]
    return any(text is not None and text.strip(" \t\r\n") for text in texts)


def disorder(placed: list[tuple[Element, int]], slots: tuple[Slot, ...]) -> Iterator[Breach]:
    """The fewest children that must move, each with a neighbour in the list of the schema that need not."""
    order = [index for _, index in placed]
    if order == sorted(order):
        return
    stays = _in_order(order)
    places = [placed[position][1] for position in stays]
    for position in sorted(set(range(len(placed))).difference(stays)):
        child, index = placed[position]
        left = bisect_right(stays, position)
        if left and places[left - 1] > index:
            yield Breach(child, f"must stand before {slots[places[bisect_right(places, index)]].names}")
        else:
            yield Breach(child, f"must stand after {slots[places[bisect_left(places, index) - 1]].names}")


def _in_order(places: list[int]) -> list[int]:
    """Positions of a longest run through `places` that never falls: what may stay when the fewest others must move.

    Found by patience sorting, so that a large paper costs no more than sorting it.
    """
    tops: list[int] = []  # per length, the position where the best run of that length ends, and the place there
    values: list[int] = []
    previous: list[int] = []
    for position, place in enumerate(places):
        length = bisect_right(values, place)
        previous.append(tops[length - 1] if length else -1)
        if length == len(tops):
            tops.append(position)
            values.append(place)
        else:
            tops[length], values[length] = position, place
    stays: list[int] = []
    position = tops[-1] if tops else -1
    while position >= 0:
        stays.append(position)
        position = previous[position]
    return stays[::-1]
