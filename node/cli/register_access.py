"""How the command line reaches the registers of a node: certificates, operators, and what hangs together."""

from collections.abc import Iterator
from datetime import date, datetime

from node.cli.node_access import open_store, settings_of
from node.cli.session import Session
from node.flows.declaration_check import Verdict, check
from node.flows.declaration_registers import StoredRegisters
from node.model.certificate import Certificate
from node.model.declaration import Declaration
from node.model.exchange import Direction
from node.model.ids import NodeCode
from node.profiles.book import load_book
from node.store import certificates, tracing


def certificates_with(
    session: Session,
    number: str,
    on: date,
    known_at: datetime,
    *,
    direction: Direction,
    partner: NodeCode | None,
    kind: str | None = None,
    issuer: str | None = None,
) -> list[Certificate]:
    """What the register says of every certificate with that number; what is None is not asked."""
    with open_store(session) as store:
        return store.read(
            lambda tx: certificates.find(
                tx, number, on, known_at, direction=direction, partner=partner, kind=kind, issuer=issuer
            )
        )


def all_certificates(
    session: Session, kind: str, on: date, known_at: datetime, *, direction: Direction, partner: NodeCode | None
) -> Iterator[Certificate]:
    """The whole register of a kind, a page at a time."""
    with open_store(session) as store:
        yield from certificates.every(store, kind, on, known_at, direction=direction, partner=partner)


def trace(session: Session, what: str) -> tracing.Trace:
    """Everything that hangs together with a UCR, a number or an id."""
    settings = settings_of(session)
    book = load_book(settings.profiles_folder, settings.home, settings.code)
    partners = [partner.code for partner in book.partners]
    with open_store(session) as store:
        return store.read(lambda tx: tracing.trace(tx, what, partners))


def check_against_registers(
    session: Session, declaration: Declaration, partner: NodeCode | None, on: datetime, known_at: datetime
) -> list[Verdict]:
    """What the registers say of a declaration, all of it read at one moment; raises PartnerUnknown."""
    settings = settings_of(session)
    book = load_book(settings.profiles_folder, settings.home, settings.code)
    if partner is not None:
        book.partner(partner)
    with open_store(session) as store:
        return store.read(lambda tx: check(declaration, StoredRegisters(tx, book, partner, on, known_at)))
