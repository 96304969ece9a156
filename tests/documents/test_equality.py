"""An inspection result as a UN/CEFACT eQuality certificate: each value is in its place or in a note of the document."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from node.documents.catalogue import CATALOGUE
from node.documents.conversion import Loss
from node.documents.data_model.places import Node, contents
from node.documents.forms import convert
from node.documents.json_spots import texts
from node.documents.samples import sample, sample_names

KIND = "inspection_result"


def told(name: str, content: bytes | None = None) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(convert(content or sample(KIND, name), "equality").content)
    return found


def _values(node: Node) -> Iterator[Node]:
    if node.text:
        yield node
    for part in node.inside:
        yield from _values(part)


@pytest.mark.parametrize("name", sample_names(KIND))
def test_every_value_is_told_and_what_has_no_place_is_named(name: str) -> None:
    content = sample(KIND, name)
    converted = convert(content, "equality")
    document = json.loads(converted.content)
    said = set(texts(document))
    values = list(_values(contents(CATALOGUE[KIND, 1], content)))
    assert [value.path for value in values if value.text not in said] == []
    included = document["exchangedDocument"].pop("includedNote")
    notes = {one["subject"]["content"]: one["content"][0]["content"] for one in included}
    assert set(notes) == {note.path for note in converted.notes if note.what is Loss.CHANGED}
    assert notes == {value.path: value.text for value in values if value.path in notes}
    in_place = set(texts(document))
    assert [value.path for value in values if value.path not in notes and value.text not in in_place] == []


@pytest.mark.parametrize("name", sample_names(KIND))
def test_what_equality_demands_is_there(name: str) -> None:
    head = told(name)["exchangedDocument"]
    assert head["id"]["content"]
    assert head["issueDateTime"]["content"]
    assert head["issuer"]["name"]
    assert head["firstSignatoryDocumentAuthentication"]["actualDateTime"]["content"]


@pytest.mark.parametrize("name", sample_names(KIND))
def test_nothing_stands_where_equality_has_no_place(name: str) -> None:
    """The D23B profile shuts these out, as false, so containers and parties can only be notes."""
    (consignment,) = told(name)["specifiedConsignment"]
    assert not {"consignor", "consignee", "utilizedLogisticsTransportEquipment", "examinationEvent"} & set(consignment)


def test_each_product_carries_the_certificate() -> None:
    (consignment,) = told("juicers")["specifiedConsignment"]
    assert consignment["id"] == [{"content": "6XA3310928-PO7781"}]
    one, two = (item["includedTradeLineItem"][0] for item in consignment["includedConsignmentItem"])
    (product,) = one["specifiedTradeProduct"]
    assert product["designatedProductClassification"] == [{"classCode": {"content": "850940"}}]
    (certificate,) = product["specifiedProductCertificate"]
    assert certificate == {
        "id": {"content": "XA-CAB-2026-118204"},
        "typeCode": [{"content": "2"}],
        "issueDateTime": {"content": "2026-11-14T15:20:00+08:00"},
        "expiryDateTime": {"content": "2027-11-13"},
        "purposeCode": [{"content": "export"}],
        "issuingPartyId": {"content": "XA-STANDARDS"},
    }
    assert two["sequenceNumeric"] == {"content": "2"}


def test_a_result_about_a_whole_consignment_has_one_item_without_goods() -> None:
    content = sample(KIND, "scanned_pumps").decode()
    content = content[: content.index("  <Line>")] + content[content.rindex("</Line>") + 7 :]
    content = content.replace("<Scope>lines<", "<Scope>consignment<")
    (consignment,) = told("", content.encode())["specifiedConsignment"]
    (item,) = consignment["includedConsignmentItem"]
    (product,) = item["includedTradeLineItem"][0]["specifiedTradeProduct"]
    assert set(product) == {"specifiedProductCertificate"}


def test_a_language_is_two_letters_and_keeps_its_script_in_a_note() -> None:
    head = told("tea_pending")["exchangedDocument"]
    assert set(head["issuer"]["name"][0]) == {"content", "languageId"}
    assert head["issuer"]["name"][0]["languageId"] == "zh"
    scripts = [one["content"] for one in head["includedNote"] if one["subject"]["content"].endswith("Name[1]/@lang")]
    assert [{"content": "zh-Hant-TW"}] in scripts


def test_a_withdrawal_has_a_moment_of_cancellation_that_is_named_as_ours() -> None:
    content = sample(KIND, "juicers").replace(
        b"<Status>issued</Status>", b"<Status>withdrawn</Status><StatusReason>wrong lot</StatusReason>"
    )
    converted = convert(content, "equality")
    assert json.loads(converted.content)["exchangedDocument"]["cancellationDateTime"] == {
        "content": "2026-11-14T15:20:00+08:00"
    }
    (note,) = [note for note in converted.notes if note.what is Loss.DEFAULTED]
    assert note.path == "/exchangedDocument/cancellationDateTime"
