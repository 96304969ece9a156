"""What our registers say to a partner that asks: about papers and operators that it was told of, and nothing else."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Lock

from node.crypto.seal import lookup_leaf, make_seal
from node.documents.checks import date_of
from node.errors import TooManyLookups, WireError
from node.flows.ports import Node
from node.flows.quantities_left import left_of
from node.model.certificate import OPERATOR_LIVES, OPERATORS, Certificate, last_moment
from node.model.envelope import Purpose
from node.model.exchange import Direction
from node.model.guarded import GUARDED
from node.model.ids import NodeCode
from node.model.lookup import LookupAnswer, LookupRequest, QuantityLeft, Question, SealedAnswer
from node.model.operator import OperatorState
from node.store import actors, audit, certificate_register, lookups, operators
from node.store.actors import ActorKind
from node.store.database import Tx
from node.wire import lookup_answer_to_bytes

LOOKUPS_A_MINUTE = 600
"""For one partner: ten counters at a busy border. Who needs more asks for the register and looks at home."""

BURST = 120
"""Lookups at once, after a quiet time."""


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: datetime


class Allowance:
    """How many lookups or other questions each partner has left: filled steadily, emptied by asking.

    Shared by the threads of a server.
    """

    def __init__(
        self, a_minute: int = LOOKUPS_A_MINUTE, burst: int = BURST, error: type[WireError] = TooManyLookups
    ) -> None:
        self._a_minute = a_minute
        self._burst = burst
        self._error = error
        self._lock = Lock()
        self._buckets: dict[NodeCode, _Bucket] = {}

    def take(self, partner: NodeCode, now: datetime) -> None:
        """One lookup of `partner`; raises the allowance's error when it has none left."""
        with self._lock:
            bucket = self._buckets.setdefault(partner, _Bucket(self._burst, now))
            # A clock that was set back gains nobody anything.
            since = max(now, bucket.at)
            gained = (since - bucket.at) / timedelta(minutes=1) * self._a_minute
            bucket.tokens = min(self._burst, bucket.tokens + gained)
            bucket.at = since
            if bucket.tokens < 1:
                raise self._error(limit=self._a_minute)
            bucket.tokens -= 1


def answer(node: Node, caller: NodeCode, request: LookupRequest, asked: bytes) -> SealedAnswer:
    """Our sealed answer, kept with the question; what is unknown and what is not released look the same.

    Nothing is told of guarded kinds: they are given to persons who are named, and released by hand.

    Raises OwnWorkFailed, and DiskNearlyFull while there is no room to keep the answer.
    """
    now = node.clock.now()
    full = node.capacity.disk_full()
    if full is not None:
        raise full
    question = request.question
    released = question.kind not in GUARDED and any(
        kind.name == question.kind and Direction.OUT in kind.directions for kind in node.book.served(caller, now)
    )
    # The store is asked in any case, so that time tells nothing either.
    found = node.store.read(lambda tx: judged(tx, caller, Direction.OUT, question, now))
    said = _written(found if released else LookupAnswer(now))
    seal, (place,) = make_seal(
        [lookup_leaf(asked, said)], Purpose.LOOKUPS, node.code, caller, node.keys.receipt, now, node.own_trust
    )
    sealed = SealedAnswer(said, seal, place)

    def keep(tx: Tx) -> None:
        who = actors.ensure(tx, caller, ActorKind.PARTNER, now)
        lookups.keep(tx, caller, asked, sealed, asked_by_us=False, now=now)
        audit.add(tx, who, "lookup-answered", caller, {"kind": question.kind, "on": question.on.isoformat()}, now)

    node.store.write(keep)
    return sealed


def judged(tx: Tx, partner: NodeCode, direction: Direction, question: Question, now: datetime) -> LookupAnswer:
    """What the register with a partner says; `direction` OUT is what we told it."""
    known_at = min(question.known_at or now, now)
    if question.kind == OPERATORS:
        return _of_operators(tx, partner, direction, question, known_at, now)
    found = certificate_register.find(
        tx,
        question.number,
        question.on,
        known_at,
        direction=direction,
        partner=partner,
        kind=question.kind,
        issuer=question.issuer,
    )
    if not found:
        return LookupAnswer(now)
    # The ledger tells what is left now; it does not tell what was left then.
    left = left_of(tx, found[0]) if known_at == now else ()
    return _of_certificate(found[0], left, now)


def _written(answer: LookupAnswer) -> bytes:
    """The answer as it is sealed; without quantities when there are more, or longer ones, than an answer holds."""
    try:
        return lookup_answer_to_bytes(answer)
    except WireError:
        return lookup_answer_to_bytes(replace(answer, left=()))


def _of_certificate(found: Certificate, left: tuple[QuantityLeft, ...], now: datetime) -> LookupAnswer:
    return LookupAnswer(
        said_at=now,
        status=found.life.value,
        valid_from=date_of(found.latest.issued or ""),
        valid_until=date_of(found.latest.valid_until or ""),
        status_since=found.since,
        left=left,
    )


def _of_operators(
    tx: Tx, partner: NodeCode, direction: Direction, question: Question, known_at: datetime, now: datetime
) -> LookupAnswer:
    """Where a code is that of several operators, the one that is worst off: nobody may hide behind another."""
    end_of_day = last_moment(question.on)
    found = [
        one
        for one in operators.find(
            tx, question.number, partner=partner, direction=direction, on=end_of_day, known_at=known_at
        )
        if one.authority == question.issuer
    ]
    if not found:
        return LookupAnswer(now)
    return _of_operator(min(found, key=lambda one: one.in_force), now)


def _of_operator(found: OperatorState, now: datetime) -> LookupAnswer:
    return LookupAnswer(
        said_at=now,
        status=OPERATOR_LIVES[found.status].value,
        valid_from=found.details.certified_on,
        valid_until=found.valid_until,
        status_since=found.effective,
    )
