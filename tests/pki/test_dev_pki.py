"""The drawn PKI is what protocol 2 asks for, says another tool too, and nothing of it is shared or open."""

import shutil
import ssl
import subprocess
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import combinations
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from node.crypto.algorithms import SignatureAlgorithm, Suite
from node.crypto.decryption import load_decryption_key
from node.crypto.key_statement import announcement_from_xml
from node.crypto.keys import OwnKeys, Role, load_signing_key, names_role
from node.crypto.trust import PartnerTrust, load_certificates, public_key_info
from node.crypto.verification import verify_key_statement
from node.errors import HomeExists, KeyFileTooOpen, KeyFileUnusable, NodeError
from node.model.ids import NodeCode
from node.model.receipt import KeyStatement
from node.sandbox.dev_pki import LEAF_DAYS, DevPki, draw, mint
from node.settings import KeyFiles

XA, XB = NodeCode("XA"), NodeCode("XB")
NODES = (XA, XB)


def certificate_of(keys: KeyFiles, role: Role) -> Path:
    return {Role.TLS: keys.tls_certificate, Role.SIGN: keys.sign_certificate, Role.RECEIPT: keys.receipt_certificate}[
        role
    ]


def key_of(keys: KeyFiles, role: Role) -> Path:
    return {Role.TLS: keys.tls_key, Role.SIGN: keys.sign_key, Role.RECEIPT: keys.receipt_key}[role]


def openssl(*arguments: str | Path) -> str:
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("openssl is missing; install it with: apt-get install openssl")
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


@pytest.mark.parametrize("node", NODES)
@pytest.mark.parametrize("role", Role)
def test_openssl_accepts_every_chain(pki: DevPki, node: NodeCode, role: Role) -> None:
    path = certificate_of(pki.keys(node), role)
    purpose = ["-purpose", "sslserver"] if role is Role.TLS else []
    told = openssl("verify", "-x509_strict", "-check_ss_sig", *purpose, "-CAfile", pki.ca(node), path)
    assert told.strip() == f"{path}: OK"


@pytest.mark.parametrize("role", Role)
def test_openssl_refuses_the_neighbour_country(pki: DevPki, role: Role) -> None:
    assert "OK" not in openssl("verify", "-CAfile", pki.ca(XA), certificate_of(pki.keys(XB), role))


@pytest.mark.parametrize("node", NODES)
def test_openssl_reads_names_and_usages(pki: DevPki, node: NodeCode) -> None:
    text = openssl("x509", "-in", pki.keys(node).tls_certificate, "-noout", "-text")
    for words in (
        f"URI:urn:n2n:v1:{node}:tls, DNS:localhost, IP Address:127.0.0.1",
        "TLS Web Server Authentication, TLS Web Client Authentication",
        "X509v3 Key Usage: critical\n                Digital Signature\n",
        "X509v3 Basic Constraints: critical\n                CA:FALSE",
        "ASN1 OID: prime256v1",
    ):
        assert words in text
    sign = openssl("x509", "-in", pki.keys(node).sign_certificate, "-noout", "-text")
    assert f"URI:urn:n2n:v1:{node}:sign\n" in sign
    assert "Web" not in sign


def test_no_key_is_used_twice(pki: DevPki) -> None:
    paths = [certificate_of(pki.keys(node), role) for node in NODES for role in Role]
    paths += [pki.ca(node) for node in NODES] + [pki.issuer(node) for node in NODES]
    keys = [public_key_info(load_certificates(path)[0]) for path in paths]
    assert all(one != other for one, other in combinations(keys, 2))


@pytest.mark.parametrize("node", NODES)
def test_the_roles_load_and_are_distinct(pki: DevPki, node: NodeCode) -> None:
    keys = pki.keys(node)
    sign, receipt = (
        load_signing_key(key_of(keys, role), certificate_of(keys, role), node, role)
        for role in (Role.SIGN, Role.RECEIPT)
    )
    decryption = tuple(load_decryption_key(path) for path in keys.decryption_keys)
    OwnKeys(node, sign, receipt, decryption).require_distinct(load_certificates(keys.tls_certificate)[0])
    assert {key.suite for key in decryption} == set(Suite)


def test_every_key_is_closed_and_every_folder_too(pki: DevPki) -> None:
    modes = {path: path.stat().st_mode & 0o777 for path in pki.folder.rglob("*")}
    assert {mode for path, mode in modes.items() if path.suffix == ".key"} == {0o600}
    assert {mode for path, mode in modes.items() if path.is_dir()} == {0o700}
    assert len([path for path in modes if path.suffix == ".key"]) == 2 * 10


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o610, 0o666])
def test_a_loose_key_file_is_refused(pki: DevPki, tmp_path: Path, mode: int) -> None:
    keys = KeyFiles(Path(shutil.copytree(pki.keys(XA).folder, tmp_path / "keys")))
    keys.sign_key.chmod(mode)
    with pytest.raises(KeyFileTooOpen):
        load_signing_key(keys.sign_key, keys.sign_certificate, XA, Role.SIGN)
    keys.decryption_keys[0].chmod(mode)
    with pytest.raises(KeyFileTooOpen):
        load_decryption_key(keys.decryption_keys[0])


def trust_in(pki: DevPki, node: NodeCode) -> PartnerTrust:
    keys = pki.keys(node)
    return PartnerTrust(
        partner=node,
        sign=load_certificates(keys.sign_certificate),
        receipt=load_certificates(keys.receipt_certificate),
        anchors=load_certificates(pki.ca(node)),
        algorithms=frozenset(SignatureAlgorithm),
        suites=tuple(Suite),
    )


def statement_of(pki: DevPki, node: NodeCode) -> KeyStatement:
    keys = pki.keys(node)
    return KeyStatement(keys.statement.read_bytes(), keys.statement_signature.read_bytes())


@pytest.mark.parametrize("node", NODES)
def test_the_key_statement_verifies_for_its_node_only(pki: DevPki, moment: datetime, node: NodeCode) -> None:
    statement = statement_of(pki, node)
    verified = verify_key_statement(statement, trust=trust_in(pki, node), now=moment)
    assert {key.suite for key in verified.keys} == set(Suite)
    assert all(key.usable(moment) for key in verified.keys)
    assert verified.keys == announcement_from_xml(statement.document).keys
    with pytest.raises(NodeError):
        verify_key_statement(statement, trust=trust_in(pki, XA if node == XB else XB), now=moment)


@pytest.mark.parametrize("algorithm", SignatureAlgorithm)
def test_every_agreed_algorithm_can_be_drawn(tmp_path: Path, moment: datetime, algorithm: SignatureAlgorithm) -> None:
    pki = draw(tmp_path / "pki", [XA], moment, algorithm=algorithm)
    keys = pki.keys(XA)
    for role in (Role.SIGN, Role.RECEIPT):
        key = load_signing_key(key_of(keys, role), certificate_of(keys, role), XA, role, algorithm)
        assert key.algorithm is algorithm
    assert verify_key_statement(statement_of(pki, XA), trust=trust_in(pki, XA), now=moment).keys


def test_nothing_is_overwritten(pki: DevPki, moment: datetime) -> None:
    before = {path: path.read_bytes() for path in pki.folder.rglob("*") if path.is_file()}
    with pytest.raises(HomeExists):
        draw(pki.folder, [XA], moment)
    assert {path: path.read_bytes() for path in pki.folder.rglob("*") if path.is_file()} == before
    with pytest.raises(HomeExists):
        draw(pki.ca(XA), [XA], moment)


def test_tls_speaks_with_the_drawn_identities(pki: DevPki) -> None:
    """Both sides show a certificate; each trusts only the other country's CA (memory transport, TLS 1.3)."""
    contexts = []
    for side, node, other in ((ssl.PROTOCOL_TLS_SERVER, XA, XB), (ssl.PROTOCOL_TLS_CLIENT, XB, XA)):
        context = ssl.SSLContext(side)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_cert_chain(pki.keys(node).tls_certificate, pki.keys(node).tls_key)
        context.load_verify_locations(pki.ca(other))
        contexts.append(context)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = contexts[0].wrap_bio(to_server, to_client, server_side=True)
    client = contexts[1].wrap_bio(to_client, to_server, server_hostname="localhost")
    for _ in range(4):
        for end in (client, server):
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
    assert (client.version(), server.version()) == ("TLSv1.3", "TLSv1.3")
    shown = server.getpeercert(binary_form=True)
    assert shown is not None
    assert names_role(x509.load_der_x509_certificate(shown), XB, Role.TLS)


Judge = Callable[[x509.Certificate, datetime], bool]

SPECIAL: dict[str, tuple[dict[str, object], Judge]] = {
    "expired": ({"end": -timedelta(hours=1)}, lambda one, now: one.not_valid_after_utc < now),
    "not yet valid": ({"begin": timedelta(hours=1)}, lambda one, now: one.not_valid_before_utc > now),
    "other role": ({"uri": "urn:n2n:v1:XA:receipt"}, lambda one, now: names_role(one, "XA", Role.RECEIPT)),
    "other node": ({"uri": "urn:n2n:v1:XB:sign"}, lambda one, now: names_role(one, "XB", Role.SIGN)),
    "other CA": ({"ca": XB}, lambda one, now: "XB" in one.issuer.rfc4514_string()),
}


@pytest.mark.parametrize("name", SPECIAL)
def test_a_certificate_wrong_in_one_way_is_wrong_in_that_way(pki: DevPki, moment: datetime, name: str) -> None:
    changes, judge = SPECIAL[name]
    right = mint(pki, XA, Role.SIGN, moment)
    moved = {key: moment + value if isinstance(value, timedelta) else value for key, value in changes.items()}
    wrong = mint(pki, XA, Role.SIGN, moment, **moved)  # type: ignore[arg-type]
    assert judge(wrong.certificate, moment)
    assert not judge(right.certificate, moment)
    assert right.certificate.not_valid_after_utc >= moment + timedelta(days=LEAF_DAYS) - timedelta(seconds=1)


def test_a_minted_certificate_may_reuse_a_key(pki: DevPki, moment: datetime, tmp_path: Path) -> None:
    first = mint(pki, XA, Role.SIGN, moment)
    second = mint(pki, XA, Role.RECEIPT, moment, private_key=first.private_key)
    assert public_key_info(first.certificate) == public_key_info(second.certificate)
    first.write(tmp_path / "a.key", tmp_path / "a.pem")
    kept = load_pem_private_key((tmp_path / "a.key").read_bytes(), None)
    assert kept.public_key() == first.certificate.public_key()
    with pytest.raises(KeyFileUnusable):
        second.write(tmp_path / "a.key", tmp_path / "a.pem")
