"""The people of the vectors: two nodes, their test keys and certificates, one moment. Never used in earnest.

EC and X25519 private keys are SHA-256 of a sentence, so anybody can make them again; signatures are deterministic
(RFC 6979). What cannot be made again (RSA primes) is read from the committed keys.json.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Never

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from node.crypto.algorithms import ALL_SIGNATURE_ALGORITHMS, PrivateKey, SignatureAlgorithm, Suite
from node.crypto.decryption import DecryptionKey, key_id
from node.crypto.keys import Role, SigningKey, role_uri
from node.crypto.trust import PartnerTrust
from node.model.ids import NodeCode

FOLDER = Path(__file__).parent / "protocol"
MOMENT = datetime(2026, 11, 22, 14, 35, 6, 123000, tzinfo=UTC)
XA, XB = NodeCode("XA"), NodeCode("XB")

_WARNING = "TEST ONLY, NEVER USE: these private keys are published with the protocol's test vectors"
_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_EXPONENT = 65537


class Repeatable(ec.EllipticCurvePrivateKey):
    """An EC key that signs the same bytes the same way every time (RFC 6979)."""

    def __init__(self, key: ec.EllipticCurvePrivateKey) -> None:
        self._key = key

    def sign(self, data: bytes, signature_algorithm: ec.EllipticCurveSignatureAlgorithm) -> bytes:
        return self._key.sign(data, ec.ECDSA(signature_algorithm.algorithm, deterministic_signing=True))

    def public_key(self) -> ec.EllipticCurvePublicKey:
        return self._key.public_key()

    @property
    def curve(self) -> ec.EllipticCurve:
        return self._key.curve

    @property
    def key_size(self) -> int:
        return self._key.key_size

    @property
    def plain(self) -> ec.EllipticCurvePrivateKey:
        return self._key

    def exchange(self, *_: object) -> Never:
        raise NotImplementedError

    def private_numbers(self) -> Never:
        raise NotImplementedError

    def private_bytes(self, *_: object) -> Never:
        raise NotImplementedError

    def __copy__(self) -> "Repeatable":
        return self

    def __deepcopy__(self, _: object) -> "Repeatable":
        return self


@dataclass(frozen=True)
class Scenery:
    """Everybody's keys, and what each side holds true about the other."""

    certificates: dict[str, x509.Certificate]
    signers: dict[str, SigningKey]
    decryption: dict[Suite, DecryptionKey]
    secrets: dict[str, object]

    def trust(self, node: NodeCode, sign: Sequence[str] = ()) -> PartnerTrust:
        """What a partner has enrolled of `node`."""
        code = node.lower()
        names = sign or [name for name in self.certificates if name.startswith(f"{code}-sign")]
        return PartnerTrust(
            partner=node,
            sign=tuple(self.certificates[name] for name in names),
            receipt=(self.certificates[f"{code}-receipt"],),
            anchors=(self.certificates[f"{code}-ca"],),
            algorithms=ALL_SIGNATURE_ALGORITHMS,
            suites=(Suite.HYBRID, Suite.X25519),
        )

    def files(self) -> dict[str, bytes]:
        """keys.json and the certificates."""
        keys = {"warning": _WARNING, "moment": "2026-11-22T14:35:06.123Z", **self.secrets}
        pem = serialization.Encoding.PEM
        certificates = {f"certificates/{name}.pem": one.public_bytes(pem) for name, one in self.certificates.items()}
        return {"keys.json": as_json(keys), **certificates}


def as_json(value: object) -> bytes:
    """JSON as all vectors are written."""
    return (json.dumps(value, indent=1, ensure_ascii=True) + "\n").encode()


def ms(moment: datetime) -> int:
    """Milliseconds UTC."""
    return round(moment.timestamp() * 1000)


def seed(name: str) -> bytes:
    """32 bytes out of a sentence."""
    return hashlib.sha256(f"n2n/v1 test vectors: {name}".encode()).digest()


def draw(anew: bool) -> Scenery:
    """Make everybody; `anew` draws new RSA keys."""
    secrets: dict[str, object] = {}
    certificates: dict[str, x509.Certificate] = {}
    signers: dict[str, SigningKey] = {}
    for node in (XA, XB):
        code = node.lower()
        ca = _p256(f"{code} ca", secrets, f"{code}-ca")
        certificates[f"{code}-ca"] = _authority(node, ca)
        for role in (Role.SIGN, Role.RECEIPT):
            name = f"{code}-{role}"
            _enrol(certificates, signers, name, node, role, _p256(f"{code} {role}", secrets, name), ca)
    ca = Repeatable(ec.derive_private_key(int(secrets["xa-ca"]["private"], 16), ec.SECP256R1()))  # type: ignore[index]
    others = {"xa-sign-p384": _p384(secrets), "xa-sign-rsa": _rsa(secrets, anew)}
    for name, key in others.items():
        _enrol(certificates, signers, name, XA, Role.SIGN, key, ca)
    signers["xa-sign-rsa-pss"] = replace(signers["xa-sign-rsa"], algorithm=SignatureAlgorithm.RSA3072_PSS_SHA256)
    stray = Repeatable(_derive("xa sign with the wrong name", ec.SECP256R1()))
    certificates["xa-misnamed"] = _certificate(XA, "urn:n2n:v1:XA:tls", stray.public_key(), ca, certificates["xa-ca"])
    signers["xa-misnamed"] = SigningKey(
        XA, Role.SIGN, stray, certificates["xa-misnamed"], SignatureAlgorithm.ECDSA_P256_SHA256
    )
    secrets["xa-misnamed"] = {"curve": "P-256", "private": f"{stray.plain.private_numbers().private_value:064x}"}
    return Scenery(certificates, signers, _decryption_keys(secrets), secrets)


def _enrol(
    certificates: dict[str, x509.Certificate],
    signers: dict[str, SigningKey],
    name: str,
    node: NodeCode,
    role: Role,
    key: PrivateKey,
    ca: Repeatable,
) -> None:
    issuer = certificates[f"{node.lower()}-ca"]
    certificates[name] = _certificate(node, role_uri(node, role), key.public_key(), ca, issuer)
    algorithm = next(one for one in SignatureAlgorithm if one.fits(key.public_key()))
    signers[name] = SigningKey(node, role, key, certificates[name], algorithm)


def _derive(name: str, curve: ec.EllipticCurve) -> ec.EllipticCurvePrivateKey:
    # Below every order used here, and the same for anybody who hashes the same sentence.
    return ec.derive_private_key(int.from_bytes(seed(name), "big") % (_P256_ORDER - 1) + 1, curve)


def _p256(sentence: str, secrets: dict[str, object], name: str) -> Repeatable:
    key = _derive(sentence, ec.SECP256R1())
    secrets[name] = {"curve": "P-256", "private": f"{key.private_numbers().private_value:064x}"}
    return Repeatable(key)


def _p384(secrets: dict[str, object]) -> Repeatable:
    key = _derive("xa sign P-384", ec.SECP384R1())
    secrets["xa-sign-p384"] = {"curve": "P-384", "private": f"{key.private_numbers().private_value:096x}"}
    return Repeatable(key)


def _rsa(secrets: dict[str, object], anew: bool) -> rsa.RSAPrivateKey:
    if anew:
        numbers = rsa.generate_private_key(_EXPONENT, 3072).private_numbers()
        p, q = numbers.p, numbers.q
    else:
        kept = json.loads((FOLDER / "keys.json").read_bytes())["xa-sign-rsa"]
        p, q = int(kept["p"], 16), int(kept["q"], 16)
    secrets["xa-sign-rsa"] = {"e": _EXPONENT, "p": f"{p:x}", "q": f"{q:x}"}
    d = rsa.rsa_recover_private_exponent(_EXPONENT, p, q)
    public = rsa.RSAPublicNumbers(_EXPONENT, p * q)
    return rsa.RSAPrivateNumbers(
        p, q, d, rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q), public
    ).private_key()


def _decryption_keys(secrets: dict[str, object]) -> dict[Suite, DecryptionKey]:
    x25519 = seed("xb x25519")
    hybrid = hashlib.sha512(b"n2n/v1 test vectors: xb ml-kem-768").digest() + seed("xb x25519 of the hybrid")
    keys: dict[Suite, DecryptionKey] = {}
    begin = MOMENT - timedelta(days=1)
    for suite, private in ((Suite.HYBRID, hybrid), (Suite.X25519, x25519)):
        draft = DecryptionKey("", suite, private, begin, begin + timedelta(days=365))
        public = draft.announce().public
        keys[suite] = replace(draft, id=key_id(public))
        name = "xb-decrypt-hybrid" if suite is Suite.HYBRID else "xb-decrypt-x25519"
        secrets[name] = {"suite": suite, "id": key_id(public), "private": private.hex(), "public": public.hex()}
    return keys


def _authority(node: NodeCode, key: Repeatable) -> x509.Certificate:
    name = _name(f"{node} test vector CA")
    builder = _builder(name, name, key.public_key(), key.public_key(), 1, 2025, 2036)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    return _sign(builder.add_extension(_usage(ca=True), critical=True), key)


def _certificate(
    node: NodeCode, uri: str, public_key: object, ca: Repeatable, issuer: x509.Certificate
) -> x509.Certificate:
    serial = int.from_bytes(seed(f"{uri} {type(public_key).__name__} {getattr(public_key, 'key_size', 0)}")[:8], "big")
    builder = _builder(_name(f"{node} test vectors"), issuer.subject, public_key, ca.public_key(), serial >> 1)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_usage(ca=False), critical=True)
    names = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(uri)])
    return _sign(builder.add_extension(names, critical=False), ca)


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    public_key: object,
    issuer_key: object,
    serial: int,
    first: int = 2026,
    last: int = 2027,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(serial)
        .not_valid_before(datetime(first, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(last, 12, 31, tzinfo=UTC))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key), critical=False)
    )


def _sign(builder: x509.CertificateBuilder, key: Repeatable) -> x509.Certificate:
    return builder.sign(key.plain, hashes.SHA256(), ecdsa_deterministic=True)


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _usage(ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=ca,
        crl_sign=ca,
        encipher_only=False,
        decipher_only=False,
    )
