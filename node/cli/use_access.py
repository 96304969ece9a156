"""How `n2n use` and `n2n exchange show` reach the write-off ledger."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from node.cli.node_access import hand_in, open_store, settings_of
from node.cli.session import Session
from node.documents import use_writing
from node.documents.certificate_use import KIND
from node.documents.use_writing import Authority, Taken
from node.errors import CertificateUnknown, Language, UseMismatch
from node.model.exchange import Direction, Exchange
from node.model.ids import Digest
from node.model.uses import Amount, Balance, Measure, plain
from node.store import queries, uses
from node.store.database import Tx


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person asks to be written off: per item its amounts by measure, as decimals, and its goods item."""

    item: str
    amounts: Mapping[Measure, str]
    goods_item: int | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """A use as a person asks for it; with `withdraw` the use of that number is taken back instead."""

    on: date
    declarations: Sequence[str] = ()
    lines: Sequence[Asked] = ()
    ucr: Sequence[str] = ()
    number: str = ""
    withdraw: str = ""
    reason: str = ""
    authority_id: str = ""
    authority_name: str = ""


def account_of(session: Session, exchange: Exchange) -> uses.Account | None:
    """The certificate's account, when the exchange brought or took one that can be used."""
    digest = Digest(exchange.document_sha256)
    with open_store(session) as store:
        return store.read(lambda tx: uses.account(tx, exchange.partner, exchange.direction, digest))


def use_certificate(session: Session, prefix: str, wanted: Wanted) -> tuple[Exchange, Exchange, Balance]:
    """Compose the use of a certificate of a partner and hand it in: the certificate's exchange, the use's, the balance.

    Raises ExchangeUnknown, CertificateUnknown, UseMismatch, and what handing a paper in raises.
    """

    def read(tx: Tx) -> tuple[Exchange, Balance | None]:
        found = queries.find(tx, prefix)
        account = uses.account(tx, found.partner, Direction.IN, Digest(found.document_sha256))
        return found, account.balance if account is not None and found.direction is Direction.IN else None

    with open_store(session) as store:
        found, balance = store.read(read)
    if balance is None:
        raise CertificateUnknown(number=found.number)
    content = _written(session, balance, wanted)
    used = hand_in(session, content, found.partner, kind=KIND.name, key=None, wait_s=None)
    with open_store(session) as store:
        _, after = store.read(read)
    return found, used, after or balance


def _written(session: Session, balance: Balance, wanted: Wanted) -> bytes:
    settings = settings_of(session)
    authority = Authority(
        wanted.authority_id or settings.code, wanted.authority_name or settings.name[Language.EN], settings.code[:2]
    )
    certificate = balance.certificate
    if wanted.withdraw:
        return use_writing.withdrawal(authority, certificate, wanted.on, wanted.withdraw, wanted.reason)
    lines = [Taken(one.item, tuple(_amounts(balance, one)), one.goods_item) for one in wanted.lines]
    return use_writing.use(
        authority, certificate, wanted.on, wanted.declarations, lines, number=wanted.number, ucr=wanted.ucr
    )


def _amounts(balance: Balance, asked: Asked) -> list[Amount]:
    """In the certificate's own units. Raises UseMismatch."""
    units = {(one.item, one.measure): one.unit for one in balance.items}
    amounts = []
    for measure, text in asked.amounts.items():
        unit, number = units.get((asked.item, measure)), use_writing.amount_of(text)
        if unit is None or number is None:
            rule = f"{asked.item}: no such item" if unit is None else f"{asked.item}: must be more than nothing"
            raise UseMismatch(number=balance.certificate.number, rule=rule)
        amounts.append(Amount(asked.item, measure, unit, number))
    return amounts


def in_digits(balance: Balance) -> list[dict[str, str]]:
    """The items of a balance, for programs: numbers as texts, so that nobody rounds them."""
    return [
        {
            "item": one.item,
            "measure": one.measure.value,
            "unit": one.unit,
            "certified": plain(one.certified),
            "used": plain(one.used),
            "left": plain(one.left),
        }
        for one in balance.items
    ]
