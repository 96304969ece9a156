"""Control papers: what nodes tell each other about themselves, over the same walk as any paper (protocol 2, Keys).

They need no arrangement of their own: whoever exchanges papers with us may announce its keys and answer our papers, and
we its: the key statement, whose receipt is its confirmation, and the business answer in either of its forms.
"""

from datetime import datetime

from node.crypto.verification import verify_key_statement
from node.documents import business_answer, sps_acknowledgement
from node.errors import NotAgreed
from node.flows.admission import BUSINESS_ANSWER, SPS_ACKNOWLEDGEMENT, Admitted
from node.flows.intake import Accepted, Intake, Submission
from node.flows.ports import ActorName, Node
from node.model.control_kinds import KEY_STATEMENT
from node.model.document import Document, Identity, MediaType, Reading
from node.model.envelope import Priority
from node.model.exchange import Assurance, Direction
from node.model.ids import NodeCode
from node.profiles.profile import AgreedKind, IssuerSignature, Profile
from node.store import actors, audit
from node.store.database import Tx

MAX_STATEMENT_BYTES = 64 * 1024
"""A key statement (protocol 2)."""

VERSION = 1
"""Of every control kind."""


def _agreed(kind: str, priority: Priority, max_bytes: int) -> AgreedKind:
    return AgreedKind(
        name=kind,
        version=VERSION,
        directions=frozenset(Direction),
        assurance=Assurance.DOCUMENT,
        priority=priority,
        issuer_signature=IssuerSignature.NONE,
        max_bytes=max_bytes,
    )


_CONTROL = {
    KEY_STATEMENT: _agreed(KEY_STATEMENT, Priority.A, MAX_STATEMENT_BYTES),
    # There may be an answer for every paper: in lane A they would hold up keys and withdrawals.
    BUSINESS_ANSWER: _agreed(BUSINESS_ANSWER, Priority.B, business_answer.LIMITS.size_bytes),
    SPS_ACKNOWLEDGEMENT: _agreed(SPS_ACKNOWLEDGEMENT, Priority.B, sps_acknowledgement.LIMITS.size_bytes),
}


def announce_keys(node: Node, partner: NodeCode, by: ActorName) -> Accepted:
    """Send our current key statement to `partner`; once for each statement, however often it is asked for.

    Raises PartnerUnknown, NotAgreed.
    """
    now = node.clock.now()
    profile, agreed = outbound_agreement(node, partner, KEY_STATEMENT, now)
    sequence = verify_key_statement(node.statement, trust=node.own_trust, now=now).sequence
    reading = Reading(Identity(node.code, str(sequence)))
    document = Document(node.statement.document, KEY_STATEMENT, agreed.version, MediaType.XML, reading)
    submission = Submission(document.content, partner, f"{KEY_STATEMENT}/{partner}/{sequence}")

    def commit(tx: Tx) -> Accepted:
        intake = Intake(node, tx, [submission.key], now)
        accepted = intake.take(submission, Admitted(document, profile, agreed))
        intake.store()
        actor = actors.ensure(tx, by.name, actors.ActorKind(by.kind), now)
        audit.add(tx, actor, "announced-keys", accepted.exchange, {"partner": partner}, now)
        return accepted

    accepted = node.store.write(commit)
    node.wake()
    return accepted


def outbound_agreement(node: Node, partner: NodeCode, kind: str, now: datetime) -> tuple[Profile, AgreedKind]:
    """Under which profile, and how, a paper or control paper may be sent at `now`; raises as `Book.outbound`."""
    if kind in _CONTROL:
        return _any_profile(node, partner, kind, now), _CONTROL[kind]
    return node.book.outbound(partner, kind, now)


def inbound_agreement(
    node: Node, partner: NodeCode, kind: str, version: int, now: datetime
) -> tuple[Profile, AgreedKind]:
    """Under which profile, and how, a paper or control paper may arrive at `now`; raises as `Book.inbound`."""
    if kind in _CONTROL and version == VERSION:
        return _any_profile(node, partner, kind, now), _CONTROL[kind]
    return node.book.inbound(partner, kind, version, now)


def _any_profile(node: Node, partner: NodeCode, kind: str, now: datetime) -> Profile:
    """The profile whose waits and deadlines a control paper borrows: the first in force, else the first there is."""
    profiles = node.book.profiles_of(partner)
    in_force = [profile for profile in profiles if profile.in_force(now)]
    if not profiles:
        raise NotAgreed(partner=partner, kind=kind, direction="any")
    return (in_force or list(profiles))[0]
