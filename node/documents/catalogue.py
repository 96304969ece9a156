"""The kinds of paper that this node understands: one explicit list."""

from collections.abc import Mapping
from types import MappingProxyType

from node.documents import (
    aeo_status,
    certificate_of_origin,
    certificate_use,
    enforcement_information,
    inspection_result,
    phytosanitary_certificate,
)
from node.documents.kind import Kind

_KINDS: tuple[Kind, ...] = (
    phytosanitary_certificate.KIND,
    certificate_of_origin.KIND,
    aeo_status.KIND,
    inspection_result.KIND,
    certificate_use.KIND,
    enforcement_information.KIND,
)

CATALOGUE: Mapping[tuple[str, int], Kind] = MappingProxyType({(kind.name, kind.version): kind for kind in _KINDS})
"""Every kind by name and version."""

BY_ROOT: Mapping[str, Kind] = MappingProxyType({kind.root: kind for kind in _KINDS})
"""Every kind by its root element or JSON schema; no two kinds share one."""
