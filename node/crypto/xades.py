"""Making one detached XAdES signature over exact bytes, inside its ASiC wrapper (protocol 2, signature).

signxml signs XML; three of its internal seams are bent here so that it signs a file as it is. They are private, so its
version is pinned, and tests hold the result against a second engine (libraries 3.5, recipes 9).
"""

from datetime import UTC, datetime

from lxml import etree
from signxml.algorithms import CanonicalizationMethod, SignatureConstructionMethod
from signxml.signer import SignatureReference
from signxml.util import SigningSettings
from signxml.xades.xades import XAdESSigner

from node.crypto.keys import SigningKey
from node.crypto.signature_parts import DS, SIGNATURE, XADES
from node.safe_xml import Element

ASIC = "http://uri.etsi.org/02918/v1.2.1#"
WRAPPER = f"{{{ASIC}}}XAdESSignatures"

# One signature per document, so its parts need no random names; SignedProperties is named by signxml after the first.
_SIGNATURE_ID = "signature"
_KEY_INFO_ID = "key-info"
_FILE_REFERENCE_ID = "file"


def sign_detached(content: bytes, file_name: str, media_type: str, key: SigningKey, moment: datetime) -> bytes:
    """A XAdES signature over `content`, which its Reference calls `file_name`, as XML bytes.

    `moment` becomes SigningTime (whole seconds, UTC). Callers verify the result before it leaves (security 2.1 X14).
    """
    signer = _DetachedSigner(content, media_type, key, moment)
    signature = signer.sign(
        b"",
        key=key.private_key,
        cert=[key.certificate],
        reference_uri=[SignatureReference(URI=file_name)],
        # A KeyValue beside the certificate would be a second statement about the key (libraries 3.5).
        always_add_key_value=False,
    )
    return etree.tostring(signature.getroottree())


class _DetachedSigner(XAdESSigner):
    """Signs one file once; signxml's signers keep state, so each signature gets a new one."""

    def __init__(self, content: bytes, media_type: str, key: SigningKey, moment: datetime) -> None:
        super().__init__(
            method=SignatureConstructionMethod.detached,
            signature_algorithm=key.algorithm.method,
            digest_algorithm=key.algorithm.digest,
            c14n_algorithm=CanonicalizationMethod.CANONICAL_XML_1_0,
        )
        self._content, self._media_type, self._moment = content, media_type, moment
        self.signature_annotators.insert(-1, self._name_parts)

    def _unpack(
        self, data: object, references: list[SignatureReference]
    ) -> tuple[Element, Element, list[bytes], list[SignatureReference]]:
        # The signature grows inside its wrapper: inclusive C14N takes the wrapper's namespace into what is signed.
        wrapper = etree.Element(WRAPPER, nsmap={"asic": ASIC})
        signature = etree.SubElement(wrapper, SIGNATURE, nsmap=self.namespaces)
        return signature, signature, [self._content], references

    def _c14n(
        self, nodes: Element | bytes, algorithm: CanonicalizationMethod, inclusive_ns_prefixes: list[str] | None = None
    ) -> bytes:
        return nodes if isinstance(nodes, bytes) else super()._c14n(nodes, algorithm, inclusive_ns_prefixes)

    def _build_transforms_for_reference(self, *, transforms_node: Element, **_: object) -> None:
        # No Transforms: the digest is that of the file's bytes as they are.
        reference = transforms_node.getparent()
        if reference is not None:
            reference.set("Id", _FILE_REFERENCE_ID)
            reference.remove(transforms_node)

    def _get_token(self, length: int = 4) -> str:
        return ""

    def _name_parts(self, sig_root: Element, signing_settings: SigningSettings) -> None:
        sig_root.set("Id", _SIGNATURE_ID)
        for key_info in sig_root.iterchildren(DS + "KeyInfo"):
            key_info.set("Id", _KEY_INFO_ID)

    def add_signing_time(self, properties: Element, sig_root: Element, signing_settings: SigningSettings) -> None:
        """SigningTime is the moment we were given, not the machine's clock."""
        signing_time = etree.SubElement(properties, XADES + "SigningTime")
        signing_time.text = f"{self._moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"

    def add_data_object_format(self, properties: Element, sig_root: Element, signing_settings: SigningSettings) -> None:
        """One DataObjectFormat for the file, as baseline B-B asks (ETSI EN 319 132-1, 6.3)."""
        form = etree.SubElement(properties, XADES + "DataObjectFormat", ObjectReference=f"#{_FILE_REFERENCE_ID}")
        etree.SubElement(form, XADES + "MimeType").text = self._media_type
