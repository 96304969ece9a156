"""Signature values over octets, as XMLDSig writes them: ECDSA as r || s, RSA as it is (RFC 9231 2.3)."""

from collections.abc import Mapping

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from node.crypto.algorithms import PrivateKey, SignatureAlgorithm
from node.errors import Unexpected

_SHA256, _SHA384 = hashes.SHA256(), hashes.SHA384()

# With the bytes of r, which are those of s.
_ECDSA: Mapping[SignatureAlgorithm, tuple[ec.ECDSA, int]] = {
    SignatureAlgorithm.ECDSA_P256_SHA256: (ec.ECDSA(_SHA256), 32),
    SignatureAlgorithm.ECDSA_P384_SHA384: (ec.ECDSA(_SHA384), 48),
}
_RSA: Mapping[SignatureAlgorithm, padding.AsymmetricPadding] = {
    SignatureAlgorithm.RSA3072_PKCS1_SHA256: padding.PKCS1v15(),
    # MGF1 with the same hash and a salt of its length (RFC 9231 2.3.10).
    SignatureAlgorithm.RSA3072_PSS_SHA256: padding.PSS(padding.MGF1(_SHA256), _SHA256.digest_size),
}


def sign_octets(octets: bytes, key: PrivateKey, algorithm: SignatureAlgorithm) -> bytes:
    """The value of a signature over `octets`; raises Unexpected for a key that is not of the algorithm's type."""
    if algorithm in _ECDSA and isinstance(key, ec.EllipticCurvePrivateKey):
        size = (key.key_size + 7) // 8
        r, s = decode_dss_signature(key.sign(octets, _ECDSA[algorithm][0]))
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")
    if algorithm in _RSA and isinstance(key, rsa.RSAPrivateKey):
        return key.sign(octets, _RSA[algorithm], _SHA256)
    raise Unexpected(detail=f"a key that is not one for {algorithm}")


def octets_signed(octets: bytes, value: bytes, public_key: object, algorithm: SignatureAlgorithm) -> bool:
    """Whether `value` is a signature over `octets` by the owner of the key; False for a key of another type, too."""
    try:
        if algorithm in _ECDSA and isinstance(public_key, ec.EllipticCurvePublicKey):
            ecdsa, size = _ECDSA[algorithm]
            if len(value) != 2 * size:
                return False
            r, s = int.from_bytes(value[:size], "big"), int.from_bytes(value[size:], "big")
            public_key.verify(encode_dss_signature(r, s), octets, ecdsa)
            return True
        if algorithm in _RSA and isinstance(public_key, rsa.RSAPublicKey):
            public_key.verify(value, octets, _RSA[algorithm], _SHA256)
            return True
    except (InvalidSignature, ValueError):
        pass
    return False
