"""Certificates of origin in the node's own XML: what preferential and non-preferential certificates share.

Identity: the issuer is IssuingAuthority's Id, or else `<its country>:<its first name>`; the number is the
certificate's; the version is `1`, or `withdrawn` or `cancelled` when the certificate says so of itself. `Replaces`
names a predecessor.
"""

from pathlib import Path

from node.documents.checks import joined, text_at, text_of, without_blanks
from node.documents.kind import XmlKind
from node.documents.origin_rules import ENDED, NS, rules
from node.documents.structure import PaperSchema
from node.model.document import Identity, Reading, Succession
from node.safe_xml import Element

_RELATIONS = {"withdrawn": "withdrawal", "cancelled": "cancellation"}


def read(root: Element) -> Reading:
    """What a certificate without findings tells."""
    number, status = text_at(root, f"{NS}Number"), text_at(root, f"{NS}Status")
    return Reading(
        identity=Identity(issuer=_issuer(root), number=number, version=status if status in ENDED else "1"),
        fields=_fields(root),
        succession=_succession(root, number, status),
        ucr=tuple(dict.fromkeys(text_of(ucr) for ucr in root.iterfind(f"{NS}Ucr"))),
    )


def _issuer(root: Element) -> str:
    authority = f"{NS}IssuingAuthority/{NS}"
    return (
        text_at(root, f"{authority}Id") or f"{text_at(root, f'{authority}Country')}:{text_at(root, f'{authority}Name')}"
    )


def _succession(root: Element, number: str, status: str) -> Succession | None:
    if status in ENDED:
        return Succession(number=number, relation=_RELATIONS[status])
    replaced = text_at(root, f"{NS}Replaces/{NS}Number")
    return Succession(number=replaced, relation="replacement") if replaced else None


def _fields(root: Element) -> dict[str, str]:
    return without_blanks(
        {
            "number": text_at(root, f"{NS}Number"),
            "type": text_at(root, f"{NS}TypeCode"),
            "agreement": text_at(root, f"{NS}Agreement"),
            "status": text_at(root, f"{NS}Status"),
            "issued": text_at(root, f"{NS}IssueDate"),
            "valid_until": text_at(root, f"{NS}ValidUntil"),
            "issuer": _all(root, "IssuingAuthority", "Name"),
            "exporter": _all(root, "Exporter", "Name"),
            "importer": _all(root, "Importer", "Name"),
            "export_country": text_at(root, f"{NS}ExportCountry"),
            "import_country": text_at(root, f"{NS}ImportCountry"),
            "origin_countries": _all(root, "Item", "OriginCountry"),
            "goods": _all(root, "Item", "Description"),
            "hs_codes": _all(root, "Item", "HsCode"),
            "invoices": _all(root, "Invoice", "Number"),
            "transport": _all(root, "Transport", "Means"),
        }
    )


def _all(root: Element, *steps: str) -> str:
    return joined(text_of(element) for element in root.iterfind("/".join(f"{NS}{step}" for step in steps)))


KIND = XmlKind(
    name="certificate_of_origin",
    version=1,
    root=f"{NS}CertificateOfOrigin",
    title_en="Certificate of origin",
    title_zh="原產地證明書",
    samples=("machine_parts", "tea", "tea_replacement"),
    schema=PaperSchema(Path(__file__).parent / "schemas/certificate_of_origin/certificate_of_origin_1.xsd"),
    rules=rules,
    reading=read,
    number=f"{NS}Number",
)
