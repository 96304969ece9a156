"""The rule of every field of the Hub service, one table per message; docs/hub-grpc.md is written from it."""

from collections.abc import Mapping
from typing import Final

from node.model.answer import MAX_REASON_CHARACTERS, MAX_REASON_CODE_CHARACTERS, MAX_REFERENCE_CHARACTERS
from node.wire import limits
from node.wire.rules import DIGEST, KIND, MOMENT, NAME, NODE_CODE, UUID7, WHOLE

MAX_PAPERS: Final = 64
"""As many as travel in one call to a partner."""

MAX_KEY_CHARACTERS: Final = 128
MAX_ACKNOWLEDGED: Final = 256
MAX_INBOUND_PAPERS: Final = 32
MAX_INBOUND_BYTES: Final = 1024 * 1024
"""Documents in one message of WatchInbound, unless one alone is larger: what a slow reader keeps in our memory."""

MAX_CHANGES: Final = 256
MAX_TRACED: Final = 1_000
MAX_CURSOR_CHARACTERS: Final = 16 * 1024
"""A position for each partner, of which a node has hundreds at most."""

CURSOR: Final = f"as the node gave it, at most {MAX_CURSOR_CHARACTERS} characters"
EXCHANGE: Final = UUID7
ONE_OF_OUTCOMES: Final = "one of taken, refusal"
ONE_OF_NAMES: Final = "one of exchange, idempotency_key"
KEY: Final = f"1 to {MAX_KEY_CHARACTERS} characters without control characters"
STATE: Final = "one of the states in docs/hub-grpc.md"

HUB_RULES: Final[Mapping[str, Mapping[str, str]]] = {
    "SubmitRequest": {
        WHOLE: f"protobuf, at most {limits.MAX_REQUEST_BYTES} bytes",
        "papers": f"1 to {MAX_PAPERS}, no idempotency_key twice",
    },
    "Submission": {
        "idempotency_key": KEY,
        "partner": NODE_CODE,
        "kind": f"{KIND}; absent to recognise the kind, which a client of certain kinds may not leave to us",
        "document": f"1 to {limits.MAX_DOCUMENT_BYTES} bytes",
    },
    "SubmitResponse": {"outcomes": "one for each paper, in order"},
    "SubmitOutcome": {
        "idempotency_key": "as it was handed in",
        "taken": ONE_OF_OUTCOMES,
        "refusal": ONE_OF_OUTCOMES,
    },
    "Taken": {"exchange": EXCHANGE, "before": "true when the same was handed in before"},
    "Refusal": {
        "code": "as in docs/errors.md",
        "texts": "one for each language",
        "findings": f"at most {limits.MAX_FINDINGS}",
        "retry": "true when the same may be handed in again later",
        "reasons": "one for each finding, in the same order",
    },
    "FindingReason": {
        "severity": "error or warning",
        "whose": "standard, kind, code list, arrangement or node",
        "texts": "one for each language",
    },
    "ReasonText": {"language": "en or zh-TW", "text": "the reason"},
    "RefusalText": {"language": "en or zh-TW", "message": "what happened", "next_step": "what to do; may be empty"},
    "WatchInboundRequest": {"cursor": f"{CURSOR}; empty for everything that nobody has acknowledged"},
    "InboundPapers": {
        "papers": f"1 to {MAX_INBOUND_PAPERS} of one partner, at most {MAX_INBOUND_BYTES} bytes unless one is larger",
        "cursor": "goes on behind these papers",
    },
    "InboundPaper": {
        "exchange": EXCHANGE,
        "partner": NODE_CODE,
        "arrangement": "[a-z0-9][a-z0-9.-]{0,63}",
        "kind": KIND,
        "kind_version": f"1 to {limits.MAX_KIND_VERSION}",
        "issuer": "as the paper says",
        "number": "as the paper says",
        "version": "1 unless the paper changes another one under the same number",
        "media_type": "application/xml or application/json",
        "document": f"1 to {limits.MAX_DOCUMENT_BYTES} bytes",
        "document_sha256": DIGEST,
        "fields": "as docs/papers.md lists them for the kind",
        "message_id": UUID7,
        "conversation_id": "UUID, 36 lower-case characters",
        "received_at": MOMENT,
    },
    "Field": {"name": "as in docs/papers.md", "value": "text"},
    "AcknowledgeInboundRequest": {"exchanges": f"1 to {MAX_ACKNOWLEDGED}, {EXCHANGE}"},
    "AcknowledgeInboundResponse": {
        "acknowledged": "those handed over, now or before, in the order asked",
        "unknown": "the others, in the order asked",
    },
    "Decision": {
        "verdict": "ACCEPTED, CONDITIONAL or REJECTED",
        "reason_code": f"at most {MAX_REASON_CODE_CHARACTERS} characters; may be empty",
        "reason": f"at most {MAX_REASON_CHARACTERS} characters; may be empty",
        "reference": f"at most {MAX_REFERENCE_CHARACTERS} characters; may be empty",
    },
    "AnswerRequest": {"exchange": EXCHANGE, "decision": "present"},
    "AnswerResponse": {
        "taken": f"{ONE_OF_OUTCOMES}; names the exchange that carries the answer",
        "refusal": ONE_OF_OUTCOMES,
    },
    "GetExchangeRequest": {"exchange": f"{ONE_OF_NAMES}; {EXCHANGE}", "idempotency_key": f"{ONE_OF_NAMES}; {KEY}"},
    "GetExchangeResponse": {
        "exchange": EXCHANGE,
        "direction": "out or in",
        "partner": NODE_CODE,
        "arrangement": "[a-z0-9][a-z0-9.-]{0,63}",
        "kind": KIND,
        "issuer": "as the paper says; empty when it could not be read",
        "number": "as the paper says; empty when it could not be read",
        "version": "as the paper says; empty when it could not be read",
        "state": STATE,
        "document_sha256": DIGEST,
        "idempotency_key": "the caller's own; empty when another handed it in",
        "message_id": f"{UUID7}; empty before it is sealed",
        "refers_to": f"{UUID7}; empty when it answers none",
        "first_cause": "as in docs/errors.md, or a finding's code; empty when nothing held it up",
        "last_cause": "as in docs/errors.md, or a finding's code; empty when nothing held it up",
        "created_at": MOMENT,
        "updated_at": MOMENT,
        "timeline": "oldest first",
        "receipt": "absent before there is one",
        "decision": "absent before there is one",
        "answer_exchange": f"{EXCHANGE}; empty before there is one",
    },
    "TimelineEntry": {
        "moment": MOMENT,
        "fact": "one word of a closed list",
        "digest": f"{DIGEST}; absent when it speaks of no bytes",
        "detail": "never payload",
    },
    "HubReceipt": {
        "verdict": "ACCEPTED, REFUSED or ABSENT",
        "findings": f"at most {limits.MAX_FINDINGS}; only when REFUSED",
        "already_known": "true only when ACCEPTED",
        "received_at": MOMENT,
        "reasons": "one for each finding, in the same order",
    },
    "WatchStatusRequest": {
        "cursor": f"{CURSOR}; empty for everything that is kept",
        "from_now": "only with an empty cursor",
    },
    "StatusChanges": {
        "changes": f"at most {MAX_CHANGES}; none in the first message after from_now",
        "cursor": "goes on behind these changes",
    },
    "StatusChange": {
        "exchange": EXCHANGE,
        "idempotency_key": "the caller's own; empty when another handed it in",
        "partner": NODE_CODE,
        "kind": KIND,
        "state": STATE,
        "cause": "as in docs/errors.md, or a finding's code; empty when nothing is wrong",
        "moment": MOMENT,
        "decision": "only with state ANSWERED",
    },
    "LookupOperatorRequest": {
        "code": NAME,
        "partner": f"{NODE_CODE}; empty for all, which ask_partner may not be",
        "on": "date YYYY-MM-DD; empty for now",
        "known_at": f"{MOMENT}; absent for now",
        "authority": f"{NAME}; empty for any, which ask_partner may not be",
        "ask_partner": "true puts the question to the partner too",
    },
    "LookupOperatorResponse": {
        "operators": "none when nothing is known",
        "partner_answer": "only when the partner was asked",
        "partner_refusal": "only when the partner was asked in vain",
    },
    "OperatorStanding": {
        "partner": NODE_CODE,
        "authority": NAME,
        "programme": "at most 128 characters",
        "certificate_number": NAME,
        "status": "a word of docs/registers.md; in_force exactly when in_force is true",
        "in_force": "true only for a certificate in force at that time",
        "reason": "as the partner codes it; empty when none was given",
        "effective": MOMENT,
        "known_since": MOMENT,
        "valid_until": "date YYYY-MM-DD; empty when there is none",
        "name": "in Latin letters",
        "name_local": "empty when nobody told",
        "exchange": EXCHANGE,
    },
    "PartnerAnswer": {
        "status": "a word of docs/protocol.md 1.5; others may come",
        "in_force": "true only with status in_force",
        "valid_from": "date YYYY-MM-DD; empty when there is none",
        "valid_until": "date YYYY-MM-DD; empty when there is none",
        "status_since": f"{MOMENT}; absent when unknown",
        "said_at": MOMENT,
        "lookup": "as `n2n register asked` counts",
    },
    "TraceRequest": {"what": NAME},
    "TraceResponse": {
        "exchanges": f"oldest first, at most {MAX_TRACED}",
        "incomplete": "true when there was more",
    },
    "TracedExchange": {
        "exchange": EXCHANGE,
        "direction": "out or in",
        "partner": NODE_CODE,
        "kind": KIND,
        "issuer": "empty for what could not be read",
        "number": "empty for what could not be read",
        "version": "empty for what could not be read",
        "state": STATE,
        "created_at": MOMENT,
        "message_id": f"{UUID7}; empty before it is sealed",
        "refers_to": f"{UUID7}; empty when it answers none",
        "ucrs": "in lower case and without needless blanks",
    },
}
"""Message, then field, then its rule. The empty field name stands for the message as a whole."""
