"""What a certificate certifies per item: read from its own document when it is first used.

Each kind of certificate says it by one small function, `certifies` of its KIND (`certified_items` helps it).
"""

from node import safe_xml
from node.documents.catalogue import BY_ROOT
from node.documents.kind import XmlKind
from node.errors import XmlError
from node.model.document import MediaType
from node.model.uses import Certified


def certified(content: bytes) -> Certified | None:
    """What the certificate in `content` certifies; None when it is no certificate that can be used."""
    if MediaType.of(content) is not MediaType.XML:
        return None
    try:
        root = safe_xml.parse(content)
    except XmlError:
        return None
    kind = BY_ROOT.get(str(root.tag))
    return kind.certifies(root) if isinstance(kind, XmlKind) and kind.certifies is not None else None
