"""What the hub sees of an exchange over gRPC: the partner's findings, each with its code, place and rule."""

from dataclasses import replace
from datetime import UTC, datetime

from node.errors import Language
from node.model.document import Finding
from node.model.exchange import Assurance, Direction, Exchange, State
from node.model.finding_reason import FindingReason
from node.model.hub import ExchangeView
from node.model.ids import ExchangeId, NodeCode
from node.model.receipt import Receipt, Verdict
from node.protocol.n2n.v1 import hub_pb2
from node.wire.hub_responses import exchange_view_to_bytes

NOON = datetime(2026, 11, 22, 12, 0, 0, 123000, tzinfo=UTC)
XB = NodeCode("XB")


def explain(finding: Finding, kind: str) -> FindingReason:
    return FindingReason("error", "kind", {Language.EN: f"{kind}: {finding.rule}"})


def test_a_refused_paper_is_seen_with_every_finding_of_its_receipt(receipt: Receipt) -> None:
    findings = (Finding("SCHEMA", "/CertificateOfOrigin", "lacks ExportCountry"), Finding("CHAIN", "", "is broken"))
    refused = replace(receipt, verdict=Verdict.REFUSED, findings=findings)
    exchange = Exchange(
        id=ExchangeId("019aa9b0-0000-7000-8000-000000000001"),
        direction=Direction.OUT,
        partner=XB,
        arrangement="xa-xb",
        arrangement_version=1,
        kind="certificate_of_origin",
        kind_version=1,
        assurance=Assurance.BATCH,
        state=State.REFUSED,
        priority=2,
        issuer="XA-CHAMBER",
        number="N-1",
        version="1",
        document_sha256=bytes(32),
        created_at=NOON,
        updated_at=NOON,
    )
    view = ExchangeView(exchange, "k", (), refused, None, None)
    seen = hub_pb2.GetExchangeResponse.FromString(exchange_view_to_bytes(view, explain)).receipt
    assert [(one.code, one.path, one.rule) for one in seen.findings] == [
        ("SCHEMA", "/CertificateOfOrigin", "lacks ExportCountry"),
        ("CHAIN", "", "is broken"),
    ]
    assert [[text.text for text in one.texts] for one in seen.reasons] == [
        ["certificate_of_origin: lacks ExportCountry"],
        ["certificate_of_origin: is broken"],
    ]
    assert seen.received_at == 1795348800123
