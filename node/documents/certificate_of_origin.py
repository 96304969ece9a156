"""Certificates of origin in the node's own XML: what preferential and non-preferential certificates share.

Identity: the issuer is IssuingAuthority's Id, or else `<its country>:<its first name>`; the number is the
certificate's; the version is `1`, or `withdrawn` or `cancelled` when the certificate says so of itself. `Replaces`
names a predecessor.
"""

from collections.abc import Mapping
from pathlib import Path

from node.documents.checks import joined, text_at, text_of, without_blanks
from node.documents.children import Way, first_by_name
from node.documents.kind import XmlKind
from node.documents.origin_rules import ENDED, NS, rules
from node.documents.structure import PaperSchema
from node.model.document import Identity, Reading, Succession
from node.safe_xml import Element

_RELATIONS = {"withdrawn": "withdrawal", "cancelled": "cancellation"}


def read(root: Element) -> Reading:
    """What a certificate without findings tells."""
    head = first_by_name(root)
    number, status = text_of(head.get(f"{NS}Number")), text_of(head.get(f"{NS}Status"))
    return Reading(
        identity=Identity(issuer=_issuer(head), number=number, version=status if status in ENDED else "1"),
        fields=_fields(root, head),
        succession=_succession(head, number, status),
        ucr=tuple(dict.fromkeys(text_of(ucr) for ucr in root.iterchildren(f"{NS}Ucr"))),
    )


def _issuer(head: Mapping[str, Element]) -> str:
    authority = first_by_name(head.get(f"{NS}IssuingAuthority"))
    identifier = text_of(authority.get(f"{NS}Id"))
    return identifier or f"{text_of(authority.get(f'{NS}Country'))}:{text_of(authority.get(f'{NS}Name'))}"


def _succession(head: Mapping[str, Element], number: str, status: str) -> Succession | None:
    if status in ENDED:
        return Succession(number=number, relation=_RELATIONS[status])
    replaced = text_at(head.get(f"{NS}Replaces"), f"{NS}Number")
    return Succession(number=replaced, relation="replacement") if replaced else None


def _fields(root: Element, head: Mapping[str, Element]) -> dict[str, str]:
    return without_blanks(
        {
            "number": text_of(head.get(f"{NS}Number")),
            "type": text_of(head.get(f"{NS}TypeCode")),
            "agreement": text_of(head.get(f"{NS}Agreement")),
            "status": text_of(head.get(f"{NS}Status")),
            "issued": text_of(head.get(f"{NS}IssueDate")),
            "valid_until": text_of(head.get(f"{NS}ValidUntil")),
            "issuer": _all(root, _ISSUERS),
            "exporter": _all(root, _EXPORTERS),
            "importer": _all(root, _IMPORTERS),
            "export_country": text_of(head.get(f"{NS}ExportCountry")),
            "import_country": text_of(head.get(f"{NS}ImportCountry")),
            "origin_countries": _all(root, _ORIGINS),
            "goods": _all(root, _GOODS),
            "hs_codes": _all(root, _HS_CODES),
            "invoices": _all(root, _INVOICES),
            "transport": _all(root, _MEANS),
        }
    )


def _all(root: Element, way: Way) -> str:
    return joined(map(text_of, way.all(root)))


_ISSUERS, _INVOICES = Way(f"{NS}IssuingAuthority", f"{NS}Name"), Way(f"{NS}Invoice", f"{NS}Number")
_EXPORTERS, _IMPORTERS = Way(f"{NS}Exporter", f"{NS}Name"), Way(f"{NS}Importer", f"{NS}Name")
_ORIGINS, _GOODS = Way(f"{NS}Item", f"{NS}OriginCountry"), Way(f"{NS}Item", f"{NS}Description")
_HS_CODES, _MEANS = Way(f"{NS}Item", f"{NS}HsCode"), Way(f"{NS}Transport", f"{NS}Means")

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
