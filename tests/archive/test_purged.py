"""Evidence of a document that was purged: everything holds by its digest, and nothing else passes for it."""

from dataclasses import replace

import pytest
from evidence_lab import Lab

from node.archive.check import verify
from node.archive.container import read, write
from node.archive.package import DIGEST, Proof, build, proof_of, sums_of
from node.archive.report import EvidenceVerdict, Report
from node.crypto.algorithms import SignatureAlgorithm
from node.crypto.claimed_by_digest import names_by_sha256
from node.model.document import MediaType
from node.model.ids import sha256


def purged(proof: Proof) -> Proof:
    assert proof.document is not None
    return replace(proof, document=None, purged_sha256=sha256(proof.document))


def told(lab: Lab, proof: Proof) -> Report:
    return verify(build(proof), lab.anchors)


@pytest.mark.parametrize("algorithm", SignatureAlgorithm)
@pytest.mark.parametrize("media_type", MediaType)
def test_all_but_the_bytes_is_verified(lab: Lab, algorithm: SignatureAlgorithm, media_type: MediaType) -> None:
    proof = lab.proof(algorithm=algorithm, media_type=media_type)
    assert proof.document_signature is not None
    if not names_by_sha256(media_type.file_name, media_type, proof.document_signature):
        proof = replace(proof, document_signature=None)
    report = told(lab, purged(proof))
    assert report.ok, report
    assert report.told is not None
    assert report.told.document_sha256 == proof.document_sha256
    assert not report.told.document_present
    assert proof_of(read(build(purged(proof)))).document is None


@pytest.mark.parametrize("signed", [True, False])
def test_another_digest_is_not_covered_by_the_seal(lab: Lab, signed: bool) -> None:
    other = replace(purged(lab.proof(signed=signed)), purged_sha256=sha256(b"another document"))
    assert told(lab, other).verdict is EvidenceVerdict.COVERAGE


SPOILED = {
    "its value": lambda text: text.replace(b"<ds:SignatureValue>", b"<ds:SignatureValue>AAAA", 1),
    "its time": lambda text: text.replace(b"T08:00:00Z</xades:SigningTime>", b"T08:00:01Z</xades:SigningTime>"),
    "the digest it names": lambda text: text.replace(b"<ds:DigestValue>", b"<ds:DigestValue>AAAA", 1),
}


@pytest.mark.parametrize("part", SPOILED)
def test_a_spoiled_signature_over_it_is_found(lab: Lab, part: str) -> None:
    proof = purged(lab.proof())
    assert proof.document_signature is not None
    spoiled = SPOILED[part](proof.document_signature)
    assert spoiled != proof.document_signature
    assert told(lab, replace(proof, document_signature=spoiled)).verdict is EvidenceVerdict.DIGEST


@pytest.mark.parametrize("line", [b"", b"00  document.xml\n", b"%064d  other.xml\n" % 0, b"%064d *document.xml\n" % 0])
def test_the_line_of_the_digest_has_one_form(lab: Lab, line: bytes) -> None:
    entries = dict(read(build(purged(lab.proof()))))
    entries[DIGEST] = line
    entries["SHA256SUMS"] = sums_of([one for one in entries.items() if one[0] != "SHA256SUMS"])
    assert verify(write(entries.items()), lab.anchors).verdict is EvidenceVerdict.MALFORMED
