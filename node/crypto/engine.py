"""The seam to signxml: one verifier object per call, the certificate given by us, every failure one refusal.

signxml raises a dozen kinds of exceptions on hostile input (security 0.7) and keeps state between calls (recipes 9).
"""

from collections.abc import Mapping
from datetime import datetime

from cryptography import x509
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm
from signxml.verifier import SignatureConfiguration, XMLVerifier
from signxml.xades.xades import XAdESSignatureConfiguration, XAdESVerifier

from node.crypto.algorithms import SignatureAlgorithm
from node.errors import SignatureInvalid
from node.safe_xml import Element

_CHILD_OF_ROOT = "./"
"""signxml's spelling of: the signature is a direct child of the root."""


def verify_detached(
    signature: bytes,
    files: Mapping[str, bytes],
    certificate: x509.Certificate,
    algorithm: SignatureAlgorithm,
    references: int,
    now: datetime,
) -> list[bytes]:
    """The octets that each reference covers, in document order; raises SignatureInvalid."""
    config = _config(algorithm, references, now)
    try:
        results = XAdESVerifier().verify(signature, x509_cert=certificate, uri_resolver=files.get, expect_config=config)
    except Exception as error:
        raise SignatureInvalid(what=next(iter(files))) from error
    return [result.signed_data for result in results]


def verify_enveloped(
    document: bytes,
    certificate: x509.Certificate,
    algorithm: SignatureAlgorithm,
    references: int,
    xades: bool,
    now: datetime,
) -> list[bytes]:
    """The octets that each reference covers, in document order; raises SignatureInvalid."""
    config = _config(algorithm, references, now)
    verifier = _XadesDocumentVerifier() if xades else _DocumentVerifier()
    try:
        results = verifier.verify(document, x509_cert=certificate, uri_resolver=None, expect_config=config)
    except Exception as error:
        raise SignatureInvalid(what="the document") from error
    return [result.signed_data for result in (results if isinstance(results, list) else [results])]


class _WholeDocument:
    """A Reference without URI means the document it stands in: XMLDSig leaves that to us, and real papers use it."""

    def _resolve_reference(self, doc_root: Element, reference: Element, uri_resolver: object = None) -> Element:
        if reference.get("URI") is None:
            return doc_root
        inner: Element = super()._resolve_reference(doc_root, reference, uri_resolver)  # type: ignore[misc]
        return inner


class _DocumentVerifier(_WholeDocument, XMLVerifier):
    """Verifies a plain XMLDSig inside a document."""


class _XadesDocumentVerifier(_WholeDocument, XAdESVerifier):
    """Verifies a XAdES signature inside a document."""


def _config(algorithm: SignatureAlgorithm, references: int, now: datetime) -> SignatureConfiguration:
    return XAdESSignatureConfiguration(
        location=_CHILD_OF_ROOT,
        expect_references=references,
        signature_methods=frozenset({algorithm.method}),
        digest_algorithms=frozenset(DigestAlgorithm(uri) for uri in algorithm.digest_uris),
        verification_time=now,
        default_reference_c14n_method=CanonicalizationMethod.CANONICAL_XML_1_0,
    )
