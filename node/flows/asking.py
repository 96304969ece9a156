"""Asking a partner's register: one question, one sealed answer, judged, and kept as evidence of what was said."""

import asyncio
from datetime import datetime

from node.crypto.seal import lookup_leaf
from node.crypto.verification import verify_place, verify_seal
from node.errors import AnswerRefused, WireError
from node.flows.ports import ActorName, Node, Transport
from node.model.envelope import Purpose
from node.model.hub_registers import Told
from node.model.ids import NodeCode
from node.model.lookup import LookupAnswer, LookupRequest, Question, SealedAnswer
from node.store import actors, audit, lookups
from node.store.actors import ActorKind
from node.store.database import Tx
from node.wire import lookup_answer_from_bytes, lookup_request_to_bytes

NONCE_BYTES = 32


async def ask(node: Node, transport: Transport, partner: NodeCode, question: Question, actor: ActorName) -> Told:
    """Ask `partner` once, now.

    Raises PartnerUnknown, Malformed when the question breaks a rule, DeliveryError, and SignatureError or AnswerRefused
    when the answer does not hold; then nothing of it is believed or kept.
    """
    deadline_s = node.book.partner(partner).channel.deadline_s
    asked = lookup_request_to_bytes(LookupRequest(node.random(NONCE_BYTES), question))
    sealed = await transport.lookup(asked, deadline_s)
    return await asyncio.to_thread(_believed, node, partner, question, asked, sealed, actor)


def _believed(
    node: Node, partner: NodeCode, question: Question, asked: bytes, sealed: SealedAnswer, actor: ActorName
) -> Told:
    """The answer that holds, once it is kept."""
    now = node.clock.now()
    answer = judge(node, partner, asked, sealed, now)

    def keep(tx: Tx) -> int:
        number = lookups.keep(tx, partner, asked, sealed, asked_by_us=True, now=now)
        who = actors.ensure(tx, actor.name, ActorKind(actor.kind), now)
        detail = {"kind": question.kind, "on": question.on.isoformat(), "lookup": str(number)}
        audit.add(tx, who, "lookup-asked", partner, detail, now)
        return number

    return Told(answer, node.store.write(keep))


def judge(node: Node, partner: NodeCode, asked: bytes, sealed: SealedAnswer, now: datetime) -> LookupAnswer:
    """The answer, if the partner sealed it as a lookup, for us, to exactly this question.

    Raises SignatureError, SenderMismatch, NotForUs, AnswerRefused.
    """
    trust = node.book.partner(partner).trust
    seal = verify_seal(sealed.seal, purpose=Purpose.LOOKUPS, recipient=node.code, trust=trust, now=now)
    verify_place(seal, lookup_leaf(asked, sealed.answer), sealed.place)
    try:
        return lookup_answer_from_bytes(sealed.answer)
    except WireError as error:
        raise AnswerRefused(partner=partner, detail=f"{error.code} at {error.fields.get('field', '?')}") from error
