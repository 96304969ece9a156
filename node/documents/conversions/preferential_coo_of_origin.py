"""A certificate of origin as UN/CEFACT Preferential CoO in JSON, D23B (documents 2.1).

That form knows parties and places by identifier alone, and has no invoice, criterion, value or description. Only a
preference certificate (864) that is issued has it. The names that it lacks are noted; where it has an identifier and we
have only a name, the name stands there and is noted too.
"""

import json

from node.documents.conversion import Converted, Form, Loss
from node.documents.conversions.ledger import Words, XmlSource, spoken
from node.documents.conversions.origin_values import compact_midnight
from node.errors import PaperRefused
from node.model.document import Finding, MediaType
from node.model.receipt import FindingCode
from node.safe_xml import parse

NAME = "preferential-coo"

PREFERENCE = "864"
ISO, WCO, UNECE = "5", "1", "6"
"""Agencies of UNTDID 3055: ISO, the Customs Co-operation Council, UN/ECE."""

LEVEL = "1"
"""UNTDID 7075: inner packages have higher numbers; our packages are the outer ones."""

_NAME_AS_ID = Words("stands in place of an identifier; the form has no names", "目標格式無名稱欄位，以名稱代識別碼")

Json = str | int | bool | list["Json"] | dict[str, "Json"]


def convert(content: bytes) -> Converted:
    """The certificate in `content`, which keeps every rule of its kind. Raises PaperRefused for any other proof."""
    said = XmlSource.of(parse(content))
    _refuse_others(said)
    authority = said.one("IssuingAuthority")
    document: dict[str, Json] = {
        "exchangedDocument": {
            "id": _content(said.one("Number").text()),
            "typeCode": _content(PREFERENCE),
            "issueDateTime": _moment(said.one("IssueDate")),
            "issuer": {"id": _party(authority)},
            "firstSignatoryDocumentAuthentication": {
                "actualDateTime": _moment(said.one("AuthorityCertification", "Date")),
                "issueLogisticsLocation": {"id": _named(said.one("AuthorityCertification").all("Place"))},
            },
        },
        "specifiedConsignment": [_consignment(said)],
    }
    text = json.dumps(_kept(document), ensure_ascii=False, indent=2) + "\n"
    return Converted(text.encode(), MediaType.JSON, said.ledger.notes())


def _refuse_others(said: XmlSource) -> None:
    """The form has no place for the kind of proof nor for a status: anything else would pass for what it is not."""
    findings = []
    for element, needed, rule in (
        (said.one("TypeCode"), PREFERENCE, "only a preference certificate (864) has this form"),
        (said.one("Status"), "issued", "only an issued certificate has this form"),
    ):
        if element.text() != needed:
            findings.append(Finding(FindingCode.RULE, element.path, rule))
    if findings:
        first, count = findings[0], len(findings)
        raise PaperRefused(
            findings=tuple(findings), kind="certificate_of_origin", count=count, path=first.path, rule=first.rule
        )


def _consignment(said: XmlSource) -> Json:
    transport = said.one("Transport")
    return {
        "id": [_content(one.text()) for one in said.all("Ucr")],
        "consignor": {"id": _party(said.one("Exporter"))},
        "consignee": {"id": _party(said.one("Importer"))},
        "applicableCrossBorderRegulatoryProcedure": {"freeTradeAgreementName": _content(said.one("Agreement").text())},
        "loadingLogisticsLocation": {"id": _place(transport.one("PortOfLoading"))},
        "unloadingLogisticsLocation": {"id": _place(transport.one("PortOfDischarge"))},
        "mainCarriageLogisticsTransportMovement": [
            {
                "modeCode": _content(transport.one("Mode").text()),
                "id": _content(transport.one("Voyage").text()),
                "usedLogisticsTransportMeans": {"name": _content(_spoken(transport.all("Means")))},
            }
        ],
        "includedConsignmentItem": [_item(item) for item in said.all("Item")],
    }


def _item(item: XmlSource) -> Json:
    packages = [_package(one) for one in item.all("Packages")]
    marks: list[Json] = [_content(one.text()) for one in item.all("Marks")] if packages else []
    if packages and isinstance(packages[0], dict):
        packages[0] |= {"physicalLogisticsShippingMarks": [{"marking": marks}]}
    return {
        "id": [_content(item.one("Sequence").text())],
        "includedTradeLineItem": [
            {
                "specifiedTradeProduct": [
                    {
                        "designatedProductClassification": [
                            {"classCode": _content(item.one("HsCode").text(), listAgencyId=WCO)}
                        ],
                        "originTradeCountry": [
                            {"id": [_content(item.one("OriginCountry").text(), schemeAgencyId=ISO)]}
                        ],
                    }
                ],
                "physicalReferencedLogisticsPackage": packages,
            }
        ],
    }


def _package(package: XmlSource) -> Json:
    return {
        "itemQuantity": _content(package.text()),
        "levelCode": _content(LEVEL),
        "typeCode": _content(package.attribute("type"), listAgencyId=UNECE),
    }


def _party(party: XmlSource) -> list[Json]:
    identifier = party.one("Id").text()
    return [_content(identifier)] if identifier else _named(party.all("Name"))


def _named(names: list[XmlSource]) -> list[Json]:
    if not names:
        return []
    name = spoken(names)[0]
    name.ledger.note(name.path, Loss.CHANGED, _NAME_AS_ID)
    return [_content(name.text())]


def _place(place: XmlSource) -> list[Json]:
    code = place.one("Code").text()
    return [_content(code, schemeAgencyId=UNECE)] if code else []


def _moment(date: XmlSource) -> Json:
    return _content(compact_midnight(date), format="205")


def _content(text: str, **more: str) -> dict[str, Json]:
    """A value as UN/CEFACT writes it in JSON; nothing when there is none."""
    return {"content": text, **more} if text else {}


def _spoken(texts: list[XmlSource]) -> str:
    return spoken(texts)[0].text() if texts else ""


def _kept(value: Json) -> Json:
    """Without what says nothing."""
    if isinstance(value, dict):
        members = {name: _kept(inner) for name, inner in value.items()}
        return {name: inner for name, inner in members.items() if inner not in ("", {}, [])}
    if isinstance(value, list):
        return [inner for inner in map(_kept, value) if inner not in ("", {}, [])]
    return value


FORMS = (
    Form(
        name=NAME,
        source="certificate_of_origin",
        title_en="UN/CEFACT Preferential CoO in JSON (D23B)",
        title_zh="UN/CEFACT 優惠原產地證明書（JSON，D23B）",
        convert=convert,
    ),
)
