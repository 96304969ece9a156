"""Uses of certificates: judged against the ledger, and written off in the transaction that takes them.

Ours are written off when our hub hands them in, so that it cannot use twice what is still on its way; what the partner
refuses, or never gets, is given back. A use that is taken back is free again when the issuing side has taken that: it
would refuse what is used of it before. So what we count as used is never less than what the partner does.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from node.errors import (
    CertificateEnded,
    CertificateOverUsed,
    CertificateUnknown,
    NodeError,
    UseMismatch,
    UseNumberTaken,
    UseUnknown,
)
from node.flows.unfit import Unfit
from node.model.document import Finding
from node.model.effect import Effect
from node.model.exchange import Direction, Exchange, State
from node.model.ids import Digest, NodeCode
from node.model.receipt import FindingCode
from node.model.uses import ZERO, Amount, CertificateUse, Certified, Life, Measure, UseAct, minus, plus
from node.store import exchanges, papers, usable_certificates, uses
from node.store.database import Tx
from node.store.usable_certificates import Held
from node.store.uses import KnownUse, Totals

KIND = "certificate_use"

_WITHDRAWN = "withdrawn"
"""The version of a paper that takes a use back."""

_ENDED = frozenset({State.REFUSED, State.EXPIRED, State.CANCELLED})

_ENDS = {
    Life.WITHDRAWN: "its issuer withdrew it",
    Life.REPLACED: "another paper stands in its place",
}


class UseEffects:
    """The handler of CertificateUse."""

    def unfit(
        self, tx: Tx, partner: NodeCode, direction: Direction, effect: Effect, earlier: Sequence[Effect]
    ) -> Unfit | None:
        """Why the certificate cannot be used so, or the use not be taken back."""
        use = _as_use(effect)
        before = [one for one in earlier if isinstance(one, CertificateUse)]
        theirs = certificate_direction(direction)
        known = uses.find(tx, partner, theirs, use.authority, use.number)
        same = [one for one in before if (one.authority, one.number) == (use.authority, use.number)]
        if use.act is UseAct.WITHDRAW:
            return _cannot_be_taken_back(use, known, same)
        if known is not None or same:
            return _is_another(use, known, same)
        return _cannot_be_used(tx, partner, theirs, use, before)

    def apply(self, tx: Tx, exchange: Exchange, effect: Effect, now: datetime) -> None:
        """Write off, or take back."""
        use, theirs = _as_use(effect), certificate_direction(exchange.direction)
        known = uses.find(tx, exchange.partner, theirs, use.authority, use.number)
        if use.act is UseAct.USE:
            held = usable_certificates.certificate(tx, exchange.partner, theirs, use.certificate.document_sha256)
            if known is None and held is not None:
                uses.count(tx, exchange.partner, theirs, exchange.id, use, held.paper)
        elif known is not None:
            uses.ask_back(tx, exchange.partner, theirs, use.authority, use.number, use.content)
            if exchange.direction is Direction.IN:
                uses.take_back(tx, exchange.partner, theirs, known)


def settled(tx: Tx, exchange: Exchange, target: State) -> None:
    """A use of ours, or its withdrawal, has arrived or ended otherwise."""
    partner, theirs = exchange.partner, Direction.IN
    use = uses.find(tx, partner, theirs, exchange.issuer, exchange.number)
    if use is None:
        return
    if target is State.DELIVERED:
        if exchange.version == _WITHDRAWN:
            uses.take_back(tx, partner, theirs, use)
        return
    other = _another_under_way(tx, exchange)
    if exchange.version == _WITHDRAWN:
        if other is None:
            uses.ask_back(tx, partner, theirs, use.authority, use.number, None)
    elif use.exchange == exchange.id:
        if other is None:
            uses.forget(tx, partner, theirs, use)
        else:
            uses.carry(tx, partner, theirs, use, other.id)


def certificate_direction(direction: Direction) -> Direction:
    """Which way a certificate went whose use goes `direction`: the other one."""
    return Direction.IN if direction is Direction.OUT else Direction.OUT


def _as_use(effect: Effect) -> CertificateUse:
    if not isinstance(effect, CertificateUse):
        raise TypeError("not a use of a certificate")
    return effect


def _another_under_way(tx: Tx, exchange: Exchange) -> Exchange | None:
    """The same paper handed in again under another key, that has arrived or may; such a number has one content."""
    key = (exchange.issuer, exchange.number)
    same = papers.known(tx, exchange.partner, Direction.OUT, [key]).get(key, ())
    ids = [one.exchange for one in same if one.version == exchange.version and one.kind == exchange.kind]
    rows = exchanges.load(tx, [one for one in ids if one != exchange.id])
    return next((one for one in rows.values() if one.state not in _ENDED), None)


# --- judging --------------------------------------------------------------------------------------------------------


def _cannot_be_taken_back(use: CertificateUse, known: KnownUse | None, same: Sequence[CertificateUse]) -> Unfit | None:
    used = known.certificate if known is not None else next((one.certificate for one in same), None)
    if used is None:
        return _no("/number", "no use of this number is known", UseUnknown(number=use.number))
    if used != use.certificate:
        return _no("/certificate", "the use was of another certificate", UseUnknown(number=use.number))
    asked = [one.content for one in same if one.act is UseAct.WITHDRAW]
    if known is not None and known.withdrawal is not None:
        asked.append(known.withdrawal)
    return _unless_same(use, asked)


def _is_another(use: CertificateUse, known: KnownUse | None, same: Sequence[CertificateUse]) -> Unfit | None:
    if known is not None and not known.counts:
        return _no("/number", "the use of this number was taken back", UseNumberTaken(number=use.number))
    contents = [one.content for one in same if one.act is UseAct.USE]
    return _unless_same(use, contents if known is None else [*contents, known.content])


def _unless_same(use: CertificateUse, contents: Sequence[Digest]) -> Unfit | None:
    if all(content == use.content for content in contents):
        return None
    return _no("/number", "this number is known with other content", UseNumberTaken(number=use.number))


def _cannot_be_used(
    tx: Tx, partner: NodeCode, theirs: Direction, use: CertificateUse, before: Sequence[CertificateUse]
) -> Unfit | None:
    number = use.certificate.number
    held = usable_certificates.certificate(tx, partner, theirs, use.certificate.document_sha256)
    if held is None or held.life is Life.CLOSED:
        return _no("/certificate/sha256", "no such certificate crossed", CertificateUnknown(number=number))
    if held.name != use.certificate:
        return _no("/certificate", "the digest is another certificate's", CertificateUnknown(number=number))
    if held.life in _ENDS:
        return _no("/certificate", f"not in force: {_ENDS[held.life]}", CertificateEnded(number=number, life=held.life))
    if not held.reached:
        waits = _no("/certificate", "the certificate is still on its way", CertificateUnknown(number=number))
        return Unfit(waits.finding, waits.error, waits=True)
    says = usable_certificates.certified_by(tx, partner, theirs, held.paper)
    if says is None:
        rule = "nothing tells what the certificate certifies"
        return _no("/certificate", rule, UseMismatch(number=number, rule=rule))
    if says.valid_until is not None and use.on > says.valid_until:
        return _no("/date", "the certificate had expired", CertificateEnded(number=number, life="expired"))
    return next(_too_much(use, says, _used(tx, partner, theirs, held, before)), None)


def _used(tx: Tx, partner: NodeCode, theirs: Direction, held: Held, before: Sequence[CertificateUse]) -> Totals:
    """What was written off, with what the papers before it in the same call are going to."""
    totals = uses.written_off(tx, partner, theirs, held.paper)
    counted: dict[tuple[str, str], CertificateUse] = {}
    for one in before:
        key = (one.authority, one.number)
        known = uses.find(tx, partner, theirs, *key)
        if one.act is UseAct.USE and one.certificate == held.name and known is None and key not in counted:
            counted[key] = one
            _add(totals, one.amounts)
        elif one.act is UseAct.WITHDRAW and theirs is Direction.OUT and one.certificate == held.name:
            # On our own way out a use is free again only when the partner has taken its withdrawal.
            counts = known if known is not None and known.counts else None
            freed = uses.amounts_of(tx, partner, theirs, counts) if counts is not None else _amounts(counted.get(key))
            _add(totals, freed, negative=True)
    return totals


def _amounts(use: CertificateUse | None) -> tuple[Amount, ...]:
    return use.amounts if use is not None else ()


def _add(totals: Totals, amounts: Sequence[Amount], *, negative: bool = False) -> None:
    for one in amounts:
        key = (one.item, one.measure, one.unit)
        totals[key] = (minus if negative else plus)(totals.get(key, ZERO), one.number)


def _too_much(use: CertificateUse, says: Certified, used: Totals) -> Iterator[Unfit]:
    """Where the paper takes what the certificate does not say or what is not left, first things first."""
    certified = {(one.item, one.measure): one for one in says.amounts}
    items = {one.item for one in says.amounts}
    units: dict[tuple[str, Measure], set[str]] = {}
    for item, measure, unit in used:
        units.setdefault((item, measure), set()).add(unit)
    number = use.certificate.number
    for index, line in enumerate(use.lines, start=1):
        for one in line:
            path = f"/lines[{index}]/{one.measure}"
            whole = certified.get((one.item, one.measure))
            if one.item not in items:
                yield _mismatch(number, f"/lines[{index}]/item", "the certificate has no such item")
            elif whole is None:
                yield _mismatch(number, path, f"the certificate tells no {one.measure} of the item")
            elif whole.unit != one.unit:
                word = "unit" if one.measure is Measure.QUANTITY else "currency"
                yield _mismatch(number, f"{path}/{word}", f"the certificate has another {word}")
            elif units.get((one.item, one.measure), set()) - {one.unit}:
                # A replacement in another unit than what it replaces: nobody can say what is left.
                yield _mismatch(number, path, "it was used before in another unit")
            else:
                _add(used, [one])
                if used[one.item, one.measure, one.unit] > whole.number:
                    over = CertificateOverUsed(number=number, path=f"{path}/amount")
                    yield _no(f"{path}/amount", "more than is left of this item", over)


def _mismatch(number: str, path: str, rule: str) -> Unfit:
    return _no(path, rule, UseMismatch(number=number, rule=f"{path}: {rule}"))


def _no(path: str, rule: str, error: NodeError) -> Unfit:
    return Unfit(Finding(FindingCode.EFFECT, f"/CertificateUse{path}", rule), error)
