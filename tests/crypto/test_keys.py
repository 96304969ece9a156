"""Keys and certificates from files: what is loose, mismatched or made for something else is refused."""

from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from node.crypto.algorithms import SignatureAlgorithm, Suite, default_algorithm
from node.crypto.files import MAX_KEY_FILE_BYTES, write_private_file
from node.crypto.keys import (
    DecryptionKey,
    OwnKeys,
    Role,
    generate_decryption_key,
    key_id,
    load_decryption_key,
    load_decryption_keys,
    load_signing_key,
    role_uri,
    save_decryption_key,
)
from node.crypto.trust import MAX_CERTIFICATES_PER_FILE, fingerprint, load_certificates
from node.errors import KeyFileTooOpen, KeyFileUnusable, KeyRolesShared
from node.model.ids import NodeCode

XA, XB = NodeCode("XA"), NodeCode("XB")


def pem(key: object) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def pem_of(*certificates: x509.Certificate) -> bytes:
    return b"".join(certificate.public_bytes(serialization.Encoding.PEM) for certificate in certificates)


def files_for(folder: Path, private_key: object, certificate: x509.Certificate) -> tuple[Path, Path]:
    key_path, certificate_path = folder / "sign.key", folder / "sign.pem"
    write_private_file(key_path, pem(private_key))
    certificate_path.write_bytes(pem_of(certificate))
    return key_path, certificate_path


def test_a_key_and_its_certificate_load(lab: SimpleNamespace, tmp_path: Path) -> None:
    sign = lab.xa.sign
    loaded = load_signing_key(*files_for(tmp_path, sign.private_key, sign.certificate), XA, Role.SIGN)
    assert loaded.certificate == sign.certificate
    assert loaded.algorithm is SignatureAlgorithm.ECDSA_P256_SHA256
    assert loaded.not_after == sign.certificate.not_valid_after_utc
    assert "private" not in repr(loaded).lower()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o610, 0o601, 0o644, 0o777])
def test_a_private_key_that_others_may_touch_is_refused(lab: SimpleNamespace, tmp_path: Path, mode: int) -> None:
    paths = files_for(tmp_path, lab.xa.sign.private_key, lab.xa.sign.certificate)
    paths[0].chmod(mode)
    with pytest.raises(KeyFileTooOpen) as refusal:
        load_signing_key(*paths, XA, Role.SIGN)
    assert refusal.value.fields["mode"] == f"{mode:03o}"


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_private_key_of_the_owner_alone_is_taken(lab: SimpleNamespace, tmp_path: Path, mode: int) -> None:
    paths = files_for(tmp_path, lab.xa.sign.private_key, lab.xa.sign.certificate)
    paths[0].chmod(mode)
    assert load_signing_key(*paths, XA, Role.SIGN)


def test_a_private_key_is_written_for_the_owner_alone_and_never_over_another(tmp_path: Path) -> None:
    path = tmp_path / "new.key"
    write_private_file(path, b"secret")
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(KeyFileUnusable):
        write_private_file(path, b"other")
    assert path.read_bytes() == b"secret"


@pytest.mark.parametrize(
    ("code", "role"), [(XB, Role.SIGN), (XA, Role.RECEIPT), (XA, Role.TLS), (NodeCode("XAB"), Role.SIGN)]
)
def test_a_certificate_of_another_node_or_role_is_refused(
    lab: SimpleNamespace, tmp_path: Path, code: NodeCode, role: Role
) -> None:
    paths = files_for(tmp_path, lab.xa.sign.private_key, lab.xa.sign.certificate)
    with pytest.raises(KeyFileUnusable, match="SAN URI"):
        load_signing_key(*paths, code, role)


def test_a_certificate_that_names_two_roles_is_refused(lab: SimpleNamespace, tmp_path: Path) -> None:
    key = lab.new_key()
    both = lab.xa.authority.issue(key.public_key(), [role_uri(XA, Role.SIGN), role_uri(XA, Role.RECEIPT)])
    with pytest.raises(KeyFileUnusable, match="SAN URI"):
        load_signing_key(*files_for(tmp_path, key, both), XA, Role.SIGN)


def test_a_certificate_without_san_is_refused(lab: SimpleNamespace, tmp_path: Path) -> None:
    key = lab.new_key()
    with pytest.raises(KeyFileUnusable, match="SAN URI"):
        load_signing_key(*files_for(tmp_path, key, lab.xa.authority.issue(key.public_key(), [])), XA, Role.SIGN)


def test_a_certificate_of_another_key_is_refused(lab: SimpleNamespace, tmp_path: Path) -> None:
    paths = files_for(tmp_path, lab.new_key(), lab.xa.sign.certificate)
    with pytest.raises(KeyFileUnusable, match="does not belong"):
        load_signing_key(*paths, XA, Role.SIGN)


def weak_rsa() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.mark.parametrize(
    "make", [weak_rsa, lambda: ec.generate_private_key(ec.SECP521R1()), lambda: ec.generate_private_key(ec.SECP256K1())]
)
def test_a_key_that_the_protocol_does_not_know_is_refused(lab: SimpleNamespace, tmp_path: Path, make: object) -> None:
    key = make()
    certificate = lab.xa.authority.issue(key.public_key(), [role_uri(XA, Role.SIGN)])
    with pytest.raises(KeyFileUnusable):
        load_signing_key(*files_for(tmp_path, key, certificate), XA, Role.SIGN)


def test_an_edwards_key_does_not_sign_papers(lab: SimpleNamespace, tmp_path: Path) -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    certificate = lab.xa.authority.issue(key.public_key(), [role_uri(XA, Role.SIGN)])
    with pytest.raises(KeyFileUnusable, match="neither EC nor RSA"):
        load_signing_key(*files_for(tmp_path, key, certificate), XA, Role.SIGN)


def test_an_algorithm_that_does_not_fit_the_key_is_refused(lab: SimpleNamespace, tmp_path: Path) -> None:
    paths = files_for(tmp_path, lab.xa.sign.private_key, lab.xa.sign.certificate)
    with pytest.raises(KeyFileUnusable, match="fit for its algorithm"):
        load_signing_key(*paths, XA, Role.SIGN, SignatureAlgorithm.ECDSA_P384_SHA384)


@pytest.mark.parametrize(
    "content", [b"", b"-----BEGIN PRIVATE KEY-----\n", b"\x00\xff" * 50, b"x" * (MAX_KEY_FILE_BYTES + 1)]
)
def test_a_file_that_is_no_key_or_certificate_is_one_refusal(
    lab: SimpleNamespace, tmp_path: Path, content: bytes
) -> None:
    key_path, certificate_path = files_for(tmp_path, lab.xa.sign.private_key, lab.xa.sign.certificate)
    broken = tmp_path / "broken"
    write_private_file(broken, content)
    for paths in ((broken, certificate_path), (key_path, broken), (tmp_path / "absent", certificate_path)):
        with pytest.raises(KeyFileUnusable):
            load_signing_key(*paths, XA, Role.SIGN)
    with pytest.raises(KeyFileUnusable):
        load_certificates(broken)
    with pytest.raises(KeyFileUnusable):
        load_decryption_key(broken)


def test_a_key_with_passphrase_is_refused_in_words(lab: SimpleNamespace, tmp_path: Path) -> None:
    _, certificate_path = files_for(tmp_path, lab.xa.sign.private_key, lab.xa.sign.certificate)
    locked = tmp_path / "locked.key"
    write_private_file(
        locked,
        lab.xa.sign.private_key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"pass"),
        ),
    )
    with pytest.raises(KeyFileUnusable, match="without passphrase"):
        load_signing_key(locked, certificate_path, XA, Role.SIGN)


def test_trust_files_keep_their_order_and_have_an_end(lab: SimpleNamespace, tmp_path: Path) -> None:
    path = tmp_path / "trust.pem"
    path.write_bytes(pem_of(lab.xa.sign.certificate, lab.xa.receipt.certificate))
    assert load_certificates(path) == (lab.xa.sign.certificate, lab.xa.receipt.certificate)
    path.write_bytes(pem_of(lab.xa.sign.certificate) * MAX_CERTIFICATES_PER_FILE)
    assert len(load_certificates(path)) == MAX_CERTIFICATES_PER_FILE
    path.write_bytes(pem_of(lab.xa.sign.certificate) * (MAX_CERTIFICATES_PER_FILE + 1))
    with pytest.raises(KeyFileUnusable, match="more than"):
        load_certificates(path)


def test_a_certificate_of_monstrous_size_is_refused(lab: SimpleNamespace, tmp_path: Path) -> None:
    names = [x509.DNSName(f"{number:05}.example") for number in range(1500)]
    large = lab.xa.authority.issue(lab.new_key().public_key(), [role_uri(XA, Role.SIGN)], extra_names=names)
    path = tmp_path / "large.pem"
    path.write_bytes(pem_of(large))
    with pytest.raises(KeyFileUnusable, match="larger"):
        load_certificates(path)


def test_no_certificate_is_trusted_to_sign_for_the_transport(lab: SimpleNamespace) -> None:
    trust = lab.xa.trust
    assert trust.certificates_for(Role.SIGN) == (lab.xa.sign.certificate,)
    assert trust.certificates_for(Role.RECEIPT) == (lab.xa.receipt.certificate,)
    assert trust.certificates_for(Role.TLS) == ()


def test_a_fingerprint_is_sha256_of_the_der(lab: SimpleNamespace) -> None:
    assert len(fingerprint(lab.xa.sign.certificate)) == 64
    assert fingerprint(lab.xa.sign.certificate) != fingerprint(lab.xa.receipt.certificate)


def test_roles_that_share_a_key_are_refused(lab: SimpleNamespace) -> None:
    xa = lab.xa
    OwnKeys(XA, xa.sign, xa.receipt, ()).require_distinct(xa.tls.certificate)
    shared = lab.signing_key(xa.authority, XA, Role.RECEIPT, xa.sign.private_key)
    with pytest.raises(KeyRolesShared) as refusal:
        OwnKeys(XA, xa.sign, shared, ()).require_distinct(xa.tls.certificate)
    assert refusal.value.fields == {"first": "sign", "second": "receipt"}
    tls = lab.signing_key(xa.authority, XA, Role.TLS, xa.receipt.private_key)
    with pytest.raises(KeyRolesShared) as refusal:
        OwnKeys(XA, xa.sign, xa.receipt, ()).require_distinct(tls.certificate)
    assert refusal.value.fields == {"first": "receipt", "second": "tls"}


@pytest.mark.parametrize("suite", Suite)
def test_a_decryption_key_survives_its_file(lab: SimpleNamespace, tmp_path: Path, suite: Suite) -> None:
    key = generate_decryption_key(suite, lab.NOW, 365)
    path = save_decryption_key(key, tmp_path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.name == f"decrypt-{key.id}.key"
    assert load_decryption_key(path) == key == load_decryption_keys(tmp_path)[0]
    assert key.id == key_id(key.announce().public)
    assert len(key.id) == 16
    assert (key.not_before, key.not_after) == (lab.NOW, lab.NOW + timedelta(days=365))
    assert "private" not in repr(key)
    path.chmod(0o640)
    with pytest.raises(KeyFileTooOpen):
        load_decryption_key(path)


def test_an_announced_key_is_usable_from_its_begin_to_before_its_end(lab: SimpleNamespace) -> None:
    key = generate_decryption_key(Suite.X25519, lab.NOW, 1).announce()
    moment = timedelta(milliseconds=1)
    assert [
        key.usable(at) for at in (key.not_before - moment, key.not_before, key.not_after - moment, key.not_after)
    ] == [
        False,
        True,
        True,
        False,
    ]


@pytest.mark.parametrize("days", [0, 1101])
def test_a_decryption_key_of_impossible_length_is_not_made(lab: SimpleNamespace, days: int) -> None:
    with pytest.raises(ValueError, match="days"):
        generate_decryption_key(Suite.X25519, lab.NOW, days)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text.replace("v1", "v2", 1),
        lambda text: text.replace("suite: ", "suit: "),
        lambda text: text.replace("X25519-", "P256-"),
        lambda text: text.replace("not-before: 2026", "not-before: 2028"),
        lambda text: text.replace(".123Z", "Z", 1),
        lambda text: text.replace("private: ", "private: AAAA"),
        lambda text: text + "more: 1\n",
        lambda text: "\n".join(text.splitlines()[:-1]) + "\n",
        lambda text: text.splitlines()[0],
        lambda text: text.replace("suite", "süite"),
    ],
)
def test_a_spoilt_decryption_key_file_is_refused(lab: SimpleNamespace, tmp_path: Path, spoil: object) -> None:
    path = save_decryption_key(generate_decryption_key(Suite.X25519, lab.NOW, 365), tmp_path)
    path.write_text(spoil(path.read_text()))
    with pytest.raises(KeyFileUnusable):
        load_decryption_key(path)


@pytest.mark.parametrize(
    ("make", "algorithms"),
    [
        (lambda lab: lab.new_key(), {SignatureAlgorithm.ECDSA_P256_SHA256}),
        (lambda lab: lab.new_key(SignatureAlgorithm.ECDSA_P384_SHA384), {SignatureAlgorithm.ECDSA_P384_SHA384}),
        (lambda lab: lab.rsa_key(), {SignatureAlgorithm.RSA3072_PKCS1_SHA256, SignatureAlgorithm.RSA3072_PSS_SHA256}),
        (lambda lab: lab.rsa_key(2048), set()),
        (lambda lab: ec.generate_private_key(ec.SECP521R1()), set()),
        (lambda lab: ec.generate_private_key(ec.BrainpoolP256R1()), set()),
        (lambda lab: ed25519.Ed25519PrivateKey.generate(), set()),
    ],
)
def test_each_kind_of_key_fits_exactly_its_algorithms(
    lab: SimpleNamespace, make: object, algorithms: set[SignatureAlgorithm]
) -> None:
    public = make(lab).public_key()
    assert {algorithm for algorithm in SignatureAlgorithm if algorithm.fits(public)} == algorithms
    assert (default_algorithm(public) in algorithms) if algorithms else (default_algorithm(public) is None)


def test_decryption_keys_are_never_equal(lab: SimpleNamespace) -> None:
    made: list[DecryptionKey] = [generate_decryption_key(Suite.HYBRID, lab.NOW, 1) for _ in range(10)]
    assert len({key.id for key in made}) == len({key.private_key for key in made}) == 10
