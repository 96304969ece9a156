"""What every hub is told, in the same words however it is reached; the members of these notes are in docs/hub-*.md."""

import re
from collections.abc import Sequence

from node.documents.findings import explained
from node.errors import Language, NodeError
from node.model.answer import BusinessAnswer
from node.model.document import Finding
from node.model.exchange import Exchange
from node.model.guarded import GUARDED

Note = dict[str, object]
"""One JSON object."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}", re.ASCII)


def is_hub_name(text: str) -> bool:
    """Whether `text` may be the hub's own name for something: safe as a file name and as a path segment."""
    return _NAME.fullmatch(text) is not None


def particulars(exchange: Exchange) -> Note:
    """What the hub files and finds an exchange by."""
    return {
        "exchange": exchange.id,
        "message_id": exchange.message_id,
        "partner": exchange.partner,
        "arrangement": exchange.arrangement,
        "kind": exchange.kind,
        "issuer": exchange.issuer,
        "number": exchange.number,
        "refers_to": exchange.refers_to,
        "version": exchange.version,
        "state": exchange.state,
        "sha256": exchange.document_sha256.hex(),
        "updated_at": exchange.updated_at.isoformat(),
    }


def accepted(exchange: str) -> Note:
    """What was handed in is committed as that exchange."""
    return {"exchange": exchange, "state": "ACCEPTED"}


def refused(error: NodeError) -> Note:
    """What was handed in was not taken: why, and what to do, in both languages."""
    return {
        "state": "REFUSED",
        "code": error.code,
        "message": {language: error.message(language) for language in Language},
        "next": {language: error.next_step(language) for language in Language},
        "findings": _findings(getattr(error, "findings", ()), str(error.fields.get("kind", ""))),
    }


def became(exchange: Exchange, findings: Sequence[Finding]) -> Note:
    """What became of a paper that the hub handed in under `key`."""
    told = {**particulars(exchange), "key": exchange.idempotency_key, "findings": _findings(findings, exchange.kind)}
    if exchange.kind in GUARDED:
        # Notes of what became of papers are read by more people than the papers.
        told |= {"issuer": "", "number": ""}
    return told


def decided(exchange: Exchange, answer: BusinessAnswer) -> Note:
    """What the partner's agency decided about such a paper."""
    said = {
        "verdict": answer.verdict,
        "reason_code": answer.reason_code,
        "reason": answer.reason,
        "reference": answer.reference,
    }
    return {**particulars(exchange), "key": exchange.idempotency_key, "answer": said}


def _findings(findings: Sequence[Finding], kind: str) -> list[Note]:
    """As they travel, and with what a person at the hub asks: how grave, whose rule, the reason in both languages."""
    return [
        {
            "code": one.finding.code,
            "path": one.finding.path,
            "rule": one.finding.rule,
            "severity": one.severity,
            "whose": one.owner,
            "reason": dict(one.reason),
        }
        for one in (explained(finding, kind) for finding in findings)
    ]
