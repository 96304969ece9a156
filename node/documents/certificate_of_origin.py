"""Certificates of origin in the node's own XML: what preferential and non-preferential certificates share.

Identity: the issuer is IssuingAuthority's Id, or else `<its country>:<its first name>`; the number is the
certificate's; the version is `1`, or `withdrawn` or `cancelled` when the certificate says so of itself. `Replaces`
names a predecessor.
"""

from pathlib import Path

from node.documents import certified_items
from node.documents.checks import joined, text_of, without_blanks
from node.documents.code_uses import XmlCodes
from node.documents.kind import XmlKind
from node.documents.listing import Listing, Table
from node.documents.origin_agreed import agreed
from node.documents.origin_look import items_of, keeps_every_rule
from node.documents.origin_rules import ENDED, NS, rules
from node.documents.structure import PaperSchema
from node.model.document import Identity, Reading, Succession
from node.model.uses import Certified
from node.safe_xml import Element

_AUTHORITY, _NUMBER, _STATUS = f"{NS}IssuingAuthority", f"{NS}Number", f"{NS}Status"
_UCR, _ID, _REPLACES = f"{NS}Ucr", f"{NS}Id", f"{NS}Replaces"
_TYPE_CODE, _AGREEMENT, _ISSUE_DATE = f"{NS}TypeCode", f"{NS}Agreement", f"{NS}IssueDate"
_VALID_UNTIL, _NAME, _EXPORTER = f"{NS}ValidUntil", f"{NS}Name", f"{NS}Exporter"
_IMPORTER, _EXPORT_COUNTRY, _IMPORT_COUNTRY = f"{NS}Importer", f"{NS}ExportCountry", f"{NS}ImportCountry"
_ORIGIN_COUNTRY, _DESCRIPTION, _HS_CODE = f"{NS}OriginCountry", f"{NS}Description", f"{NS}HsCode"
_INVOICE, _TRANSPORT, _MEANS = f"{NS}Invoice", f"{NS}Transport", f"{NS}Means"
_COUNTRY = f"{NS}Country"
_RELATIONS = {"withdrawn": "withdrawal", "cancelled": "cancellation"}


def read(root: Element) -> Reading:
    """What a certificate without findings tells."""
    said = Listing(root)
    return _reading(said, items_of(said))


def read_at_once(root: Element) -> Reading | None:
    """The same without asking the rules, where one look at a certificate that follows its schema shows them kept."""
    said = Listing(root)
    items = items_of(said)
    return _reading(said, items) if keeps_every_rule(said, items) else None


def _reading(said: Listing, items: Table) -> Reading:
    number, status = said.text(_NUMBER), said.text(_STATUS)
    return Reading(
        identity=Identity(issuer=_issuer(said), number=number, version=status if status in ENDED else "1"),
        fields=_fields(said, items),
        succession=_succession(said, number, status),
        ucr=tuple(dict.fromkeys(map(text_of, said.parts(_UCR)))),
    )


def _issuer(said: Listing) -> str:
    identifier = said.first(_AUTHORITY, _ID)
    return identifier or f"{said.first(_AUTHORITY, _COUNTRY)}:{said.first(_AUTHORITY, _NAME)}"


def _succession(said: Listing, number: str, status: str) -> Succession | None:
    if status in ENDED:
        return Succession(number=number, relation=_RELATIONS[status])
    replaced = said.first(_REPLACES, _NUMBER)
    return Succession(number=replaced, relation="replacement") if replaced else None


def _fields(said: Listing, items: Table) -> dict[str, str]:
    return without_blanks(
        {
            "number": said.text(_NUMBER),
            "type": said.text(_TYPE_CODE),
            "agreement": said.text(_AGREEMENT),
            "status": said.text(_STATUS),
            "issued": said.text(_ISSUE_DATE),
            "valid_until": said.text(_VALID_UNTIL),
            "issuer": joined(said.texts(_AUTHORITY, _NAME)),
            "exporter": joined(said.texts(_EXPORTER, _NAME)),
            "importer": joined(said.texts(_IMPORTER, _NAME)),
            "export_country": said.text(_EXPORT_COUNTRY),
            "import_country": said.text(_IMPORT_COUNTRY),
            "origin_countries": _of_items(items, _ORIGIN_COUNTRY),
            "goods": _of_items(items, _DESCRIPTION),
            "hs_codes": _of_items(items, _HS_CODE),
            "invoices": joined(said.texts(_INVOICE, _NUMBER)),
            "transport": joined(said.texts(_TRANSPORT, _MEANS)),
        }
    )


def _of_items(items: Table, name: str) -> str:
    return joined(map(str.strip, items.column(name)))


def certifies(root: Element) -> Certified:
    """Per item its quantity, or else its net or gross weight, and its value."""
    said = Listing(root)
    return certified_items.items(
        said.parts(f"{NS}Item"),
        number=f"{NS}Sequence",
        quantities=[(f"{NS}{name}", "unit") for name in ("Quantity", "NetWeight", "GrossWeight")],
        value=(f"{NS}Value", "currency"),
        valid_until=said.text(_VALID_UNTIL),
    )


KIND = XmlKind(
    name="certificate_of_origin",
    version=1,
    data_model=Path(__file__).parent / "data_model/certificate_of_origin_1.txt",
    view=Path(__file__).parent / "view_plans/certificate_of_origin.tsv",
    root=f"{NS}CertificateOfOrigin",
    title_en="Certificate of origin",
    title_zh="原產地證明書",
    samples=("coffee_back_to_back", "lenses", "machine_parts", "tea", "tea_replacement"),
    schema=PaperSchema(Path(__file__).parent / "schemas/certificate_of_origin/certificate_of_origin_1.xsd"),
    rules=rules,
    agreed=agreed,
    codes=XmlCodes(
        elements={
            **dict.fromkeys(("Country", "ExportCountry", "ImportCountry", "OriginCountry", "ThirdCountry"), "country"),
            "Mode": "transport_mode",
        },
        attributes={"unit": "unit", "currency": "currency", "Packages@type": "package"},
    ),
    reading=read,
    reading_at_once=read_at_once,
    number=f"{NS}Number",
    certifies=certifies,
)
