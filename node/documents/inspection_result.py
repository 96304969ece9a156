"""Results of inspections, tests and controls, in the node's own XML: what was looked at, what was found, what follows.

Identity: the issuer is Authority's Id, or else `<its country>:<its first name>`; the number is the result's; the
version is `1`, or `withdrawn` or `cancelled` when it says so of itself. `Supersedes` names a predecessor, as a final
result does with the pending one.
"""

from collections.abc import Mapping
from pathlib import Path

from node.clock import to_xml
from node.documents import certified_items
from node.documents.checks import joined, moment_of, text_of, without_blanks
from node.documents.children import Way, first_by_name
from node.documents.code_uses import XmlCodes
from node.documents.inspection_rules import ENDED, NS, rules
from node.documents.kind import XmlKind
from node.documents.structure import PaperSchema
from node.model.document import Identity, Reading, Succession
from node.model.uses import Certified
from node.safe_xml import Element

_RELATIONS = {"withdrawn": "withdrawal", "cancelled": "cancellation"}


def read(root: Element) -> Reading:
    """What a result without findings tells."""
    head = first_by_name(root)
    number, status = text_of(head.get(f"{NS}Number")), text_of(head.get(f"{NS}Status"))
    return Reading(
        identity=Identity(issuer=_issuer(head), number=number, version=status if status in ENDED else "1"),
        fields=_fields(root, head),
        succession=_succession(head, number, status),
        ucr=tuple(dict.fromkeys(text_of(ucr) for ucr in root.iterchildren(f"{NS}Ucr"))),
    )


def _issuer(head: Mapping[str, Element]) -> str:
    authority = first_by_name(head.get(f"{NS}Authority"))
    identifier = text_of(authority.get(f"{NS}Id"))
    return identifier or f"{text_of(authority.get(f'{NS}Country'))}:{text_of(authority.get(f'{NS}Name'))}"


def _succession(head: Mapping[str, Element], number: str, status: str) -> Succession | None:
    if status in ENDED:
        return Succession(number=number, relation=_RELATIONS[status])
    before = first_by_name(head.get(f"{NS}Supersedes"))
    other = text_of(before.get(f"{NS}Number"))
    return Succession(number=other, relation=text_of(before.get(f"{NS}Reason"))) if other else None


def _fields(root: Element, head: Mapping[str, Element]) -> dict[str, str]:
    return without_blanks(
        {
            "number": text_of(head.get(f"{NS}Number")),
            "type": text_of(head.get(f"{NS}TypeCode")),
            "status": text_of(head.get(f"{NS}Status")),
            "result": text_of(head.get(f"{NS}Result")),
            "disposition": text_of(head.get(f"{NS}Disposition")),
            "issued": _moment(head.get(f"{NS}IssuedAt")),
            "valid_until": text_of(head.get(f"{NS}ValidUntil")),
            "issuer": _all(root, _ISSUERS),
            "purpose": text_of(head.get(f"{NS}Purpose")),
            "exporter": _all(root, _EXPORTERS),
            "importer": _all(root, _IMPORTERS),
            "export_country": text_of(head.get(f"{NS}ExportCountry")),
            "import_country": text_of(head.get(f"{NS}ImportCountry")),
            "goods": _all(root, _GOODS),
            "hs_codes": _all(root, _HS_CODES),
            "standards": _all(root, _STANDARDS),
            "place": _all(root, _PLACES),
            "inspected": _moment(_INSPECTED.first(root)),
            "declarations": _all(root, _DECLARATIONS),
            "containers": _all(root, _CONTAINERS),
        }
    )


def _moment(element: Element | None) -> str:
    moment = moment_of(text_of(element))
    return to_xml(moment) if moment is not None else ""


def _all(root: Element, way: Way) -> str:
    return joined(map(text_of, way.all(root)))


def certifies(root: Element) -> Certified:
    """Per line its quantity, where it has one."""
    return certified_items.items(
        list(root.iterchildren(f"{NS}Line")),
        number=f"{NS}Sequence",
        quantities=[(f"{NS}Quantity", "unit")],
        valid_until=text_of(root.find(f"{NS}ValidUntil")),
    )


_ISSUERS, _STANDARDS = Way(f"{NS}Authority", f"{NS}Name"), Way(f"{NS}Standard", f"{NS}Code")
_EXPORTERS, _IMPORTERS = Way(f"{NS}Exporter", f"{NS}Name"), Way(f"{NS}Importer", f"{NS}Name")
_GOODS, _HS_CODES = Way(f"{NS}Line", f"{NS}Description"), Way(f"{NS}Line", f"{NS}HsCode")
_PLACES, _INSPECTED = Way(f"{NS}Inspection", f"{NS}Place", f"{NS}Name"), Way(f"{NS}Inspection", f"{NS}From")
_DECLARATIONS, _CONTAINERS = Way(f"{NS}Declaration", f"{NS}Number"), Way(f"{NS}Container", f"{NS}Number")

KIND = XmlKind(
    name="inspection_result",
    version=1,
    data_model=Path(__file__).parent / "data_model/inspection_result_1.txt",
    view=Path(__file__).parent / "view_plans/inspection_result.tsv",
    root=f"{NS}InspectionResult",
    title_en="Inspection result",
    title_zh="查驗結果",
    samples=("juicers", "scanned_pumps", "tea_pending", "tea_rejected"),
    schema=PaperSchema(Path(__file__).parent / "schemas/inspection_result/inspection_result_1.xsd"),
    rules=rules,
    codes=XmlCodes(
        elements=dict.fromkeys(("Country", "ExportCountry", "ImportCountry", "OriginCountry"), "country"),
        attributes={"unit": "unit"},
    ),
    reading=read,
    number=f"{NS}Number",
    certifies=certifies,
)
