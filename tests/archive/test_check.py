"""Every verdict has its defect, nothing but a good file under the right authorities is OK, and nothing can crash it."""

import ast
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from evidence_lab import NOW, XA, XB, XC, Entries, Lab, changed, flipped, repacked

from node import archive
from node.archive import container
from node.archive.check import Pin, verdict_of, verify
from node.archive.package import PAGE, SUMS, build, proof_of
from node.archive.report import EvidenceVerdict, StepName
from node.crypto.algorithms import SignatureAlgorithm
from node.crypto.claimed import verify_claimed
from node.crypto.keys import Role, SigningKey
from node.crypto.trust import fingerprint
from node.crypto.xades import sign_detached
from node.errors import Category, NodeError, catalogue
from node.model.document import MediaType
from node.model.envelope import Purpose, Seal
from node.model.ids import Leaf, MessageId, uuid7
from node.model.receipt import Verdict

V, S = EvidenceVerdict, StepName
FLIPS = 400
LATER = timedelta(minutes=6)


def outcome(data: bytes, lab: Lab, **beliefs: object) -> tuple[EvidenceVerdict, StepName | None]:
    """Verdict, and the step that decided it."""
    report = verify(data, lab.anchors, **beliefs)
    failed = [step for step in report.steps if step.verdict not in (V.OK, None)]
    assert [step.number for step in report.steps] == list(range(1, len(StepName) + 1))
    assert [step.name for step in report.steps] == list(StepName)
    assert report.ok is (report.verdict is V.OK)
    assert len(failed) == (not report.ok)
    return report.verdict, failed[0].name if failed else None


# --- what is good -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", SignatureAlgorithm)
@pytest.mark.parametrize("media_type", MediaType)
def test_good_evidence_is_ok(lab: Lab, algorithm: SignatureAlgorithm, media_type: MediaType) -> None:
    assert outcome(build(lab.proof(algorithm=algorithm, media_type=media_type)), lab) == (V.OK, None)


@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("verdict", Verdict)
def test_every_answer_at_both_assurances_is_evidence(lab: Lab, signed: bool, verdict: Verdict) -> None:
    report = verify(build(lab.proof(signed=signed, verdict=verdict)), lab.anchors, now=NOW)
    assert report.ok
    assert report.told is not None
    assert report.told.receipt.verdict is verdict
    assert report.told.document_signed is signed
    assert len(report.signers) == 2 + signed


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8, 13, 64])
def test_a_paper_stands_anywhere_in_its_batch(lab: Lab, count: int) -> None:
    for index in {0, count // 2, count - 1}:
        assert outcome(build(lab.proof(index=index, count=count)), lab) == (V.OK, None)


def test_the_report_names_who_signed_and_who_vouches(lab: Lab) -> None:
    report = verify(build(lab.proof()), lab.anchors)
    (xa,), (xb,) = lab.anchor(XA), lab.anchor(XB)
    assert [(one.part, one.party, one.role, one.anchor) for one in report.signers] == [
        ("seal.xml", XA, Role.SIGN, fingerprint(xa)),
        ("document.xml", XA, Role.SIGN, fingerprint(xa)),
        ("receipt-seal.xml", XB, Role.RECEIPT, fingerprint(xb)),
    ]


def test_the_same_proof_gives_the_same_bytes(lab: Lab) -> None:
    proof = lab.proof()
    data = build(proof)
    assert build(proof) == data
    assert build(proof_of(container.read(data))) == data


def test_any_zip_reader_finds_the_entries_stored_in_their_order(lab: Lab) -> None:
    data = build(lab.proof())
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        assert file.testzip() is None
        told = [(info.filename, info.compress_type, info.extra, info.date_time[0]) for info in file.infolist()]
        assert {name: file.read(name) for name in file.namelist()} == container.read(data)
    assert {(method, extra, year) for _, method, extra, year in told} == {(zipfile.ZIP_STORED, b"", 1980)}
    names = [name for name, *_ in told]
    assert names[:10] == [
        "mimetype", "document.xml", "header.bin", "metadata.bin", "salt.bin", "seal.xml", "path.txt", "receipt.bin",
        "receipt-seal.xml", "receipt-path.txt",
    ]  # fmt: skip
    signatures = [f"META-INF/signatures-{each}.xml" for each in ("document", "seal", "receipt")]
    assert names[10:13] == signatures
    assert all(name.startswith("certificates/") for name in names[13:-2])
    assert names[-2:] == ["VERIFY.txt", "SHA256SUMS"]
    assert data[30:69] == b"mimetypeapplication/vnd.etsi.asic-e+zip"


# --- authorities and pins ---------------------------------------------------------------------------------------------


def test_without_the_right_authorities_the_best_is_untrusted(lab: Lab) -> None:
    data = build(lab.proof())
    for anchors in ((), lab.anchor(XA), lab.anchor(XB), lab.anchor(XC), (*lab.anchor(XA), *lab.anchor(XC))):
        report = verify(data, anchors)
        assert report.verdict is V.UNTRUSTED
        assert report.steps[-1].verdict is V.UNTRUSTED
        assert {step.verdict for step in report.steps[:-1]} == {V.OK}


def test_an_authority_may_vouch_for_one_node_alone(lab: Lab) -> None:
    data = build(lab.proof())
    own = {XA: lab.anchor(XA), XB: lab.anchor(XB)}
    assert verify(data, anchors_of=own).ok
    assert verify(data, anchors_of={XA: own[XB], XB: own[XA]}).verdict is V.UNTRUSTED
    assert verify(data, lab.anchors, anchors_of={XB: own[XA]}).verdict is V.UNTRUSTED


def test_a_certificate_of_the_wrong_authority_is_untrusted(lab: Lab) -> None:
    forged = lab.mint(XB, Role.RECEIPT, ca=XC)
    assert outcome(build(lab.proof(receipt_key=forged)), lab) == (V.UNTRUSTED, S.TRUST)
    own = {XA: lab.anchor(XA), XB: lab.anchor(XB)}
    by_the_other_side = build(lab.proof(receipt_key=lab.mint(XB, Role.RECEIPT, ca=XA)))
    assert verify(by_the_other_side, anchors_of=own).verdict is V.UNTRUSTED


def test_an_authority_must_be_one(lab: Lab) -> None:
    data = build(lab.proof())
    signers = [one.certificate for one in proof_of(container.read(data)).certificates]
    assert verify(data, signers).ok, "the very certificates may be trusted themselves"
    other = lab.mint(XA, Role.SIGN).certificate
    assert verify(data, [other, *lab.anchor(XB)]).verdict is V.UNTRUSTED


def test_a_pin_tells_whose_a_certificate_is(lab: Lab) -> None:
    nameless = lab.mint(XA, Role.SIGN, uri="https://customs.example/sign")
    data = build(lab.proof(sign=nameless))
    assert outcome(data, lab) == (V.WRONG_KEY, S.SEAL)
    pin = Pin(XA, Role.SIGN, fingerprint(nameless.certificate))
    assert outcome(data, lab, pins=[pin]) == (V.OK, None)
    assert verify(data, pins=[pin]).verdict is V.UNTRUSTED, "a pin names, it does not vouch"
    for wrong in (replace(pin, party=XB), replace(pin, role=Role.RECEIPT), replace(pin, fingerprint="0" * 64)):
        assert outcome(data, lab, pins=[wrong]) == (V.WRONG_KEY, S.SEAL)


def test_a_pin_binds_also_where_the_certificate_says_its_name(lab: Lab) -> None:
    data = build(lab.proof())
    mine = fingerprint(lab.key(XA, Role.SIGN).certificate)
    assert outcome(data, lab, pins=[Pin(XA, Role.SIGN, mine)]) == (V.OK, None)
    assert outcome(data, lab, pins=[Pin(XA, Role.SIGN, "0" * 64), Pin(XA, Role.SIGN, mine)]) == (V.OK, None)
    assert outcome(data, lab, pins=[Pin(XA, Role.SIGN, "0" * 64)]) == (V.WRONG_KEY, S.SEAL)
    assert outcome(data, lab, pins=[Pin(XC, Role.SIGN, mine)]) == (V.WRONG_KEY, S.SEAL)


def test_a_pin_is_written_as_openssl_prints_digests() -> None:
    digest = "0a" * 32
    colons = ":".join(["0A"] * 32)
    assert Pin.parse(f"XA:sign={digest}") == Pin.parse(f"XA:sign={colons}") == Pin(XA, Role.SIGN, digest)
    for wrong in ("", "XA", "XA:tls=" + digest, "xa:sign=" + digest, "XA:sign=" + digest[1:], f"XA:sign={digest}\n"):
        with pytest.raises(ValueError, match="CODE:ROLE"):
            Pin.parse(wrong)


# --- each defect its verdict ------------------------------------------------------------------------------------------

Make = Callable[[Lab], bytes]
Change = Callable[[bytes], bytes]


def asked(**otherwise: object) -> Make:
    """Evidence that its owners made wrong; functions are asked for the laboratory's keys."""

    def make(lab: Lab) -> bytes:
        return build(lab.proof(**{name: each(lab) if callable(each) else each for name, each in otherwise.items()}))

    return make


def tampered(**by: Change) -> Make:
    """Good evidence that somebody changed afterwards, SHA256SUMS included."""
    return lambda lab: changed(build(lab.proof()), **by)


def swapped(old: bytes, new: bytes) -> Change:
    """A change that does change something."""

    def change(content: bytes) -> bytes:
        assert old in content
        return content.replace(old, new, 1)

    return change


def repeated_signature(xml: bytes) -> bytes:
    begin, end = xml.index(b"<ds:Signature "), xml.index(b"</asic:")
    return xml[:end] + xml[begin:end].replace(b'"signature', b'"more').replace(b"#signature", b"#more") + xml[end:]


def another_digit(path: bytes) -> bytes:
    """The last hex digit of the last node, another one."""
    return path[:-2] + (b"1" if path[-2:-1] == b"0" else b"0") + path[-1:]


def signature_over(content: bytes, role: Role, lab: Lab) -> bytes:
    key = lab.key(XA if role is Role.SIGN else XB, role)
    return build(
        replace(lab.proof(), document_signature=sign_detached(content, "document.xml", MediaType.XML, key, NOW))
    )


def with_entries(change: Callable[[Entries], Entries], sums: bool = True) -> Make:
    def make(lab: Lab) -> bytes:
        entries = change(dict(container.read(build(lab.proof()))))
        return repacked(entries) if sums else container.write(entries.items())

    return make


def renamed(name: str) -> Make:
    return with_entries(lambda old: {(name if "-sign-" in each else each): content for each, content in old.items()})


def small_rsa(lab: Lab) -> SigningKey:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return lab.mint(XA, Role.SIGN, SignatureAlgorithm.RSA3072_PKCS1_SHA256, private_key=key)


def reformed_seal(lab: Lab) -> bytes:
    """Its owner signed a manifest with white space in it."""
    proof = lab.proof()
    manifest = proof.seal.manifest.replace(b"><", b">\n<")
    signature = sign_detached(manifest, "seal.xml", MediaType.XML, lab.key(XA, Role.SIGN), NOW)
    return build(replace(proof, seal=Seal(manifest, signature)))


SEAL_XML, DOCUMENT_XML = "META-INF/signatures-seal.xml", "META-INF/signatures-document.xml"
DTD = b"<!DOCTYPE x [<!ENTITY y SYSTEM 'file:///etc/passwd'>]>"
EMPTY = b'<asic:XAdESSignatures xmlns:asic="http://uri.etsi.org/02918/v1.2.1#"/>'
VALUE = swapped(b"<ds:SignatureValue>", b"<ds:SignatureValue>AAAA")
SAME_KEY = {"receipt_key": lambda lab: lab.mint(XB, Role.RECEIPT, private_key=lab.key(XA, Role.SIGN).private_key)}
TWO_NAMES = {"sign": lambda lab: lab.mint(XA, Role.SIGN, uri="urn:n2n:v1:XA:sign:more")}
EXPIRED = {"sign": lambda lab: lab.mint(XA, Role.SIGN, end=NOW - timedelta(seconds=1))}
FUTURE = {"receipt_key": lambda lab: lab.mint(XB, Role.RECEIPT, begin=NOW + timedelta(days=1))}
OTHER_MESSAGE = MessageId(uuid7(NOW, lambda size: b"\1" * size))

DEFECTS: dict[str, tuple[EvidenceVerdict, StepName, Make]] = {
    # the container and its sums
    "a wrong sum": (V.DIGEST, S.SUMS, with_entries(lambda old: {**old, "document.xml": b"<other/>"}, sums=False)),
    "a sum too many": (
        V.MALFORMED, S.SUMS, with_entries(lambda old: {**old, SUMS: old[SUMS] + b"0" * 64 + b"  more\n"}, sums=False)
    ),
    "another format": (V.MALFORMED, S.CONTAINER, tampered(mimetype=lambda old: old + b" ")),
    "a path with other line ends": (V.MALFORMED, S.CONTAINER, tampered(path__txt=swapped(b"\n", b"\r\n"))),
    "an index in another spelling": (V.MALFORMED, S.CONTAINER, tampered(path__txt=lambda old: b"0" + old)),
    "an index beyond the count": (V.MALFORMED, S.CONTAINER, tampered(path__txt=swapped(b"1 3", b"3 3"))),
    "a count beyond 64": (V.MALFORMED, S.CONTAINER, tampered(path__txt=swapped(b"1 3", b"1 65"))),
    "a certificate misnamed": (V.MALFORMED, S.CONTAINER, renamed("certificates/XA-sign-0000000000000000.pem")),
    "a certificate of no node": (V.MALFORMED, S.CONTAINER, renamed("certificates/1-sign-0000000000000000.pem")),
    "no certificate of the signer": (
        V.MISSING, S.SEAL, with_entries(lambda old: {name: old[name] for name in old if "-sign-" not in name})
    ),
    # what can be read
    "a header in another spelling": (V.MALFORMED, S.PARTS, tampered(header__bin=lambda old: old + b"\x48\x00")),
    "a receipt that is none": (V.MALFORMED, S.PARTS, tampered(receipt__bin=lambda old: b"\xff")),
    "a short salt": (V.MALFORMED, S.PARTS, tampered(salt__bin=lambda old: old[:-1])),
    "a document of another type": (V.COVERAGE, S.PARTS, asked(told_media_type=MediaType.JSON, signed=False)),
    # the seal
    "another manifest": (V.DIGEST, S.SEAL, tampered(seal__xml=swapped(b">3<", b">4<"))),
    "another signature value": (V.DIGEST, S.SEAL, tampered(signatures_seal__xml=VALUE)),
    "SHA-1": (V.ALGORITHM, S.SEAL, tampered(signatures_seal__xml=swapped(b"xmlenc#sha256", b"xmldsig#sha1"))),
    "an RSA key of 2048 bits": (V.ALGORITHM, S.SEAL, asked(sign=small_rsa)),
    "no XML as signature": (V.MALFORMED, S.SEAL, tampered(signatures_seal__xml=lambda old: b"hello")),
    "a signature with a DTD": (V.MALFORMED, S.SEAL, tampered(signatures_seal__xml=lambda old: DTD + old)),
    "no signature": (V.MISSING, S.SEAL, tampered(signatures_seal__xml=lambda old: EMPTY)),
    "two signatures": (V.MALFORMED, S.SEAL, tampered(signatures_seal__xml=repeated_signature)),
    "a document signature on the seal": (
        V.COVERAGE, S.SEAL, with_entries(lambda old: {**old, SEAL_XML: old[DOCUMENT_XML]})
    ),
    "a seal by the recipient": (V.WRONG_KEY, S.SEAL, asked(sign=lambda lab: lab.key(XB, Role.SIGN))),
    "a seal by a third node": (V.WRONG_KEY, S.SEAL, asked(sign=lambda lab: lab.key(XC, Role.SIGN))),
    "a seal by the receipt key": (V.WRONG_KEY, S.SEAL, asked(sign=lambda lab: lab.key(XA, Role.RECEIPT))),
    "a seal under a longer name": (V.WRONG_KEY, S.SEAL, asked(**TWO_NAMES)),
    "a seal with an expired certificate": (V.EXPIRED, S.SEAL, asked(**EXPIRED)),
    "a seal for another node": (V.COVERAGE, S.SEAL, asked(to=XC)),
    "a seal of receipts": (V.COVERAGE, S.SEAL, asked(purpose=Purpose.RECEIPTS)),
    "a seal in another form": (V.MALFORMED, S.SEAL, reformed_seal),
    "a seal of another count": (V.COVERAGE, S.SEAL, tampered(path__txt=swapped(b"1 3", b"1 4"))),
    # the paper under it
    "another document": (V.COVERAGE, S.PAPER, tampered(document__xml=flipped)),
    "an empty document": (V.COVERAGE, S.PAPER, tampered(document__xml=lambda old: b"")),
    "another header": (V.COVERAGE, S.PAPER, tampered(header__bin=swapped(b"example", b"exampla"))),
    "other metadata": (V.COVERAGE, S.PAPER, tampered(metadata__bin=swapped(b"example", b"exampla"))),
    "another salt": (V.COVERAGE, S.PAPER, tampered(salt__bin=flipped)),
    "another path": (V.COVERAGE, S.PAPER, tampered(path__txt=another_digit)),
    "a path too short": (V.COVERAGE, S.PAPER, tampered(path__txt=lambda old: old[:-65])),
    "a path too long": (V.COVERAGE, S.PAPER, tampered(path__txt=lambda old: old + old[-65:])),
    "another place": (V.COVERAGE, S.PAPER, tampered(path__txt=swapped(b"1 3", b"0 3"))),
    # the document's own signature
    "a signature over another document": (V.DIGEST, S.DOCUMENT, lambda lab: signature_over(b"other", Role.SIGN, lab)),
    "a document signed by the recipient": (
        V.WRONG_KEY, S.DOCUMENT, lambda lab: signature_over(lab.proof().document, Role.RECEIPT, lab)
    ),
    # the receipt and its seal
    "a receipt by the sender": (V.WRONG_KEY, S.RECEIPT_SEAL, asked(receipt_key=lambda lab: lab.key(XA, Role.RECEIPT))),
    "a receipt by the sign key": (V.WRONG_KEY, S.RECEIPT_SEAL, asked(receipt_key=lambda lab: lab.key(XB, Role.SIGN))),
    "one key under two names": (V.WRONG_KEY, S.RECEIPT_SEAL, asked(**SAME_KEY)),
    "a receipt certificate not yet valid": (V.EXPIRED, S.RECEIPT_SEAL, asked(**FUTURE)),
    "a receipt for another node": (V.COVERAGE, S.RECEIPT_SEAL, asked(back_to=XC)),
    "a receipt's seal of papers": (V.COVERAGE, S.RECEIPT_SEAL, asked(receipt_purpose=Purpose.PAPERS)),
    "another receipt": (V.COVERAGE, S.RECEIPT, tampered(receipt__bin=lambda old: flipped(old, -2))),
    "a receipt's other path": (V.COVERAGE, S.RECEIPT, tampered(receipt_path__txt=another_digit)),
    "a receipt of another paper": (V.COVERAGE, S.ANSWER, asked(leaf_of=Leaf(bytes(32)))),
    "a receipt of another message": (V.COVERAGE, S.ANSWER, asked(receipt_of=OTHER_MESSAGE)),
    # times
    "a seal older than its paper": (V.TIME, S.TIMES, asked(signed_at=NOW - LATER)),
    "a receipt older than its paper": (V.TIME, S.TIMES, asked(received_at=NOW - LATER, answered_at=NOW)),
    "a receipt signed before it was received": (V.TIME, S.TIMES, asked(received_at=NOW + LATER)),
    # authorities
    "a certificate of another authority": (
        V.UNTRUSTED, S.TRUST, asked(receipt_key=lambda lab: lab.mint(XB, Role.RECEIPT, ca=XC))
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", DEFECTS)
def test_a_defect_has_its_verdict_at_its_step(lab: Lab, name: str) -> None:
    verdict, step, make = DEFECTS[name]
    assert outcome(make(lab), lab) == (verdict, step)


def test_every_verdict_of_the_list_is_given_but_those_of_revocation() -> None:
    given_ = {verdict for verdict, _, _ in DEFECTS.values()} | {V.OK, V.UNTRUSTED}
    assert set(V) - given_ == {V.REVOKED, V.UNKNOWN_REVOCATION}


@pytest.mark.parametrize("which", range(12))
def test_an_entry_that_proof_needs_is_missed(lab: Lab, which: int) -> None:
    needed = [
        "mimetype", "document.xml", "header.bin", "metadata.bin", "salt.bin", "seal.xml", "path.txt", "receipt.bin",
        "receipt-seal.xml", "receipt-path.txt", "META-INF/signatures-seal.xml", "META-INF/signatures-receipt.xml",
    ]  # fmt: skip
    entries = dict(container.read(build(lab.proof())))
    del entries[needed[which]]
    assert outcome(repacked(entries), lab) == (V.MISSING, S.CONTAINER)


@pytest.mark.parametrize("name", [PAGE, SUMS])
def test_page_and_sums_are_missed(lab: Lab, name: str) -> None:
    entries = {each: content for each, content in container.read(build(lab.proof())).items() if each != name}
    assert outcome(container.write(entries.items()), lab) == (V.MISSING, S.CONTAINER)


def test_with_a_clock_signatures_of_the_future_are_noticed(lab: Lab) -> None:
    data = build(lab.proof())
    assert outcome(data, lab, now=NOW) == (V.OK, None)
    assert outcome(data, lab, now=NOW - LATER) == (V.TIME, S.TIMES)
    assert outcome(data, lab, now=NOW + timedelta(days=10_000)) == (V.OK, None)


def test_every_refusal_has_a_verdict_and_an_exit_code() -> None:
    for error in catalogue().values():
        assert verdict_of(error()) in V
    assert V.OK.category is None
    codes = {verdict: verdict.category.exit_code for verdict in V if verdict.category}
    assert {verdict for verdict, code in codes.items() if code == 65} == {V.MISSING, V.MALFORMED}
    assert codes[V.UNKNOWN_REVOCATION] == Category.UNDETERMINED.exit_code
    assert {codes[each] for each in V if each not in (V.OK, V.MISSING, V.MALFORMED, V.UNKNOWN_REVOCATION)} == {77}


# --- the same judge as at the door ------------------------------------------------------------------------------------

VECTORS = Path(__file__).parents[1] / "vectors" / "protocol"


# What depends on the purpose, the time now and the recipient is not asked of a signature here; names and validity are
# judged with the reader's beliefs and at the claimed time.
NOT_ASKED = {"N2N-SIG-007", "N2N-SIG-009", "N2N-SIG-010", "N2N-SIG-011", "N2N-SIG-015", "N2N-SIG-016", "N2N-AUTH-002"}
SEALS = json.loads((VECTORS / "seal.json").read_bytes())["cases"]


@pytest.mark.parametrize("case", SEALS, ids=lambda case: case["name"])
def test_a_signature_that_the_door_refuses_for_its_form_is_refused_here(case: dict) -> None:
    name = Purpose(case["purpose"]).file_name
    manifest, signature = (VECTORS / case["manifest"]).read_bytes(), (VECTORS / case["signature"]).read_bytes()
    try:
        verify_claimed(manifest, name, MediaType.XML, signature)
        told = "verified"
    except NodeError as error:
        told = error.code
    assert told == case["expect"] or (case["expect"] in NOT_ASKED | {"N2N-AUTH-003"} and told == "verified")


# --- strange certificates --------------------------------------------------------------------------------------------

SAN, KEY_USAGE = x509.ObjectIdentifier("2.5.29.17"), x509.ObjectIdentifier("2.5.29.15")
STRANGE = {
    "a name of a kind nobody reads": [(SAN, bytes.fromhex("3004a3023000"))],
    "a SAN that is no list": [(SAN, b"hello")],
    "an empty SAN": [(SAN, b"\x30\x00")],
    "a URI that is no ASCII": [(SAN, bytes.fromhex("30048602c3a4"))],
    "a key usage that is none": [(KEY_USAGE, b"\xff")],
    "no key usage": [],
    "one extension twice": None,
}


@pytest.mark.parametrize("name", STRANGE)
def test_a_strange_certificate_is_a_verdict_and_no_accident(lab: Lab, name: str) -> None:
    """Anybody can make a file whose signatures hold for a certificate of their own making."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "XA sign")])
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), 1, NOW - LATER, NOW + LATER)
    for identifier, body in STRANGE[name] or []:
        builder = builder.add_extension(x509.UnrecognizedExtension(identifier, body), critical=False)
    certificate = builder.sign(key, hashes.SHA256())
    if STRANGE[name] is None:
        certificate = with_an_extension_twice(builder, key)
    stranger = SigningKey(XA, Role.SIGN, key, certificate, SignatureAlgorithm.ECDSA_P256_SHA256)
    verdict, step = outcome(build_even_so(lab, stranger), lab)
    assert step is S.SEAL
    assert verdict in (V.MALFORMED, V.WRONG_KEY)


def build_even_so(lab: Lab, stranger: SigningKey) -> bytes:
    """`build` refuses to read such a certificate; the stranger's software does not."""
    entries = dict(container.read(build(lab.proof())))
    proof = lab.proof(sign=stranger)
    assert proof.document_signature is not None
    replaced = {SEAL_XML: proof.seal.signature, DOCUMENT_XML: proof.document_signature, "seal.xml": proof.seal.manifest}
    return repacked({**entries, **replaced})


def with_an_extension_twice(builder: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    """The library refuses to make one, so a copy of another extension is given its number."""
    for body in (b"\x30\x00", b"\x30\x01"):
        identifier = x509.ObjectIdentifier(f"2.5.29.{17 + body[1]}")
        builder = builder.add_extension(x509.UnrecognizedExtension(identifier, b"\x30\x00"), critical=False)
    der = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)
    return x509.load_der_x509_certificate(der.replace(b"\x55\x1d\x12", b"\x55\x1d\x11"))


# --- the check stands alone -------------------------------------------------------------------------------------------

ALLOWED = ("node.archive", "node.crypto", "node.merkle", "node.wire", "node.model", "node.errors", "node.clock")
ALONE = {"check.py", "container.py", "package.py", "report.py", "verify_page.py"}


def test_the_check_needs_no_settings_no_store_and_no_network() -> None:
    folder = Path(archive.__file__).parent
    for name in ALONE:
        tree = ast.parse((folder / name).read_text(encoding="utf-8"))
        modules = [
            f"{each.module}.{alias.name}"
            for each in ast.walk(tree)
            if isinstance(each, ast.ImportFrom)
            for alias in each.names
        ]
        ours = [module for module in modules if module.startswith("node.")]
        assert [module for module in ours if not module.startswith(ALLOWED)] == []
        assert not any(module.startswith("node.archive.collect") for module in ours)
