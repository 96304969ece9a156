"""A second engine agrees: what we sign verifies with xmlsec1 and openssl, and what we accept they accept too."""

import base64
import random
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from cryptography.hazmat.primitives import serialization
from lxml import etree

from node.crypto.algorithms import SignatureAlgorithm
from node.crypto.seal import make_seal, receipt_leaf
from node.crypto.verification import verify_issuer_signature, verify_seal
from node.crypto.xades import sign_detached
from node.errors import NodeError
from node.model.envelope import Purpose

COUNT = 300
DS = "{http://www.w3.org/2000/09/xmldsig#}"
PROPERTIES = "http://uri.etsi.org/01903/v1.3.2#:SignedProperties"
PAPER = '<Paper xmlns="urn:example:paper" xmlns:u="urn:u"><Number>1</Number>\n<Name>產地</Name></Paper>'.encode()
XMLSEC1, OPENSSL = shutil.which("xmlsec1"), shutil.which("openssl")

needs_xmlsec1 = pytest.mark.skipif(XMLSEC1 is None, reason="apt-get install xmlsec1")
needs_openssl = pytest.mark.skipif(OPENSSL is None, reason="apt-get install openssl")


def xmlsec1(lab: SimpleNamespace, folder: Path, *names: str) -> list[bool]:
    """The verdict of one xmlsec1 process on each file, at the time of the tests' certificates."""
    (folder / "root.pem").write_bytes(lab.xa.authority.certificate.public_bytes(serialization.Encoding.PEM))
    done = subprocess.run(
        [
            str(XMLSEC1), "--verify", "--trusted-pem", "root.pem", "--id-attr:Id", PROPERTIES,
            "--verification-time", f"{lab.NOW:%Y-%m-%d %H:%M:%S}", *names,
        ],
        cwd=folder, capture_output=True, text=True, env={"TZ": "UTC"}, check=False,
    )  # fmt: skip
    # It stops at the first failure, so callers that expect one hand in one file at a time.
    return [verdict == "OK" for verdict in re.findall(r"^(OK|FAIL)$", done.stdout + done.stderr, re.MULTILINE)]


@needs_xmlsec1
@pytest.mark.parametrize(
    "algorithm",
    [
        SignatureAlgorithm.ECDSA_P256_SHA256,
        SignatureAlgorithm.ECDSA_P384_SHA384,
        SignatureAlgorithm.RSA3072_PKCS1_SHA256,
    ],
)
def test_xmlsec1_agrees_with_our_signatures(
    lab: SimpleNamespace, tmp_path: Path, algorithm: SignatureAlgorithm
) -> None:
    key = lab.with_algorithm(algorithm).sign
    dice = random.Random(algorithm)
    for number in range(COUNT):
        content = dice.randbytes(dice.choice([0, 1, 100, 5000])) if number % 2 else PAPER + b"\n" * number
        (tmp_path / f"paper-{number}.xml").write_bytes(content)
        signature = sign_detached(content, f"paper-{number}.xml", "application/xml", key, lab.NOW)
        (tmp_path / f"signature-{number}.xml").write_bytes(signature)
    verdicts = xmlsec1(lab, tmp_path, *(f"signature-{number}.xml" for number in range(COUNT)))
    assert verdicts == [True] * COUNT


@needs_xmlsec1
def test_xmlsec1_notices_one_changed_byte(lab: SimpleNamespace, tmp_path: Path) -> None:
    (tmp_path / "signature.xml").write_bytes(sign_detached(PAPER, "paper.xml", "application/xml", lab.xa.sign, lab.NOW))
    (tmp_path / "paper.xml").write_bytes(PAPER)
    assert xmlsec1(lab, tmp_path, "signature.xml") == [True]
    (tmp_path / "paper.xml").write_bytes(PAPER + b" ")
    assert xmlsec1(lab, tmp_path, "signature.xml") == [False]


@needs_openssl
def test_openssl_agrees_with_our_pss_signatures(lab: SimpleNamespace, tmp_path: Path) -> None:
    # xmlsec1 1.2 does not know PSS; the value over the canonical SignedInfo is what any engine must agree on.
    key = lab.with_algorithm(SignatureAlgorithm.RSA3072_PSS_SHA256).sign
    public = key.certificate.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    (tmp_path / "public.pem").write_bytes(public)
    for number in range(COUNT):
        signature = etree.fromstring(
            sign_detached(PAPER + b" " * number, "document.xml", "application/xml", key, lab.NOW)
        )
        signed_info, value = (next(signature.iter(DS + name)) for name in ("SignedInfo", "SignatureValue"))
        (tmp_path / f"signed-info-{number}").write_bytes(etree.tostring(signed_info, method="c14n"))
        (tmp_path / f"value-{number}").write_bytes(base64.b64decode(value.text))
    script = (
        'i=0; while [ $i -lt "$1" ]; do "$2" dgst -sha256 -verify public.pem -sigopt rsa_padding_mode:pss '
        "-sigopt rsa_pss_saltlen:digest -signature value-$i signed-info-$i || exit 1; i=$((i+1)); done"
    )
    done = subprocess.run(
        ["sh", "-c", script, "sh", str(COUNT), str(OPENSSL)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.stdout.count("Verified OK") == COUNT


@needs_xmlsec1
@pytest.mark.parametrize("purpose", Purpose)
def test_xmlsec1_agrees_with_our_seals_under_their_own_names(
    lab: SimpleNamespace, tmp_path: Path, purpose: Purpose
) -> None:
    key = lab.xa.sign if purpose is Purpose.PAPERS else lab.xa.receipt
    seal, _ = make_seal([receipt_leaf(b"1")], purpose, lab.XA, lab.XB, key, lab.NOW, lab.xa.trust)
    (tmp_path / purpose.file_name).write_bytes(seal.manifest)
    (tmp_path / "signature.xml").write_bytes(seal.signature)
    assert xmlsec1(lab, tmp_path, "signature.xml") == [True]


@needs_xmlsec1
@pytest.mark.parametrize("xades", [False, True])
@pytest.mark.parametrize("c14n", ["C14N", "EXC_C14N"])
@pytest.mark.parametrize("data_c14n", [None, "C14N", "EXC_C14N"])
def test_xmlsec1_agrees_with_the_issuers_signatures_that_we_accept(
    lab: SimpleNamespace, tmp_path: Path, xades: bool, c14n: str, data_c14n: str | None
) -> None:
    transforms = (lab.ENVELOPED, *([getattr(lab, data_c14n)] if data_c14n else []))
    document = lab.enveloped(PAPER, lab.xa.sign, xades=xades, c14n=getattr(lab, c14n), transforms=transforms)
    assert verify_issuer_signature(document, issuers=(lab.xa.sign.certificate,), now=lab.NOW)
    (tmp_path / "paper.xml").write_bytes(document)
    assert xmlsec1(lab, tmp_path, "paper.xml") == [True]


@needs_xmlsec1
def test_whatever_mutation_we_accept_xmlsec1_accepts_too(lab: SimpleNamespace, tmp_path: Path) -> None:
    seal, _ = make_seal([receipt_leaf(b"1")], Purpose.PAPERS, lab.XA, lab.XB, lab.xa.sign, lab.NOW, lab.xa.trust)
    (tmp_path / "seal.xml").write_bytes(seal.manifest)
    dice = random.Random(7)
    accepted = []
    for _ in range(1500):
        varied = bytearray(seal.signature)
        at = dice.randrange(len(varied))
        varied[at : at + dice.choice([0, 1])] = dice.choice(
            [b" ", b"\n", b"\t", b"'", b"/", b"&#32;", bytes([dice.randrange(32, 127)])]
        )
        candidate = replace(seal, signature=bytes(varied))
        try:
            verify_seal(candidate, purpose=Purpose.PAPERS, recipient=lab.XB, trust=lab.xa.trust, now=lab.NOW)
        except NodeError:
            continue
        accepted.append(candidate)
    assert accepted, "white space between attributes changes nothing"
    names = [f"accepted-{number}.xml" for number in range(len(accepted))]
    for name, candidate in zip(names, accepted, strict=True):
        (tmp_path / name).write_bytes(candidate.signature)
    assert xmlsec1(lab, tmp_path, *names) == [True] * len(accepted)
