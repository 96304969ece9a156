"""VERIFY.txt, executed literally with nothing but sh, sha256sum, od, xmlsec1 and openssl, comes to the same verdict."""

import io
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from evidence_lab import NOW, PSS, XA, XB, XC, Lab, changed, flipped

from node.archive import container
from node.archive.check import verify
from node.archive.package import PAGE, build
from node.crypto.algorithms import SignatureAlgorithm
from node.crypto.claimed import pem_of
from node.crypto.keys import Role
from node.model.document import MediaType
from node.model.ids import Leaf, MessageId, sha256, uuid7
from node.model.receipt import Verdict

TOOLS = ("sh", "sha256sum", "od", "xmlsec1", "openssl")
FOUND = {name: shutil.which(name) for name in TOOLS}
pytestmark = pytest.mark.skipif(not all(FOUND.values()), reason="apt-get install xmlsec1 openssl")


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with these programs alone."""
    folder = tmp_path_factory.mktemp("bin")
    for name, path in FOUND.items():
        (folder / name).symlink_to(str(path))
    return folder


@pytest.fixture
def by_hand(lab: Lab, bare: Path, tmp_path: Path) -> Callable[..., tuple[bool, str]]:
    """Whether VERIFY.txt ends well in a folder into which the evidence was unpacked, and what it wrote."""

    def run(data: bytes, anchors: object = None, beside: Mapping[str, bytes] | None = None) -> tuple[bool, str]:
        folder = tmp_path / "evidence"
        shutil.rmtree(folder, ignore_errors=True)
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            file.extractall(folder)
        for name, content in (beside or {}).items():
            (folder / name).write_bytes(content)
        authorities = lab.anchors if anchors is None else anchors
        (folder / "anchors.pem").write_bytes(b"".join(pem_of(one) for one in authorities))
        done = subprocess.run(
            [str(bare / "sh"), PAGE], cwd=folder, env={"PATH": str(bare)}, capture_output=True, text=True, check=False
        )
        said = done.stdout.splitlines()[-1:] or [""]
        assert said[0].startswith("OK: ") is (done.returncode == 0), done.stdout
        assert "not found" not in done.stderr, done.stderr
        return done.returncode == 0, done.stdout + done.stderr

    return run


@pytest.mark.parametrize("algorithm", SignatureAlgorithm)
@pytest.mark.parametrize("signed", [True, False])
def test_good_evidence_is_ok_by_hand(
    lab: Lab, by_hand: Callable[..., tuple[bool, str]], algorithm: SignatureAlgorithm, signed: bool
) -> None:
    held, said = by_hand(build(lab.proof(algorithm=algorithm, signed=signed)))
    assert held, said


@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("algorithm", [SignatureAlgorithm.ECDSA_P256_SHA256, SignatureAlgorithm.RSA3072_PSS_SHA256])
def test_a_purged_document_is_ok_by_hand_and_checked_where_somebody_brings_it(
    lab: Lab, by_hand: Callable[..., tuple[bool, str]], tmp_path: Path, algorithm: SignatureAlgorithm, signed: bool
) -> None:
    proof = lab.proof(algorithm=algorithm, signed=signed)
    assert proof.document is not None
    gone = replace(proof, document=None, purged_sha256=proof.document_sha256)
    held, said = by_hand(build(gone))
    assert held, said
    assert not by_hand(build(replace(gone, purged_sha256=sha256(b"another"), document_signature=None)))[0]
    for content, good in ((proof.document, True), (proof.document + b" ", False)):
        held, said = by_hand(build(gone), beside={proof.media_type.file_name: content})
        assert held is good, said


@pytest.mark.parametrize("verdict", Verdict)
@pytest.mark.parametrize("media_type", MediaType)
def test_every_answer_is_read_by_hand(
    lab: Lab, by_hand: Callable[..., tuple[bool, str]], verdict: Verdict, media_type: MediaType
) -> None:
    held, said = by_hand(build(lab.proof(verdict=verdict, media_type=media_type)))
    assert held, said
    assert said.split("\n")[-2].startswith("SignedInfo") or f", {verdict.name}" in said


@pytest.mark.parametrize(
    ("index", "count"), [(0, 1), (0, 2), (1, 2), (2, 3), (4, 5), (6, 7), (5, 13), (12, 13), (63, 64)]
)
def test_every_place_is_climbed_from_by_hand(
    lab: Lab, by_hand: Callable[..., tuple[bool, str]], index: int, count: int
) -> None:
    held, said = by_hand(build(lab.proof(index=index, count=count, signed=False)))
    assert held, said


TAMPERED: dict[str, Callable[[Lab], bytes]] = {
    "the document": lambda lab: changed(build(lab.proof()), document__xml=flipped),
    "the document, without a signature of its own": lambda lab: changed(
        build(lab.proof(signed=False)), document__xml=flipped
    ),
    "the document of a PSS signer": lambda lab: changed(build(lab.proof(algorithm=PSS)), document__xml=flipped),
    "the header": lambda lab: changed(build(lab.proof()), header__bin=lambda old: old.replace(b"example", b"exampla")),
    "the metadata": lambda lab: changed(build(lab.proof()), metadata__bin=flipped),
    "the salt": lambda lab: changed(build(lab.proof()), salt__bin=flipped),
    "the manifest": lambda lab: changed(build(lab.proof()), seal__xml=lambda old: old.replace(b">3<", b">4<")),
    "the manifest of a PSS signer": lambda lab: changed(
        build(lab.proof(algorithm=PSS)), seal__xml=lambda old: old.replace(b">3<", b">4<")
    ),
    "the path": lambda lab: changed(build(lab.proof()), path__txt=lambda old: old.replace(b"1 3", b"0 3")),
    "the path's length": lambda lab: changed(build(lab.proof()), path__txt=lambda old: old + old[-65:]),
    "the receipt": lambda lab: changed(build(lab.proof()), receipt__bin=lambda old: flipped(old, -2)),
    "the receipt's manifest": lambda lab: changed(build(lab.proof()), receipt_seal__xml=lambda old: flipped(old, 200)),
    "the receipt's path": lambda lab: changed(
        build(lab.proof()), receipt_path__txt=lambda old: old.replace(b"0 2", b"1 2")
    ),
    "a signature": lambda lab: changed(
        build(lab.proof()),
        signatures_seal__xml=lambda old: old.replace(b"<ds:SignatureValue>", b"<ds:SignatureValue>AAAA"),
    ),
    "a PSS signature": lambda lab: changed(
        build(lab.proof(algorithm=PSS)),
        signatures_receipt__xml=lambda old: old.replace(b"<ds:SignatureValue>", b"<ds:SignatureValue>AAAA"),
    ),
    "a signature of something else": lambda lab: changed(
        build(lab.proof()),
        signatures_seal__xml=lambda _: container.read(build(lab.proof()))["META-INF/signatures-document.xml"],
    ),
    "the signing time": lambda lab: changed(
        build(lab.proof()), signatures_document__xml=lambda old: old.replace(b"T08:00:00Z", b"T08:00:01Z")
    ),
    "a sealer": lambda lab: build(lab.proof(sign=lab.key(XC, Role.SIGN))),
    "a sealer with the wrong key": lambda lab: build(lab.proof(sign=lab.key(XA, Role.RECEIPT))),
    "a receipt signer": lambda lab: build(lab.proof(receipt_key=lab.key(XA, Role.RECEIPT))),
    "an authority": lambda lab: build(lab.proof(receipt_key=lab.mint(XB, Role.RECEIPT, ca=XC))),
    "a validity": lambda lab: build(lab.proof(sign=lab.mint(XA, Role.SIGN, end=NOW - timedelta(seconds=1)))),
    "the paper of a receipt": lambda lab: build(lab.proof(leaf_of=Leaf(bytes(32)))),
    "the message of a receipt": lambda lab: build(
        lab.proof(receipt_of=MessageId(uuid7(NOW, lambda size: b"\1" * size)))
    ),
    "the recipient of a seal": lambda lab: build(lab.proof(to=XC)),
    "the recipient of a receipt": lambda lab: build(lab.proof(back_to=XC)),
}


@pytest.mark.parametrize("name", TAMPERED)
def test_tampered_evidence_fails_by_hand_as_it_fails_here(
    lab: Lab, by_hand: Callable[..., tuple[bool, str]], name: str
) -> None:
    data = TAMPERED[name](lab)
    authorities = (*lab.anchors, *(lab.anchor(XC) if name == "a sealer" else ()))
    assert not verify(data, authorities).ok
    held, said = by_hand(data, authorities)
    assert not held, said


def test_evidence_that_does_not_match_its_sums_fails_by_hand(
    lab: Lab, by_hand: Callable[..., tuple[bool, str]]
) -> None:
    entries = dict(container.read(build(lab.proof())))
    entries["mimetype"] += b" "
    held, said = by_hand(container.write(entries.items()))
    assert not held
    assert "FAILED DIGEST: SHA256SUMS" in said


def test_without_the_right_authorities_it_fails_by_hand(lab: Lab, by_hand: Callable[..., tuple[bool, str]]) -> None:
    for anchors in ((), lab.anchor(XA), lab.anchor(XB), (*lab.anchor(XA), *lab.anchor(XC))):
        held, said = by_hand(build(lab.proof()), anchors)
        assert not held, said
        assert "FAILED UNTRUSTED" in said


def test_a_path_file_cannot_run_commands(lab: Lab, by_hand: Callable[..., tuple[bool, str]], tmp_path: Path) -> None:
    trap = b"x[$(sha256sum<path.txt>pwned)] 3"
    held, _ = by_hand(changed(build(lab.proof()), path__txt=lambda old: old.replace(b"1 3", trap)))
    assert not held
    assert not (tmp_path / "evidence" / "pwned").exists()
