"""Certificates that cross and uses of them, for tests: made in code, so that they name what really crossed."""

import json
from decimal import Decimal

from node.documents import reader, samples
from node.model.exchange import Direction
from node.model.ids import sha256
from node.model.uses import Balance, ItemBalance
from node.store import uses

TEA = samples.sample("certificate_of_origin", "tea")
"""480 KGM, 21600 USD, without end of validity."""


def use_of(certificate: bytes, number: str, /, **parts: object) -> bytes:
    """A use of so much of item 1, unless `parts` say otherwise."""
    known = reader.recognise(certificate)
    identity = known.reading.identity
    value: dict[str, object] = {
        "schema": "urn:n2n:v1:certificate-use",
        "number": number,
        "act": "use",
        "date": "2026-11-20",
        "authority": {"id": "XB-CUSTOMS", "name": "Customs of Borelia", "country": "XB"},
        "certificate": {
            "kind": known.kind,
            "issuer": identity.issuer,
            "number": identity.number,
            "sha256": sha256(certificate).hex(),
        },
        "declarations": [{"number": "26XBHVN00041177R3", "country": "XB"}],
        "lines": [line("1", "120")],
    }
    value |= parts
    return json.dumps({name: part for name, part in value.items() if part is not None}).encode()


def taken_back(certificate: bytes, number: str, reason: str = "Declaration cancelled.") -> bytes:
    """The paper that takes the use `number` back."""
    return use_of(certificate, number, act="withdraw", reason=reason, lines=None, declarations=None)


def line(item: str, amount: str, unit: str = "KGM", **more: object) -> dict[str, object]:
    """A line that takes a quantity."""
    return {"item": item, "quantity": {"amount": amount, "unit": unit}, **more}


def account(country, partner: str, direction: Direction, certificate: bytes) -> Balance:
    """What the country's ledger says of a certificate."""
    known = reader.recognise(certificate)
    identity = known.reading.identity
    found = country.wired.node.store.read(
        lambda tx: uses.balance(tx, partner, direction, known.kind, identity.issuer, identity.number)
    )
    assert found is not None
    return found


def quantity(balance: Balance, item: str = "1", measure: str = "quantity") -> ItemBalance:
    """One item's account by one measure."""
    (found,) = [one for one in balance.items if (one.item, one.measure.value) == (item, measure)]
    return found


def left(country, partner: str, direction: Direction, certificate: bytes, measure: str = "quantity") -> Decimal:
    """What is left of item 1."""
    return quantity(account(country, partner, direction, certificate), measure=measure).left
