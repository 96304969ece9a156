"""The closed lists of protocol 2, signature algorithms and key suites: what is not named here is not used."""

from enum import StrEnum

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from signxml.algorithms import DigestAlgorithm, SignatureMethod

MIN_RSA_BITS = 3072
"""Smaller RSA keys are below the 128-bit level that everything else here has (security 2.1 X5)."""

MAX_RSA_BITS = 4096
"""Verifying grows with the square of the size; a partner's certificate must not buy arbitrary work."""

_RSA_EXPONENT = 65537
_MORE = "http://www.w3.org/2001/04/xmldsig-more#"
_MORE_2007 = "http://www.w3.org/2007/05/xmldsig-more#"
_SHA256_URI = "http://www.w3.org/2001/04/xmlenc#sha256"
_SHA384_URI = _MORE + "sha384"

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
"""What can sign: a key in memory, or an object of a security module that subclasses one of the two."""


class SignatureAlgorithm(StrEnum):
    """Signature algorithms by their names in profiles (protocol 2). ECDSA P-256 is the default."""

    ECDSA_P256_SHA256 = "ecdsa-p256-sha256"
    ECDSA_P384_SHA384 = "ecdsa-p384-sha384"
    RSA3072_PKCS1_SHA256 = "rsa-3072-pkcs1-sha256"
    RSA3072_PSS_SHA256 = "rsa-3072-pss-sha256"

    @property
    def uri(self) -> str:
        """The SignatureMethod identifier (RFC 9231 2.3)."""
        return _METHOD_URI[self]

    @property
    def method(self) -> SignatureMethod:
        """The SignatureMethod as signxml names it."""
        return SignatureMethod(self.uri)

    @property
    def digest(self) -> DigestAlgorithm:
        """The digest we use beside it when signing: SHA-384 with P-384, SHA-256 otherwise."""
        return DigestAlgorithm.SHA384 if self is SignatureAlgorithm.ECDSA_P384_SHA384 else DigestAlgorithm.SHA256

    @property
    def digest_uris(self) -> frozenset[str]:
        """The digest identifiers accepted beside it: SHA-256, and SHA-384 with P-384 only."""
        if self is SignatureAlgorithm.ECDSA_P384_SHA384:
            return frozenset({_SHA256_URI, _SHA384_URI})
        return frozenset({_SHA256_URI})

    def fits(self, public_key: object) -> bool:
        """Whether a certificate's key may be used with this algorithm: the right type, curve and size."""
        if self is SignatureAlgorithm.ECDSA_P256_SHA256:
            return _on_curve(public_key, ec.SECP256R1)
        if self is SignatureAlgorithm.ECDSA_P384_SHA384:
            return _on_curve(public_key, ec.SECP384R1)
        return _strong_rsa(public_key)


_METHOD_URI = {
    SignatureAlgorithm.ECDSA_P256_SHA256: _MORE + "ecdsa-sha256",
    SignatureAlgorithm.ECDSA_P384_SHA384: _MORE + "ecdsa-sha384",
    SignatureAlgorithm.RSA3072_PKCS1_SHA256: _MORE + "rsa-sha256",
    SignatureAlgorithm.RSA3072_PSS_SHA256: _MORE_2007 + "sha256-rsa-MGF1",
}

ALL_SIGNATURE_ALGORITHMS = frozenset(SignatureAlgorithm)
"""Every algorithm protocol v1 knows; a partner's profile names the subset agreed with it."""


class Suite(StrEnum):
    """Key suites of the call key (protocol 2): HPKE base mode, HKDF-SHA256, AES-256-GCM."""

    X25519 = "X25519-HKDF-SHA256-AES256GCM"
    """KEM 0x0020 (RFC 9180)."""
    HYBRID = "MLKEM768X25519-HKDF-SHA256-AES256GCM"
    """KEM 0x647A, X-Wing: safe as long as either half is, also against a quantum computer (security K7)."""


def default_algorithm(public_key: object) -> SignatureAlgorithm | None:
    """The algorithm we sign with when settings name none; None for a key protocol v1 does not know."""
    return next((algorithm for algorithm in SignatureAlgorithm if algorithm.fits(public_key)), None)


def key_algorithms(certificate: x509.Certificate) -> frozenset[SignatureAlgorithm]:
    """The algorithms the certificate's key may be used with; raises ValueError for a key that cannot be read."""
    public_key = certificate.public_key()
    return frozenset(algorithm for algorithm in SignatureAlgorithm if algorithm.fits(public_key))


def by_uri(uri: str) -> SignatureAlgorithm | None:
    """The algorithm with this SignatureMethod identifier, or None when it is not on the list."""
    return next((algorithm for algorithm in SignatureAlgorithm if algorithm.uri == uri), None)


def _on_curve(public_key: object, curve: type[ec.EllipticCurve]) -> bool:
    return isinstance(public_key, ec.EllipticCurvePublicKey) and isinstance(public_key.curve, curve)


def _strong_rsa(public_key: object) -> bool:
    if not isinstance(public_key, rsa.RSAPublicKey):
        return False
    return MIN_RSA_BITS <= public_key.key_size <= MAX_RSA_BITS and public_key.public_numbers().e == _RSA_EXPONENT
