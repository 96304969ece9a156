"""The write-off ledger: certificates, what was used of them, and by which use.

`direction` is the certificate's everywhere: IN are the partner's certificates that we use, OUT are ours that the
partner uses. Every function runs inside the transaction of the paper it serves.
"""

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import bindparam, delete, select, update

from node.errors import RaceLost
from node.model.exchange import Direction
from node.model.ids import Digest, ExchangeId, NodeCode
from node.model.uses import (
    ZERO,
    Amount,
    Balance,
    CertificateName,
    CertificateUse,
    ItemBalance,
    Measure,
    minus,
    plain,
    plus,
)
from node.store import papers, usable_certificates
from node.store.columns import intact
from node.store.database import Tx
from node.store.papers import KnownPaper
from node.store.sql import Statement, insertion
from node.store.usable_certificates import Held
from node.store.uses_tables import (
    CERTIFICATE_USE,
    CERTIFICATE_USE_AMOUNT,
    WRITTEN_OFF,
)


@dataclass(frozen=True, slots=True)
class KnownUse:
    """A use in the ledger."""

    authority: str
    number: str
    exchange: ExchangeId
    content: Digest
    certificate: CertificateName
    chain_number: str
    withdrawal: Digest | None
    counts: bool


Totals = dict[tuple[str, Measure, str], Decimal]
"""What was used, by item, measure and unit."""


# --- balances -------------------------------------------------------------------------------------------------------


def written_off(tx: Tx, partner: NodeCode, direction: Direction, held: KnownPaper) -> Totals:
    """What was used of the certificate and of those that it replaces."""
    rows = _TOTALS.rows(tx, partner, direction.value, held.kind, held.issuer, held.chain_number)
    with intact("written_off"):
        return {(item, Measure(measure), unit): Decimal(number) for item, measure, unit, number in rows}


def balance(tx: Tx, partner: NodeCode, direction: Direction, kind: str, issuer: str, number: str) -> Balance | None:
    """What the newest certificate under that number certifies, what was used of it, and what is left.

    None when no such certificate is known, or nothing tells what it certifies. `direction` is the certificate's.
    """
    same = papers.known(tx, partner, direction, [(issuer, number)]).get((issuer, number), ())
    versions = [one for one in same if one.kind == kind and one.version not in papers.TERMINAL_VERSIONS]
    held = usable_certificates.certificate(tx, partner, direction, versions[-1].document_sha256) if versions else None
    return balance_of(tx, partner, direction, held) if held is not None else None


def balance_of(tx: Tx, partner: NodeCode, direction: Direction, held: Held) -> Balance | None:
    """The same of a certificate that was found already."""
    says = usable_certificates.certified_by(tx, partner, direction, held.paper)
    if says is None:
        return None
    used = written_off(tx, partner, direction, held.paper)
    items = tuple(
        ItemBalance(one.item, one.measure, one.unit, one.number, used.get((one.item, one.measure, one.unit), ZERO))
        for one in sorted(says.amounts, key=lambda one: (len(one.item), one.item, one.measure))
    )
    return Balance(held.name, held.life, says.valid_until, items)


@dataclass(frozen=True, slots=True)
class Account:
    """Everything about a certificate that can be used: its balance, the paper that ended it, and its uses."""

    balance: Balance
    ended_by: ExchangeId | None
    uses: tuple[KnownUse, ...]


def account(tx: Tx, partner: NodeCode, direction: Direction, document_sha256: Digest) -> Account | None:
    """The account of the certificate with this document; None for every other paper."""
    held = usable_certificates.certificate(tx, partner, direction, document_sha256)
    balance = balance_of(tx, partner, direction, held) if held is not None else None
    if held is None or balance is None:
        return None
    known = uses_of(tx, partner, direction, held.name, held.paper.chain_number)
    return Account(balance, held.ended_by, tuple(known))


# --- uses -----------------------------------------------------------------------------------------------------------


def find(tx: Tx, partner: NodeCode, direction: Direction, authority: str, number: str) -> KnownUse | None:
    """The use under this number, whether it counts or was taken back."""
    rows = _FIND.rows(tx, partner, direction.value, authority, number)
    return _use(*rows[0]) if rows else None


def uses_of(tx: Tx, partner: NodeCode, direction: Direction, name: CertificateName, chain: str) -> list[KnownUse]:
    """The uses of the chain that the certificate belongs to, by number."""
    rows = _OF_CHAIN.rows(tx, partner, direction.value, name.kind, name.issuer, chain)
    return [_use(*row) for row in rows]


def amounts_of(tx: Tx, partner: NodeCode, direction: Direction, use: KnownUse) -> tuple[Amount, ...]:
    """What the use writes off."""
    rows = _USE_AMOUNTS.rows(tx, partner, direction.value, use.authority, use.number)
    with intact("certificate_use_amount"):
        return tuple(Amount(item, Measure(measure), unit, Decimal(number)) for item, measure, unit, number in rows)


def count(
    tx: Tx, partner: NodeCode, direction: Direction, exchange: ExchangeId, use: CertificateUse, held: KnownPaper
) -> None:
    """Write a use off that was judged in this transaction. Raises RaceLost when another one came first."""
    usable_certificates.note(tx, partner, direction, held)
    row = (
        partner,
        direction.value,
        use.authority,
        use.number,
        exchange,
        use.content,
        held.document_sha256,
        held.kind,
        held.issuer,
        held.number,
        held.chain_number,
        None,
        True,
    )
    _INSERT_USE.run_all(tx, [row], lost=RaceLost())
    key = (partner, direction.value, use.authority, use.number)
    lines = [(*key, one.item, one.measure.value, one.unit, plain(one.number)) for one in use.amounts]
    _INSERT_AMOUNT.run_all(tx, lines, lost=RaceLost())
    used = written_off(tx, partner, direction, held)
    for one in use.amounts:
        before = used.get((one.item, one.measure, one.unit))
        whose = (partner, direction.value, held.kind, held.issuer, held.chain_number)
        _set_total(tx, (*whose, one.item, one.measure.value, one.unit), before, plus(before or ZERO, one.number))


def ask_back(
    tx: Tx, partner: NodeCode, direction: Direction, authority: str, number: str, withdrawal: Digest | None
) -> None:
    """Note that a use is to be taken back, or, with None, that it is not any more."""
    _ASK_BACK.run(tx, withdrawal, partner, direction.value, authority, number)


def take_back(tx: Tx, partner: NodeCode, direction: Direction, use: KnownUse) -> None:
    """A use was withdrawn: what it wrote off is free again, once. Raises RaceLost."""
    if _TAKE_BACK.run(tx, False, partner, direction.value, use.authority, use.number, True) == 1:
        _give_back(tx, partner, direction, use)


def forget(tx: Tx, partner: NodeCode, direction: Direction, use: KnownUse) -> None:
    """A use of ours never was taken: it is as if it had not been handed in. Raises RaceLost."""
    if use.counts:
        _give_back(tx, partner, direction, use)
    key = (partner, direction.value, use.authority, use.number)
    _DELETE_AMOUNTS.run(tx, *key)
    _DELETE_USE.run(tx, *key)


def carry(tx: Tx, partner: NodeCode, direction: Direction, use: KnownUse, exchange: ExchangeId) -> None:
    """Another exchange takes the use to the partner."""
    _CARRY.run(tx, exchange, partner, direction.value, use.authority, use.number)


def _give_back(tx: Tx, partner: NodeCode, direction: Direction, use: KnownUse) -> None:
    whose = (partner, direction.value, use.certificate.kind, use.certificate.issuer, use.chain_number)
    rows = _TOTALS.rows(tx, *whose)
    with intact("written_off"):
        used = {(item, measure, unit): Decimal(number) for item, measure, unit, number in rows}
    for one in amounts_of(tx, partner, direction, use):
        key = (one.item, one.measure.value, one.unit)
        _set_total(tx, (*whose, *key), used[key], minus(used[key], one.number))


def _set_total(tx: Tx, key: tuple[str, ...], before: Decimal | None, now: Decimal) -> None:
    """By compare-and-set: two who write off the same item at once cannot both have seen the same sum."""
    if before is None:
        _INSERT_TOTAL.run_all(tx, [(*key, plain(now))], lost=RaceLost())
    elif _SET_TOTAL.run(tx, plain(now), *key, plain(before)) != 1:
        raise RaceLost


def _use(
    authority: str,
    number: str,
    exchange: str,
    content: bytes,
    document_sha256: bytes,
    kind: str,
    issuer: str,
    certificate_number: str,
    chain_number: str,
    withdrawal: bytes | None,
    counts: int,
) -> KnownUse:
    return KnownUse(
        authority,
        number,
        ExchangeId(exchange),
        Digest(content),
        CertificateName(kind, issuer, certificate_number, Digest(document_sha256)),
        chain_number,
        None if withdrawal is None else Digest(withdrawal),
        bool(counts),
    )


# --- statements -----------------------------------------------------------------------------------------------------

_WHOSE = ("its_partner", "its_direction")
_KEY = (*_WHOSE, "its_authority", "its_number")
_CHAIN = (*_WHOSE, "its_kind", "its_issuer", "its_chain")

_W, _U, _L = WRITTEN_OFF.c, CERTIFICATE_USE.c, CERTIFICATE_USE_AMOUNT.c
_MY_USE = (
    _U.partner == bindparam("its_partner"),
    _U.direction == bindparam("its_direction"),
    _U.authority == bindparam("its_authority"),
    _U.number == bindparam("its_number"),
)
_MY_AMOUNTS = (
    _L.partner == bindparam("its_partner"),
    _L.direction == bindparam("its_direction"),
    _L.authority == bindparam("its_authority"),
    _L.number == bindparam("its_number"),
)
_MY_TOTALS = (
    _W.partner == bindparam("its_partner"),
    _W.direction == bindparam("its_direction"),
    _W.kind == bindparam("its_kind"),
    _W.issuer == bindparam("its_issuer"),
    _W.chain_number == bindparam("its_chain"),
)
_MY_TOTAL = (
    *_MY_TOTALS,
    _W.item == bindparam("its_item"),
    _W.measure == bindparam("its_measure"),
    _W.unit == bindparam("its_unit"),
)

_USES = select(
    _U.authority,
    _U.number,
    _U.exchange_id,
    _U.content,
    _U.document_sha256,
    _U.kind,
    _U.issuer,
    _U.certificate_number,
    _U.chain_number,
    _U.withdrawal,
    _U.counts,
)

_TOTALS = Statement(select(_W.item, _W.measure, _W.unit, _W.number).where(*_MY_TOTALS), *_CHAIN)
_FIND = Statement(_USES.where(*_MY_USE), *_KEY)
_OF_CHAIN = Statement(
    _USES.where(
        _U.partner == bindparam("its_partner"),
        _U.direction == bindparam("its_direction"),
        _U.kind == bindparam("its_kind"),
        _U.issuer == bindparam("its_issuer"),
        _U.chain_number == bindparam("its_chain"),
    ).order_by(_U.authority, _U.number),
    *_CHAIN,
)
_USE_AMOUNTS = Statement(
    select(_L.item, _L.measure, _L.unit, _L.amount).where(*_MY_AMOUNTS).order_by(_L.item, _L.measure, _L.unit), *_KEY
)
_INSERT_TOTAL = insertion(WRITTEN_OFF)
_INSERT_USE = insertion(CERTIFICATE_USE)
_INSERT_AMOUNT = insertion(CERTIFICATE_USE_AMOUNT)
_SET_TOTAL = Statement(
    update(WRITTEN_OFF).values(number=bindparam("new")).where(*_MY_TOTAL, _W.number == bindparam("old")),
    "new", *_CHAIN, "its_item", "its_measure", "its_unit", "old",
)  # fmt: skip
_ASK_BACK = Statement(update(CERTIFICATE_USE).values(withdrawal=bindparam("asked")).where(*_MY_USE), "asked", *_KEY)
_TAKE_BACK = Statement(
    update(CERTIFICATE_USE).values(counts=bindparam("now")).where(*_MY_USE, _U.counts == bindparam("before")),
    "now", *_KEY, "before",
)  # fmt: skip
_CARRY = Statement(update(CERTIFICATE_USE).values(exchange_id=bindparam("other")).where(*_MY_USE), "other", *_KEY)
_DELETE_AMOUNTS = Statement(delete(CERTIFICATE_USE_AMOUNT).where(*_MY_AMOUNTS), *_KEY)
_DELETE_USE = Statement(delete(CERTIFICATE_USE).where(*_MY_USE), *_KEY)
