"""Writes a certificate of origin in our own XML, part by part; the schema and the rules then say what it lacks."""

from lxml import etree

from node.documents.conversion import Converted, Loss
from node.documents.conversions.ledger import Ledger, Words
from node.documents.origin_rules import NS
from node.model.document import MediaType
from node.safe_xml import Element

ROOT = "/CertificateOfOrigin"

DEFAULTS = {
    "Status": Words("the source names no status; it is taken for issued", "來源未載狀態，視為已核發"),
    "Mode": Words(
        "the source names no mode; 0 says so (Recommendation 19)", "來源未載運輸方式，以 0 表示未指明（第 19 號建議書）"
    ),
    "Place": Words("a place that stands elsewhere in the source", "取自來源他處之地點"),
    "Date": Words("the day of issue; the source has none for this", "來源未載，取核發日期"),
    "Signatory": Words("the party; the source names no person", "來源未載簽署人，取該當事人名稱"),
    "ExportCountry": Words("the country of the port; the source names none", "來源未載，取港口所在國家"),
    "ImportCountry": Words("the country of the port; the source names none", "來源未載，取港口所在國家"),
    "Country": Words("a country that stands elsewhere in the source", "取自來源他處之國家"),
    "Name": Words("the identifier; the source has no name", "來源未載名稱，取其識別碼"),
    "Description": Words("words from the HS code; the source has no description", "來源未載貨名，以稅則號別表示"),
    "Sequence": Words("counted; the source has no number", "來源未載項次，依序編列"),
}
"""What stands where the certificate needs something that the source does not say."""


def part(name: str, text: str = "", *inside: Element | None, **attributes: str) -> Element | None:
    """An element of the certificate; None when it would say nothing."""
    children = [one for one in inside if one is not None]
    if not text and not children:
        return None
    made = _element(name)
    for key, value in attributes.items():
        if value:
            made.set(key, value)
    made.text = text or None
    made.extend(children)
    return made


def or_default(ledger: Ledger, text: str, default: str, path: str) -> str:
    """The text, or what stands for one that the source does not have; `path` is that of the element written."""
    if text or not default:
        return text
    ledger.note(f"{ROOT}/{path}", Loss.DEFAULTED, DEFAULTS[path.rpartition("/")[2].partition("[")[0]])
    return default


def certificate(ledger: Ledger, *parts: Element | None) -> Converted:
    """The certificate of these parts in the order of the schema."""
    root = part("CertificateOfOrigin", "", *parts)
    whole = _element("CertificateOfOrigin") if root is None else root
    content = etree.tostring(whole, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return Converted(content, MediaType.XML, ledger.notes())


def _element(name: str) -> Element:
    return etree.Element(f"{NS}{name}", nsmap={None: NS[1:-1]})  # type: ignore[dict-item]  # no prefix is a prefix too
