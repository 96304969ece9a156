"""Writing a use of a certificate that lies here: the same inputs give the same bytes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from node.documents.certificate_use import SCHEMA, write
from node.model.ids import sha256
from node.model.uses import Amount, CertificateName, Measure, UseAct, plain
from node.safe_json import Json

NUMBER_DIGITS = 16
"""Hexadecimal digits of a number that nobody gave: two uses of one certificate do not meet in them by chance."""


@dataclass(frozen=True, slots=True)
class Authority:
    """Who writes a certificate off."""

    id: str
    name: str
    country: str


@dataclass(frozen=True, slots=True)
class Taken:
    """One line: amounts of one item, and the goods item of the declaration that took them."""

    item: str
    amounts: tuple[Amount, ...]
    goods_item: int | None = None


def use(
    authority: Authority,
    certificate: CertificateName,
    on: date,
    declarations: Sequence[str],
    lines: Sequence[Taken],
    *,
    number: str = "",
    ucr: Sequence[str] = (),
) -> bytes:
    """The paper. Without a `number` it has one that follows from the certificate, the declarations and the lines.

    So the same use is the same number, also on another day; then it is refused as known with other content, and nothing
    is written off twice.
    """
    taken: list[Json] = [_line(one) for one in lines]
    content: dict[str, Json] = {
        "declarations": [{"number": each, "country": authority.country} for each in declarations],
        "lines": taken,
    }
    derived = sha256(write({**_certificate(certificate), **content})).hex()[:NUMBER_DIGITS].upper()
    head = _head(authority, certificate, on, UseAct.USE, number or f"{authority.id}-U-{derived}")
    if ucr:
        head["ucr"] = list(ucr)
    return write(head | content)


def withdrawal(authority: Authority, certificate: CertificateName, on: date, number: str, reason: str) -> bytes:
    """The paper that takes the use of that number back."""
    return write(_head(authority, certificate, on, UseAct.WITHDRAW, number) | {"reason": reason})


def _head(authority: Authority, certificate: CertificateName, on: date, act: UseAct, number: str) -> dict[str, Json]:
    return {
        "schema": SCHEMA,
        "number": number,
        "act": act.value,
        "date": on.isoformat(),
        "authority": {"id": authority.id, "name": authority.name, "country": authority.country},
        **_certificate(certificate),
    }


def _certificate(name: CertificateName) -> dict[str, Json]:
    return {
        "certificate": {
            "kind": name.kind,
            "issuer": name.issuer,
            "number": name.number,
            "sha256": name.document_sha256.hex(),
        }
    }


def _line(one: Taken) -> Json:
    line: dict[str, Json] = {"item": one.item}
    for amount in one.amounts:
        unit = "unit" if amount.measure is Measure.QUANTITY else "currency"
        line[amount.measure.value] = {"amount": plain(amount.number), unit: amount.unit}
    if one.goods_item is not None:
        line["goodsItem"] = one.goods_item
    return line


def amount_of(text: str) -> Decimal | None:
    """The decimal that a person typed; None when it is none that a use can hold."""
    try:
        number = Decimal(text)
    except ArithmeticError:
        return None
    return number if number.is_finite() and number > 0 else None
