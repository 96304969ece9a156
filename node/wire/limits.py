"""Every bound of protocol v1, once, with its reason; rules, checks, transports and tests take them from here."""

KIB = 1024
MIB = 1024 * KIB

# Calls. 4 MiB is gRPC's own default, so no partner has to change a setting (protocol 1, limits).
MAX_REQUEST_BYTES = 4 * MIB
MAX_RESPONSE_BYTES = 4 * MIB
# 64 leaves make a path of six digests; larger batches bring no more speed.
MAX_ENVELOPES = 64
MAX_SEALS = 64
MAX_PATH = 6
# Seals, envelopes or answers, key and checkpoints, with room for fields of later versions. Counted before parsing,
# because four megabytes of empty messages would become hundreds in memory.
MAX_CALL_FIELDS = 160

# Sealed things.
DIGEST_BYTES = 32
SALT_BYTES = 32
KEY_BYTES = 32
MAX_HEADER_BYTES = 1 * KIB
MAX_MANIFEST_BYTES = 4 * KIB
MAX_SIGNATURE_BYTES = 64 * KIB
# A receipt with fifty findings of ordinary length; 64 of them stay below a response's size.
MAX_RECEIPT_BYTES = 32 * KIB

# Bodies. Attachments travel by Upload, documents never do.
MAX_DOCUMENT_BYTES = 1 * MIB
MAX_SIGNATURES = 4
# Sixteen references and sixteen attachments of the longest names.
MAX_METADATA_BYTES = 32 * KIB
# Document, metadata, signatures, salt, and the few bytes that frame them.
MAX_BODY_BYTES = MAX_DOCUMENT_BYTES + MAX_METADATA_BYTES + MAX_SIGNATURES * MAX_SIGNATURE_BYTES + 1 * KIB
# Nonce before and tag behind the ciphertext (AES-256-GCM).
SEALED_BODY_OVERHEAD = 12 + 16
MAX_SEALED_BODY_BYTES = MAX_BODY_BYTES + SEALED_BODY_OVERHEAD
MAX_UCR = 16
MAX_UCR_CHARACTERS = 35
MAX_ATTACHMENTS = 16
MAX_NAME_CHARACTERS = 128

# Keys. 2 KiB holds the hybrid suite's 1,120 bytes of `enc` and 48 of `ct`.
MAX_SUITE_CHARACTERS = 64
MAX_KEY_ID_CHARACTERS = 64
MAX_WRAPPED_BYTES = 2 * KIB
MAX_STATEMENT_BYTES = 64 * KIB

# Papers in time.
MAX_LIFE_MS = 30 * 24 * 60 * 60 * 1000
# 9999-12-31T23:59:59.999Z, the last moment that can be written in protocol v1 XML.
MAX_MOMENT_MS = 253_402_300_799_999
MAX_KIND_VERSION = 65_535

# Answers.
MAX_FINDINGS = 50
MAX_FINDING_CODE_CHARACTERS = 64
MAX_FINDING_PATH_CHARACTERS = 256
MAX_FINDING_RULE_CHARACTERS = 64
# Nobody is told to wait longer than a paper lives.
MAX_RETRY_AFTER_MS = MAX_LIFE_MS

# A C2SP note of one signature is under 300 bytes; a proof of 2^64 leaves has 64 nodes.
MAX_CHECKPOINT_BYTES = 4 * KIB
MAX_PROOF_NODES = 64

# Lookups. Names of 128 characters of four bytes, and room for fields of later versions.
MAX_LOOKUP_REQUEST_BYTES = 4 * KIB
# As many items as a long certificate has, each with what is left of it.
MAX_QUANTITIES = 200
MAX_LOOKUP_ANSWER_BYTES = 64 * KIB
MAX_LOOKUP_RESPONSE_BYTES = MAX_LOOKUP_ANSWER_BYTES + MAX_MANIFEST_BYTES + MAX_SIGNATURE_BYTES + 4 * KIB
MAX_LOOKUP_FIELDS = 32

# Registers asked for: a kind, a number, and room for fields of later versions.
MAX_REGISTER_BYTES = 1 * KIB
MAX_REGISTER_FIELDS = 32
# As many lists as a paper can count.
MAX_SEQUENCE = 999_999_999

# Collect: longer than a poll hangs behind a firewall helps nobody, and what was taken and never answered goes on.
MAX_WAIT_MS = 30_000
MAX_LEASE_MS = 3_600_000

# Uploads. A chunk fits a request several times over.
MAX_CHUNK_BYTES = 1 * MIB
# A hundred mebibytes of content in segments of 64 KiB, each with a tag of 16 bytes.
MAX_UPLOAD_BYTES = 100 * MIB + 1600 * 16
# Pieces of 64 KiB would be enough for the largest; smaller ones only cost work.
MAX_CHUNKS = 2048

# Describe: generous, yet bounded, because a partner writes it.
MAX_DESCRIBED_WORDS = 64
MAX_DESCRIBED_KINDS = 1024
