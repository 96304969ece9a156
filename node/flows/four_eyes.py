"""Two persons for one act: whoever began it does not end it.

Names are what accounts and people say of themselves (`alice@host`, or `bob (shared@host)` for one of several who share
an account); what is compared is the person, so that the same one from another machine is not a second one.
"""

from node.errors import SecondActorNeeded


def person(actor: str) -> str:
    """Whom an actor's name means, without machine and account."""
    return actor.partition(" (")[0].partition("@")[0].strip().casefold()


def require_another(began: str, ends: str, act: str) -> None:
    """Raise SecondActorNeeded when both names mean one person."""
    if person(began) == person(ends):
        raise SecondActorNeeded(actor=ends, act=act)
