"""Errors on the wire: NodeError to google.rpc.Status and back to the same class (architecture 5).

Before seal and path hold the outside hears one of four words; the stable code travels in google.rpc.ErrorInfo. Fields
and sentences never cross.
"""

from collections.abc import Mapping
from typing import Final

from google.protobuf.message import DecodeError
from google.rpc.code_pb2 import Code  # type: ignore[import-untyped]
from google.rpc.error_details_pb2 import ErrorInfo  # type: ignore[import-untyped]
from google.rpc.status_pb2 import Status  # type: ignore[import-untyped]

from node.errors import Category, NodeError, Unexpected, catalogue

DOMAIN: Final = "n2n.v1"
# gRPC's own metadata budget is 8 KiB; ours need under 100 bytes.
MAX_STATUS_BYTES: Final = 4096
_MAX_DETAILS: Final = 8

WORDS: Final[Mapping[Category, str]] = {
    Category.MALFORMED: "malformed",
    Category.UNSUPPORTED: "malformed",
    Category.CONFLICT: "malformed",
    Category.UNTRUSTED: "not authentic",
    Category.FORBIDDEN: "not for us",
    Category.NOT_FOUND: "not for us",
    Category.UNDETERMINED: "try later",
    Category.OVERLOADED: "try later",
    Category.UNREACHABLE: "try later",
    Category.TIMED_OUT: "try later",
    Category.MISCONFIGURED: "try later",
    Category.CORRUPT: "try later",
    Category.INTERNAL: "try later",
}
"""The word that an outsider hears for each category."""

_KEPT_INSIDE: Final = frozenset({Category.MISCONFIGURED, Category.CORRUPT, Category.INTERNAL})


def status_from_error(error: NodeError) -> Status:
    """What the outside may know of `error`: status code, one word, stable code. Our own troubles are only INTERNAL."""
    shown = Unexpected() if error.category in _KEPT_INSIDE else error
    status = Status(code=Code.Value(shown.category.grpc), message=WORDS[shown.category])
    status.details.add().Pack(ErrorInfo(reason=shown.code, domain=DOMAIN))
    return status


def error_from_status(data: bytes) -> NodeError | None:
    """The error whose code a partner's serialised Status names; None when it names none that we know.

    The partner wrote `data`: whatever it holds, nothing is raised.
    """
    if len(data) > MAX_STATUS_BYTES:
        return None
    try:
        status = Status.FromString(data)
    except DecodeError:
        return None
    for detail in status.details[:_MAX_DETAILS]:
        info = ErrorInfo()
        try:
            unpacked = detail.Unpack(info)
        except DecodeError:
            continue
        if unpacked and info.domain == DOMAIN and info.reason in catalogue():
            return catalogue()[info.reason]()
    return None
