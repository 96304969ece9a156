"""What domestic systems ask of us, from protobuf to model. A defect of the call's form refuses the whole call.

What is wrong with one paper only, an unknown partner or a document too large, is judged later and spoils that one only.
"""

from google.protobuf.message import Message

from node.errors import Malformed
from node.model.answer import AnswerVerdict, BusinessAnswer
from node.model.hub import ExchangeQuestion, HubSubmission
from node.model.ids import ExchangeId, NodeCode, is_node_code, is_uuid7
from node.protocol.n2n.v1 import hub_pb2
from node.wire import limits
from node.wire.checks import KIND, M, bounded_fields, is_plain, parse, within
from node.wire.hub_cursors import inbound_places, status_number
from node.wire.hub_rules import HUB_RULES, MAX_ACKNOWLEDGED, MAX_KEY_CHARACTERS, MAX_PAPERS

SPARE_FIELDS = 16
"""Room for fields of later versions."""

_VERDICTS = {
    hub_pb2.DECISION_VERDICT_ACCEPTED: AnswerVerdict.ACCEPTED,
    hub_pb2.DECISION_VERDICT_CONDITIONAL: AnswerVerdict.CONDITIONAL,
    hub_pb2.DECISION_VERDICT_REJECTED: AnswerVerdict.REJECTED,
}
VERDICT_NUMBERS = {verdict: number for number, verdict in _VERDICTS.items()}


def submit_request_from_bytes(data: bytes) -> tuple[HubSubmission, ...]:
    """The papers handed in. Raises Malformed or TooLarge."""
    message = read(hub_pb2.SubmitRequest, data, MAX_PAPERS)
    require(1 <= len(message.papers) <= MAX_PAPERS, "SubmitRequest.papers")
    papers = tuple(map(_submission, message.papers))
    require(len({paper.key for paper in papers}) == len(papers), "SubmitRequest.papers")
    return papers


def watch_inbound_request_from_bytes(data: bytes) -> dict[NodeCode, int]:
    """Where to go on, for each partner. Raises Malformed, TooLarge, CursorUnknown."""
    return inbound_places(read(hub_pb2.WatchInboundRequest, data, 1).cursor)


def acknowledge_request_from_bytes(data: bytes) -> tuple[ExchangeId, ...]:
    """The papers the hub has, each once. Raises Malformed or TooLarge."""
    message = read(hub_pb2.AcknowledgeInboundRequest, data, MAX_ACKNOWLEDGED)
    ids = list(message.exchanges)
    require(1 <= len(ids) <= MAX_ACKNOWLEDGED and all(map(is_uuid7, ids)), "AcknowledgeInboundRequest.exchanges")
    return tuple(ExchangeId(one) for one in dict.fromkeys(ids))


def answer_request_from_bytes(data: bytes) -> tuple[ExchangeId, BusinessAnswer]:
    """Which paper is answered, and what was decided. Raises Malformed or TooLarge."""
    message = read(hub_pb2.AnswerRequest, data, 2)
    require(is_uuid7(message.exchange), "AnswerRequest.exchange")
    require(message.HasField("decision"), "AnswerRequest.decision")
    decision = message.decision
    require(decision.verdict in _VERDICTS, "Decision.verdict")
    # Texts are judged where the answer is written: that refusal names the rule they break.
    answer = BusinessAnswer(_VERDICTS[decision.verdict], decision.reason_code, decision.reason, decision.reference)
    return ExchangeId(message.exchange), answer


def get_exchange_request_from_bytes(data: bytes) -> ExchangeQuestion:
    """Which exchange is asked about. Raises Malformed or TooLarge."""
    message = read(hub_pb2.GetExchangeRequest, data, 2)
    which = message.WhichOneof("which")
    if which == "exchange":
        require(is_uuid7(message.exchange), "GetExchangeRequest.exchange")
        return ExchangeQuestion(ExchangeId(message.exchange), None)
    require(which == "idempotency_key" and _is_key(message.idempotency_key), "GetExchangeRequest.idempotency_key")
    return ExchangeQuestion(None, message.idempotency_key)


def watch_status_request_from_bytes(data: bytes) -> int | None:
    """The number to go on behind; None for what happens from now on. Raises Malformed, TooLarge, CursorUnknown."""
    message = read(hub_pb2.WatchStatusRequest, data, 2)
    if message.from_now:
        require(not message.cursor, "WatchStatusRequest.from_now")
        return None
    return status_number(message.cursor)


def _submission(message: hub_pb2.Submission) -> HubSubmission:
    require(_is_key(message.idempotency_key), "Submission.idempotency_key")
    require(is_node_code(message.partner), "Submission.partner")
    require(not message.kind or KIND.fullmatch(message.kind) is not None, "Submission.kind")
    partner = NodeCode(message.partner)
    return HubSubmission(message.idempotency_key, partner, message.kind or None, message.document)


def _is_key(text: str) -> bool:
    return is_plain(text, MAX_KEY_CHARACTERS)


def read(kind: type[M], data: bytes, most: int) -> M:
    """`data` as a message of `most` fields at most, and a few of later versions. Raises Malformed or TooLarge."""
    within(data, limits.MAX_REQUEST_BYTES, _name(kind))
    # Counted before parsing: four megabytes of empty messages would become hundreds in memory.
    bounded_fields(data, most + SPARE_FIELDS, _name(kind))
    return parse(kind, data)


def _name(kind: type[Message]) -> str:
    return kind.DESCRIPTOR.name


def require(holds: bool, place: str) -> None:
    """Raise Malformed, quoting the rule of `Message.field`, unless it holds."""
    if not holds:
        raise broken(place)


def broken(place: str) -> Malformed:
    """The error that quotes the rule of `Message.field`."""
    message, _, field = place.partition(".")
    return Malformed(field=place, rule=HUB_RULES[message][field])
