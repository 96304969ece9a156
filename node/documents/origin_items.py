"""What a declaration's lines are compared with: the items of a certificate of origin, and the agreement it proves."""

from node.documents.checks import text_of
from node.documents.children import first_by_name
from node.documents.origin_rules import NS
from node.model.declaration import CertificateItem
from node.safe_xml import parse


def items_of(content: bytes) -> tuple[str, tuple[CertificateItem, ...]]:
    """The agreement (empty without preference) and the items of a certificate that was accepted.

    Raises XmlError classes.
    """
    root = parse(content)
    items = [first_by_name(item) for item in root.iterchildren(f"{NS}Item")]
    return text_of(root.find(f"{NS}Agreement")), tuple(
        CertificateItem(
            text_of(item.get(f"{NS}Sequence")),
            text_of(item.get(f"{NS}HsCode")),
            text_of(item.get(f"{NS}OriginCountry")),
        )
        for item in items
    )
