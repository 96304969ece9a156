"""A certificate of origin from UN/CEFACT Preferential CoO in JSON (documents 2.1).

That form knows parties and places by identifier alone and does not describe goods: identifiers stand for names, words
from the HS code for descriptions, and each is noted. A value may stand there as an object with `content` or bare, a
list as one element: both are seen.
"""

from node import safe_json
from node.documents.conversion import Converted, Form
from node.documents.conversions.certificate_xml import certificate, or_default, part
from node.documents.conversions.ledger import JsonSource
from node.documents.conversions.origin_values import agreement, day, place_code, tidy, undotted
from node.documents.conversions.preferential_coo_of_origin import LEVEL
from node.documents.conversions.preferential_coo_of_origin import NAME as PREFERENTIAL_COO
from node.model.document import MediaType
from node.safe_xml import Element


def is_preferential_coo(content: bytes) -> bool:
    """Whether this is JSON with the two members that the form has. Raises JsonError classes."""
    if MediaType.of(content) is not MediaType.JSON:
        return False
    value = safe_json.parse(content)
    return isinstance(value, dict) and {"exchangedDocument", "specifiedConsignment"} <= value.keys()


def convert(content: bytes) -> Converted:
    """The certificate that `content` tells; whether it keeps our rules is the reader's to say."""
    said = JsonSource.of(safe_json.parse(content))
    document, consignment, ledger = said.at("exchangedDocument"), said.at("specifiedConsignment"), said.ledger
    issued = day(document.at("issueDateTime"))
    loading, unloading = (_code(consignment, name) for name in ("loading", "unloading"))
    return certificate(
        ledger,
        part("Number", tidy(document.at("id"))),
        part("TypeCode", document.at("typeCode").text()),
        part(
            "Agreement", agreement(consignment.at("applicableCrossBorderRegulatoryProcedure", "freeTradeAgreementName"))
        ),
        part("Status", or_default(ledger, "", "issued", "Status")),
        part("IssueDate", issued),
        _party("IssuingAuthority", document.at("issuer"), loading[:2]),
        _party("Exporter", consignment.at("consignor")),
        _party("Importer", consignment.at("consignee")),
        part("ExportCountry", _country(said, "ExportCountry", loading)),
        part("ImportCountry", _country(said, "ImportCountry", unloading)),
        _transport(consignment, loading, unloading),
        *(part("Ucr", tidy(one)) for one in consignment.each("id")),
        *_items(consignment),
        _declared(said, issued),
        _certified(said, issued),
    )


def _code(consignment: JsonSource, which: str) -> str:
    place = consignment.at(f"{which}LogisticsLocation", "id")
    place.at("schemeAgencyId").text()
    return place_code(place)


def _country(said: JsonSource, name: str, place: str) -> str:
    """The form names no countries of export and import; a UN/LOCODE begins with one."""
    return or_default(said.ledger, "", place[:2], name)


# --- who ------------------------------------------------------------------------------------------------------------


def _party(name: str, party: JsonSource, country: str = "") -> Element | None:
    identifier = tidy(party.at("id"))
    authority = name == "IssuingAuthority"
    return part(
        name,
        "",
        part("Id", identifier),
        part("Name", or_default(party.ledger, tidy(party.at("name")), identifier, f"{name}/Name")),
        part("Country", or_default(party.ledger, "", country, f"{name}/Country")) if authority else None,
    )


def _declared(said: JsonSource, issued: str) -> Element | None:
    exporter = tidy(said.at("specifiedConsignment", "consignor", "id"))
    return _signed(said, "ExporterDeclaration", "", issued, exporter)


def _certified(said: JsonSource, issued: str) -> Element | None:
    signed = said.at("exchangedDocument", "firstSignatoryDocumentAuthentication")
    issuer = tidy(said.at("exchangedDocument", "issuer", "id"))
    return _signed(said, "AuthorityCertification", day(signed.at("actualDateTime")), issued, issuer)


def _signed(said: JsonSource, name: str, date: str, issued: str, party: str) -> Element | None:
    signed = said.at("exchangedDocument", "firstSignatoryDocumentAuthentication")
    place = tidy(signed.at("issueLogisticsLocation", "id"))
    if name == "ExporterDeclaration":
        place = or_default(said.ledger, "", place, f"{name}/Place")
    return part(
        name,
        "",
        part("Place", place),
        part("Date", or_default(said.ledger, date, issued, f"{name}/Date")),
        part("Signatory", or_default(said.ledger, "", party, f"{name}/Signatory")),
    )


# --- the journey and the goods --------------------------------------------------------------------------------------


def _transport(consignment: JsonSource, loading: str, unloading: str) -> Element | None:
    movement, ledger = consignment.at("mainCarriageLogisticsTransportMovement"), consignment.ledger
    parts = (
        part("Means", tidy(movement.at("usedLogisticsTransportMeans", "name"))),
        part("Voyage", tidy(movement.at("id"))),
        *(_place(consignment, *one) for one in (("PortOfLoading", loading), ("PortOfDischarge", unloading))),
    )
    mode = movement.at("modeCode").text()
    if not mode and not any(one is not None for one in parts):
        return None
    return part("Transport", "", part("Mode", or_default(ledger, mode, "0", "Transport/Mode")), *parts)


def _place(consignment: JsonSource, name: str, code: str) -> Element | None:
    called = or_default(consignment.ledger, "", code, f"Transport/{name}/Name")
    return part(name, "", part("Code", code), part("Name", called))


def _items(consignment: JsonSource) -> list[Element | None]:
    """Each line is an item of ours; they bear the numbers of the form's items where each of these has one line."""
    lines = [
        (item.at("id"), line)
        for item in consignment.each("includedConsignmentItem")
        for line in item.each("includedTradeLineItem")
    ]
    numbered = len({number.path for number, _ in lines}) == len(lines)
    return [
        _item(line, number.text() if numbered else "", f"Item[{n}]" if len(lines) > 1 else "Item", n)
        for n, (number, line) in enumerate(lines, 1)
    ]


def _item(line: JsonSource, sequence: str, path: str, number: int) -> Element | None:
    product, ledger = line.at("specifiedTradeProduct"), line.ledger
    hs = product.at("designatedProductClassification", "classCode")
    country = product.at("originTradeCountry", "id")
    hs.at("listAgencyId").text()  # the agency of the code is the one that our form takes for granted
    country.at("schemeAgencyId").text()
    code, packages = undotted(hs.text()), line.each("physicalReferencedLogisticsPackage")
    marks = [
        mark
        for one in packages
        for group in one.each("physicalLogisticsShippingMarks")
        for mark in group.each("marking")
    ]
    return part(
        "Item",
        "",
        part("Sequence", or_default(ledger, sequence, str(number), f"{path}/Sequence")),
        *(part("Marks", tidy(mark)) for mark in marks),
        *(_packages(one) for one in packages),
        part(
            "Description",
            or_default(ledger, tidy(product.at("description")), f"HS {code}" if code else "", f"{path}/Description"),
        ),
        part("HsCode", code),
        part("OriginCountry", country.text()),
    )


def _packages(package: JsonSource) -> Element | None:
    code, level = package.at("typeCode"), package.at("levelCode", "content")
    code.at("listAgencyId").text()
    if level.value == LEVEL:
        level.text()
    return part("Packages", package.at("itemQuantity").text(), type=code.text())


FORMS = (
    Form(
        name="certificate_of_origin",
        source=PREFERENTIAL_COO,
        title_en="certificate of origin from UN/CEFACT Preferential CoO in JSON",
        title_zh="由 UN/CEFACT 優惠原產地證明書（JSON）轉為原產地證明書",
        convert=convert,
        is_source=is_preferential_coo,
        kind="certificate_of_origin",
    ),
)
