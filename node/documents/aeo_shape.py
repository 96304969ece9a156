"""What an AEO status paper is made of: one table per part.

Numbers and codes of operators have no format here. Each country writes its own, and how a partner's are compared is
agreed with that partner, so national number, TIN and the code that a partner gave stand apart (documents 3.2).
"""

from node.documents.codes import aeo
from node.documents.json_shapes import Flag, JsonSchema, Listing, Record, Whole
from node.documents.json_values import (
    COUNTRY,
    DATE,
    LOCAL_NAME,
    MOMENT,
    POSTCODE,
    label,
    latin,
    matching,
    one_of,
)

SCHEMA = "urn:n2n:v1:aeo-status"

MAX_RECORDS = 10_000
"""Operators of one paper; its size limit is reached much earlier, a baseline that is longer travels in parts."""

MAX_PARTS = 9_999
"""Parts of one baseline: with papers of 1 MiB, more operators than any programme has."""

MAX_TOTAL = 9_999_999

MAX_SEQUENCE = 999_999_999
MAX_VERSION = 999_999

AUTHORITY = Record(
    needs={"id": label(70), "name": latin(70), "country": COUNTRY},
    may={"nameLocal": LOCAL_NAME},
)

ADDRESS = Record(
    needs={"country": COUNTRY},
    may={
        "lines": Listing(latin(70), most=5, least=1),
        "city": latin(70),
        "postcode": POSTCODE,
        "subdivision": latin(70),
        "local": LOCAL_NAME,
    },
)
"""In parts and Latin letters; `local` is the whole of it as the country writes it."""

CONSENT = Record({"given": Flag(), "partner": COUNTRY, "on": DATE})
"""Operators agree to be known to each partner by itself."""

OPERATOR = Record(
    needs={
        "certificateNumber": label(70),
        "certificateType": one_of(frozenset(aeo.CERTIFICATE_TYPES), "must be 878, 879 or 891 (UNTDID 1001)"),
        "status": one_of(frozenset(aeo.STATUSES), "must be 10, 40 or 41 (UNTDID 1373)"),
        "effective": MOMENT,
        "certifiedOn": DATE,
        "name": latin(70),
        "address": ADDRESS,
        "roles": Listing(one_of(frozenset(aeo.ROLES), "must be a role of the list"), most=len(aeo.ROLES), least=1),
        "consent": CONSENT,
        "version": Whole(1, MAX_VERSION),
    },
    may={
        "reason": one_of(frozenset(aeo.REASONS), "must be a reason of the list"),
        "validUntil": DATE,
        "validatedOn": DATE,
        "nameLocal": LOCAL_NAME,
        "nationalId": label(35),
        "tin": label(35),
        "partnerAssignedCode": label(35),
    },
)
"""What a partner is told of one operator, as it stands from `effective` on."""

REMOVED = Record(
    needs={
        "certificateNumber": label(70),
        "effective": MOMENT,
        "reason": one_of(frozenset(aeo.REMOVALS), "must be a reason of the list of removals"),
    },
    may={"version": Whole(1, MAX_VERSION), "into": label(70)},
)
"""An operator that leaves the list: nothing more is told than the partner needs to end it.

`version` counts on from that of its record; `into` is the certificate number of the operator that it was merged into.
"""

LIST = Record(
    needs={
        "type": one_of(frozenset({"baseline", "delta"}), "must be baseline or delta"),
        "sequence": Whole(1, MAX_SEQUENCE),
        "count": Whole(0, 2 * MAX_RECORDS),
    },
    may={"part": Whole(1, MAX_PARTS), "parts": Whole(1, MAX_PARTS), "total": Whole(0, MAX_TOTAL)},
)
"""Which list of the series this is; a delta of sequence n changes the list of sequence n - 1 and no other.

A baseline too long for one paper comes in parts. `count` is of the part, `total` of the whole; each part names the one
before as `previous`, so whoever holds the last one holds them all.
"""

AEO_STATUS = JsonSchema(
    Record(
        needs={
            "schema": one_of(frozenset({SCHEMA}), f"must be {SCHEMA}"),
            "number": label(70),
            "issued": MOMENT,
            "authority": AUTHORITY,
            "programme": matching("[A-Z0-9][A-Z0-9-]{1,19}", "must have 2 to 20 capitals, digits or hyphens"),
            "arrangement": matching("[A-Z0-9][A-Z0-9-]{1,34}", "must have 2 to 35 capitals, digits or hyphens"),
            "partner": COUNTRY,
            "records": Listing(OPERATOR, most=MAX_RECORDS),
        },
        may={
            "previous": label(70),
            "event": one_of(frozenset(aeo.EVENTS), "must be an event of the list"),
            "list": LIST,
            "removed": Listing(REMOVED, most=MAX_RECORDS, least=1),
        },
    )
)
