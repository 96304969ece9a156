"""Reading a partner's business answer: which paper of ours it is about, and whether that one can be answered.

A final refusal says what neither time nor settings can cure: no such paper of ours, one that was refused or never
arrived, or one that was answered otherwise before. An answer that overtook a lost receipt is good: it waits for it.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from node.documents import answer_forms
from node.documents.business_answer import PaperAnswered
from node.errors import (
    AnswerDiffers,
    AnswerMalformed,
    AnswersNothing,
    JsonError,
    NodeError,
    SignatureError,
    TooLarge,
    WireError,
    XmlError,
)
from node.flows import answer_reasons
from node.flows.ports import Node
from node.flows.reading import own_signatures, refusal, require_size
from node.flows.rulings import Decided, Opened, Proofs, Refusal, Ruled, Ruling
from node.model.answer import AnswerForm, BusinessAnswer
from node.model.control_kinds import CONTROL_KINDS
from node.model.document import Finding, MediaType
from node.model.envelope import Metadata
from node.model.exchange import Direction, Exchange, State
from node.model.ids import Digest, ExchangeId, NodeCode, sha256
from node.model.receipt import FindingCode, Receipt, Verdict
from node.store import answers, exchanges
from node.store.database import Tx
from node.wire import metadata_from_bytes

ANSWERABLE = frozenset({State.SEALED, State.UNRESOLVED, State.PARKED, State.DELIVERED, State.ANSWERED})
"""States of a paper of ours that the partner may have; in the first three its receipt is still on the way."""


def read(node: Node, caller: NodeCode, opened: Opened, refusals: list[Refusal], now: datetime) -> Ruling:
    """Signature, metadata and form of the answer. Accepted here means: good in itself."""
    letter, body = opened.letter, opened.body
    metadata: Metadata | None = None
    try:
        metadata = metadata_from_bytes(body.metadata)
        require_size(opened)
        signatures = own_signatures(node, caller, opened, metadata, now)
        answer, about = _answer(opened, metadata)
    except (SignatureError, WireError, TooLarge, JsonError, XmlError, AnswerMalformed) as error:
        return refusal(opened, metadata, error, refusals, now)
    receipt = Receipt(letter.header.message_id, Verdict.ACCEPTED, now, letter.sealed.leaf)
    decided = Decided(answer, about, sha256(body.document))
    return Ruled(receipt, letter=letter, opened=opened, metadata=metadata, proofs=Proofs(signatures), decided=decided)


def _answer(opened: Opened, metadata: Metadata) -> tuple[BusinessAnswer, PaperAnswered]:
    form, content = AnswerForm(opened.letter.header.kind), opened.body.document
    expected = answer_forms.MEDIA_TYPES[form]
    if metadata.media_type is not expected or MediaType.of(content) is not expected:
        raise AnswerMalformed(field="document", rule=f"is {expected.name}")
    answer, about = answer_forms.read(content)
    if about.message_id != opened.letter.header.refers_to:
        raise AnswerMalformed(field="about/message_id", rule="is what the header refers to")
    return answer, about


def place(node: Node, caller: NodeCode, decided: Mapping[int, Ruled], refusals: list[Refusal]) -> dict[int, Ruling]:
    """Find the paper of ours that each answer is about, and what it already knows of answers."""
    found = [one.decided for one in decided.values() if one.decided is not None]
    if not found:
        return {}
    targets, known = node.store.read(lambda tx: _targets(tx, caller, found))
    rulings: dict[int, Ruling] = {}
    for index, one in decided.items():
        if one.decided is not None:
            rulings[index] = _placed(node, one, one.decided, targets, known, refusals)
    return rulings


def _targets(tx: Tx, caller: NodeCode, found: list[Decided]) -> tuple[dict[str, Exchange], dict[ExchangeId, Digest]]:
    targets = exchanges.by_message(tx, caller, Direction.OUT, [one.about.message_id for one in found])
    stored = answers.of(tx, [target.id for target in targets.values()])
    return targets, {exchange: one.document_sha256 for exchange, one in stored.items()}


def _placed(
    node: Node,
    one: Ruled,
    decided: Decided,
    targets: Mapping[str, Exchange],
    known: dict[ExchangeId, Digest],
    refusals: list[Refusal],
) -> Ruling:
    target = targets.get(decided.about.message_id)
    unfit = _unfit(target, decided)
    if target is None or unfit:
        finding = Finding(FindingCode.UNANSWERABLE, "/about", unfit)
        return _refuse(one, finding, AnswersNothing(detail=unfit), refusals)
    before = known.get(target.id)
    if before not in (None, decided.document_sha256):
        finding = Finding(FindingCode.CONFLICT, "", "this paper was answered before, and otherwise")
        return _refuse(one, finding, AnswerDiffers(), refusals)
    odd = answer_reasons.finding(node, target, decided.answer)
    if odd is not None and not FindingCode(odd.code).is_remark:
        return _refuse(one, odd, AnswerMalformed(field="reason_code", rule=odd.rule), refusals)
    known[target.id] = decided.document_sha256
    receipt = replace(one.receipt, already_known=before is not None, findings=() if odd is None else (odd,))
    return replace(one, receipt=receipt, decided=replace(decided, target=target.id))


def _unfit(target: Exchange | None, decided: Decided) -> str:
    """Why this paper cannot be answered; empty when it can."""
    if target is None:
        return "no paper of ours to you has this message id"
    if target.document_sha256 != decided.about.document_sha256:
        return "the digest is of another document"
    if target.kind in CONTROL_KINDS:
        return "what nodes tell each other is not answered"
    if decided.about.number not in ("", target.number):
        return "our paper has another number"
    return "" if target.state in ANSWERABLE else f"our paper is {target.state}"


def _refuse(one: Ruled, finding: Finding, error: NodeError, refusals: list[Refusal]) -> Ruled:
    refusals.append(Refusal(one.receipt.message_id, error))
    return replace(one, receipt=replace(one.receipt, verdict=Verdict.REFUSED, findings=(finding,)), decided=None)
