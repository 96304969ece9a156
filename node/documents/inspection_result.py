"""Results of inspections, tests and controls, in the node's own XML: what was looked at, what was found, what follows.

Identity: the issuer is Authority's Id, or else `<its country>:<its first name>`; the number is the result's; the
version is `1`, or `withdrawn` or `cancelled` when it says so of itself. `Supersedes` names a predecessor, as a final
result does with the pending one.
"""

from pathlib import Path

from node.clock import to_xml
from node.documents.checks import joined, moment_of, text_at, text_of, without_blanks
from node.documents.inspection_rules import ENDED, NS, rules
from node.documents.kind import XmlKind
from node.documents.structure import PaperSchema
from node.model.document import Identity, Reading, Succession
from node.safe_xml import Element

_RELATIONS = {"withdrawn": "withdrawal", "cancelled": "cancellation"}


def read(root: Element) -> Reading:
    """What a result without findings tells."""
    number, status = text_at(root, f"{NS}Number"), text_at(root, f"{NS}Status")
    return Reading(
        identity=Identity(issuer=_issuer(root), number=number, version=status if status in ENDED else "1"),
        fields=_fields(root),
        succession=_succession(root, number, status),
        ucr=tuple(dict.fromkeys(text_of(ucr) for ucr in root.iterfind(f"{NS}Ucr"))),
    )


def _issuer(root: Element) -> str:
    authority = f"{NS}Authority/{NS}"
    return (
        text_at(root, f"{authority}Id") or f"{text_at(root, f'{authority}Country')}:{text_at(root, f'{authority}Name')}"
    )


def _succession(root: Element, number: str, status: str) -> Succession | None:
    if status in ENDED:
        return Succession(number=number, relation=_RELATIONS[status])
    before = text_at(root, f"{NS}Supersedes/{NS}Number")
    return Succession(number=before, relation=text_at(root, f"{NS}Supersedes/{NS}Reason")) if before else None


def _fields(root: Element) -> dict[str, str]:
    return without_blanks(
        {
            "number": text_at(root, f"{NS}Number"),
            "type": text_at(root, f"{NS}TypeCode"),
            "status": text_at(root, f"{NS}Status"),
            "result": text_at(root, f"{NS}Result"),
            "disposition": text_at(root, f"{NS}Disposition"),
            "issued": _moment(root, f"{NS}IssuedAt"),
            "valid_until": text_at(root, f"{NS}ValidUntil"),
            "issuer": _all(root, "Authority", "Name"),
            "purpose": text_at(root, f"{NS}Purpose"),
            "exporter": _all(root, "Exporter", "Name"),
            "importer": _all(root, "Importer", "Name"),
            "export_country": text_at(root, f"{NS}ExportCountry"),
            "import_country": text_at(root, f"{NS}ImportCountry"),
            "goods": _all(root, "Line", "Description"),
            "hs_codes": _all(root, "Line", "HsCode"),
            "standards": _all(root, "Standard", "Code"),
            "place": _all(root, "Inspection", "Place", "Name"),
            "inspected": _moment(root, f"{NS}Inspection/{NS}From"),
            "declarations": _all(root, "Declaration", "Number"),
            "containers": _all(root, "Container", "Number"),
        }
    )


def _moment(root: Element, path: str) -> str:
    moment = moment_of(text_at(root, path))
    return to_xml(moment) if moment is not None else ""


def _all(root: Element, *steps: str) -> str:
    return joined(text_of(element) for element in root.iterfind("/".join(f"{NS}{step}" for step in steps)))


KIND = XmlKind(
    name="inspection_result",
    version=1,
    root=f"{NS}InspectionResult",
    title_en="Inspection result",
    title_zh="查驗結果",
    samples=("juicers", "tea_pending", "tea_rejected"),
    schema=PaperSchema(Path(__file__).parent / "schemas/inspection_result/inspection_result_1.xsd"),
    rules=rules,
    reading=read,
    number=f"{NS}Number",
)
