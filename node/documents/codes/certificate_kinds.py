"""Which of our kinds a document is that a declaration refers to, by its type (UNTDID 1001)."""

from collections.abc import Mapping
from types import MappingProxyType

PHYTOSANITARY, ORIGIN, AEO, INSPECTION = (
    "phytosanitary_certificate",
    "certificate_of_origin",
    "aeo_status",
    "inspection_result",
)

KIND_OF_TYPE: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("851", "657", "852", "853", "636"), PHYTOSANITARY),
        **dict.fromkeys(("861", "864", "865", "954"), ORIGIN),
        **dict.fromkeys(("878", "891"), AEO),
        **dict.fromkeys(("1", "2", "3", "12", "14", "19", "162", "293", "538", "637", "639"), INSPECTION),
        **dict.fromkeys(("642", "643", "648", "841", "856", "904"), INSPECTION),
    }
)
"""AEO certificates for compliance alone (879) are never exchanged, so nobody can be asked about them."""
