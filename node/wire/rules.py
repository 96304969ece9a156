"""The rule of every field of protocol v1, one table per message; refusals and the interface document quote it.

A field without a rule is a defect: tests compare the table with the descriptors of protos/n2n/v1.
"""

from collections.abc import Mapping
from typing import Final

from node.wire import limits

NODE_CODE: Final = "node code [A-Z]{2}[A-Z0-9]{0,14}"
UUID7: Final = "UUIDv7, 36 lower-case characters"
KIND: Final = "[a-z][a-z0-9_]{0,63}"
DIGEST: Final = f"{limits.DIGEST_BYTES} bytes"
MOMENT: Final = "milliseconds UTC since 1970, 1 to the end of year 9999"
NAME: Final = f"1 to {limits.MAX_NAME_CHARACTERS} characters without control characters"
PATH: Final = f"at most {limits.MAX_PATH} digests of {limits.DIGEST_BYTES} bytes, leaf end first"
CHECKPOINT: Final = f"C2SP signed note, at most {limits.MAX_CHECKPOINT_BYTES} bytes; absent when none"
DAY: Final = "date YYYY-MM-DD; absent when there is none"
LEAF_INDEX: Final = f"below {limits.MAX_ENVELOPES}"
WHOLE: Final = ""

RULES: Final[Mapping[str, Mapping[str, str]]] = {
    "Header": {
        WHOLE: f"canonical protobuf, at most {limits.MAX_HEADER_BYTES} bytes",
        "message_id": f"{UUID7}; its time is created_at",
        "sender": NODE_CODE,
        "recipient": NODE_CODE,
        "kind": KIND,
        "kind_version": f"1 to {limits.MAX_KIND_VERSION}",
        "created_at": MOMENT,
        "expires_at": "after created_at, at most 30 days after it",
        "priority": "A, B or C",
        "conversation_id": "UUID, 36 lower-case characters",
        "refers_to": f"{UUID7}; absent when the paper answers none",
    },
    "Metadata": {
        WHOLE: f"canonical protobuf, at most {limits.MAX_METADATA_BYTES} bytes",
        "media_type": "application/xml or application/json",
        "ucr": f"at most {limits.MAX_UCR}, each 1 to {limits.MAX_UCR_CHARACTERS} characters without control characters",
        "chain": "absent when the paper belongs to none",
        "attachments": f"at most {limits.MAX_ATTACHMENTS}",
        "arrangement": "[a-z0-9][a-z0-9.-]{0,63}",
    },
    "Chain": {
        "issuer": NAME,
        "number": NAME,
        "predecessor": f"{DIGEST}; absent for the first paper",
    },
    "Attachment": {
        "name": f"{NAME} or path separators",
        "media_type": NAME,
        "size": "plaintext bytes",
        "sha256": DIGEST,
        "upload_sha256": DIGEST,
        "key": f"{limits.KEY_BYTES} bytes",
    },
    "Body": {
        WHOLE: f"canonical protobuf, at most {limits.MAX_BODY_BYTES} bytes",
        "salt": f"{limits.SALT_BYTES} random bytes",
        "metadata": f"1 to {limits.MAX_METADATA_BYTES} bytes",
        "document": f"1 to {limits.MAX_DOCUMENT_BYTES} bytes",
        "signatures": f"at most {limits.MAX_SIGNATURES}, each 1 to {limits.MAX_SIGNATURE_BYTES} bytes",
    },
    "Seal": {
        "manifest": f"1 to {limits.MAX_MANIFEST_BYTES} bytes",
        "signature": f"1 to {limits.MAX_SIGNATURE_BYTES} bytes",
    },
    "KeyWrap": {
        "suite": f"1 to {limits.MAX_SUITE_CHARACTERS} visible ASCII characters",
        "recipient_key_id": f"1 to {limits.MAX_KEY_ID_CHARACTERS} visible ASCII characters",
        "wrapped": f"1 to {limits.MAX_WRAPPED_BYTES} bytes",
    },
    "Envelope": {
        "header": f"1 to {limits.MAX_HEADER_BYTES} bytes",
        "body_digest": DIGEST,
        "seal_index": "index of one of the request's seals",
        "leaf_index": LEAF_INDEX,
        "path": PATH,
        "sealed_body": f"{limits.SEALED_BODY_OVERHEAD + 1} to {limits.MAX_SEALED_BODY_BYTES} bytes",
    },
    "KeyStatement": {
        "document": f"1 to {limits.MAX_STATEMENT_BYTES} bytes",
        "signature": f"1 to {limits.MAX_SIGNATURE_BYTES} bytes",
    },
    "DeliverRequest": {
        WHOLE: f"protobuf, at most {limits.MAX_REQUEST_BYTES} bytes and {limits.MAX_CALL_FIELDS} fields",
        "seals": f"1 to {limits.MAX_SEALS}, each used by an envelope",
        "key": "present",
        "envelopes": f"1 to {limits.MAX_ENVELOPES}, no message_id twice",
        "known_checkpoint": CHECKPOINT,
    },
    "DeliverResponse": {
        WHOLE: f"protobuf, at most {limits.MAX_RESPONSE_BYTES} bytes and {limits.MAX_CALL_FIELDS} fields",
        "seals": f"at most {limits.MAX_SEALS}, each used by a receipt",
        "answers": f"1 to {limits.MAX_ENVELOPES}, one for each envelope or asked id, in order",
        "checkpoint": CHECKPOINT,
        "proof": "only with checkpoint; absent unless the request named one that the log knows",
    },
    "ConsistencyProof": {
        "from_size": "size of the tree that the caller named",
        "nodes": f"at most {limits.MAX_PROOF_NODES} of {limits.DIGEST_BYTES} bytes",
    },
    "StatusRequest": {
        WHOLE: f"protobuf, at most {limits.MAX_REQUEST_BYTES} bytes and {limits.MAX_CALL_FIELDS} fields",
        "message_ids": f"1 to {limits.MAX_ENVELOPES}, {UUID7}, none twice",
        "close": "true turns ids that are not held into ABSENT receipts",
        "known_checkpoint": CHECKPOINT,
    },
    "Answer": {
        "message_id": f"{UUID7}; empty when the header could not be read",
        "receipt": "one of receipt, deferred, not_held, coarse",
        "deferred": "one of receipt, deferred, not_held, coarse",
        "not_held": "one of receipt, deferred, not_held, coarse",
        "coarse": "one of receipt, deferred, not_held, coarse",
    },
    "SignedReceipt": {
        "receipt": f"1 to {limits.MAX_RECEIPT_BYTES} bytes",
        "seal_index": "index of one of the response's seals",
        "leaf_index": LEAF_INDEX,
        "path": PATH,
        "repeat": "true when the stored receipt is given again",
    },
    "Receipt": {
        WHOLE: f"canonical protobuf, at most {limits.MAX_RECEIPT_BYTES} bytes",
        "message_id": UUID7,
        "leaf": f"{DIGEST}; absent when the verdict is ABSENT",
        "verdict": "ACCEPTED, REFUSED or ABSENT",
        "findings": f"at most {limits.MAX_FINDINGS}; with ACCEPTED only remarks; none with ABSENT",
        "already_known": "true only when ACCEPTED",
        "received_at": MOMENT,
    },
    "Finding": {
        "code": f"1 to {limits.MAX_FINDING_CODE_CHARACTERS} characters without control characters",
        "path": f"at most {limits.MAX_FINDING_PATH_CHARACTERS} characters without control characters",
        "rule": f"at most {limits.MAX_FINDING_RULE_CHARACTERS} characters without control characters",
    },
    "Deferred": {
        "code": "one of the listed codes",
        "retry_after_ms": "0 to 30 days in milliseconds",
        "key_statement": "only with code KEY",
    },
    "NotHeld": {},
    "Coarse": {"reason": "one of the four words"},
    "DescribeRequest": {WHOLE: f"protobuf, at most {limits.MAX_REQUEST_BYTES} bytes"},
    "DescribeResponse": {
        WHOLE: f"protobuf, at most {limits.MAX_RESPONSE_BYTES} bytes",
        "node": NODE_CODE,
        "versions": f"at most {limits.MAX_DESCRIBED_WORDS}, each {NAME}",
        "kinds": f"at most {limits.MAX_DESCRIBED_KINDS}",
        "suites": f"at most {limits.MAX_DESCRIBED_WORDS}, each {NAME}",
        "limits": "present",
        "server_time": MOMENT,
        "calls": f"at most {limits.MAX_DESCRIBED_WORDS}, each {NAME}",
    },
    "ServedKind": {
        "kind": KIND,
        "kind_version": f"1 to {limits.MAX_KIND_VERSION}",
        "accepts": "the caller may send it",
        "sends": "the node may send it to the caller",
    },
    "Limits": {"request_bytes": "bytes", "envelopes": "count", "document_bytes": "bytes"},
    "CollectRequest": {
        WHOLE: f"protobuf, at most {limits.MAX_REQUEST_BYTES} bytes",
        "most": f"1 to {limits.MAX_ENVELOPES}",
        "wait_ms": f"0 to {limits.MAX_WAIT_MS} milliseconds",
        "known_checkpoint": CHECKPOINT,
    },
    "CollectResponse": {
        WHOLE: f"protobuf, at most {limits.MAX_RESPONSE_BYTES} bytes and {limits.MAX_CALL_FIELDS} fields",
        "papers": "absent when none wait",
        "status": "absent when nothing is asked",
        "lease_ms": f"milliseconds for which the envelopes are leased, at most {limits.MAX_LEASE_MS}",
    },
    "ConfirmResponse": {"taken": f"answers that settled or repeated something, at most {limits.MAX_ENVELOPES}"},
    "Chunk": {
        "upload_sha256": f"{DIGEST}, the same in every chunk",
        "offset": "bytes before this chunk; where it ends lies within size",
        "size": f"bytes of the whole ciphertext, 1 to {limits.MAX_UPLOAD_BYTES}, the same in every chunk",
        "data": f"at most {limits.MAX_CHUNK_BYTES} bytes; empty only in a call of this one chunk, which asks",
    },
    "UploadResponse": {
        "held": f"bytes held from the start without a gap, at most {limits.MAX_UPLOAD_BYTES}",
        "complete": "true when all of it is here and its digest matched",
    },
    "LookupRequest": {
        WHOLE: f"protobuf, at most {limits.MAX_LOOKUP_REQUEST_BYTES} bytes",
        "nonce": "32 random bytes",
        "kind": KIND,
        "issuer": NAME,
        "number": NAME,
        "on": "date YYYY-MM-DD",
        "known_at": f"{MOMENT}; absent for now",
    },
    "LookupResponse": {
        WHOLE: f"protobuf, at most {limits.MAX_LOOKUP_RESPONSE_BYTES} bytes",
        "answer": "serialised LookupAnswer",
        "seal": "present",
        "leaf_index": LEAF_INDEX,
        "path": PATH,
    },
    "LookupAnswer": {
        WHOLE: f"protobuf, at most {limits.MAX_LOOKUP_ANSWER_BYTES} bytes",
        "in_force": "authentic and in force; unknown and not released look the same",
        "said_at": MOMENT,
        "status": f"{KIND}; in_force exactly when in_force is true",
        "valid_from": DAY,
        "valid_until": DAY,
        "status_since": f"{MOMENT}; absent when unknown",
        "left": f"at most {limits.MAX_QUANTITIES}",
    },
    "QuantityLeft": {
        "item": NAME,
        "measure": KIND,
        "unit": "at most 16 characters without control characters",
        "left": "decimal number of at most 32 characters, not below zero",
    },
    "RegisterRequest": {
        WHOLE: f"protobuf, at most {limits.MAX_REGISTER_BYTES} bytes",
        "kind": KIND,
        "after": f"sequence number, at most {limits.MAX_SEQUENCE}; absent for a baseline",
    },
    "RegisterResponse": {
        WHOLE: f"protobuf, at most {limits.MAX_REGISTER_BYTES} bytes",
        "sequence": f"sequence number of the register now, at most {limits.MAX_SEQUENCE}; absent when it has no list",
    },
}
"""Message, then field, then its rule. The empty field name stands for the message as a whole."""


def rule_of(place: str) -> str:
    """The rule of `Message.field`, or of `Message` as a whole."""
    message, _, field = place.partition(".")
    return RULES[message][field]
