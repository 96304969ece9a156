"""Reading a paper to tell it in another form, with an account of every field: what nobody asked for was dropped.

A source is a place in a paper, or a place that is not there. Asking for its text takes it off the account; when
everything is written, `Ledger.notes` tells what is left, so that nothing can get lost in silence.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from node.documents.conversion import Loss, Note
from node.documents.xml_paths import everywhere
from node.safe_json import Json
from node.safe_xml import Element, local_name


class Words(NamedTuple):
    """A reason in both languages."""

    en: str
    zh: str


NO_PLACE = Words("the form has no place for it", "目標格式無此欄位")


@dataclass(slots=True)
class Ledger:
    """The account of one paper: its leaves in document order, those that were read, and notes."""

    leaves: list[str] = field(default_factory=list)
    _read: set[str] = field(default_factory=set)
    _notes: list[Note] = field(default_factory=list)

    def read(self, path: str) -> None:
        """This leaf went into the other form."""
        self._read.add(path)

    def is_unread(self, path: str) -> bool:
        """Whether nobody asked for this leaf so far."""
        return path not in self._read

    def note(self, path: str, what: Loss, words: Words) -> None:
        """Something happened to a field; a dropped one is read by that."""
        self._read.add(path)
        self._notes.append(Note(path, what, *words))

    def notes(self) -> tuple[Note, ...]:
        """Everything that is not as it was: what was noted, and every leaf that was never read."""
        unread = (Note(leaf, Loss.DROPPED, *NO_PLACE) for leaf in self.leaves if leaf not in self._read)
        return tuple(dict.fromkeys((*self._notes, *unread)))


@dataclass(frozen=True, slots=True)
class JsonSource:
    """A place in a paper in JSON; `value` is None where nothing stands."""

    ledger: Ledger
    path: str
    value: Json

    @classmethod
    def of(cls, value: Json) -> "JsonSource":
        """The whole paper, with an account of its own."""
        return cls(Ledger([path for path, _ in json_leaves(value)]), "", value)

    def at(self, *names: str) -> "JsonSource":
        """The place further down; where a list stands, its first element."""
        here = self
        for name in names:
            here = here._first()
            members = here.value if isinstance(here.value, dict) else {}
            here = JsonSource(self.ledger, f"{here.path}/{name}", members.get(name))
        return here._first()

    def each(self, name: str) -> "list[JsonSource]":
        """The elements of the list there; what stands there alone is a list of one."""
        members = self.value if isinstance(self.value, dict) else {}
        path, value = f"{self.path}/{name}", members.get(name)
        if isinstance(value, list):
            return [JsonSource(self.ledger, f"{path}[{n}]", one) for n, one in enumerate(value, 1)]
        return [] if value is None else [JsonSource(self.ledger, path, value)]

    def text(self) -> str:
        """What stands there, as text; an object with `content`, as UN/CEFACT writes a value, is its content."""
        if isinstance(self.value, dict) and "content" in self.value:
            return self.at("content").text()
        if self.value is None or isinstance(self.value, dict | list):
            return ""
        self.ledger.read(self.path)
        return str(self.value).lower() if isinstance(self.value, bool) else str(self.value)

    def _first(self) -> "JsonSource":
        if not isinstance(self.value, list):
            return self
        return JsonSource(self.ledger, f"{self.path}[1]", self.value[0] if self.value else None)


def json_leaves(value: Json, path: str = "") -> Iterator[tuple[str, Json]]:
    """Every value that holds no other, and where it stands."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from json_leaves(inner, f"{path}/{name}")
    elif isinstance(value, list):
        for number, inner in enumerate(value, 1):
            yield from json_leaves(inner, f"{path}[{number}]")
    else:
        yield path, value


@dataclass(frozen=True, slots=True)
class XmlSource:
    """An element of a paper in XML, or one that is not there, whose path is empty."""

    ledger: Ledger
    name: str = ""
    path: str = ""
    content: str = ""
    attributes: "dict[str, str]" = field(default_factory=dict)
    inside: "list[XmlSource]" = field(default_factory=list)

    @classmethod
    def of(cls, root: Element) -> "XmlSource":
        """The whole paper, with an account of its own."""
        ledger = Ledger([path for path, _ in xml_leaves(root)])
        made: dict[Element, XmlSource] = {}
        for element, path in everywhere(root):
            text = "" if len(element) else (element.text or "").strip()
            attributes = {str(name): str(value).strip() for name, value in element.items()}
            made[element] = cls(ledger, local_name(element), path, text, attributes, [])
            parent = element.getparent()
            if parent is not None:
                made[parent].inside.append(made[element])
        return made[root]

    def all(self, name: str) -> "list[XmlSource]":
        """The children of this name."""
        return [one for one in self.inside if one.name == name]

    def one(self, *names: str) -> "XmlSource":
        """The first child of this name, and of that the next, and so on."""
        here = self
        for name in names:
            here = next(iter(here.all(name)), XmlSource(self.ledger))
        return here

    def text(self) -> str:
        """What the element says, without surrounding white space."""
        if self.content:
            self.ledger.read(self.path)
        return self.content

    def attribute(self, name: str) -> str:
        """What an attribute says."""
        if name in self.attributes:
            self.ledger.read(f"{self.path}/@{name}")
        return self.attributes.get(name, "")


def xml_leaves(root: Element) -> Iterator[tuple[str, str]]:
    """Every text and attribute, and where it stands."""
    for element, path in everywhere(root):
        for name, value in element.items():
            yield f"{path}/@{name!s}", str(value).strip()
        text = (element.text or "").strip()
        if text and not len(element):
            yield path, text


def spoken(texts: Sequence[XmlSource]) -> list[XmlSource]:
    """Those in one language, for a form that knows only one: English where there is some, else that of the first."""
    english = [one for one in texts if one.attributes.get("lang", "").lower().startswith("en")]
    return english or [one for one in texts if one.attributes.get("lang") == texts[0].attributes.get("lang")]
