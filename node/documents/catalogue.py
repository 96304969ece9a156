"""The kinds of paper that this node understands: one explicit list."""

from collections.abc import Mapping
from types import MappingProxyType

from node.documents import certificate_of_origin, phytosanitary_certificate
from node.documents.kind import DocumentKind

_KINDS = (phytosanitary_certificate.KIND, certificate_of_origin.KIND)

CATALOGUE: Mapping[tuple[str, int], DocumentKind] = MappingProxyType(
    {(kind.name, kind.version): kind for kind in _KINDS}
)
"""Every kind by name and version."""

BY_ROOT: Mapping[str, DocumentKind] = MappingProxyType({kind.root: kind for kind in _KINDS})
"""Every kind by its root element; no two kinds share one."""
