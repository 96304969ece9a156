"""Judges of one signature: our own form, the general form, signxml alone, and xmlsec1; and where they must agree."""

import base64
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cast import Case, Cast
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from node.crypto import verification
from node.crypto.algorithms import SignatureAlgorithm
from node.crypto.engine import verify_detached
from node.errors import NodeError

XMLSEC1 = shutil.which("xmlsec1")
_PROPERTIES = "http://uri.etsi.org/01903/v1.3.2#:SignedProperties"


@dataclass(frozen=True)
class Said:
    """What a judge says: who signed when, a refusal with its code and words, or nothing (left to the next judge)."""

    accepted: bool
    words: str


NOTHING = Said(False, "nothing")


@dataclass(frozen=True)
class Verdicts:
    """What everybody says about one case."""

    own: Said
    general: Said
    node: Said
    signxml: bool

    @property
    def disagreement(self) -> str:
        """Which promise is broken; empty when all hold."""
        if self.own.accepted and not self.signxml:
            return "the fast path accepts what signxml refuses"
        if self.own is not NOTHING and self.own != self.general:
            return "the fast path and the general form say different things"
        if self.node != self.general:
            return "the node says something else than the general form"
        return ""


def judged(case: Case) -> Verdicts:
    """Everybody's verdict. signxml, which trusts what it is given, is given the enrolled certificate that is named."""
    given = (case.content, case.name, case.media_type, case.signature, case.role, case.trust, case.now)
    own = _said(lambda: verification._verify_own_form(*given))
    general = _said(lambda: verification._verify_general_form(*given))
    node = _said(lambda: verification._verify_detached(*given))
    return Verdicts(own, general, node, _signxml(case))


def _said(act: Callable[[], object]) -> Said:
    try:
        signer = act()
    except NodeError as error:
        return Said(False, f"{error.code} {error}")
    return NOTHING if signer is None else Said(True, str(signer))


def _signxml(case: Case) -> bool:
    algorithm = next((one for one in SignatureAlgorithm if f'"{one.uri}"'.encode() in case.signature), None)
    signer = _named_in(case)
    if algorithm is None or signer is None:
        return False
    try:
        verify_detached(case.signature, {case.name: case.content}, signer, algorithm, 3, case.now)
    except NodeError:
        return False
    return True


def _named_in(case: Case) -> x509.Certificate | None:
    text = re.search(rb"X509Certificate>([^<]*)<", case.signature)
    try:
        named = b"" if text is None else base64.b64decode(text[1])
    except ValueError:
        return None
    der = serialization.Encoding.DER
    return next((one for one in case.trust.certificates_for(case.role) if one.public_bytes(der) == named), None)


def xmlsec1_accepts(cast: Cast, folder: Path, cases: Sequence[Case]) -> bool:
    """Whether one xmlsec1 process accepts every one of the cases; each needs a file name of its own."""
    (folder / "ca.pem").write_bytes(cast.ca.public_bytes(serialization.Encoding.PEM))
    for number, case in enumerate(cases):
        (folder / case.name).write_bytes(case.content)
        (folder / f"signature-{number}.sig").write_bytes(case.signature)
    done = subprocess.run(
        [
            str(XMLSEC1), "--verify", "--trusted-pem", "ca.pem", "--id-attr:Id", _PROPERTIES,
            "--verification-time", f"{cases[0].now:%Y-%m-%d %H:%M:%S}",
            *(f"signature-{number}.sig" for number in range(len(cases))),
        ],
        cwd=folder, capture_output=True, text=True, env={"TZ": "UTC"}, check=False,
    )  # fmt: skip
    verdicts = re.findall(r"^(OK|FAIL)$", done.stdout + done.stderr, re.MULTILINE)
    return verdicts == ["OK"] * len(cases)
