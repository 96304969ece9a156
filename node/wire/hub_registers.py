"""What domestic systems ask of the registers and are told: protobuf and model, both directions side by side."""

import re
from collections.abc import Sequence
from datetime import date

from node.clock import from_ms, to_ms
from node.errors import NodeError
from node.model.certificate import OPERATOR_LIVES
from node.model.exchange import Exchange
from node.model.finding_reason import Explain
from node.model.hub_registers import OperatorAnswer, OperatorQuestion, Told
from node.model.ids import NodeCode, is_node_code
from node.model.operator import OperatorState
from node.protocol.n2n.v1 import hub_pb2
from node.wire.checks import is_plain, serialise
from node.wire.hub_requests import broken, read, require
from node.wire.hub_responses import refusal
from node.wire.limits import MAX_MOMENT_MS, MAX_NAME_CHARACTERS

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


def lookup_operator_request_from_bytes(data: bytes) -> OperatorQuestion:
    """Which operator is asked about. Raises Malformed or TooLarge."""
    message = read(hub_pb2.LookupOperatorRequest, data, 6)
    name = "LookupOperatorRequest"
    require(is_plain(message.code, MAX_NAME_CHARACTERS), f"{name}.code")
    require(is_node_code(message.partner) if message.partner else not message.ask_partner, f"{name}.partner")
    least = 1 if message.ask_partner else 0
    require(is_plain(message.authority, MAX_NAME_CHARACTERS, least=least), f"{name}.authority")
    require(0 <= message.known_at <= MAX_MOMENT_MS, f"{name}.known_at")
    return OperatorQuestion(
        code=message.code,
        partner=NodeCode(message.partner) if message.partner else None,
        on=_day(message.on, f"{name}.on"),
        known_at=from_ms(message.known_at) if message.known_at else None,
        authority=message.authority,
        ask_partner=message.ask_partner,
    )


def operator_answer_to_bytes(answer: OperatorAnswer, explain: Explain) -> bytes:
    """What the register says, and what came of asking the partner."""
    asked = answer.partner
    return serialise(
        hub_pb2.LookupOperatorResponse(
            operators=map(_standing, answer.operators),
            partner_answer=_told(asked) if isinstance(asked, Told) else None,
            partner_refusal=refusal(asked, explain) if isinstance(asked, NodeError) else None,
        )
    )


def trace_request_from_bytes(data: bytes) -> str:
    """Where a trace begins. Raises Malformed or TooLarge."""
    message = read(hub_pb2.TraceRequest, data, 1)
    require(is_plain(message.what, MAX_NAME_CHARACTERS), "TraceRequest.what")
    return message.what


def trace_to_bytes(exchanges: Sequence[tuple[Exchange, Sequence[str]]], *, complete: bool) -> bytes:
    """Exchanges with the consignments that their papers name."""
    return serialise(
        hub_pb2.TraceResponse(exchanges=[_traced(one, ucrs) for one, ucrs in exchanges], incomplete=not complete)
    )


def _standing(one: OperatorState) -> hub_pb2.OperatorStanding:
    return hub_pb2.OperatorStanding(
        partner=one.partner,
        authority=one.authority,
        programme=one.programme,
        certificate_number=one.certificate_number,
        status=OPERATOR_LIVES[one.status].value,
        in_force=one.in_force,
        reason=one.reason,
        effective=to_ms(one.effective),
        known_since=to_ms(one.known_from),
        valid_until=_text(one.valid_until),
        name=one.details.name,
        name_local=one.details.name_local,
        exchange=one.exchange,
    )


def _told(told: Told) -> hub_pb2.PartnerAnswer:
    answer = told.answer
    return hub_pb2.PartnerAnswer(
        status=answer.status,
        in_force=answer.in_force,
        valid_from=_text(answer.valid_from),
        valid_until=_text(answer.valid_until),
        status_since=0 if answer.status_since is None else to_ms(answer.status_since),
        said_at=to_ms(answer.said_at),
        lookup=told.lookup,
    )


def _traced(one: Exchange, ucrs: Sequence[str]) -> hub_pb2.TracedExchange:
    return hub_pb2.TracedExchange(
        exchange=one.id,
        direction=one.direction.value,
        partner=one.partner,
        kind=one.kind,
        issuer=one.issuer,
        number=one.number,
        version=one.version,
        state=one.state.value,
        created_at=to_ms(one.created_at),
        message_id=one.message_id or "",
        refers_to=one.refers_to,
        ucrs=ucrs,
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
