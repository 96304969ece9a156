"""What goes into one call to a partner: which papers are due, what to ask about them, how they are encrypted."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from node.crypto.algorithms import Suite
from node.crypto.boxes import CALL_KEY_BYTES, close_body, wrap_call_key
from node.crypto.keys import AnnouncedKey, KeyUse
from node.crypto.verification import verify_key_statement
from node.errors import PartnerKeyMissing, SignatureError
from node.flows import witness
from node.flows.ports import Node
from node.model.envelope import Attachment, Body, DeliverRequest, Envelope, Seal, StatusRequest
from node.model.exchange import Exchange, State
from node.model.guarded import GUARDED
from node.model.ids import ExchangeId, MessageId, NodeCode
from node.model.job import Job
from node.model.receipt import KeyStatement
from node.profiles.partner import Partner
from node.store import attachments, cancellations, exchanges, jobs, partner_keys
from node.store.database import Tx
from node.wire import MAX_ENVELOPES, body_to_bytes, header_from_bytes

_Rows = Mapping[ExchangeId, Exchange]
_Sealed = Mapping[ExchangeId, exchanges.StoredSealed]
_Attached = Mapping[ExchangeId, tuple[Attachment, ...]]
_Documents = Mapping[ExchangeId, exchanges.StoredDocument]

_OWED = frozenset({State.SEALED, State.UNRESOLVED})


@dataclass(frozen=True, slots=True)
class Consignment:
    """One paper that is owed to the partner, exactly as it was sealed."""

    job: Job
    exchange: Exchange
    sealed: exchanges.StoredSealed
    document: bytes
    expires_at: datetime
    cancel: bool = False
    """Somebody wants it back: it is never sent again, only asked about."""
    attachments: tuple[Attachment, ...] = ()

    @property
    def maybe_sent(self) -> bool:
        """Whether an earlier call may have carried it; the first committed claim counts as sending (protocol 3)."""
        return self.exchange.state is State.UNRESOLVED or self.job.attempts > 1

    def expired(self, now: datetime) -> bool:
        """Whether the partner would no longer accept it."""
        return now > self.expires_at

    def closes(self, now: datetime) -> bool:
        """Whether it is not sent any more: the partner may say that it has it, or that it never will."""
        return self.cancel or self.expired(now)

    @property
    def size(self) -> int:
        """Bytes it adds to a call, roughly; enough to fill calls evenly."""
        return len(self.document) + sum(map(len, self.sealed.signatures)) + len(self.sealed.header)


@dataclass(frozen=True, slots=True)
class Sealed:
    """What was sealed this moment and claimed to be sent at once, with its seals by their ids."""

    consignments: tuple[Consignment, ...] = ()
    seals: Mapping[str, Seal] = field(default_factory=dict)
    known: witness.Known | None = None
    """What was known of the partner's log then."""


@dataclass(frozen=True, slots=True)
class Load:
    """All that a claimed batch owes, sorted by what must happen with it."""

    partner: Partner
    fresh: tuple[Consignment, ...]
    unresolved: tuple[Consignment, ...]
    expired: tuple[Consignment, ...]
    expired_unsent: tuple[Consignment, ...]
    known: witness.Known
    """What was known of the partner's log when this was read."""


@dataclass(frozen=True, slots=True)
class Question:
    """A Status call about some of our papers."""

    consignments: tuple[Consignment, ...]
    request: StatusRequest
    deadline_s: float


@dataclass(frozen=True, slots=True)
class Cargo:
    """The papers of one Deliver call."""

    partner: Partner
    consignments: tuple[Consignment, ...]
    seals: Mapping[str, Seal]

    @property
    def deadline_s(self) -> float:
        """Seconds the partner has to answer."""
        return self.partner.channel.deadline_s


def load(node: Node, claimed: Sequence[Job]) -> Load:
    """Read what the claimed jobs owe. Jobs whose exchange was settled meanwhile are finished here."""
    now = node.clock.now()
    ids = [job.exchange for job in claimed]

    partner = node.book.partner(claimed[0].partner)

    def read(tx: Tx) -> tuple[_Rows, _Sealed, _Documents, _Attached, witness.Known, frozenset[ExchangeId]]:
        papers = exchanges.load(tx, ids), exchanges.sealed(tx, ids), exchanges.documents(tx, ids, fields=False)
        return (*papers, attachments.load(tx, ids), witness.known(tx, partner.code), cancellations.asked(tx, ids))

    rows, sealed, documents, attached, known, unwanted = node.store.read(read)
    settled = [job for job in claimed if rows[job.exchange].state not in _OWED]
    if settled:
        node.store.write(lambda tx: _finish(tx, settled))
    owed = [
        _consignment(job, rows, sealed, documents, attached, job.exchange in unwanted)
        for job in claimed
        if rows[job.exchange].state in _OWED
    ]
    return Load(
        partner=partner,
        known=known,
        fresh=tuple(one for one in owed if not one.closes(now) and not one.maybe_sent),
        unresolved=tuple(one for one in owed if not one.closes(now) and one.maybe_sent),
        expired=tuple(one for one in owed if one.closes(now) and one.maybe_sent),
        expired_unsent=tuple(one for one in owed if one.closes(now) and not one.maybe_sent),
    )


def _finish(tx: Tx, settled: Sequence[Job]) -> None:
    for job in settled:
        if jobs.holds(tx, job):
            jobs.done(tx, job)


def _consignment(
    job: Job,
    rows: _Rows,
    sealed: _Sealed,
    documents: _Documents,
    attached: _Attached,
    cancel: bool,
) -> Consignment:
    paper = sealed[job.exchange]
    # A body goes on its date at the earliest when the envelope has expired: from then on it is only asked about.
    content = documents[job.exchange].content if job.exchange in documents else b""
    until = header_from_bytes(paper.header).expires_at
    return Consignment(job, rows[job.exchange], paper, content, until, cancel, attached.get(job.exchange, ()))


def questions(load: Load) -> Iterator[Question]:
    """The Status calls a load needs: what is unresolved is asked about; expired or wanted back, it is closed."""
    for consignments, close in ((load.unresolved, False), (load.expired, True)):
        for start in range(0, len(consignments), MAX_ENVELOPES):
            part = consignments[start : start + MAX_ENVELOPES]
            ids = tuple(MessageId(one.sealed.message_id) for one in part)
            yield Question(part, StatusRequest(ids, close), load.partner.channel.deadline_s)


def cargoes(node: Node, partner: Partner, owed: Sequence[Consignment]) -> list[Cargo]:
    """`pack`, with the seals from the store."""
    seal_ids = {one.sealed.seal_id for one in owed}
    return pack(node, partner, owed, node.store.read(lambda tx: exchanges.seals(tx, seal_ids)) if owed else {})


def pack(node: Node, partner: Partner, owed: Sequence[Consignment], seals: Mapping[str, Seal]) -> list[Cargo]:
    """Papers packed into calls of at most `batch_bytes` bytes, never fewer than one paper a call.

    A guarded paper has a call of its own, before the others; one with attachments too, behind them, so that no other
    waits until these are brought.
    """
    packed = [[one] for one in owed if one.exchange.kind in GUARDED]
    alone = len(packed)
    filled = 0
    for one in owed:
        if one.exchange.kind in GUARDED or one.attachments:
            continue
        if len(packed) == alone or len(packed[-1]) == MAX_ENVELOPES or filled + one.size > node.batch_bytes:
            packed.append([])
            filled = 0
        packed[-1].append(one)
        filled += one.size
    packed += [[one] for one in owed if one.attachments and one.exchange.kind not in GUARDED]
    return [Cargo(partner, tuple(part), seals) for part in packed]


def encrypt(node: Node, cargo: Cargo) -> DeliverRequest:
    """One call: fresh call key, fresh encryption, the papers exactly as sealed. Raises PartnerKeyMissing."""
    key = _partner_key(node, cargo.partner)
    call_key = node.random(CALL_KEY_BYTES)
    used = list(dict.fromkeys(one.sealed.seal_id for one in cargo.consignments))
    return DeliverRequest(
        seals=tuple(cargo.seals[seal_id] for seal_id in used),
        key=wrap_call_key(Suite(key.suite), key, call_key, node.code, cargo.partner.code),
        envelopes=tuple(_envelope(node, one, used.index(one.sealed.seal_id), call_key) for one in cargo.consignments),
    )


def _envelope(node: Node, one: Consignment, seal_index: int, call_key: bytes) -> Envelope:
    sealed = one.sealed
    body = body_to_bytes(Body(sealed.salt, sealed.metadata, one.document, sealed.signatures))
    return Envelope(
        header=sealed.header,
        body_digest=sealed.body_digest,
        seal_index=seal_index,
        place=sealed.place,
        sealed_body=close_body(body, call_key, sealed.leaf, node.random),
    )


def _partner_key(node: Node, partner: Partner) -> AnnouncedKey:
    """The partner's key for the first suite of its profile that has one now. Raises PartnerKeyMissing."""
    now = node.clock.now()
    statement = node.store.read(lambda tx: partner_keys.current(tx, partner.code))
    if statement is not None:
        keys = _announced(statement, partner, now)
        for suite in partner.trust.suites:
            for key in keys:
                if key.use is KeyUse.DECRYPT and key.suite == suite and key.usable(now):
                    return key
    raise PartnerKeyMissing(partner=partner.code)


def _announced(statement: KeyStatement, partner: Partner, now: datetime) -> tuple[AnnouncedKey, ...]:
    """The keys of a statement that still holds: who signed it may have been struck off since it was stored."""
    try:
        return verify_key_statement(statement, trust=partner.trust, now=now).keys
    except SignatureError as error:
        raise PartnerKeyMissing(partner=partner.code) from error


def offer_statement(node: Node, partner: NodeCode, statement: KeyStatement) -> partner_keys.Offer:
    """Verify and remember a partner's key statement (protocol 2, Keys). Raises SignatureError when it does not hold."""
    now = node.clock.now()
    verified = verify_key_statement(statement, trust=node.book.partner(partner).trust, now=now)
    outcome = node.store.write(lambda tx: partner_keys.offer(tx, partner, verified.sequence, verified.statement, now))
    if outcome is partner_keys.Offer.CONFLICT:
        node.report("alarm.key-statement-conflict", partner=partner, sequence=verified.sequence)
    return outcome
