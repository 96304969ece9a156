"""A certificate of origin as edi3 JSON, the form of the inter-governmental ledger (documents 2.2).

That form knows one language, no weights or values of items, no reference to other certificates, and moments instead of
days. Who signed is told by the day alone; signatures are never made here.
"""

import json

from node.documents.conversion import Converted, Form, Loss
from node.documents.conversions.ledger import Words, XmlSource, spoken
from node.documents.conversions.origin_values import LOCODE, as_uri, dotted, midnight, own_uri
from node.documents.origin_rules import NON_PREFERENTIAL
from node.model.document import MediaType
from node.safe_xml import parse

NAME = "edi3-coo"

_KIND_OF_PROOF = Words("the form only says that there is a preference", "目標格式僅載明是否優惠，不載證明書類別")
_AT_THE_ITEM = Words("the producer stands at each item instead of a key", "生產者逐項載明，不以鍵值對應")
_AS_NUMBER = Words("written as a number, without leading zeros or sign", "以數值表示，略去前導零與正負號")

_LINES = 2
"""Lines of an address."""

Json = str | int | bool | list["Json"] | dict[str, "Json"]


def convert(content: bytes) -> Converted:
    """The certificate in `content`, which keeps every rule of its kind."""
    said = XmlSource.of(parse(content))
    document = _kept(
        {
            "iD": own_uri(said.one("Number").text()),
            "issueDateTime": midnight(said.one("IssueDate")),
            "status": said.one("Status").text(),
            "isPreferential": _is_preferential(said.one("TypeCode")),
            "freeTradeAgreement": said.one("Agreement").text(),
            "issuer": _authority(said.one("IssuingAuthority")),
            "issueLocation": {"name": _spoken(said.one("AuthorityCertification").all("Place"))},
            "firstSignatoryAuthentication": {"actualDateTime": midnight(said.one("ExporterDeclaration", "Date"))},
            "secondSignatoryAuthentication": {"actualDateTime": midnight(said.one("AuthorityCertification", "Date"))},
            "supplyChainConsignment": _consignment(said),
        }
    )
    text = json.dumps(document, ensure_ascii=False, indent=2) + "\n"
    return Converted(text.encode(), MediaType.JSON, said.ledger.notes())


def _is_preferential(code: XmlSource) -> bool:
    text = code.text()
    if text not in (NON_PREFERENTIAL, "864"):
        code.ledger.note(code.path, Loss.CHANGED, _KIND_OF_PROOF)
    return text != NON_PREFERENTIAL


# --- who ------------------------------------------------------------------------------------------------------------


def _authority(authority: XmlSource) -> Json:
    return {
        "iD": as_uri(authority.one("Id").text()),
        "name": _spoken(authority.all("Name")),
        "postalAddress": {"countryCode": authority.one("Country").text()},
    }


def _party(party: XmlSource) -> Json:
    address = party.one("Address")
    lines = spoken(address.all("Line"))[:_LINES]
    return {
        "iD": as_uri(party.one("Id").text()),
        "name": _spoken(party.all("Name")),
        "postalAddress": {
            **{f"line{number}": line.text() for number, line in enumerate(lines, 1)},
            "cityName": _spoken(address.all("City")),
            "postcode": address.one("Postcode").text(),
            "countrySubDivisionName": _spoken(address.all("Subdivision")),
            "countryCode": address.one("Country").text(),
        },
    }


# --- the journey and the goods --------------------------------------------------------------------------------------


def _consignment(said: XmlSource) -> Json:
    transport = said.one("Transport")
    return {
        "iD": own_uri(said.one("Ucr").text()),
        "information": _spoken(said.all("Remarks")),
        "exportCountry": {"code": said.one("ExportCountry").text()},
        "exporter": _party(said.one("Exporter")),
        "importCountry": {"code": said.one("ImportCountry").text()},
        "importer": _party(said.one("Importer")),
        "includedConsignmentItems": [_item(said, item) for item in said.all("Item")],
        "loadingBaseportLocation": _place(transport.one("PortOfLoading")),
        "mainCarriageTransportMovement": {
            "iD": own_uri(transport.one("Voyage").text()),
            "usedTransportMeans": {"name": _spoken(transport.all("Means"))},
            "departureEvent": {"departureDateTime": midnight(transport.one("DepartureDate"))},
        },
        "unloadingBaseportLocation": _place(transport.one("PortOfDischarge")),
    }


def _place(place: XmlSource) -> Json:
    code = place.one("Code").text()
    return {"iD": LOCODE + code if code else "", "name": _spoken(place.all("Name"))}


def _item(said: XmlSource, item: XmlSource) -> Json:
    sequence, code = item.one("Sequence"), item.one("HsCode").text()
    number = int(sequence.text())
    if str(number) != sequence.content:
        sequence.ledger.note(sequence.path, Loss.CHANGED, _AS_NUMBER)
    return {
        "crossBorderRegulatoryProcedure": {"originCriteriaText": _criterion(item.one("OriginCriterion"))},
        "manufacturer": _producer(said, item.one("ProducerKey")),
        "tradeLineItems": [
            {
                "sequenceNumber": number,
                "invoiceReference": _invoice(said, item.one("InvoiceNumber").text()),
                "tradeProduct": {
                    "description": _spoken(item.all("Description")),
                    "harmonisedTariffCode": {"classCode": dotted(code)},
                    "originCountry": {"code": item.one("OriginCountry").text()},
                },
            }
        ],
    }


def _criterion(criterion: XmlSource) -> str:
    """The code, and the share of value content behind it: the form has a text for both."""
    share = criterion.one("ValueContent").text()
    return f"{criterion.one('Code').text()} {share}%" if share else criterion.one("Code").text()


def _producer(said: XmlSource, key: XmlSource) -> Json:
    for producer in said.all("Producer"):
        if key.content and producer.attributes.get("key") == key.content:
            said.ledger.note(key.path, Loss.CHANGED, _AT_THE_ITEM)
            said.ledger.note(f"{producer.path}/@key", Loss.CHANGED, _AT_THE_ITEM)
            return _party(producer)
    return {}


def _invoice(said: XmlSource, number: str) -> Json:
    for invoice in said.all("Invoice"):
        if number and invoice.one("Number").content == number:
            return {"iD": own_uri(invoice.one("Number").text()), "formattedIssueDateTime": _once(invoice.one("Date"))}
    return {}


def _once(date: XmlSource) -> str:
    """A moment of a day that several items tell; noted once."""
    return f"{date.content}T00:00:00Z" if not date.ledger.is_unread(date.path) else midnight(date)


def _spoken(texts: list[XmlSource]) -> str:
    return spoken(texts)[0].text() if texts else ""


def _kept(members: dict[str, Json]) -> dict[str, Json]:
    """Without members that say nothing."""
    found: dict[str, Json] = {}
    for name, value in members.items():
        inner = _kept(value) if isinstance(value, dict) else value
        if isinstance(inner, list):
            inner = [_kept(one) if isinstance(one, dict) else one for one in inner]
        if inner not in ("", {}, []):
            found[name] = inner
    return found


FORMS = (
    Form(
        name=NAME,
        source="certificate_of_origin",
        title_en="edi3 certificate of origin in JSON",
        title_zh="edi3 原產地證明書（JSON）",
        convert=convert,
    ),
)
