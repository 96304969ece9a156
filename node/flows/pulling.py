"""For partners that cannot be called: they take what waits for them, and bring their receipts (protocol 1, Collect).

A collected envelope is leased, not gone: nobody else gets it meanwhile, and one whose receipt never came is offered
again, the same leaf. The committed claim counts as sending, as everywhere.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from node.errors import CollectNotAgreed, EncryptionError, NoAnswer, NodeError, PartnerUnknown
from node.flows import calls, outbound, receipts, settling, witness
from node.flows.ports import Node
from node.model.collect import CollectRequest, CollectResponse
from node.model.envelope import StatusRequest
from node.model.evidence import EvidenceFact, Fact
from node.model.exchange import Direction, Exchange, State
from node.model.ids import ExchangeId, Leaf, MessageId, NodeCode
from node.model.job import Job, Verb
from node.model.receipt import DeliverResponse, SignedReceipt
from node.profiles.partner import ChannelKind
from node.store import evidence, exchanges, jobs, pulled
from node.store import receipts as stored
from node.store.database import Tx
from node.wire import MAX_ENVELOPES

LEASE = timedelta(minutes=2)
"""How long a partner may take to judge and store what it collected; then it is offered again."""

SWEEP = 64
"""Papers looked at in one sweep over what nobody collects."""


def is_pulled(node: Node, partner: NodeCode) -> bool:
    """Whether papers for this partner wait until it takes them."""
    try:
        return node.book.partner(partner).channel.kind is ChannelKind.PULL
    except PartnerUnknown:
        return False


def collect(node: Node, caller: NodeCode, request: CollectRequest) -> CollectResponse:
    """What waits for `caller`, leased to it; nothing when nothing does. Raises CollectNotAgreed."""
    if not is_pulled(node, caller):
        raise CollectNotAgreed(partner=caller)
    claimed = _claim(node, caller, request.most)
    if not claimed:
        return CollectResponse(None, None, _lease_ms())
    load = calls.load(node, claimed)
    settling.expire_unsent(node, load.expired_unsent)
    owed = outbound.still_agreed(node, [*load.unresolved, *load.fresh])
    cargoes = calls.cargoes(node, load.partner, owed)
    offered = cargoes[0] if cargoes else None
    rest = [one.job for cargo in cargoes[1:] for one in cargo.consignments]
    status = _closing(load.expired)
    if offered is None:
        return CollectResponse(None, status, _lease_ms())
    try:
        papers = replace(calls.encrypt(node, offered), known_checkpoint=load.known.note)
    except EncryptionError as error:
        settling.not_sent(node, offered.consignments, error)
        return CollectResponse(None, status, _lease_ms())
    finally:
        node.store.write(lambda tx: pulled.give_back(tx, rest))
    return CollectResponse(papers, status, _lease_ms())


def _claim(node: Node, caller: NodeCode, most: int) -> list[Job]:
    """Lease what is due. What was taken before and never answered comes in halves, down to one (protocol 3)."""
    now, lane = node.clock.now(), jobs.Lane(caller, Verb.DELIVER)

    def work(tx: Tx) -> list[Job]:
        _note_silence(tx, pulled.unconfirmed(tx, caller, now, MAX_ENVELOPES), now)
        claimed = jobs.claim(tx, lane, f"collect by {caller}", most, now, LEASE)
        states = exchanges.load(tx, [job.exchange for job in claimed])
        unanswered = [job.attempts for job in claimed if states[job.exchange].state is State.UNRESOLVED]
        room = max(1, MAX_ENVELOPES >> (max(unanswered, default=1) - 1))
        pulled.give_back(tx, claimed[room:])
        return claimed[:room]

    # A partner that waits is looked for every second: what there is nothing of must not write, nor wait for the disk.
    if not node.store.read(lambda tx: pulled.is_due(tx, caller, now)):
        return []
    return node.store.write(work)


def _note_silence(tx: Tx, silent: Sequence[ExchangeId], now: datetime) -> None:
    """The partner took these and said nothing: it may have them."""
    for one in silent:
        if exchanges.move(tx, one, Direction.OUT, [State.SEALED], State.UNRESOLVED, now, NoAnswer.code):
            evidence.add(tx, [EvidenceFact(one, now, Fact.NO_ANSWER, None, NoAnswer.code)])


def _closing(expired: Sequence[calls.Consignment]) -> StatusRequest | None:
    if not expired:
        return None
    return StatusRequest(tuple(MessageId(one.sealed.message_id) for one in expired), close=True)


def _lease_ms() -> int:
    return LEASE // timedelta(milliseconds=1)


def confirm(node: Node, caller: NodeCode, response: DeliverResponse) -> int:
    """Judge the answers that `caller` brings; how many settled or repeated something. Bringing them again is fine.

    A valid receipt settles its paper whoever holds the lease by now. Raises CollectNotAgreed.
    """
    if not is_pulled(node, caller):
        raise CollectNotAgreed(partner=caller)
    now = node.clock.now()
    ids = [answer.message_id for answer in response.answers if answer.message_id]

    def take(tx: Tx) -> tuple[Mapping[str, Exchange], list[Job]]:
        found = exchanges.by_message(tx, caller, Direction.OUT, ids)
        _back_on_the_road(node, tx, caller, found, response, now)
        mine = [one.id for one in found.values()]
        return found, pulled.take_over(tx, mine, f"confirmed by {caller}", now, LEASE)

    found, claimed = node.store.write(take)
    if claimed:
        load = calls.load(node, claimed)
        owed = (*load.unresolved, *load.fresh, *load.expired, *load.expired_unsent)
        for closing in (False, True):
            _settle(node, [one for one in owed if one.closes(now) is closing], response, closing)
    return node.store.read(lambda tx: _taken(tx, found, response))


def _back_on_the_road(
    node: Node, tx: Tx, caller: NodeCode, found: Mapping[str, Exchange], response: DeliverResponse, now: datetime
) -> None:
    """A valid receipt settles a paper that was parked meanwhile, too: it is under way again while that is done."""
    reader = receipts.ReceiptReader(node, caller, now)
    for answer in response.answers:
        exchange = found.get(answer.message_id)
        if exchange is None or exchange.state is not State.PARKED or not isinstance(answer.outcome, SignedReceipt):
            continue
        try:
            reader.read(answer.outcome, MessageId(answer.message_id), Leaf(exchange.leaf or b""))
        except NodeError:
            continue
        exchanges.move(tx, exchange.id, Direction.OUT, [State.PARKED], State.UNRESOLVED, now)
        jobs.add(tx, [jobs.NewJob(exchange.id, caller, Verb.DELIVER, now, None, exchange.priority)], now)


def _settle(node: Node, consignments: Sequence[calls.Consignment], response: DeliverResponse, closing: bool) -> None:
    by_id = {answer.message_id: answer for answer in response.answers}
    answered = [one for one in consignments if one.sealed.message_id in by_id]
    if not answered:
        return
    about = replace(response, answers=tuple(by_id[one.sealed.message_id] for one in answered))
    known = node.store.read(lambda tx: witness.known(tx, answered[0].exchange.partner))
    owed = settling.settle(node, answered, about, known, closing=closing)
    # The partner says that it holds nothing: it is offered again at once, the same leaf. That it was taken counts on,
    # for nobody can prove that it is not with the partner.
    node.store.write(lambda tx: pulled.release(tx, [one.job for one in owed]))


def _taken(tx: Tx, found: Mapping[str, Exchange], response: DeliverResponse) -> int:
    settled = stored.settled(tx, [one.id for one in found.values()])
    return sum(
        isinstance(answer.outcome, SignedReceipt)
        and answer.message_id in found
        and found[answer.message_id].id in settled
        and settled[found[answer.message_id].id].signed.receipt == answer.outcome.receipt
        for answer in response.answers
    )


def sweep(node: Node, partner: NodeCode) -> int:
    """End what nobody came for; how many ended or were parked.

    Past its expiry a paper that was never collected is EXPIRED; one that was collected and never answered waits for a
    human once the hours of its arrangement are over.
    """
    now = node.clock.now()

    def take(tx: Tx) -> tuple[list[Job], list[Job]]:
        never = pulled.never_collected(tx, partner, now, SWEEP)
        silent = pulled.never_answered(tx, partner, now, SWEEP)
        worker = f"sweep for {partner}"
        return pulled.take_over(tx, never, worker, now, LEASE), pulled.take_over(tx, silent, worker, now, LEASE)

    never, silent = node.store.write(take)
    load = calls.load(node, never) if never else None
    if load is not None:
        settling.expire_unsent(node, load.expired_unsent)
    rows = node.store.read(lambda tx: exchanges.load(tx, [job.exchange for job in silent]))
    error = NoAnswer(partner=partner, seconds=f"{LEASE.total_seconds():g}")
    over = [job for job in silent if _is_over(node, job, rows[job.exchange], now)]
    settling.try_again(node, [(job, rows[job.exchange], error) for job in over], now)
    node.store.write(lambda tx: pulled.release(tx, [job for job in silent if job not in over]))
    return len(never) + len(over)


def _is_over(node: Node, job: Job, exchange: Exchange, now: datetime) -> bool:
    policy = settling.policy_of(node, exchange)
    return policy is None or now - job.created_at >= timedelta(hours=policy.give_up_h)
