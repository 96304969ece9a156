"""A certificate of origin from edi3 JSON, the form of the inter-governmental ledger (documents 2.2).

What our certificate needs and that form has no place for (places and persons of signing, the mode of transport) is
taken from elsewhere in the source and noted. What the certificate then still lacks is a finding; nothing is written.
"""

import re
from dataclasses import dataclass, field
from decimal import Decimal

from node import safe_json
from node.documents.conversion import Converted, Form, Loss
from node.documents.conversions.certificate_xml import certificate, or_default, part
from node.documents.conversions.edi3_of_origin import NAME as EDI3
from node.documents.conversions.ledger import JsonSource, Words, json_leaves
from node.documents.conversions.origin_values import (
    NOT_READ,
    agreement,
    day,
    local,
    place_code,
    status,
    tidy,
    undotted,
    weight,
    whole,
)
from node.documents.origin_rules import NON_PREFERENTIAL
from node.model.document import MediaType
from node.safe_xml import Element

_ADDED_UP = Words("added up in Totals", "併入合計（Totals）")
_UCR_LENGTH = 35
_NO_UCR = Words("it has no form of a UCR", "不符 UCR 之格式")
_SIGNED = Words("a signature over the other form says nothing about this one", "對原格式之簽章不及於轉換後之文件")
_CRITERION = re.compile(r"\s*([A-Z0-9][A-Z0-9-]{0,9})(?:\s+([0-9]{1,3}(?:\.[0-9]{1,2})?)\s*%)?\s*", re.ASCII)


def is_edi3(content: bytes) -> bool:
    """Whether this is JSON with what that form always has. Raises JsonError classes."""
    if MediaType.of(content) is not MediaType.JSON:
        return False
    value = safe_json.parse(content)
    return isinstance(value, dict) and "supplyChainConsignment" in value


@dataclass(slots=True)
class _Seen:
    """Producers and invoices that items named so far: each stands once in our certificate."""

    producers: dict[tuple[str, ...], str] = field(default_factory=dict)
    producer_parts: list[Element | None] = field(default_factory=list)
    invoices: dict[str, str] = field(default_factory=dict)


def convert(content: bytes) -> Converted:
    """The certificate that `content` tells; whether it keeps our rules is the reader's to say."""
    said = JsonSource.of(safe_json.parse(content))
    consignment, ledger = said.at("supplyChainConsignment"), said.ledger
    proof = {"true": "864", "false": NON_PREFERENTIAL}.get(said.at("isPreferential").text(), "")
    issued, export = day(said.at("issueDateTime")), consignment.at("exportCountry", "code").text()
    seen = _Seen()
    items = _items(consignment, seen)
    return certificate(
        ledger,
        part("Number", tidy(said.at("iD"), local)),
        part("TypeCode", proof),
        part("Agreement", agreement(said.at("freeTradeAgreement"))),
        part("Status", or_default(ledger, status(said.at("status")), "issued", "Status")),
        part("IssueDate", issued),
        _authority(said, export),
        _party("Exporter", consignment.at("exporter")),
        *seen.producer_parts,
        _party("Importer", consignment.at("importer")),
        part("ExportCountry", export),
        part("ImportCountry", consignment.at("importCountry", "code").text()),
        _transport(consignment),
        *(part("Invoice", "", part("Number", number), part("Date", date)) for number, date in seen.invoices.items()),
        part("Ucr", _ucr(consignment.at("iD"))),
        part("Remarks", tidy(consignment.at("information"))),
        *items,
        _totals(consignment, len(items)),
        _signed(said, "ExporterDeclaration", "firstSignatoryAuthentication", issued),
        _signed(said, "AuthorityCertification", "secondSignatoryAuthentication", issued),
    )


def _ucr(source: JsonSource) -> str:
    text = whole(source)
    if text and (len(text) > _UCR_LENGTH or text != "".join(text.split())):
        source.ledger.note(source.path, Loss.DROPPED, _NO_UCR)
        return ""
    return text


# --- who ------------------------------------------------------------------------------------------------------------


def _authority(said: JsonSource, export: str) -> Element | None:
    issuer = said.at("issuer")
    identifier = tidy(issuer.at("iD"), whole)
    country = issuer.at("postalAddress", "countryCode").text()
    return part(
        "IssuingAuthority",
        "",
        part("Id", identifier),
        part("Name", or_default(said.ledger, tidy(issuer.at("name")), identifier, "IssuingAuthority/Name")),
        part("Country", or_default(said.ledger, country, export, "IssuingAuthority/Country")),
    )


def _party(name: str, party: JsonSource, **attributes: str) -> Element | None:
    address, identifier = party.at("postalAddress"), tidy(party.at("iD"), whole)
    return part(
        name,
        "",
        part("Id", identifier),
        part("Name", or_default(party.ledger, tidy(party.at("name")), identifier, f"{name}/Name")),
        part(
            "Address",
            "",
            part("Line", tidy(address.at("line1"))),
            part("Line", tidy(address.at("line2"))),
            part("City", tidy(address.at("cityName"))),
            part("Postcode", tidy(address.at("postcode"))),
            part("Subdivision", tidy(address.at("countrySubDivisionName"))),
            part("Country", address.at("countryCode").text()),
        ),
        **attributes,
    )


def _signed(said: JsonSource, name: str, member: str, issued: str) -> Element | None:
    ledger, signed, consignment = said.ledger, said.at(member), said.at("supplyChainConsignment")
    if signed.at("signature").value is not None:
        ledger.note(signed.at("signature").path, Loss.DROPPED, _SIGNED)
    exporter, issuer = consignment.at("exporter"), said.at("issuer")
    party = exporter if name == "ExporterDeclaration" else issuer
    place, elsewhere = "", tidy(exporter.at("postalAddress", "cityName"))
    if name == "AuthorityCertification":
        place, elsewhere = tidy(said.at("issueLocation", "name")), tidy(issuer.at("postalAddress", "cityName"))
    signatory = tidy(party.at("name")) or tidy(party.at("iD"), whole)
    return part(
        name,
        "",
        part("Place", or_default(ledger, place, elsewhere or tidy(said.at("issueLocation", "name")), f"{name}/Place")),
        part("Date", or_default(ledger, day(signed.at("actualDateTime")), issued, f"{name}/Date")),
        part("Signatory", or_default(ledger, "", signatory, f"{name}/Signatory")),
    )


# --- the journey and the goods --------------------------------------------------------------------------------------


def _transport(consignment: JsonSource) -> Element | None:
    movement = consignment.at("mainCarriageTransportMovement")
    parts = (
        part("Means", tidy(movement.at("usedTransportMeans", "name"))),
        part("Voyage", tidy(movement.at("iD"), local)),
        part("DepartureDate", day(movement.at("departureEvent", "departureDateTime"))),
        _place("PortOfLoading", consignment.at("loadingBaseportLocation")),
        _place("PortOfDischarge", consignment.at("unloadingBaseportLocation")),
    )
    if not any(one is not None for one in parts):
        return None
    return part("Transport", "", part("Mode", or_default(consignment.ledger, "", "0", "Transport/Mode")), *parts)


def _place(name: str, place: JsonSource) -> Element | None:
    code = place_code(place.at("iD"))
    called = or_default(place.ledger, tidy(place.at("name")), code, f"Transport/{name}/Name")
    return part(name, "", part("Code", code), part("Name", called))


def _items(consignment: JsonSource, seen: _Seen) -> list[Element | None]:
    lines = [
        (group, line) for group in consignment.each("includedConsignmentItems") for line in group.each("tradeLineItems")
    ]
    return [
        _item(group, line, f"Item[{number}]" if len(lines) > 1 else "Item", number, seen)
        for number, (group, line) in enumerate(lines, 1)
    ]


def _item(group: JsonSource, line: JsonSource, path: str, number: int, seen: _Seen) -> Element | None:
    product, ledger = line.at("tradeProduct"), line.ledger
    code = product.at("harmonisedTariffCode", "classCode").text()
    description = tidy(product.at("description"))
    if not description:
        description = tidy(product.at("harmonisedTariffCode", "className"))
    return part(
        "Item",
        "",
        part("Sequence", or_default(ledger, line.at("sequenceNumber").text(), str(number), f"{path}/Sequence")),
        part(
            "Description",
            or_default(ledger, description, f"HS {undotted(code)}" if code else "", f"{path}/Description"),
        ),
        part("HsCode", undotted(code)),
        _criterion(group.at("crossBorderRegulatoryProcedure", "originCriteriaText")),
        part("OriginCountry", product.at("originCountry", "code").text()),
        part("InvoiceNumber", _invoice(line.at("invoiceReference"), seen)),
        part("ProducerKey", _producer(group.at("manufacturer"), seen)),
    )


def _criterion(source: JsonSource) -> Element | None:
    text = source.text()
    found = _CRITERION.fullmatch(text)
    if found is None:
        return part("OriginCriterion", "", part("Code", text.strip()))
    return part("OriginCriterion", "", part("Code", found[1]), part("ValueContent", found[2] or ""))


def _invoice(reference: JsonSource, seen: _Seen) -> str:
    number, date = tidy(reference.at("iD"), local), day(reference.at("formattedIssueDateTime"))
    if number and seen.invoices.setdefault(number, date) != date:
        # Two invoices of two issuers may have one number: then the scheme has to tell them apart.
        number = tidy(reference.at("iD"), whole)
        seen.invoices[number] = date
    return number


def _producer(party: JsonSource, seen: _Seen) -> str:
    leaves = tuple(f"{path}={value}" for path, value in json_leaves(party.value) if value is not None)
    if not leaves:
        return ""
    known = leaves in seen.producers
    key = seen.producers.setdefault(leaves, f"P{len(seen.producers) + 1}")
    made = _party("Producer", party, key=key)
    if not known:
        seen.producer_parts.append(made)
    return key if made is not None else ""


def _totals(consignment: JsonSource, items: int) -> Element | None:
    """Packages are told for the whole consignment, as our totals are; a total needs every weight, in one unit."""
    packages = consignment.each("transportPackages")
    if not packages or not items:
        return None
    weights = [one.at("grossWeight") for one in packages]
    read = [weight(one.text()) for one in weights]
    units = {one[1] for one in read if one is not None}
    certain = None not in read and len(units) == 1
    for source in weights:
        if source.value is not None:
            source.ledger.note(
                source.path, Loss.CHANGED if certain else Loss.DROPPED, _ADDED_UP if certain else NOT_READ
            )
    total = sum((one[0] for one in read if one is not None), Decimal(0))
    return part(
        "Totals",
        "",
        part("Items", str(items)),
        part("Packages", str(len(packages))),
        part("GrossWeight", f"{total:f}" if certain else "", unit=next(iter(units), "")),
    )


FORMS = (
    Form(
        name="certificate_of_origin",
        source=EDI3,
        title_en="certificate of origin from edi3 JSON",
        title_zh="由 edi3（JSON）轉為原產地證明書",
        convert=convert,
        is_source=is_edi3,
        kind="certificate_of_origin",
    ),
)
