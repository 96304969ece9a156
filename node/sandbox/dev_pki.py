"""A PKI drawn for the sandbox and for tests: one CA per country, one key per role. Never for production.

    <folder>/<CODE>/ca.{key,pem}  tls.{key,pem}  sign.{key,pem}  receipt.{key,pem}  issuer.{key,pem}
                    decrypt-<id>.key  statement.xml  statement.sig.xml
                    hub-ca.{key,pem}  hub.{key,pem}  agency.{key,pem}       the domestic side, under a root of its own

`draw` makes it, `mint` makes certificates that are wrong in one chosen way. Certificates follow protocol 2 (Keys).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from node.crypto.algorithms import PrivateKey, SignatureAlgorithm, Suite
from node.crypto.decryption import generate_decryption_key, save_decryption_key
from node.crypto.files import write_private_file
from node.crypto.key_statement import make_key_statement
from node.crypto.keys import Role, load_signing_key, role_uri
from node.errors import HomeExists
from node.model.ids import NodeCode
from node.settings import KeyFiles

CA_DAYS = 3650
LEAF_DAYS = 397
"""A year and a month, as public CAs give at most: renewal stays a habit."""

DECRYPTION_KEY_DAYS = 365
BACKDATED = timedelta(days=1)
"""Everything is valid since yesterday, so that clocks may differ."""

RSA_BITS = 3072
_RSA_EXPONENT = 65537


@dataclass(frozen=True, slots=True)
class DevPki:
    """Where a drawn PKI lies. CA keys are kept, so that more certificates can be minted."""

    folder: Path
    nodes: tuple[NodeCode, ...]

    def keys(self, node: NodeCode) -> KeyFiles:
        """The node's own keys, laid out as in a node home."""
        return KeyFiles(self.folder / node)

    def ca(self, node: NodeCode) -> Path:
        """CA certificate of the node's country."""
        return self.folder / node / "ca.pem"

    def ca_key(self, node: NodeCode) -> Path:
        """CA key of the node's country."""
        return self.folder / node / "ca.key"

    def hub_ca(self, node: NodeCode) -> Path:
        """CA certificate of the country's domestic systems."""
        return self.folder / node / "hub-ca.pem"

    def hub_ca_key(self, node: NodeCode) -> Path:
        """CA key of the country's domestic systems."""
        return self.folder / node / "hub-ca.key"

    def hub(self, node: NodeCode) -> tuple[Path, Path]:
        """Key and certificate that the node shows to domestic systems."""
        return self.folder / node / "hub.key", self.folder / node / "hub.pem"

    def agency(self, node: NodeCode) -> tuple[Path, Path]:
        """Key and certificate of an invented domestic system."""
        return self.folder / node / "agency.key", self.folder / node / "agency.pem"

    def issuer(self, node: NodeCode) -> Path:
        """Certificate of an invented authority that signs papers itself."""
        return self.folder / node / "issuer.pem"

    def issuer_key(self, node: NodeCode) -> Path:
        """Key of that authority."""
        return self.folder / node / "issuer.key"


@dataclass(frozen=True, slots=True)
class Credential:
    """A private key and its certificate."""

    private_key: PrivateKey
    certificate: x509.Certificate

    def write(self, key_path: Path, certificate_path: Path) -> None:
        """Both as PEM, the key with mode 600; raises KeyFileUnusable when the key file exists."""
        pkcs8, clear = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        write_private_file(key_path, self.private_key.private_bytes(serialization.Encoding.PEM, pkcs8, clear))
        certificate_path.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))


def draw(
    folder: Path,
    nodes: Sequence[NodeCode],
    now: datetime,
    *,
    algorithm: SignatureAlgorithm = SignatureAlgorithm.ECDSA_P256_SHA256,
    suites: Sequence[Suite] = tuple(Suite),
) -> DevPki:
    """Draw a PKI for `nodes` below `folder`; `algorithm` is that of sign and receipt keys, TLS has P-256.

    Raises HomeExists when the folder holds anything: keys are never overwritten.
    """
    require_empty(folder)
    pki = DevPki(folder, tuple(nodes))
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for node in nodes:
        (folder / node).mkdir(mode=0o700)
        _root(node, f"{node} development CA", now).write(pki.ca_key(node), pki.ca(node))
        keys = pki.keys(node)
        mint(pki, node, Role.TLS, now).write(keys.tls_key, keys.tls_certificate)
        mint(pki, node, Role.SIGN, now, algorithm=algorithm).write(keys.sign_key, keys.sign_certificate)
        mint(pki, node, Role.RECEIPT, now, algorithm=algorithm).write(keys.receipt_key, keys.receipt_certificate)
        _root(node, f"{node} domestic CA", now).write(pki.hub_ca_key(node), pki.hub_ca(node))
        mint_domestic(pki, node, f"{node} exchange node", now).write(*pki.hub(node))
        mint_domestic(pki, node, f"{node} agency", now).write(*pki.agency(node))
        mint_issuer(pki, node, now).write(pki.issuer_key(node), pki.issuer(node))
        announce(keys, node, suites, now)
    return pki


def announce(keys: KeyFiles, node: NodeCode, suites: Iterable[Suite], now: datetime) -> None:
    """Make one decryption key per suite and the signed key statement that announces them."""
    fresh = [generate_decryption_key(suite, now - BACKDATED, DECRYPTION_KEY_DAYS) for suite in suites]
    for key in fresh:
        save_decryption_key(key, keys.folder)
    sign = load_signing_key(keys.sign_key, keys.sign_certificate, node, Role.SIGN)
    statement = make_key_statement(node, [key.announce() for key in fresh], now, sign)
    keys.statement.write_bytes(statement.document)
    keys.statement_signature.write_bytes(statement.signature)


def mint(
    pki: DevPki,
    node: NodeCode,
    role: Role,
    now: datetime,
    *,
    begin: datetime | None = None,
    end: datetime | None = None,
    uri: str | None = None,
    ca: NodeCode | None = None,
    private_key: PrivateKey | None = None,
    algorithm: SignatureAlgorithm = SignatureAlgorithm.ECDSA_P256_SHA256,
) -> Credential:
    """A role certificate of `node`; what is given departs from the right one.

    `begin` and `end` make it expired or not yet valid, `uri` another SAN, `ca` another country's signature,
    `private_key` one that is already in use.
    """
    names: list[x509.GeneralName] = [x509.UniformResourceIdentifier(uri or role_uri(node, role))]
    usages: list[x509.ExtensionType] = []
    if role is Role.TLS:
        names += [x509.DNSName("localhost"), *(x509.IPAddress(ip_address(at)) for at in ("127.0.0.1", "::1"))]
        usages += [x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])]
    key = private_key or _private_key(algorithm)
    extensions = [x509.SubjectAlternativeName(names), *usages]
    return _certify(pki, ca or node, key, f"{node} {role}", begin or now - BACKDATED, end or _end(now), extensions)


def mint_issuer(pki: DevPki, node: NodeCode, now: datetime, *, end: datetime | None = None) -> Credential:
    """The certificate of an invented authority of the node's country; it speaks for no node."""
    key = _private_key(SignatureAlgorithm.ECDSA_P256_SHA256)
    return _certify(pki, node, key, f"{node} issuing authority", now - BACKDATED, end or _end(now), [])


def mint_domestic(
    pki: DevPki, node: NodeCode, common_name: str, now: datetime, *, ca: NodeCode | None = None
) -> Credential:
    """A TLS certificate of the node's domestic side, for its listener or a system that calls it; `ca` departs."""
    key = _private_key(SignatureAlgorithm.ECDSA_P256_SHA256)
    names = [x509.DNSName("localhost"), *(x509.IPAddress(ip_address(at)) for at in ("127.0.0.1", "::1"))]
    extensions: list[x509.ExtensionType] = [
        x509.SubjectAlternativeName(names),
        x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]),
    ]
    issuer = (pki.hub_ca_key(ca or node), pki.hub_ca(ca or node))
    return _certify_by(issuer, node, key, common_name, now - BACKDATED, _end(now), extensions)


def require_empty(folder: Path) -> None:
    """Raise HomeExists unless the folder is missing or empty."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise HomeExists(path=folder)


def _root(node: NodeCode, common_name: str, now: datetime) -> Credential:
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(node, common_name)
    builder = _builder(name, name, key, key, now - BACKDATED, now + timedelta(days=CA_DAYS))
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_key_usage(ca=True), critical=True)
    return Credential(key, builder.sign(key, hashes.SHA256()))


def _certify(
    pki: DevPki,
    country: NodeCode,
    key: PrivateKey,
    common_name: str,
    begin: datetime,
    end: datetime,
    extensions: Iterable[x509.ExtensionType],
) -> Credential:
    return _certify_by((pki.ca_key(country), pki.ca(country)), country, key, common_name, begin, end, extensions)


def _certify_by(
    issuer: tuple[Path, Path],
    country: NodeCode,
    key: PrivateKey,
    common_name: str,
    begin: datetime,
    end: datetime,
    extensions: Iterable[x509.ExtensionType],
) -> Credential:
    ca_key = serialization.load_pem_private_key(issuer[0].read_bytes(), password=None)
    ca = x509.load_pem_x509_certificate(issuer[1].read_bytes())
    if not isinstance(ca_key, ec.EllipticCurvePrivateKey):
        raise TypeError("the CA of this PKI has an EC key")
    builder = _builder(_name(country, common_name), ca.subject, key, ca_key, begin, end)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_key_usage(ca=False), critical=True)
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return Credential(key, builder.sign(ca_key, hashes.SHA256()))


def _builder(
    subject: x509.Name, issuer: x509.Name, key: PrivateKey, ca_key: PrivateKey, begin: datetime, end: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin.replace(microsecond=0))
        .not_valid_after(end.replace(microsecond=0))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
    )


def _name(node: NodeCode, common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, node[:2]),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, f"Sandbox of {node}"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _key_usage(ca: bool) -> x509.KeyUsage:
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


def _private_key(algorithm: SignatureAlgorithm) -> PrivateKey:
    match algorithm:
        case SignatureAlgorithm.ECDSA_P256_SHA256:
            return ec.generate_private_key(ec.SECP256R1())
        case SignatureAlgorithm.ECDSA_P384_SHA384:
            return ec.generate_private_key(ec.SECP384R1())
        case _:
            return rsa.generate_private_key(_RSA_EXPONENT, RSA_BITS)


def _end(now: datetime) -> datetime:
    return now + timedelta(days=LEAF_DAYS)
