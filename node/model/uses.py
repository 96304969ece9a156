"""Certificates that are used: what a certificate certifies per item, what a declaration takes of it, what is left."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Context, Decimal, Inexact
from enum import StrEnum

from node.model.effect import Effect
from node.model.ids import Digest

_EXACT = Context(prec=60, traps=[Inexact])
"""Digits for sums of numbers of 32 characters, however many; what did not fit would raise and never be rounded."""

ZERO = Decimal(0)


class Measure(StrEnum):
    """By what an item is written off."""

    QUANTITY = "quantity"
    """A count, weight or volume in a unit of UN/ECE Recommendation 20."""
    VALUE = "value"
    """Money in a currency of ISO 4217."""


class UseAct(StrEnum):
    """What a use paper does."""

    USE = "use"
    """The certificate was used."""
    WITHDRAW = "withdraw"
    """That use is taken back as a whole."""


class Life(StrEnum):
    """Where a certificate stands in its chain."""

    IN_FORCE = "in_force"
    WITHDRAWN = "withdrawn"
    """Withdrawn, cancelled or revoked by its issuer."""
    REPLACED = "replaced"
    """A later paper stands in its place."""
    CLOSED = "closed"
    """It never reached the one who could use it: refused, expired or taken back on its way."""


@dataclass(frozen=True, slots=True)
class Amount:
    """So much of one item. `unit` is a unit or a currency, as `measure` says."""

    item: str
    measure: Measure
    unit: str
    number: Decimal


@dataclass(frozen=True, slots=True)
class Certified:
    """What a certificate's document says that can be used: per item, and until when."""

    amounts: tuple[Amount, ...]
    valid_until: date | None = None


@dataclass(frozen=True, slots=True)
class CertificateName:
    """A certificate, named by what it says of itself and by the SHA-256 of its exact bytes."""

    kind: str
    issuer: str
    number: str
    document_sha256: Digest


@dataclass(frozen=True, slots=True)
class CertificateUse(Effect):
    """One use, or its withdrawal. `lines` holds the amounts of each line of the paper; a withdrawal has none.

    `content` tells two papers under one number apart: a digest of all that the paper says.
    """

    authority: str
    number: str
    act: UseAct
    on: date
    certificate: CertificateName
    lines: tuple[tuple[Amount, ...], ...]
    content: Digest

    @property
    def amounts(self) -> tuple[Amount, ...]:
        """What it writes off, one amount for each item, measure and unit."""
        return summed([amount for line in self.lines for amount in line])


@dataclass(frozen=True, slots=True)
class ItemBalance:
    """One item of a certificate by one measure: certified, used, and what that leaves."""

    item: str
    measure: Measure
    unit: str
    certified: Decimal
    used: Decimal

    @property
    def left(self) -> Decimal:
        """What may still be used; never below zero."""
        return max(minus(self.certified, self.used), ZERO)


@dataclass(frozen=True, slots=True)
class Balance:
    """A certificate's account: which document, where it stands in its chain, and its items."""

    certificate: CertificateName
    life: Life
    valid_until: date | None
    items: tuple[ItemBalance, ...]


def plus(one: Decimal, other: Decimal) -> Decimal:
    """The exact sum."""
    return _EXACT.add(one, other)


def minus(one: Decimal, other: Decimal) -> Decimal:
    """The exact difference."""
    return _EXACT.subtract(one, other)


def summed(amounts: Sequence[Amount]) -> tuple[Amount, ...]:
    """Amounts of the same item, measure and unit as one, in the order of their first."""
    totals: dict[tuple[str, Measure, str], Decimal] = {}
    for one in amounts:
        key = (one.item, one.measure, one.unit)
        totals[key] = plus(totals.get(key, ZERO), one.number)
    return tuple(Amount(*key, number) for key, number in totals.items())


def plain(number: Decimal) -> str:
    """The number in digits, without exponent and without zeros that say nothing: `5.5`, `120`."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
