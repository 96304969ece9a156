"""Two persons for one act: whoever began it does not end it.

Names are what accounts and people say of themselves (`alice@host`, or `bob (shared@host)` for one of several who share
an account); what is compared is the person, so that the same one from another machine is not a second one. Whoever
types into one account may give any name: two names from one count only where the settings say that it is shared.
"""

from node.errors import SecondActorNeeded


def person(actor: str) -> str:
    """Whom an actor's name means, without machine and account."""
    return actor.partition(" (")[0].partition("@")[0].strip().casefold()


def account(actor: str) -> str:
    """From which account an actor typed; its whole name where it named itself by no other."""
    name, shared, typed = actor.partition(" (")
    return (typed.removesuffix(")") if shared else name).strip().casefold()


def require_another(began: str, ends: str, act: str, *, shared_accounts: bool) -> None:
    """Raise SecondActorNeeded when both names mean one person, or came from one account that is nobody's to share."""
    if person(began) == person(ends) or (account(began) == account(ends) and not shared_accounts):
        raise SecondActorNeeded(actor=ends, act=act)
