"""The vectors as a second implementation would read them: files of protocol/, and trust built from its certificates."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from cryptography import x509

from node.crypto.algorithms import ALL_SIGNATURE_ALGORITHMS, SignatureAlgorithm, Suite
from node.crypto.trust import PartnerTrust
from node.model.ids import NodeCode

FOLDER = Path(__file__).parent / "protocol"


@pytest.fixture(scope="session")
def octets() -> Callable[[str], bytes]:
    """A file of protocol/."""
    return lambda name: (FOLDER / name).read_bytes()


@pytest.fixture(scope="session")
def listed(octets: Callable[[str], bytes]) -> Callable[[str], dict]:
    """A JSON file of protocol/."""
    return lambda name: json.loads(octets(name))


@pytest.fixture(scope="session")
def trust() -> Callable[..., PartnerTrust]:
    """What a partner has enrolled of XA or XB, from the certificates alone."""

    def enrolled(code: str, extra: Sequence[str] = (), algorithms: Sequence[str] | None = None) -> PartnerTrust:
        found = {path.stem: path.read_bytes() for path in (FOLDER / "certificates").glob(f"{code.lower()}-*.pem")}
        certificates = {name: x509.load_pem_x509_certificate(pem) for name, pem in found.items()}
        sign = [one for name, one in certificates.items() if "-sign" in name]
        sign += [x509.load_pem_x509_certificate((FOLDER / path).read_bytes()) for path in extra]
        chosen = ALL_SIGNATURE_ALGORITHMS if algorithms is None else frozenset(map(SignatureAlgorithm, algorithms))
        return PartnerTrust(
            partner=NodeCode(code),
            sign=tuple(sign),
            receipt=(certificates[f"{code.lower()}-receipt"],),
            anchors=(certificates[f"{code.lower()}-ca"],),
            algorithms=chosen,
            suites=(Suite.HYBRID, Suite.X25519),
        )

    return enrolled
