"""A declaration in the WCO data model, read for what it says of foreign operators and certificates.

Countries publish this model under namespaces and in orders of their own, so elements are known by their local names
within any namespace of the WCO data model; what is in another namespace is not looked at. Nothing is validated: the
domestic system has accepted the declaration, we only answer for the papers that it names.
"""

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

from node.documents.xml_paths import Paths
from node.errors import DeclarationUnreadable
from node.model.declaration import (
    AeoParty,
    CertificateReference,
    Declaration,
    DeclaredUcr,
    GoodsItem,
    Level,
    Quantity,
)
from node.safe_xml import Element, XmlLimits, parse

WCO = "urn:wco:datamodel:"
"""How every namespace of the WCO data model begins."""

DECLARATION_LIMITS = XmlLimits(size_bytes=16 << 20, nodes=600_000, depth=40, attributes=16, text_bytes=64 << 10)
"""A declaration of 9,999 goods items is ten times as large as a paper; it comes from our own side."""

MAX_FOUND = 100_000
"""Operators, certificates, references and items that one declaration may name together; goods items end at 9,999."""

_ITEMS = frozenset({"GovernmentAgencyGoodsItem", "GoodsItem", "ConsignmentItem"})
_LEVELS = {
    **dict.fromkeys(_ITEMS, Level.ITEM),
    "HouseConsignment": Level.HOUSE,
    "Consignment": Level.CONSIGNMENT,
    "GoodsShipment": Level.CONSIGNMENT,
}
_MOST_DIGITS = 24


def read_declaration(content: bytes) -> Declaration:
    """What the declaration says.

    Raises XmlError classes, and DeclarationUnreadable when it is none or says too much.
    """
    root = _declaration(parse(content, DECLARATION_LIMITS))
    paths = Paths()
    operators: list[AeoParty] = []
    certificates: list[CertificateReference] = []
    ucrs: list[DeclaredUcr] = []
    items: list[GoodsItem] = []
    for element, level, item in _walk(root):
        path = ""
        match _name(element):
            case "AEOMutualRecognitionParty":
                path = paths.of(element)
                operators.append(AeoParty(path, level, item, _text(element, "ID"), _text(element, "RoleCode")))
            case "AdditionalDocument":
                path = paths.of(element)
                certificates.append(_certificate(element, path, level, item))
            case "UCR":
                path = paths.of(element)
                texts = (_text(element, "ID"), _text(element, "TraderAssignedReferenceID"))
                ucrs += [DeclaredUcr(path, text) for text in texts if text]
            case name if name in _ITEMS:
                path = paths.of(element)
                items.append(_goods_item(element, path, item))
        if path and len(operators) + len(certificates) + len(ucrs) + len(items) > MAX_FOUND:
            raise DeclarationUnreadable(detail=f"it names more than {MAX_FOUND} operators, documents and items")
    return Declaration(_text(root, "ID"), tuple(operators), tuple(certificates), tuple(ucrs), tuple(items))


def _declaration(root: Element) -> Element:
    """The declaration itself, bare or inside its MetaData."""
    name = _name(root)
    if name == "Declaration":
        return root
    if name == "MetaData":
        for child in root:
            if _name(child) == "Declaration":
                return child
        raise DeclarationUnreadable(detail="the MetaData holds no Declaration")
    raise DeclarationUnreadable(detail=f"the root is no MetaData or Declaration of a namespace {WCO}…")


def _walk(root: Element) -> Iterator[tuple[Element, Level, str]]:
    """Every element in document order, the level at which it stands, and the number of its goods item."""
    waiting = [(root, Level.DECLARATION, "")]
    while waiting:
        element, level, item = waiting.pop()
        name = _name(element)
        level = _LEVELS.get(name, level)
        if name in _ITEMS:
            item = _text(element, "SequenceNumeric")
        yield element, level, item
        waiting += [(child, level, item) for child in reversed(element) if _name(child)]


def _certificate(element: Element, path: str, level: Level, item: str) -> CertificateReference:
    effective = _child(element, "EffectiveDateTime")
    write_off = _child(element, "WriteOff")
    return CertificateReference(
        path=path,
        level=level,
        item=item,
        category=_text(element, "CategoryCode"),
        type_code=_text(element, "TypeCode"),
        number=_text(element, "ID"),
        effective="".join(str(text) for text in effective.itertext()).strip() if effective is not None else "",
        quantity=_quantity(write_off, "QuantityQuantity", "unitCode"),
        amount=_quantity(write_off, "AmountAmount", "currencyID"),
    )


def _goods_item(element: Element, path: str, sequence: str) -> GoodsItem:
    commodity = _child(element, "Commodity")
    holders = [one for one in (commodity, element) if one is not None]
    measures = [measure for one in holders for measure in one if _name(measure) == "GoodsMeasure"]
    quantities = [_number(one, "unitCode") for measure in measures for one in measure if _name(one)]
    return GoodsItem(path, sequence, _hs_code(holders), _origin(element), tuple(one for one in quantities if one))


def _hs_code(holders: list[Element]) -> str:
    """The longest classification that is digits and nothing else: the subheading is written in one or several parts."""
    texts = (_text(one, "ID") for holder in holders for one in holder if _name(one) == "Classification")
    return max((text for text in texts if text.isascii() and text.isdigit()), key=len, default="")


def _origin(element: Element) -> str:
    for one in element:
        if _name(one) == "Origin" and (country := _text(one, "CountryCode")):
            return country
    return ""


def _quantity(element: Element | None, name: str, unit: str) -> Quantity | None:
    child = _child(element, name) if element is not None else None
    return _number(child, unit) if child is not None else None


def _number(element: Element, unit: str) -> Quantity | None:
    """Raises DeclarationUnreadable for a number that is none: to overlook a write-off would be worse."""
    text = (element.text or "").strip()
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or number < 0 or len(text) > _MOST_DIGITS or "e" in text.lower() or "_" in text:
        raise DeclarationUnreadable(detail=f"{Paths().of(element)} is no number of at most {_MOST_DIGITS} digits")
    return Quantity(number, element.get(unit, "").strip())


def _name(element: Element) -> str:
    """The local name within the WCO data model; empty for everything else."""
    space, _, local = str(element.tag)[1:].partition("}")
    return local if space.startswith(WCO) else ""


def _child(element: Element, name: str) -> Element | None:
    return next((child for child in element if _name(child) == name), None)


def _text(element: Element, name: str) -> str:
    child = _child(element, name)
    return (child.text or "").strip() if child is not None else ""
