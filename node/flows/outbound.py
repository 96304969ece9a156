"""The way out: accept, seal, deliver, settle. Every verb takes a list for one partner and commits all it did at once.

hub ─accept─▶ ACCEPTED ─seal─▶ SEALED ─deliver─▶ (UNRESOLVED) ─settle─▶ DELIVERED | REFUSED | EXPIRED
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from node.errors import (
    AnswerRefused,
    EncryptionError,
    HubNotEntitled,
    NodeError,
    Unexpected,
)
from node.flows import attaching, calls, control, releasing, sealing, settling, witness
from node.flows.admission import Admitted, admit
from node.flows.hub_rights import may_have
from node.flows.intake import Accepted, Intake, Submission, attempt
from node.flows.ports import ActorName, Hub, Node, Transport
from node.model.answer import BusinessAnswer
from node.model.document import Finding
from node.model.exchange import Direction, Exchange, State
from node.model.guarded import GUARDED
from node.model.hub import HubReport
from node.model.ids import ExchangeId, NodeCode, sha256
from node.model.job import Job
from node.model.receipt import SignedReceipt
from node.store import actors, answers, attachments, audit, exchanges, jobs
from node.store import receipts as stored
from node.store.database import Tx
from node.wire import receipt_from_bytes

__all__ = ["Accepted", "Submission", "accept", "deliver", "seal", "send", "tell_hub"]


# --- accept ---------------------------------------------------------------------------------------------------------


def accept(
    node: Node, submissions: Sequence[Submission], by: ActorName, guarded: frozenset[str] = GUARDED
) -> list[Accepted | NodeError]:
    """Take papers in. Each is answered only when it is committed; one bad paper never touches the others.

    `guarded`: the guarded kinds that may come this way.
    """
    now = node.clock.now()
    judged = [_admitted(node, submission, guarded, now) for submission in submissions]

    def commit(tx: Tx) -> list[Accepted | NodeError]:
        intake = Intake(node, tx, [submission.key for submission in submissions], now)
        outcomes = [
            attempt(intake, submission, admitted) for submission, admitted in zip(submissions, judged, strict=True)
        ]
        intake.store()
        _audit_intake(tx, by, submissions, outcomes, now)
        releasing.hold_back(node, tx, intake.taken, by, now)
        return outcomes

    outcomes = node.store.write(commit)
    node.wake()
    return outcomes


def _admitted(node: Node, submission: Submission, guarded: frozenset[str], now: datetime) -> Admitted | NodeError:
    try:
        if full := node.capacity.closed():
            return full
        admitted = admit(node, submission.content, submission.partner, submission.kind, now)
        if (kind := admitted.document.kind) in GUARDED and kind not in guarded:
            return HubNotEntitled(kind=kind)
        if full := node.capacity.full(Direction.OUT, submission.partner, admitted.agreed.priority):
            return full
        if not submission.attachments:
            return admitted
        taken = attaching.take(node, submission.partner, submission.attachments, admitted.agreed)
        return replace(admitted, attachments=taken)
    except NodeError as error:
        return error
    except Exception as defect:
        # A defect of ours in judging one paper must not take the whole hand-in, or the node, along.
        node.report("admission.defect", key=submission.key, error=defect)
        return Unexpected(detail=type(defect).__name__)


def _audit_intake(
    tx: Tx,
    by: ActorName,
    submissions: Sequence[Submission],
    outcomes: Sequence[Accepted | NodeError],
    now: datetime,
) -> None:
    """Who handed in what, and what was refused; a repeat changes nothing and says nothing."""
    actor = actors.ensure(tx, by.name, actors.ActorKind(by.kind), now)
    pairs = list(zip(submissions, outcomes, strict=True))
    accepted = [
        (outcome.exchange, {"key": submission.key})
        for submission, outcome in pairs
        if isinstance(outcome, Accepted) and not outcome.repeated
    ]
    refused = [
        (
            submission.key,
            {"partner": submission.partner, "code": outcome.code, "sha256": sha256(submission.content).hex()},
        )
        for submission, outcome in pairs
        # What is only put off is no act: a full disk must not be filled up by saying so.
        if isinstance(outcome, NodeError) and not outcome.category.retry
    ]
    audit.add_all(tx, actor, "accepted", accepted, now)
    audit.add_all(tx, actor, "refused", refused, now)


# --- seal -----------------------------------------------------------------------------------------------------------


def seal(node: Node, claimed: Sequence[Job], lease: timedelta | None = None) -> calls.Sealed:
    """Sign the papers that want their own signature, then all of them under one seal, and fix them for ever.

    Own work is verified by the inbound verifier before anything is committed (SignatureError → OwnWorkFailed).
    With `lease`, delivering them is claimed in the same transaction: what is to be sent at once is returned.
    """
    now = node.clock.now()
    ids = _ids(claimed)
    rows, documents, attached = node.store.read(
        lambda tx: (exchanges.load(tx, ids), exchanges.documents(tx, ids, fields=False), attachments.load(tx, ids))
    )
    until = node.keys.sign.not_after
    ready: list[sealing.Sealable] = []
    for job in claimed:
        exchange = rows[job.exchange]
        try:
            beside = attached.get(job.exchange, ())
            ready.append(sealing.draw(node, job, exchange, documents[job.exchange], beside, until, now))
        except NodeError as error:
            settling.try_again(node, [(job, exchange, error)], now)
    parts = [sealing.commit(node, agreement, lease, now) for agreement in sealing.by_agreement(ready)]
    return calls.Sealed(
        tuple(one for part in parts for one in part.consignments),
        {seal_id: seal for part in parts for seal_id, seal in part.seals.items()},
        parts[-1].known if parts else None,
    )


# --- deliver --------------------------------------------------------------------------------------------------------


async def deliver(node: Node, transport: Transport, claimed: Sequence[Job]) -> NodeError | None:
    """Carry sealed papers to the partner, once, and settle what it answers; what the last call failed with, if any.

    Papers that an earlier call may have carried are asked about first; what the partner does not hold is sent again,
    the same leaf. Papers past their expiry are closed: the partner's signed ABSENT ends them (protocol 3).
    """
    load = await asyncio.to_thread(calls.load, node, claimed)
    await asyncio.to_thread(settling.expire_unsent, node, load.expired_unsent)
    owed, failed = list(load.fresh), None
    names = _Names(node, load.partner.code, load.known)
    for question in calls.questions(load):
        try:
            owed += await _ask(node, transport, question, await names.known())
        except NodeError as error:
            failed = await _failed(node, question.consignments, error)
    agreed = await asyncio.to_thread(still_agreed, node, owed)
    cargoes = await asyncio.to_thread(calls.cargoes, node, load.partner, agreed)
    return await _carry(node, transport, cargoes, names) or failed


async def send(node: Node, transport: Transport, sealed: calls.Sealed) -> NodeError | None:
    """Carry what `seal` has just sealed and claimed, as `deliver` does."""
    partner = node.book.partner(sealed.consignments[0].exchange.partner)
    cargoes = calls.pack(node, partner, sealed.consignments, sealed.seals)
    return await _carry(node, transport, cargoes, _Names(node, partner.code, sealed.known))


async def _carry(node: Node, transport: Transport, cargoes: Sequence[calls.Cargo], names: "_Names") -> NodeError | None:
    for index, cargo in enumerate(cargoes):
        try:
            if not await _brought(node, transport, cargo):
                continue
            await _send(node, transport, cargo, await names.known())
        except NodeError as error:
            await _failed(node, cargo.consignments, error)
            # Whoever did not answer this call will not answer the next: the rest was not sent and simply waits.
            rest = [one for later in cargoes[index + 1 :] for one in later.consignments]
            await asyncio.to_thread(settling.not_sent, node, rest, error)
            return error
    return None


async def _brought(node: Node, transport: Transport, cargo: calls.Cargo) -> bool:
    """Whether the partner holds what the papers name; while it does not, they wait unsent."""
    try:
        for one in cargo.consignments:
            await attaching.bring(node, transport, cargo.partner.code, one.attachments)
    except NodeError as error:
        await asyncio.to_thread(settling.not_sent, node, cargo.consignments, error)
        return False
    return True


class _Names:
    """What each call names of the partner's log: what was found with the load, then what the last answer made of it."""

    def __init__(self, node: Node, partner: NodeCode, read: witness.Known | None = None) -> None:
        self._node = node
        self._partner = partner
        self._read = read

    async def known(self) -> witness.Known:
        known, self._read = self._read, None
        if known is None:
            known = await asyncio.to_thread(self._node.store.read, lambda tx: witness.known(tx, self._partner))
        return known


async def _ask(
    node: Node, transport: Transport, question: calls.Question, known: witness.Known
) -> list[calls.Consignment]:
    request = replace(question.request, known_checkpoint=known.note)
    response = await transport.status(request, question.deadline_s)
    return await asyncio.to_thread(settling.settle, node, question.consignments, response, known, closing=request.close)


def still_agreed(node: Node, owed: Sequence[calls.Consignment]) -> list[calls.Consignment]:
    """What may go out today; what was sealed before its arrangement was suspended or changed stays here."""
    now = node.clock.now()
    agreed: list[calls.Consignment] = []
    held: list[tuple[Job, Exchange, NodeError]] = []
    for one in owed:
        try:
            control.outbound_agreement(node, one.exchange.partner, one.exchange.kind, now)
        except NodeError as error:
            held.append((one.job, one.exchange, error))
        else:
            agreed.append(one)
    if held:
        settling.try_again(node, held, now)
    return agreed


async def _send(node: Node, transport: Transport, cargo: calls.Cargo, known: witness.Known) -> None:
    try:
        request = replace(await asyncio.to_thread(calls.encrypt, node, cargo), known_checkpoint=known.note)
    except EncryptionError as error:
        await asyncio.to_thread(settling.not_sent, node, cargo.consignments, error)
        return
    response = await transport.deliver(request, cargo.deadline_s)
    not_held = await asyncio.to_thread(settling.settle, node, cargo.consignments, response, known)
    if not_held:
        no_use = AnswerRefused(partner=cargo.partner.code, detail="not held is no answer to the paper itself")
        await asyncio.to_thread(settling.no_answer, node, not_held, no_use)


async def _failed(node: Node, consignments: Sequence[calls.Consignment], error: NodeError) -> NodeError:
    await asyncio.to_thread(settling.no_answer, node, consignments, error)
    return error


def tell_hub(node: Node, hub: Hub, claimed: Sequence[Job]) -> None:
    """Tell the hub what became of its papers; what it does not take is told again later."""
    ids = _ids(claimed)

    def read(tx: Tx) -> tuple[dict[ExchangeId, Exchange], dict[ExchangeId, SignedReceipt]]:
        rows = exchanges.load(tx, ids)
        # What was remarked about a paper that was taken is in its receipt for who asks; the hub hears of refusals.
        return rows, stored.received(tx, [key for key, row in rows.items() if row.state is State.REFUSED])

    rows, said = node.store.read(read)
    decided = _decided(node, rows)
    # What became of a guarded paper is not every hub's to know; then nothing is left to do.
    concerned = [job for job in claimed if may_have(node, rows[job.exchange].kind)]
    told = [job for job in claimed if not may_have(node, rows[job.exchange].kind)]
    reports = [HubReport(rows[one], _findings(said.get(one)), decided.get(one)) for one in _ids(concerned)]
    for job, error in zip(concerned, hub.report(reports), strict=True):
        if error is None:
            told.append(job)
        else:
            settling.again_for_hub(node, job, error)
    # A crash before this line only means that the hub is told the same again.
    node.store.write(lambda tx: jobs.done_all(tx, told), lasting=False)


def _findings(signed: SignedReceipt | None) -> tuple[Finding, ...]:
    """What a refusal said; an exchange that ended without a receipt has none."""
    return receipt_from_bytes(signed.receipt).findings if signed is not None else ()


def _decided(node: Node, rows: Mapping[ExchangeId, Exchange]) -> dict[ExchangeId, BusinessAnswer]:
    ids = [exchange for exchange, row in rows.items() if row.state is State.ANSWERED]
    found = node.store.read(lambda tx: answers.told(tx, ids)) if ids else {}
    return {exchange: one.answer for exchange, one in found.items()}


def _ids(claimed: Sequence[Job]) -> list[ExchangeId]:
    return [job.exchange for job in claimed]
