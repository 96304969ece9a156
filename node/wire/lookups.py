"""LookupRequest, LookupResponse and LookupAnswer: protobuf and model, both directions side by side (protocol 1).

Request and answer are hashed as they travel; nobody writes them anew.
"""

import re
from datetime import date, datetime

from node.clock import to_ms
from node.model.certificate import Life
from node.model.lookup import LookupAnswer, LookupRequest, QuantityLeft, Question, SealedAnswer
from node.protocol.n2n.v1 import exchange_pb2 as pb
from node.wire import limits
from node.wire.checks import (
    KIND,
    bounded_fields,
    broken,
    filled,
    is_plain,
    moment,
    parse,
    proved,
    require,
    within,
    writing,
)
from node.wire.requests import place_from_message, seal_from_message, seal_to_message

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_DECIMAL = re.compile(r"(?=.{1,32}$)[0-9]+(\.[0-9]+)?", re.ASCII)
_MAX_UNIT_CHARACTERS = 16


def lookup_request_to_bytes(request: LookupRequest) -> bytes:
    """The request as it is sent and hashed; raises Malformed or TooLarge when a rule is broken."""
    question = request.question
    with writing("LookupRequest"):
        message = pb.LookupRequest(
            nonce=request.nonce,
            kind=question.kind,
            issuer=question.issuer,
            number=question.number,
            on=question.on.isoformat(),
            known_at=_ms(question.known_at),
        )
    return proved("LookupRequest", message, limits.MAX_LOOKUP_REQUEST_BYTES, _request_from_message, request)


def lookup_request_from_bytes(data: bytes) -> LookupRequest:
    """The request that `data` carries; raises Malformed or TooLarge."""
    within(data, limits.MAX_LOOKUP_REQUEST_BYTES, "LookupRequest")
    bounded_fields(data, limits.MAX_LOOKUP_FIELDS, "LookupRequest")
    return _request_from_message(parse(pb.LookupRequest, data))


def _request_from_message(message: pb.LookupRequest) -> LookupRequest:
    require(len(message.nonce) == limits.DIGEST_BYTES, "LookupRequest.nonce")
    require(KIND.fullmatch(message.kind) is not None, "LookupRequest.kind")
    require(is_plain(message.issuer, limits.MAX_NAME_CHARACTERS), "LookupRequest.issuer")
    require(is_plain(message.number, limits.MAX_NAME_CHARACTERS), "LookupRequest.number")
    on = _day(message.on, "LookupRequest.on")
    if on is None:
        raise broken("LookupRequest.on")
    known_at = moment(message.known_at, "LookupRequest.known_at") if message.known_at else None
    return LookupRequest(message.nonce, Question(message.kind, message.issuer, message.number, on, known_at))


def lookup_answer_to_bytes(answer: LookupAnswer) -> bytes:
    """The answer as it is hashed and sent; raises Malformed or TooLarge when a rule is broken."""
    with writing("LookupAnswer"):
        message = pb.LookupAnswer(
            in_force=answer.in_force,
            said_at=to_ms(answer.said_at),
            status=answer.status,
            valid_from=_text(answer.valid_from),
            valid_until=_text(answer.valid_until),
            status_since=_ms(answer.status_since),
            left=[
                pb.QuantityLeft(item=one.item, measure=one.measure, unit=one.unit, left=one.left) for one in answer.left
            ],
        )
    return proved("LookupAnswer", message, limits.MAX_LOOKUP_ANSWER_BYTES, _answer_from_message, answer)


def lookup_answer_from_bytes(data: bytes) -> LookupAnswer:
    """The answer that `data` carries; raises Malformed or TooLarge."""
    within(data, limits.MAX_LOOKUP_ANSWER_BYTES, "LookupAnswer")
    bounded_fields(data, limits.MAX_QUANTITIES + limits.MAX_LOOKUP_FIELDS, "LookupAnswer")
    return _answer_from_message(parse(pb.LookupAnswer, data))


def _answer_from_message(message: pb.LookupAnswer) -> LookupAnswer:
    require(KIND.fullmatch(message.status) is not None, "LookupAnswer.status")
    require(message.in_force is (message.status == Life.IN_FORCE.value), "LookupAnswer.status")
    require(len(message.left) <= limits.MAX_QUANTITIES, "LookupAnswer.left")
    return LookupAnswer(
        said_at=moment(message.said_at, "LookupAnswer.said_at"),
        status=message.status,
        valid_from=_day(message.valid_from, "LookupAnswer.valid_from"),
        valid_until=_day(message.valid_until, "LookupAnswer.valid_until"),
        status_since=moment(message.status_since, "LookupAnswer.status_since") if message.status_since else None,
        left=tuple(map(_quantity_from_message, message.left)),
    )


def _quantity_from_message(message: pb.QuantityLeft) -> QuantityLeft:
    require(is_plain(message.item, limits.MAX_NAME_CHARACTERS), "QuantityLeft.item")
    require(KIND.fullmatch(message.measure) is not None, "QuantityLeft.measure")
    require(is_plain(message.unit, _MAX_UNIT_CHARACTERS, least=0), "QuantityLeft.unit")
    require(_DECIMAL.fullmatch(message.left) is not None, "QuantityLeft.left")
    return QuantityLeft(message.item, message.measure, message.unit, message.left)


def lookup_response_to_bytes(response: SealedAnswer) -> bytes:
    """The response as it is sent; raises Malformed or TooLarge when a rule is broken."""
    with writing("LookupResponse"):
        message = pb.LookupResponse(
            answer=response.answer,
            seal=seal_to_message(response.seal),
            leaf_index=response.place.leaf_index,
            path=response.place.path,
        )
    return proved("LookupResponse", message, limits.MAX_LOOKUP_RESPONSE_BYTES, _response_from_message, response)


def lookup_response_from_bytes(data: bytes) -> SealedAnswer:
    """The response that `data` carries, its seal and answer not yet judged; raises Malformed or TooLarge."""
    within(data, limits.MAX_LOOKUP_RESPONSE_BYTES, "LookupResponse")
    bounded_fields(data, limits.MAX_LOOKUP_FIELDS, "LookupResponse")
    return _response_from_message(parse(pb.LookupResponse, data))


def _response_from_message(message: pb.LookupResponse) -> SealedAnswer:
    require(message.HasField("seal"), "LookupResponse.seal")
    return SealedAnswer(
        answer=filled(message.answer, limits.MAX_LOOKUP_ANSWER_BYTES, "LookupResponse.answer"),
        seal=seal_from_message(message.seal),
        place=place_from_message(message.leaf_index, message.path, "LookupResponse"),
    )


def _day(text: str, place: str) -> date | None:
    if not text:
        return None
    require(_DAY.fullmatch(text) is not None, place)
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise broken(place) from None


def _text(day: date | None) -> str:
    return "" if day is None else day.isoformat()


def _ms(at: datetime | None) -> int:
    return 0 if at is None else to_ms(at)
