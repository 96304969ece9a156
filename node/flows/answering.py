"""Answering: what our agency decided about a partner's paper goes back as a control paper (protocol 2, 3).

The answer refers to the paper by message id, travels the same walk and gets a receipt of its own. The partner's
ACCEPTED receipt for it moves the answered exchange to ANSWERED.
"""

from collections.abc import Callable
from datetime import datetime

from node.documents import answer_forms
from node.documents.business_answer import PaperAnswered
from node.errors import AnsweredOtherwise, ExchangeUnknown, IdempotencyConflict, NodeError, NotAnswerable, Unexpected
from node.flows import answer_reasons
from node.flows.admission import BUSINESS_ANSWER, Admitted
from node.flows.control import outbound_agreement
from node.flows.intake import Accepted, Intake, Submission
from node.flows.ports import ActorName, Node
from node.model.answer import AnswerForm, BusinessAnswer
from node.model.control_kinds import CONTROL_KINDS
from node.model.document import Document, Identity, MediaType, Reading
from node.model.exchange import Direction, Exchange, State
from node.model.hub import HandedAnswer
from node.model.ids import Digest, ExchangeId, sha256
from node.store import actors, answers, audit, exchanges
from node.store.database import Tx

_ANSWERABLE = frozenset({State.RECEIVED, State.HANDED_OVER, State.ANSWERED})

Allowed = Callable[[Exchange], None]
"""Raises what the one who answers is refused with, when that paper is none of its business."""


def answer(
    node: Node, exchange: str, decided: BusinessAnswer, by: ActorName, allowed: Allowed = lambda _: None
) -> Accepted:
    """Commit the answer to the inbound `exchange` and send it; the same answer again is the same exchange.

    Raises ExchangeUnknown, NotAnswerable, AnsweredOtherwise, AnswerMalformed, and what `allowed` raises.
    """
    now = node.clock.now()

    def commit(tx: Tx) -> Accepted:
        paper = exchanges.load(tx, [ExchangeId(exchange)]).get(ExchangeId(exchange))
        if paper is None:
            raise ExchangeUnknown(exchange=exchange)
        allowed(paper)
        about = _about(paper)
        answer_reasons.require_fit(node, paper, decided)
        form, at = _form(node, tx, paper, now)
        content = answer_forms.write(form, decided, about, at)
        # Named alike in every form: a paper is answered once.
        submission = Submission(content, paper.partner, f"{BUSINESS_ANSWER}/{paper.id}")
        intake = Intake(node, tx, [submission.key], now)
        try:
            accepted = intake.take(submission, _admitted(node, paper, form, content, now))
        except IdempotencyConflict as error:
            raise AnsweredOtherwise(exchange=exchange) from error
        intake.store()
        if not accepted.repeated:
            answers.record(
                tx, [answers.StoredAnswer(paper.id, accepted.exchange, decided.verdict, sha256(content), now)]
            )
            actor = actors.ensure(tx, by.name, actors.ActorKind(by.kind), now)
            detail = {"answer": accepted.exchange, "verdict": decided.verdict.value}
            audit.add(tx, actor, "answered", paper.id, detail, now)
        return accepted

    accepted = node.store.write(commit)
    node.wake()
    return accepted


def attempt(node: Node, handed: HandedAnswer, by: ActorName) -> Accepted | NodeError:
    """Answer as the hub asks, or what its answer is refused with."""

    def its_partner(exchange: Exchange) -> None:
        if exchange.partner != handed.partner:
            raise ExchangeUnknown(exchange=handed.exchange)

    try:
        return answer(node, handed.exchange, handed.answer, by, its_partner)
    except NodeError as error:
        return error
    except Exception as defect:
        # A defect of ours in one answer must not hold up the others.
        node.report("answering.defect", name=handed.name, error=defect)
        return Unexpected(detail=type(defect).__name__)


def _about(paper: Exchange) -> PaperAnswered:
    """How the partner knows the paper. Raises NotAnswerable."""
    if paper.direction is not Direction.IN or paper.message_id is None:
        raise NotAnswerable(exchange=paper.id, detail="it is a paper of ours, and its partner answers it")
    if paper.kind in CONTROL_KINDS:
        raise NotAnswerable(exchange=paper.id, detail=f"its kind is {paper.kind}, between nodes only")
    if paper.state not in _ANSWERABLE:
        raise NotAnswerable(exchange=paper.id, detail=f"it is {paper.state}, and the partner has our signed receipt")
    return PaperAnswered(paper.message_id, Digest(paper.document_sha256), paper.number)


def _form(node: Node, tx: Tx, paper: Exchange, now: datetime) -> tuple[AnswerForm, datetime]:
    """How the answer is written, and of when: as before when it was given before, else as the arrangement says."""
    before = answers.of(tx, [paper.id]).get(paper.id)
    if before is not None:
        return AnswerForm(exchanges.load(tx, [before.carrier])[before.carrier].kind), before.stored_at
    profile = node.book.profile(paper.partner, paper.arrangement)
    agreed = next((one for one in profile.kinds if one.name == paper.kind), None) if profile is not None else None
    return (agreed.terms.answer if agreed is not None else AnswerForm.BUSINESS_ANSWER), now


def _admitted(node: Node, paper: Exchange, form: AnswerForm, content: bytes, now: datetime) -> Admitted:
    profile, agreed = outbound_agreement(node, paper.partner, form.value, now)
    reading = Reading(Identity(node.code, str(paper.message_id)))
    document = Document(content, form.value, agreed.version, MediaType.of(content), reading)
    return Admitted(document, profile, agreed, refers_to=str(paper.message_id), conversation_id=paper.conversation_id)
