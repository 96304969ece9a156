"""Protobuf and model, both directions side by side, errors included; the rules and limits of protocol v1.

`rules.RULES` says what each field must be, `limits` holds every number, `calls` answers a request's bytes.
"""

from node.wire.answers import (
    bounded_findings,
    deliver_response_from_bytes,
    deliver_response_to_bytes,
    receipt_from_bytes,
    receipt_to_bytes,
)
from node.wire.calls import SERVED, SERVICE, InboundDoor, answer
from node.wire.collect import (
    collect_request_from_bytes,
    collect_request_to_bytes,
    collect_response_from_bytes,
    collect_response_to_bytes,
    confirm_response_from_bytes,
    confirm_response_to_bytes,
)
from node.wire.describe import (
    describe_request_from_bytes,
    describe_request_to_bytes,
    description_from_bytes,
    description_to_bytes,
)
from node.wire.limits import (
    MAX_ATTACHMENTS,
    MAX_CHUNK_BYTES,
    MAX_CHUNKS,
    MAX_DOCUMENT_BYTES,
    MAX_ENVELOPES,
    MAX_FINDINGS,
    MAX_HEADER_BYTES,
    MAX_MANIFEST_BYTES,
    MAX_RECEIPT_BYTES,
    MAX_REQUEST_BYTES,
    MAX_RESPONSE_BYTES,
    MAX_SIGNATURE_BYTES,
    MAX_SIGNATURES,
    MAX_UPLOAD_BYTES,
)
from node.wire.lookups import (
    lookup_answer_from_bytes,
    lookup_answer_to_bytes,
    lookup_request_from_bytes,
    lookup_request_to_bytes,
    lookup_response_from_bytes,
    lookup_response_to_bytes,
)
from node.wire.papers import (
    body_from_bytes,
    body_to_bytes,
    header_from_bytes,
    header_to_bytes,
    metadata_from_bytes,
    metadata_to_bytes,
)
from node.wire.registers import (
    register_request_from_bytes,
    register_request_to_bytes,
    register_response_from_bytes,
    register_response_to_bytes,
)
from node.wire.requests import (
    deliver_request_from_bytes,
    deliver_request_to_bytes,
    status_request_from_bytes,
    status_request_to_bytes,
)
from node.wire.rules import RULES
from node.wire.status import error_from_status, status_from_error
from node.wire.uploads import (
    UPLOAD,
    UploadCall,
    UploadDoor,
    chunk_from_bytes,
    chunk_to_bytes,
    upload_response_from_bytes,
    upload_response_to_bytes,
)

__all__ = [
    "MAX_ATTACHMENTS",
    "MAX_CHUNKS",
    "MAX_CHUNK_BYTES",
    "MAX_DOCUMENT_BYTES",
    "MAX_ENVELOPES",
    "MAX_FINDINGS",
    "MAX_HEADER_BYTES",
    "MAX_MANIFEST_BYTES",
    "MAX_RECEIPT_BYTES",
    "MAX_REQUEST_BYTES",
    "MAX_RESPONSE_BYTES",
    "MAX_SIGNATURES",
    "MAX_SIGNATURE_BYTES",
    "MAX_UPLOAD_BYTES",
    "RULES",
    "SERVED",
    "SERVICE",
    "UPLOAD",
    "InboundDoor",
    "UploadCall",
    "UploadDoor",
    "answer",
    "body_from_bytes",
    "body_to_bytes",
    "bounded_findings",
    "chunk_from_bytes",
    "chunk_to_bytes",
    "collect_request_from_bytes",
    "collect_request_to_bytes",
    "collect_response_from_bytes",
    "collect_response_to_bytes",
    "confirm_response_from_bytes",
    "confirm_response_to_bytes",
    "deliver_request_from_bytes",
    "deliver_request_to_bytes",
    "deliver_response_from_bytes",
    "deliver_response_to_bytes",
    "describe_request_from_bytes",
    "describe_request_to_bytes",
    "description_from_bytes",
    "description_to_bytes",
    "error_from_status",
    "header_from_bytes",
    "header_to_bytes",
    "lookup_answer_from_bytes",
    "lookup_answer_to_bytes",
    "lookup_request_from_bytes",
    "lookup_request_to_bytes",
    "lookup_response_from_bytes",
    "lookup_response_to_bytes",
    "metadata_from_bytes",
    "metadata_to_bytes",
    "receipt_from_bytes",
    "receipt_to_bytes",
    "register_request_from_bytes",
    "register_request_to_bytes",
    "register_response_from_bytes",
    "register_response_to_bytes",
    "status_from_error",
    "status_request_from_bytes",
    "status_request_to_bytes",
    "upload_response_from_bytes",
    "upload_response_to_bytes",
]
