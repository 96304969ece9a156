"""Who signs in the oracle's trials: a node with keys of every algorithm, and wrong certificates it could have."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509

from node.crypto.algorithms import ALL_SIGNATURE_ALGORITHMS, SignatureAlgorithm, Suite
from node.crypto.keys import Role, SigningKey
from node.crypto.trust import PartnerTrust, load_certificates
from node.model.document import MediaType
from node.model.envelope import Purpose
from node.model.ids import NodeCode
from node.sandbox import dev_pki

NOW = datetime(2026, 11, 22, 14, 35, 6, 123000, tzinfo=UTC)
XA, XB = NodeCode("XA"), NodeCode("XB")
DAY = timedelta(days=1)

SIZES = (0, 1, 40, 300, 4_096, 4_096, 30_720)
RARE_SIZES = (1_000_000,)


@dataclass(frozen=True)
class Case:
    """One signature to be judged, with everything a judge is told."""

    content: bytes
    name: str
    media_type: MediaType
    signature: bytes
    role: Role
    trust: PartnerTrust
    now: datetime


@dataclass(frozen=True)
class Cast:
    """The signers. `strangers` are keys of XA whose certificates are not enrolled or not what they should be."""

    keys: Mapping[tuple[Role, SignatureAlgorithm], SigningKey]
    strangers: Mapping[str, SigningKey]
    twins: Mapping[SignatureAlgorithm, SigningKey]
    ca: x509.Certificate
    trust: PartnerTrust


def draw(folder: Path) -> Cast:
    """Fresh keys and certificates below `folder`; two RSA keys are all the slow ones."""
    pki = dev_pki.draw(folder / "pki", [XA, XB], NOW - DAY)
    rsa = {
        role: dev_pki.mint(pki, XA, role, NOW, algorithm=SignatureAlgorithm.RSA3072_PSS_SHA256).private_key
        for role in (Role.SIGN, Role.RECEIPT)
    }
    keys: dict[tuple[Role, SignatureAlgorithm], SigningKey] = {}
    for algorithm in SignatureAlgorithm:
        for role in (Role.SIGN, Role.RECEIPT):
            given = {"private_key": rsa[role]} if algorithm.name.startswith("RSA") else {}
            keys[role, algorithm] = _key(pki, role, algorithm, **given)
    usual = keys[Role.SIGN, SignatureAlgorithm.ECDSA_P256_SHA256]
    strangers = {
        "not enrolled": _key(pki, Role.SIGN),
        "of another country": replace(_key(pki, Role.SIGN, ca=XB)),
        "ended": _key(pki, Role.SIGN, begin=NOW - 9 * DAY, end=NOW - DAY),
        "not yet valid": _key(pki, Role.SIGN, begin=NOW + DAY, end=NOW + 9 * DAY),
        "of another role": _key(pki, Role.SIGN, uri="urn:n2n:v1:XA:receipt"),
        "of another node": _key(pki, Role.SIGN, uri="urn:n2n:v1:XB:sign"),
    }
    # The same key in a second certificate: only the bytes of the certificate tell the two apart.
    twins = {
        algorithm: _key(pki, Role.SIGN, algorithm, private_key=keys[Role.SIGN, algorithm].private_key)
        for algorithm in SignatureAlgorithm
    }
    enrolled = {role: tuple(key.certificate for (of, _), key in keys.items() if of is role) for role in Role}
    wrong = tuple(key.certificate for name, key in strangers.items() if name != "not enrolled")
    anchors = load_certificates(pki.ca(XA))
    trust = PartnerTrust(
        partner=XA,
        sign=(*enrolled[Role.SIGN], *wrong),
        receipt=enrolled[Role.RECEIPT],
        anchors=anchors,
        algorithms=ALL_SIGNATURE_ALGORITHMS,
        suites=(Suite.HYBRID,),
    )
    assert usual.certificate in trust.sign
    return Cast(keys, strangers, twins, anchors[0], trust)


def _key(
    pki: dev_pki.DevPki,
    role: Role,
    algorithm: SignatureAlgorithm = SignatureAlgorithm.ECDSA_P256_SHA256,
    **wrong: object,
) -> SigningKey:
    made = dev_pki.mint(pki, XA, role, wrong.pop("now", NOW), algorithm=algorithm, **wrong)
    return SigningKey(XA, role, made.private_key, made.certificate, algorithm)


def content(dice: random.Random) -> tuple[bytes, MediaType]:
    """A paper as nodes exchange them, of any size, in either language and both media types."""
    size = dice.choice(RARE_SIZES if dice.random() < 0.005 else SIZES)
    filling = dice.randbytes(size // 2).hex() if dice.random() < 0.7 else "產地證明書—" * (size // 18)
    if dice.random() < 0.3:
        return f'{{"paper": "{filling}"}}'.encode(), MediaType.JSON
    declaration = dice.choice(
        [
            "",
            '<?xml version="1.0" encoding="UTF-8"?>\n',
            '<?xml version="1.0"?>',
            '<?xml version="1.0" encoding="utf-8"?>',
        ]
    )
    return f'{declaration}<Paper xmlns="urn:example:{dice.random()}">{filling}</Paper>'.encode(), MediaType.XML


def purpose(dice: random.Random, media_type: MediaType) -> tuple[str, Role]:
    """What a signature can be for: the name its Reference gives the file, and the role of its key."""
    name = dice.choice([media_type.file_name, *(each.file_name for each in Purpose)])
    return name, Role.RECEIPT if name in ("receipt-seal.xml", "lookup-seal.xml") else Role.SIGN
