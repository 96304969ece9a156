"""What domestic systems are told, from model to protobuf."""

from collections.abc import Mapping, Sequence

from node.clock import to_ms
from node.errors import Language, NodeError
from node.model.answer import BusinessAnswer
from node.model.document import Finding
from node.model.evidence import EvidenceFact
from node.model.finding_reason import Explain
from node.model.hub import Acknowledgement, ExchangeView, HubPaper, HubTaken, StatusMove
from node.model.ids import NodeCode
from node.model.receipt import Receipt
from node.protocol.n2n.v1 import answer_pb2, hub_pb2
from node.wire.checks import serialise
from node.wire.hub_cursors import inbound_cursor, status_cursor
from node.wire.hub_requests import VERDICT_NUMBERS


def submit_response_to_bytes(outcomes: Sequence[tuple[str, HubTaken | NodeError]], explain: Explain) -> bytes:
    """What became of each paper, by its key."""
    return serialise(hub_pb2.SubmitResponse(outcomes=[_submitted(key, outcome, explain) for key, outcome in outcomes]))


def inbound_papers_to_bytes(papers: Sequence[HubPaper], places: Mapping[NodeCode, int]) -> bytes:
    """Papers of one partner, and where to go on behind them."""
    return serialise(hub_pb2.InboundPapers(papers=map(_inbound_paper, papers), cursor=inbound_cursor(places)))


def acknowledgement_to_bytes(said: Acknowledgement) -> bytes:
    """Which papers are settled now."""
    return serialise(hub_pb2.AcknowledgeInboundResponse(acknowledged=said.acknowledged, unknown=said.unknown))


def answer_response_to_bytes(outcome: HubTaken | NodeError, explain: Explain) -> bytes:
    """What became of an answer."""
    if isinstance(outcome, NodeError):
        return serialise(hub_pb2.AnswerResponse(refusal=refusal(outcome, explain)))
    return serialise(hub_pb2.AnswerResponse(taken=_taken(outcome)))


def exchange_view_to_bytes(view: ExchangeView, explain: Explain) -> bytes:
    """Everything about one exchange."""
    one = view.exchange
    return serialise(
        hub_pb2.GetExchangeResponse(
            exchange=one.id,
            direction=one.direction.value,
            partner=one.partner,
            arrangement=one.arrangement,
            kind=one.kind,
            issuer=one.issuer,
            number=one.number,
            version=one.version,
            state=one.state.value,
            document_sha256=one.document_sha256,
            idempotency_key=view.key,
            message_id=one.message_id or "",
            refers_to=one.refers_to,
            first_cause=one.first_cause,
            last_cause=one.last_cause,
            created_at=to_ms(one.created_at),
            updated_at=to_ms(one.updated_at),
            timeline=map(_timeline_entry, view.timeline),
            receipt=None if view.receipt is None else _receipt(view.receipt, one.kind, explain),
            decision=None if view.answer is None else _decision(view.answer),
            answer_exchange=view.carrier or "",
        )
    )


def status_changes_to_bytes(moves: Sequence[StatusMove], number: int) -> bytes:
    """Moves, and where to go on behind them."""
    return serialise(hub_pb2.StatusChanges(changes=map(_status_change, moves), cursor=status_cursor(number)))


def _submitted(key: str, outcome: HubTaken | NodeError, explain: Explain) -> hub_pb2.SubmitOutcome:
    if isinstance(outcome, NodeError):
        return hub_pb2.SubmitOutcome(idempotency_key=key, refusal=refusal(outcome, explain))
    return hub_pb2.SubmitOutcome(idempotency_key=key, taken=_taken(outcome))


def _taken(taken: HubTaken) -> hub_pb2.Taken:
    return hub_pb2.Taken(exchange=taken.exchange, before=taken.before)


def refusal(error: NodeError, explain: Explain) -> hub_pb2.Refusal:
    """Why something was not taken, in every language of the node."""
    texts = [
        hub_pb2.RefusalText(
            language=language.value, message=error.message(language), next_step=error.next_step(language)
        )
        for language in Language
    ]
    findings: Sequence[Finding] = getattr(error, "findings", ())
    return hub_pb2.Refusal(
        code=error.code,
        texts=texts,
        findings=map(_finding, findings),
        retry=error.category.retry,
        reasons=_reasons(findings, error.fields.get("kind", ""), explain),
    )


def _reasons(findings: Sequence[Finding], kind: str, explain: Explain) -> list[hub_pb2.FindingReason]:
    return [
        hub_pb2.FindingReason(
            severity=one.severity,
            whose=one.whose,
            texts=[hub_pb2.ReasonText(language=language.value, text=text) for language, text in one.texts.items()],
        )
        for one in (explain(finding, kind) for finding in findings)
    ]


def _finding(finding: Finding) -> answer_pb2.Finding:
    return answer_pb2.Finding(code=finding.code, path=finding.path, rule=finding.rule)


def _inbound_paper(paper: HubPaper) -> hub_pb2.InboundPaper:
    one = paper.exchange
    return hub_pb2.InboundPaper(
        exchange=one.id,
        partner=one.partner,
        arrangement=one.arrangement,
        kind=one.kind,
        kind_version=one.kind_version,
        issuer=one.issuer,
        number=one.number,
        version=one.version,
        media_type=paper.media_type.value,
        document=paper.content,
        document_sha256=one.document_sha256,
        fields=[hub_pb2.Field(name=name, value=value) for name, value in sorted(paper.fields.items())],
        message_id=one.message_id or "",
        conversation_id=one.conversation_id,
        received_at=to_ms(one.created_at),
    )


def _timeline_entry(fact: EvidenceFact) -> hub_pb2.TimelineEntry:
    return hub_pb2.TimelineEntry(
        moment=to_ms(fact.moment), fact=fact.fact.value, digest=fact.digest or b"", detail=fact.detail
    )


def _receipt(receipt: Receipt, kind: str, explain: Explain) -> hub_pb2.HubReceipt:
    return hub_pb2.HubReceipt(
        verdict=f"VERDICT_{receipt.verdict.name}",
        findings=map(_finding, receipt.findings),
        already_known=receipt.already_known,
        received_at=to_ms(receipt.received_at),
        reasons=_reasons(receipt.findings, kind, explain),
    )


def _decision(answer: BusinessAnswer) -> hub_pb2.Decision:
    return hub_pb2.Decision(
        verdict=VERDICT_NUMBERS[answer.verdict],
        reason_code=answer.reason_code,
        reason=answer.reason,
        reference=answer.reference,
    )


def _status_change(move: StatusMove) -> hub_pb2.StatusChange:
    return hub_pb2.StatusChange(
        exchange=move.exchange,
        idempotency_key=move.key,
        partner=move.partner,
        kind=move.kind,
        state=move.state.value,
        cause=move.cause,
        moment=to_ms(move.moment),
        decision=None if move.answer is None else _decision(move.answer),
    )
