"""Phytosanitary and other sanitary certificates: UN/CEFACT SPSCertificate 17, as the IPPC uses it.

Identity: the issuer is IssuerSPSParty's ID, or else `<exporting country>:<its name>`; the number is the certificate's;
the version is `1`, or the word of a status that ends the number (`withdrawn`, `replaced`, `cancelled`). A certificate
that names another one in ADRPN replaces it.
"""

from collections.abc import Mapping
from pathlib import Path

from node.clock import to_xml
from node.documents import certified_items
from node.documents.checks import is_label, joined, text_at, text_of, without_blanks
from node.documents.children import Way, first_by_name
from node.documents.code_uses import XmlCodes
from node.documents.codes import sps
from node.documents.kind import XmlKind
from node.documents.overlooked import PaperCopy
from node.documents.phytosanitary_habits import prepare
from node.documents.phytosanitary_rules import moment_in, rules
from node.documents.sps_names import CONSIGNMENT, DOCUMENT, LINES, RAM, RSM
from node.documents.structure import PaperSchema
from node.model.document import Identity, Reading, Succession
from node.model.terms import Terms
from node.model.uses import Certified
from node.safe_xml import Element

MAX_UCR = 35
"""Characters of a unique consignment reference (WCO data model 016)."""


def read(root: Element) -> Reading:
    """What a certificate without findings tells."""
    head = first_by_name(root)
    document, consignment = first_by_name(head.get(DOCUMENT)), first_by_name(head.get(CONSIGNMENT))
    status = sps.STATUSES[text_of(document.get(f"{RAM}StatusCode"))]
    number = text_of(document.get(f"{RAM}ID"))
    ucr = text_of(consignment.get(f"{RAM}ID"))
    return Reading(
        identity=Identity(issuer=_issuer(document, consignment), number=number, version=status.version),
        fields=_fields(root, document, consignment),
        succession=_succession(root, number, status),
        ucr=(ucr,) if is_label(ucr, MAX_UCR) else (),
    )


def _issuer(document: Mapping[str, Element], consignment: Mapping[str, Element]) -> str:
    party = first_by_name(document.get(f"{RAM}IssuerSPSParty"))
    identifier = text_of(party.get(f"{RAM}ID"))
    return identifier or f"{_of(consignment, 'ExportSPSCountry', 'ID')}:{text_of(party.get(f'{RAM}Name'))}"


def _of(part: Mapping[str, Element], whose: str, what: str) -> str:
    return text_of(first_by_name(part.get(f"{RAM}{whose}")).get(f"{RAM}{what}"))


def _succession(root: Element, number: str, status: sps.Status) -> Succession | None:
    if status.relation:
        return Succession(number=number, relation=status.relation)
    for note in _NOTES.all(root):
        if text_at(note, f"{RAM}Subject") == "ADRPN":
            return Succession(number=text_at(note, f"{RAM}Content"), relation="replacement")
    return None


def _fields(root: Element, document: Mapping[str, Element], consignment: Mapping[str, Element]) -> dict[str, str]:
    issued = moment_in(document.get(f"{RAM}IssueDateTime"))
    return without_blanks(
        {
            "number": text_of(document.get(f"{RAM}ID")),
            "type": text_of(document.get(f"{RAM}TypeCode")),
            "status": text_of(document.get(f"{RAM}StatusCode")),
            "issued": to_xml(issued) if issued is not None else "",
            "issuer": _of(document, "IssuerSPSParty", "Name"),
            "exporter": _of(consignment, "ConsignorSPSParty", "Name"),
            "importer": _of(consignment, "ConsigneeSPSParty", "Name"),
            "export_country": _of(consignment, "ExportSPSCountry", "ID"),
            "import_country": _of(consignment, "ImportSPSCountry", "ID"),
            "goods": _all(root, _COMMON_NAMES) or _all(root, _DESCRIPTIONS),
            "scientific_names": _all(root, _SCIENTIFIC_NAMES),
            "hs_codes": joined(_hs_codes(root)),
            "transport": _all(root, _MEANS),
        }
    )


def _all(root: Element, way: Way) -> str:
    return joined(map(text_of, way.all(root)))


def _hs_codes(root: Element) -> list[str]:
    classifications = [first_by_name(one) for one in _CLASSIFICATIONS.all(root)]
    return [
        text_of(one.get(f"{RAM}ClassCode")) for one in classifications if text_of(one.get(f"{RAM}SystemName")) == "HS"
    ]


def certifies(root: Element) -> Certified:
    """Per trade line its net weight, or else its net volume, or else its gross weight."""
    return certified_items.items(
        _LINES.all(root),
        number=f"{RAM}SequenceNumeric",
        quantities=[
            (f"{RAM}{name}", "unitCode") for name in ("NetWeightMeasure", "NetVolumeMeasure", "GrossWeightMeasure")
        ],
    )


_LINES, _NOTES = Way(*LINES), Way(DOCUMENT, f"{RAM}IncludedSPSNote")
_COMMON_NAMES, _DESCRIPTIONS = Way(*LINES, f"{RAM}CommonName"), Way(*LINES, f"{RAM}Description")
_SCIENTIFIC_NAMES = Way(*LINES, f"{RAM}ScientificName")
_CLASSIFICATIONS = Way(*LINES, f"{RAM}ApplicableSPSClassification")
_MEANS = Way(CONSIGNMENT, f"{RAM}MainCarriageSPSTransportMovement", f"{RAM}UsedSPSTransportMeans", "*")


_WHOSE_COUNTRIES = ("Export", "Import", "ReExport", "Transit", "Origin", "Operation")
_SCHEMA = PaperSchema(Path(__file__).parent / "schemas/phytosanitary_certificate/SPSCertificate_17.xsd")


def _prepare(paper: Element, terms: Terms) -> PaperCopy | None:
    return prepare(paper, terms, _SCHEMA)


KIND = XmlKind(
    name="phytosanitary_certificate",
    version=1,
    data_model=Path(__file__).parent / "data_model/phytosanitary_certificate_1.txt",
    view=Path(__file__).parent / "view_plans/phytosanitary_certificate.tsv",
    root=f"{RSM}SPSCertificate",
    title_en="Phytosanitary certificate",
    title_zh="植物檢疫證明書",
    samples=("grapefruit", "honey_health", "orchids", "orchids_withdrawn", "tulips_reexport"),
    schema=_SCHEMA,
    prepare=_prepare,
    rules=rules,
    codes=XmlCodes(
        elements={
            **{f"{whose}SPSCountry/ID": "country" for whose in _WHOSE_COUNTRIES},
            "CountryID": "country",
            "ModeCode": "transport_mode",
            "RoleCode": "untdid_3035",
            "RelationshipTypeCode": "untdid_1153",
            "PhysicalSPSPackage/TypeCode": "package",
            "ReferenceSPSReferencedDocument/TypeCode": "untdid_1001",
            "AppliedSPSProcess/TypeCode": "untdid_7187",
            "SignatorySPSAuthentication/TypeCode": "untdid_9417",
            "AssertedSPSAuthentication/TypeCode": "untdid_9417",
        },
        attributes={"unitCode": "unit"},
    ),
    reading=read,
    number=f"{DOCUMENT}/{RAM}ID",
    certifies=certifies,
)
