"""How the command line reaches the registers of a node: certificates, operators, and what hangs together."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, TypeVar

from node.cli.node_access import acting, open_store, settings_of
from node.cli.session import Session
from node.clock import SystemClock
from node.flows.declaration_check import Verdict, check
from node.flows.declaration_registers import StoredRegisters
from node.flows.quantities_left import left_of
from node.model.certificate import Certificate, last_moment
from node.model.declaration import Declaration
from node.model.exchange import Direction
from node.model.ids import NodeCode
from node.model.lookup import QuantityLeft, Question
from node.model.operator import OperatorState, RegisterState
from node.model.register_request import KeptRequest
from node.profiles.book import load_book
from node.store import certificate_register, lookups, operator_register, operators, register_requests, tracing
from node.store.database import Tx
from node.store.lookups import KeptLookup

if TYPE_CHECKING:
    from node.flows.ports import ActorName, Node, Transport
    from node.flows.register_asking import Asked
    from node.flows.register_due import Overdue
    from node.model.hub_registers import Told

T = TypeVar("T")


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
            lambda tx: certificate_register.find(
                tx, number, on, known_at, direction=direction, partner=partner, kind=kind, issuer=issuer
            )
        )


def quantities_left(session: Session, found: Sequence[Certificate]) -> list[tuple[QuantityLeft, ...]]:
    """What is left to be used of each of these, by the ledger as it is now."""
    with open_store(session) as store:
        return store.read(lambda tx: [left_of(tx, one) for one in found])


def operators_with(
    session: Session,
    code: str,
    on: date,
    known_at: datetime,
    *,
    direction: Direction,
    partner: NodeCode | None,
    authority: str | None = None,
) -> list[OperatorState]:
    """How every operator with that code stands; what is None is not asked."""
    with open_store(session) as store:
        found = store.read(
            lambda tx: operators.find(
                tx, code, partner=partner, direction=direction, on=last_moment(on), known_at=known_at
            )
        )
    return [one for one in found if authority in (None, one.authority)]


def ask_partner(session: Session, partner: NodeCode, question: Question) -> "Told":
    """What the partner itself says, now. Raises what `flows.asking.ask` raises."""
    from node.flows.asking import ask  # brings the whole node

    return _calling(session, partner, lambda node, road, by: ask(node, road, partner, question, by))


def _calling(session: Session, partner: NodeCode, call: "Callable[[Node, Transport, ActorName], Awaitable[T]]") -> T:
    """One call to a partner by whoever types."""
    from node.transport.tls import load_tls_identity
    from node.wiring import open_transport

    files = settings_of(session).keys
    with acting(session) as (node, actor):
        found = node.book.partner(partner)
        identity = load_tls_identity(files.tls_key, files.tls_certificate, node.code)

        async def once() -> T:
            transport = open_transport(found, identity)
            try:
                return await call(node, transport, actor)
            finally:
                await transport.close()

        return asyncio.run(once())


def request_lists(session: Session, partner: NodeCode, kind: str, after: int) -> "Asked":
    """Ask the partner for its lists, now. Raises what `flows.register_asking.ask` raises."""
    from node.flows.register_asking import ask  # brings the whole node
    from node.model.register_request import RegisterRequest

    return _calling(session, partner, lambda node, road, by: ask(node, road, partner, RegisterRequest(kind, after), by))


def asked_lists(
    session: Session, partner: NodeCode | None, limit: int
) -> "tuple[list[Overdue], list[RegisterState], list[KeptRequest]]":
    """Lists that are late, registers with a gap, and the last requests, ours and theirs, newest first."""
    from node.flows.register_due import late

    settings = settings_of(session)
    book = load_book(settings.profiles_folder, settings.home, settings.code)

    def read(tx: Tx) -> "tuple[list[Overdue], list[RegisterState], list[KeptRequest]]":
        overdue = [one for one in late(tx, book, SystemClock().now()) if partner in (None, one.partner)]
        gaps = [one for one in operators.registers(tx, partner, Direction.IN) if one.gap is not None]
        return overdue, gaps, register_requests.newest(tx, partner, limit=limit)

    with open_store(session) as store:
        return store.read(read)


def kept_lookups(session: Session, limit: int, partner: NodeCode | None) -> list[KeptLookup]:
    """The last lookups, ours and theirs, newest first."""
    with open_store(session) as store:
        return store.read(lambda tx: lookups.newest(tx, limit, partner=partner))


def all_certificates(
    session: Session, kind: str, on: date, known_at: datetime, *, direction: Direction, partner: NodeCode | None
) -> Iterator[Certificate]:
    """The whole register of a kind, a page at a time."""
    with open_store(session) as store:
        yield from certificate_register.every(store, kind, on, known_at, direction=direction, partner=partner)


def all_operators(
    session: Session, on: date, known_at: datetime, *, direction: Direction, partner: NodeCode | None
) -> Iterator[OperatorState]:
    """The whole register of operators, a page at a time."""
    with open_store(session) as store:
        yield from operator_register.every(store, last_moment(on), known_at, direction=direction, partner=partner)


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
