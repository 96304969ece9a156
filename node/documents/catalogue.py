"""The kinds of paper that this node understands: one explicit list, and what installed packages add to it.

Raises KindPlugInBroken when it is loaded and such a package is broken.
"""

from collections.abc import Mapping
from types import MappingProxyType

from node.documents import (
    aeo_status,
    certificate_of_origin,
    certificate_use,
    enforcement_information,
    inspection_result,
    phytosanitary_certificate,
    plug_ins,
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

_PLUG_INS = plug_ins.installed(_KINDS)

PACKAGES: Mapping[tuple[str, int], str] = MappingProxyType(plug_ins.packages(_PLUG_INS))
"""Which package brings a kind that is not the node's own, by name and version."""

_ALL = (*_KINDS, *(one.kind for one in _PLUG_INS))

CATALOGUE: Mapping[tuple[str, int], Kind] = MappingProxyType({(kind.name, kind.version): kind for kind in _ALL})
"""Every kind by name and version."""

BY_ROOT: Mapping[str, Kind] = MappingProxyType({kind.root: kind for kind in _ALL})
"""Every kind by its root element or JSON schema; no two kinds share one."""
