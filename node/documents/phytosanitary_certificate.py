"""Phytosanitary and other sanitary certificates: UN/CEFACT SPSCertificate 17, as the IPPC uses it.

Identity: the issuer is IssuerSPSParty's ID, or else `<exporting country>:<its name>`; the number is the certificate's;
the version is `1`, or the word of a status that ends the number (`withdrawn`, `replaced`, `cancelled`). A certificate
that names another one in ADRPN replaces it.
"""

from pathlib import Path

from node.clock import to_xml
from node.documents.checks import is_label, joined, text_at, text_of, without_blanks
from node.documents.codes import sps
from node.documents.kind import XmlKind
from node.documents.phytosanitary_rules import CONSIGNMENT, DOCUMENT, LINES, RAM, RSM, moment_in, rules
from node.documents.structure import PaperSchema
from node.model.document import Identity, Reading, Succession
from node.safe_xml import Element

MAX_UCR = 35
"""Characters of a unique consignment reference (WCO data model 016)."""


def read(root: Element) -> Reading:
    """What a certificate without findings tells."""
    status = sps.STATUSES[text_at(root, f"{DOCUMENT}/{RAM}StatusCode")]
    number = text_at(root, f"{DOCUMENT}/{RAM}ID")
    ucr = text_at(root, f"{CONSIGNMENT}/{RAM}ID")
    return Reading(
        identity=Identity(issuer=_issuer(root), number=number, version=status.version),
        fields=_fields(root),
        succession=_succession(root, number, status),
        ucr=(ucr,) if is_label(ucr, MAX_UCR) else (),
    )


def _issuer(root: Element) -> str:
    party = f"{DOCUMENT}/{RAM}IssuerSPSParty"
    country = text_at(root, f"{CONSIGNMENT}/{RAM}ExportSPSCountry/{RAM}ID")
    return text_at(root, f"{party}/{RAM}ID") or f"{country}:{text_at(root, f'{party}/{RAM}Name')}"


def _succession(root: Element, number: str, status: sps.Status) -> Succession | None:
    if status.relation:
        return Succession(number=number, relation=status.relation)
    for note in root.iterfind(f"{DOCUMENT}/{RAM}IncludedSPSNote"):
        if text_at(note, f"{RAM}Subject") == "ADRPN":
            return Succession(number=text_at(note, f"{RAM}Content"), relation="replacement")
    return None


def _fields(root: Element) -> dict[str, str]:
    issued = moment_in(root.find(f"{DOCUMENT}/{RAM}IssueDateTime"))
    return without_blanks(
        {
            "number": text_at(root, f"{DOCUMENT}/{RAM}ID"),
            "type": text_at(root, f"{DOCUMENT}/{RAM}TypeCode"),
            "status": text_at(root, f"{DOCUMENT}/{RAM}StatusCode"),
            "issued": to_xml(issued) if issued is not None else "",
            "issuer": text_at(root, f"{DOCUMENT}/{RAM}IssuerSPSParty/{RAM}Name"),
            "exporter": text_at(root, f"{CONSIGNMENT}/{RAM}ConsignorSPSParty/{RAM}Name"),
            "importer": text_at(root, f"{CONSIGNMENT}/{RAM}ConsigneeSPSParty/{RAM}Name"),
            "export_country": text_at(root, f"{CONSIGNMENT}/{RAM}ExportSPSCountry/{RAM}ID"),
            "import_country": text_at(root, f"{CONSIGNMENT}/{RAM}ImportSPSCountry/{RAM}ID"),
            "goods": _all(root, f"{LINES}/{RAM}CommonName") or _all(root, f"{LINES}/{RAM}Description"),
            "scientific_names": _all(root, f"{LINES}/{RAM}ScientificName"),
            "hs_codes": joined(_hs_codes(root)),
            "transport": _all(
                root, f"{CONSIGNMENT}/{RAM}MainCarriageSPSTransportMovement/{RAM}UsedSPSTransportMeans/*"
            ),
        }
    )


def _all(root: Element, path: str) -> str:
    return joined(text_of(element) for element in root.iterfind(path))


def _hs_codes(root: Element) -> list[str]:
    classifications = root.findall(f"{LINES}/{RAM}ApplicableSPSClassification")
    return [text_at(one, f"{RAM}ClassCode") for one in classifications if text_at(one, f"{RAM}SystemName") == "HS"]


KIND = XmlKind(
    name="phytosanitary_certificate",
    version=1,
    root=f"{RSM}SPSCertificate",
    title_en="Phytosanitary certificate",
    title_zh="植物檢疫證明書",
    samples=("grapefruit", "orchids", "orchids_withdrawn"),
    schema=PaperSchema(Path(__file__).parent / "schemas/phytosanitary_certificate/SPSCertificate_17.xsd"),
    rules=rules,
    reading=read,
    number=f"{DOCUMENT}/{RAM}ID",
)
