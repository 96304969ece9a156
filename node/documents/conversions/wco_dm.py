"""A paper of ours in the shape of the WCO Data Model 3: classes and attributes as the kind's mapping table says.

The wrapper is the `MetaData` that the WCO data model has (documents 7). No schema of the WCO for such a document is
public, so the classes stand in a namespace of ours: nobody shall take this for a message that some customs prescribed.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

from lxml import etree

from node.documents import reader
from node.documents.catalogue import CATALOGUE
from node.documents.conversion import Converted, Form, Loss, Note
from node.documents.data_model.homes import attribute_name, mapping_of, row_for
from node.documents.data_model.places import Node, contents, places
from node.documents.data_model.table import ROOT, Row, wco_elements
from node.documents.kind import Kind
from node.model.document import MediaType

META = "urn:wco:datamodel:WCO:DocumentMetaData-DMS:2"
"""The one namespace of this wrapper that is public."""

NAMESPACE = "urn:n2n:v1:wco-dm"
VERSION = "3.6"
"""The version of the WCO data model whose class names are public (documents 7)."""

_NO_ELEMENT = ("no public source names a WCO data model element for it", "公開資料未載明對應之 WCO 資料模型欄位")
_NO_CODE = ("no public source names a WCO data model code for this word", "公開資料未載明此值之 WCO 資料模型代碼")
_TAKEN = ("its place is taken by another value", "其位置已由其他值使用")

_LONGER = ("stands there whole, longer than the WCO data model allows", "完整保留，惟超過 WCO 資料模型之長度上限")

_TEXT = re.compile(r"an\.\.([0-9]+)")
_DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")


@dataclass(slots=True)
class Out:
    """A class or attribute of the WCO data model as it is being filled."""

    name: str
    text: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    inside: list["Out"] = field(default_factory=list)

    def add(self, name: str) -> "Out":
        """A new one inside."""
        self.inside.append(Out(name))
        return self.inside[-1]

    def last(self, name: str) -> "Out | None":
        """The last one of that name inside."""
        return next((one for one in reversed(self.inside) if one.name == name), None)


def convert(kind: Kind, content: bytes) -> Converted:
    """The paper in the shape of the WCO data model, with a note for each value that has no home there.

    Raises what the readers raise.
    """
    document = reader.recognise(content)
    root, notes = Out(ROOT), list[Note]()
    structures = frozenset(key for key, place in places(kind).items() if not place.is_value)
    _fill(root, contents(kind, content), _Table(mapping_of(kind), structures), notes)
    return Converted(_written(root, document.reading.fields.get("issuer", "")), MediaType.XML, tuple(notes))


@dataclass(frozen=True, slots=True)
class _Table:
    """The kind's rows, and which of its places are structures."""

    rows: Mapping[str, Row]
    structures: frozenset[str]


def _fill(here: Out, node: Node, table: _Table, notes: list[Note]) -> None:
    """What `node` holds, each part where its row says; what only takes a place that is free comes last."""
    parts = [(part, row_for(table.rows, part.key)) for part in node.inside]
    for part, row in sorted(parts, key=lambda one: one[1] is not None and one[1].spare):
        if row is None or not row.has_home:
            _drop(part, notes, *_NO_ELEMENT)
        else:
            _place(here, part, row, table, notes)


def _place(here: Out, part: Node, row: Row, table: _Table, notes: list[Note]) -> None:
    if not row.way:
        here.text = part.text or here.text
        _fill(here, part, table, notes)
        return
    text = row.codes.get(part.text, "") if row.codes else part.text
    if row.codes and not text:
        _drop(part, notes, *_NO_CODE)
        return
    holder = here
    for step in row.way[:-1]:
        before = None if step.fresh else holder.last(step.name)
        holder = before or holder.add(step.name)
        if step.word:
            holder.add("StatementCode").text = step.word
    end = row.way[-1]
    name = attribute_name(holder.name, end.name)
    if end.name.startswith("@"):
        holder.attributes[end.name[1:]] = text
    elif row.spare and holder.last(name) is not None:
        _drop(part, notes, *_TAKEN)
    elif part.key in table.structures:
        _fill(holder.add(name), part, table, notes)
    else:
        _say(holder, holder.add(name), text, part, table, notes)


def _say(holder: Out, out: Out, text: str, part: Node, table: _Table, notes: list[Note]) -> None:
    """A value, and what stands with it: on it, or beside it in the class that holds it."""
    if out.name.endswith("DateTime") and not holder.name.endswith("DateTime") and text:
        _moment(out, text)
    else:
        out.text = text
    form = wco_elements().get(f"{holder.name}/{out.name}")
    if form is not None and (most := _TEXT.fullmatch(form.format)) and len(text) > int(most[1]):
        notes.append(Note(part.path, Loss.CHANGED, *_LONGER))
    for one in part.inside:
        row = row_for(table.rows, one.key)
        if row is None or not row.has_home:
            _drop(one, notes, *_NO_ELEMENT)
        elif row.way and row.way[-1].name.startswith("@"):
            out.attributes[row.way[-1].name[1:]] = one.text
        else:
            _place(holder, one, row, table, notes)


def _moment(out: Out, text: str) -> None:
    """A day as UNTDID 2379 format 102, a moment with its offset as ISO 8601."""
    day = _DAY.fullmatch(text)
    inner = out.add("DateTimeString" if day else "DateTime")
    inner.text = "".join(day.groups()) if day else text
    if day:
        inner.attributes["formatCode"] = "102"


def _drop(part: Node, notes: list[Note], en: str, zh: str) -> None:
    if part.text:
        notes.append(Note(part.path, Loss.DROPPED, en, zh))
    for one in part.inside:
        _drop(one, notes, en, zh)


def _written(root: Out, issuer: str) -> bytes:
    wrapper = etree.Element(f"{{{META}}}MetaData", nsmap={"md": META, "wco": NAMESPACE})
    told = {"WCODataModelVersionCode": VERSION, "WCOTypeName": ROOT, "ResponsibleAgencyName": issuer}
    for name, text in told.items():
        if text:
            etree.SubElement(wrapper, f"{{{META}}}{name}").text = text
    waiting = [(wrapper, root)]
    while waiting:
        parent, out = waiting.pop()
        element = etree.SubElement(parent, f"{{{NAMESPACE}}}{out.name}", out.attributes)
        element.text = out.text or None
        waiting += [(element, one) for one in reversed(out.inside)]
    return etree.tostring(wrapper, xml_declaration=True, encoding="UTF-8", pretty_print=True)


FORMS = tuple(
    Form(
        name="wco-dm",
        source=kind.name,
        title_en=f"{kind.title_en} in the shape of the WCO Data Model 3",
        title_zh=f"{kind.title_zh}（WCO 資料模型第 3 版）",
        convert=partial(convert, kind),
    )
    for kind in CATALOGUE.values()
    if kind.data_model is not None
)
