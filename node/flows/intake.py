"""Intake: what one `accept` commits, gathered paper by paper and stored in a few statements."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from node.errors import IdempotencyConflict, NodeError, PredecessorNeverSent
from node.flows import effects, parking
from node.flows.admission import Admitted
from node.flows.ports import Node
from node.model.attached import HandedFile
from node.model.effect import Effect
from node.model.envelope import Attachment, Chain, Priority
from node.model.evidence import EvidenceFact, Fact
from node.model.exchange import Direction, Exchange, State
from node.model.ids import Digest, ExchangeId, NodeCode, sha256, uuid7
from node.model.job import Verb
from node.store import attachments, evidence, exchanges, jobs, papers
from node.store.database import Tx

_ARRIVED = frozenset({State.DELIVERED, State.ANSWERED})
_ENDED_OTHERWISE = frozenset({State.REFUSED, State.EXPIRED, State.CANCELLED})


@dataclass(frozen=True, slots=True)
class Submission:
    """One paper handed in: exact bytes, for whom, and the hub's own key that makes handing it in twice harmless."""

    content: bytes
    partner: NodeCode
    key: str
    kind: str | None = None
    attachments: tuple[HandedFile, ...] = ()


@dataclass(frozen=True, slots=True)
class Accepted:
    """On disk. `repeated` when the same submission was accepted before."""

    exchange: ExchangeId
    repeated: bool


@dataclass(frozen=True, slots=True)
class _Taken:
    exchange: Exchange
    document: exchanges.StoredDocument
    key: str
    submitted: Digest
    effect: Effect | None
    attachments: tuple[Attachment, ...]

    @property
    def chain_number(self) -> str:
        return self.document.chain.number if self.document.chain is not None else self.exchange.number


@dataclass(frozen=True, slots=True)
class _Before:
    """The paper that another one changes, and the number its chain began with."""

    exchange: ExchangeId
    document_sha256: Digest
    chain_number: str


class Intake:
    """The papers of one `accept`, inside its transaction. Later ones see earlier ones as if they were stored."""

    def __init__(self, node: Node, tx: Tx, keys: Iterable[str], now: datetime) -> None:
        self._node = node
        self._tx = tx
        self._now = now
        self._owners = exchanges.submissions(tx, set(keys))
        self._taken: list[_Taken] = []

    def take(self, submission: Submission, admitted: Admitted) -> Accepted:
        """Take one admitted paper. Raises IdempotencyConflict, PredecessorNeverSent, and what its effect may raise."""
        digest = sha256(submission.content)
        # The same bytes for another partner are another submission: a key names a paper and where it goes.
        submitted = sha256(submission.partner.encode() + b"\0" + digest + _beside(admitted.attachments))
        if owner := self._owners.get(submission.key):
            exchange, before = owner
            if before != submitted:
                raise IdempotencyConflict(key=submission.key)
            return Accepted(exchange, repeated=True)
        effect = admitted.document.reading.effect
        if effect is not None:
            self._require_fit(submission.partner, effect)
        chain, follows = self._chain(admitted, submission.partner)
        taken = self._exchange(submission, admitted, digest, follows)
        document = exchanges.StoredDocument(
            exchange=taken.id,
            content=submission.content,
            media_type=admitted.document.media_type,
            ucr=admitted.document.reading.ucr,
            chain=chain,
            fields=admitted.document.reading.fields,
        )
        self._taken.append(_Taken(taken, document, submission.key, submitted, effect, admitted.attachments))
        self._owners[submission.key] = (taken.id, submitted)
        return Accepted(taken.id, repeated=False)

    @property
    def taken(self) -> list[Exchange]:
        """What was taken, in order."""
        return [one.exchange for one in self._taken]

    def store(self) -> None:
        """Store all that was taken."""
        tx, now, rows = self._tx, self._now, [one.exchange for one in self._taken]
        exchanges.insert(tx, rows)
        exchanges.insert_documents(tx, [one.document for one in self._taken])
        attachments.insert(
            tx, [(one.exchange.id, one.exchange.partner, one.attachments) for one in self._taken if one.attachments]
        )
        exchanges.insert_submissions(tx, [(one.key, one.submitted, one.exchange.id) for one in self._taken])
        evidence.add(
            tx,
            [
                EvidenceFact(one.exchange.id, now, Fact.SUBMITTED, Digest(one.exchange.document_sha256), one.key)
                for one in self._taken
            ],
        )
        # Handed in again under another key, it is another exchange about the same paper.
        papers.record(
            tx, [papers.NewPaper.of(one.exchange, one.chain_number, one.document.fields) for one in self._taken]
        )
        effects.apply(tx, [(one.exchange, one.effect) for one in self._taken if one.effect is not None], now)
        self._set_to_work(rows)

    def _require_fit(self, partner: NodeCode, effect: Effect) -> None:
        earlier = [one.effect for one in self._taken if one.effect is not None and one.exchange.partner == partner]
        unfit = effects.unfit(self._tx, partner, Direction.OUT, effect, earlier)
        if unfit is not None:
            raise unfit.error

    def _set_to_work(self, rows: Sequence[Exchange]) -> None:
        """A successor goes when its predecessor has arrived, and is parked when that ended otherwise (protocol 5)."""
        before = exchanges.load(self._tx, [row.follows for row in rows if row.follows is not None])
        arrived = {key for key, one in before.items() if one.state in _ARRIVED}
        new = [
            jobs.NewJob(
                exchange=row.id,
                partner=row.partner,
                verb=Verb.SEAL,
                due_at=self._now,
                blocked_by=None if row.follows in arrived else row.follows,
                priority=row.priority,
            )
            for row in rows
        ]
        jobs.add(self._tx, new, self._now)
        for row in rows:
            ended = before.get(row.follows) if row.follows is not None else None
            if ended is not None and ended.state in _ENDED_OTHERWISE:
                parking.park_row(self._tx, row.id, f"predecessor {ended.state}", self._now)

    def _exchange(
        self, submission: Submission, admitted: Admitted, digest: Digest, follows: ExchangeId | None
    ) -> Exchange:
        document, identity = admitted.document, admitted.document.reading.identity
        effect = document.reading.effect
        return Exchange(
            id=ExchangeId(uuid7(self._now, self._node.random)),
            direction=Direction.OUT,
            partner=submission.partner,
            arrangement=admitted.profile.id,
            arrangement_version=admitted.profile.version,
            kind=document.kind,
            kind_version=document.kind_version,
            assurance=admitted.agreed.assurance,
            state=State.ACCEPTED,
            priority=Priority.A if effect is not None and effect.is_urgent else admitted.agreed.priority,
            issuer=identity.issuer,
            number=identity.number,
            version=identity.version,
            document_sha256=digest,
            created_at=self._now,
            updated_at=self._now,
            idempotency_key=submission.key,
            conversation_id=admitted.conversation_id or uuid7(self._now, self._node.random),
            refers_to=admitted.refers_to,
            follows=follows,
        )

    def _chain(self, admitted: Admitted, partner: NodeCode) -> tuple[Chain, ExchangeId | None]:
        """The paper's place in its chain, and the exchange it must not overtake (protocol 5).

        A paper that says it follows one we sent to this partner names that one's digest. One that replaces a number we
        never sent heads a chain of its own; one that changes a paper under the same number needs that paper.
        """
        identity, succession = admitted.document.reading.identity, admitted.document.reading.succession
        own = Chain(identity.issuer, identity.number)
        if succession is None:
            return own, None
        before = self._latest(partner, identity.issuer, succession.number)
        if before is not None:
            return Chain(identity.issuer, before.chain_number, before.document_sha256), before.exchange
        if succession.number == identity.number:
            raise PredecessorNeverSent(number=succession.number, partner=partner)
        return own, None

    def _latest(self, partner: NodeCode, issuer: str, number: str) -> _Before | None:
        """The newest paper under that number that goes or went to this partner; one it never took is passed over."""
        for one in reversed(self._taken):
            row = one.exchange
            if (row.partner, row.issuer, row.number) == (partner, issuer, number):
                return _Before(row.id, Digest(row.document_sha256), one.chain_number)
        versions = papers.known(self._tx, partner, Direction.OUT, [(issuer, number)]).get((issuer, number), ())
        if not versions:
            return None
        rows = exchanges.load(self._tx, [one.exchange for one in versions])
        alive = [one for one in versions if rows[one.exchange].state not in _ENDED_OTHERWISE]
        last = (alive or versions)[-1]
        return _Before(last.exchange, last.document_sha256, last.chain_number)


def _beside(attached: Sequence[Attachment]) -> bytes:
    """Other files beside the same paper make it another submission; the same ones, encrypted anew, do not."""
    return b"".join(b"\0" + one.name.encode() + b"\0" + one.sha256 for one in attached)


def attempt(intake: Intake, submission: Submission, admitted: Admitted | NodeError) -> Accepted | NodeError:
    """Take one paper, or what it is refused with."""
    if isinstance(admitted, NodeError):
        return admitted
    try:
        return intake.take(submission, admitted)
    except NodeError as error:
        return error
