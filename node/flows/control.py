"""Control papers: what nodes tell each other about themselves, over the same walk as any paper (protocol 2, Keys).

They need no arrangement of their own: whoever exchanges papers with us may announce its keys, and we ours. There is
one kind today, the key statement; its receipt is its confirmation.
"""

from datetime import datetime

from node.crypto.verification import verify_key_statement
from node.errors import NotAgreed
from node.flows.admission import Admitted
from node.flows.intake import Accepted, Intake, Submission
from node.flows.ports import ActorName, Node
from node.model.document import Document, Identity, MediaType, Reading
from node.model.envelope import Priority
from node.model.exchange import Assurance, Direction
from node.model.ids import NodeCode
from node.profiles.profile import AgreedKind, IssuerSignature, Profile
from node.store import actors, audit
from node.store.database import Tx

KEY_STATEMENT = "key_statement"

MAX_STATEMENT_BYTES = 64 * 1024
"""A key statement (protocol 2)."""

_AGREED = AgreedKind(
    name=KEY_STATEMENT,
    version=1,
    directions=frozenset(Direction),
    assurance=Assurance.DOCUMENT,
    priority=Priority.A,
    issuer_signature=IssuerSignature.NONE,
    max_bytes=MAX_STATEMENT_BYTES,
)


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
    if kind == KEY_STATEMENT:
        return _any_profile(node, partner, now), _AGREED
    return node.book.outbound(partner, kind, now)


def inbound_agreement(
    node: Node, partner: NodeCode, kind: str, version: int, now: datetime
) -> tuple[Profile, AgreedKind]:
    """Under which profile, and how, a paper or control paper may arrive at `now`; raises as `Book.inbound`."""
    if (kind, version) == (KEY_STATEMENT, _AGREED.version):
        return _any_profile(node, partner, now), _AGREED
    return node.book.inbound(partner, kind, version, now)


def _any_profile(node: Node, partner: NodeCode, now: datetime) -> Profile:
    """The profile whose waits and deadlines a control paper borrows: the first in force, else the first there is."""
    profiles = node.book.profiles_of(partner)
    in_force = [profile for profile in profiles if profile.in_force(now)]
    if not profiles:
        raise NotAgreed(partner=partner, kind=KEY_STATEMENT, direction="any")
    return (in_force or list(profiles))[0]
