"""Trials of the fast path: honest signatures that everybody must accept, and forgeries on which nobody may differ."""

import random
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from cast import NOW, Case, Cast, content, purpose
from forgeries import FORGERIES, Honest
from judges import judged, xmlsec1_accepts

from node.crypto.algorithms import SignatureAlgorithm
from node.crypto.xades import sign_detached

XMLSEC1_BATCH = 200

Told = Callable[[int], None]


@dataclass
class Tally:
    """What came out: counts by word, broken promises with what is needed to see them again, forgeries let through."""

    counts: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)
    let_through: list[Case] = field(default_factory=list)


def honest(dice: random.Random, cast: Cast, number: int) -> Honest:
    """A signature as nodes make them; the algorithms take turns."""
    algorithm = list(SignatureAlgorithm)[number % len(SignatureAlgorithm)]
    octets, media_type = content(dice)
    name, role = purpose(dice, media_type)
    key = cast.keys[role, algorithm]
    signature = sign_detached(octets, name, media_type, key, NOW)
    return Honest(Case(octets, name, media_type, signature, role, cast.trust, NOW), key)


def try_honest(seed: int, cast: Cast, count: int, told: Told = lambda done: None) -> Tally:
    """`count` honest signatures: the fast path, the general form and signxml accept all of them, in the same words."""
    tally = Tally()
    for number in range(count):
        one = honest(random.Random(f"{seed}/honest/{number}"), cast, number)
        verdicts = judged(one.case)
        refused = not (verdicts.own.accepted and verdicts.general.accepted and verdicts.signxml)
        if refused or verdicts.disagreement:
            tally.broken.append(f"honest {seed}/{number}: {verdicts}")
        tally.counts[f"{one.key.algorithm}"] += 1
        told(number + 1)
    return tally


def try_forgeries(seed: int, cast: Cast, count: int, told: Told = lambda done: None) -> Tally:
    """`count` forgeries of every kind by turns: whatever the fast path says, the others say too."""
    tally = Tally()
    names = list(FORGERIES)
    for number in range(count):
        name = names[number % len(names)]
        dice = random.Random(f"{seed}/{name}/{number}")
        one = honest(dice, cast, dice.randrange(len(SignatureAlgorithm)))
        forged = FORGERIES[name](dice, cast, one)
        verdicts = judged(forged)
        if verdicts.disagreement:
            tally.broken.append(f"{name} {seed}/{number}: {verdicts.disagreement}: {verdicts}")
        tally.counts["forgeries"] += 1
        tally.counts[f"kind: {name}"] += 1
        tally.counts["accepted by the node"] += verdicts.node.accepted
        tally.counts["accepted by the fast path"] += verdicts.own.accepted
        tally.counts[f"accepted by the fast path: {name}"] += verdicts.own.accepted
        if verdicts.own.accepted:
            tally.counts["accepted by the fast path, the honest bytes"] += forged.signature == one.case.signature
            tally.let_through.append(forged)
        tally.counts["accepted by signxml alone"] += verdicts.signxml
        tally.counts["left to the general form"] += verdicts.own.words == "nothing"
        told(number + 1)
    return tally


def try_xmlsec1(seed: int, cast: Cast, count: int, told: Told = lambda done: None) -> Tally:
    """`count` honest signatures, and of the forgeries those that the fast path accepts: xmlsec1 accepts all of them.

    xmlsec1 1.2 does not know RSA-PSS, so that is left to openssl and signxml.
    """
    tally = Tally()
    for batch in _batches(seed, cast, count):
        with tempfile.TemporaryDirectory() as folder:
            if not xmlsec1_accepts(cast, Path(folder), batch):
                tally.broken.append(
                    f"xmlsec1 {seed}: a batch that ends with number {tally.counts['xmlsec1'] + len(batch)}"
                )
        tally.counts["xmlsec1"] += len(batch)
        told(tally.counts["xmlsec1"])
    return tally


def try_let_through(cast: Cast, cases: Sequence[Case], told: Told = lambda done: None) -> Tally:
    """Forgeries that the fast path accepts, because nothing is wrong with them after all: xmlsec1 accepts them, too.

    Asked at the moment of signing and under the usual anchor: what a judge is told otherwise is not xmlsec1's matter.
    """
    tally = Tally()
    for number, case in enumerate(cases):
        if f'"{SignatureAlgorithm.RSA3072_PSS_SHA256.uri}"'.encode() in case.signature:
            continue
        with tempfile.TemporaryDirectory() as folder:
            if not xmlsec1_accepts(cast, Path(folder), [replace(case, now=NOW)]):
                tally.broken.append(f"xmlsec1 refuses what the fast path accepts: {case.signature!r}")
        tally.counts["forgeries accepted by the fast path, by xmlsec1"] += 1
        told(number + 1)
    return tally


def _batches(seed: int, cast: Cast, count: int) -> Iterator[list[Case]]:
    batch: list[Case] = []
    algorithms = [one for one in SignatureAlgorithm if one is not SignatureAlgorithm.RSA3072_PSS_SHA256]
    for number in range(count):
        dice = random.Random(f"{seed}/xmlsec1/{number}")
        octets, media_type = content(dice)
        _, role = purpose(dice, media_type)
        key = cast.keys[role, algorithms[number % len(algorithms)]]
        name = f"paper-{number}.{media_type.file_name.rpartition('.')[2]}"
        case = Case(octets, name, media_type, sign_detached(octets, name, media_type, key, NOW), role, cast.trust, NOW)
        batch.append(replace(case, now=NOW))
        if len(batch) == XMLSEC1_BATCH or number == count - 1:
            yield batch
            batch = []
