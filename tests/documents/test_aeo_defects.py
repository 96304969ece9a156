"""Each defect of an AEO status paper is refused with exactly its member and its reason; nothing else is blamed."""

import json
from collections.abc import Sequence

import pytest

from node.documents import reader
from node.documents.samples import sample, sample_names
from node.errors import PaperRefused
from node.model.document import MediaType

KIND = "aeo_status"
GRANTED, SUSPENDED = "operator_granted", "operator_suspended"
BASELINE, DELTA = "operators_baseline", "operators_delta"

ROOT = "/AeoStatus"
ONE = f"{ROOT}/records[1]"
LABEL = "must have 1 to 70 characters and no outer or double blanks"
CODE = "must have 1 to 35 characters and no outer or double blanks"
LATIN = "must have 1 to 70 Latin characters, no double blanks"
DAY = "must be a date such as 2026-11-22, without offset"
MOMENT = "must be a moment with offset, as 2026-11-22T09:30:00Z"
COUNTRY = "must be two capital letters (ISO 3166-1)"
GONE = object()
LEAVES = {"certificateNumber": "XA-AEOS-2021-0043", "effective": "2026-11-01T00:00:00Z", "reason": "expired"}

Finding = tuple[str, str, str]
Edit = tuple[str, object]


def schema(path: str, rule: str) -> Finding:
    return ("SCHEMA", path, rule)


def rule(path: str, rule: str) -> Finding:
    return ("RULE", path, rule)


def edited(name: str, edits: Sequence[Edit]) -> bytes:
    """A sample with members set, or taken away with GONE; a path is written `records/0/status`."""
    paper = json.loads(sample(KIND, name))
    for path, value in edits:
        *way, last = (int(step) if step.isdigit() else step for step in path.split("/"))
        place = paper
        for step in way:
            place = place[step]
        if value is GONE:
            del place[last]
        elif isinstance(place, list) and last == len(place):
            place.append(value)
        else:
            place[last] = value
    return json.dumps(paper, ensure_ascii=False).encode()


def first(name: str) -> dict[str, object]:
    return dict(json.loads(sample(KIND, name))["records"][0])


# name of the defect: (sample, what is set, the findings)
DEFECTS: dict[str, tuple[str, list[Edit], list[Finding]]] = {
    # --- shape
    "no number": (GRANTED, [("number", GONE)], [schema(ROOT, "lacks number")]),
    "no operators at all": (
        GRANTED,
        [("records", GONE)],
        [schema(ROOT, "lacks records")],
    ),
    "member nobody knows": (GRANTED, [("colour", "red")], [schema(f"{ROOT}/colour", "is not known here")]),
    "member deep inside nobody knows": (
        GRANTED,
        [("records/0/consent/by", "Ms A")],
        [schema(f"{ONE}/consent/by", "is not known here")],
    ),
    "a value disguised as a name": (
        GRANTED,
        [("records/0/pass word: hunter2", 1)],
        [schema(f"{ONE}/?", "is not known here")],
    ),
    "record that is a text": (
        GRANTED,
        [("records/0", "Merrow")],
        [schema(ONE, "must be an object")],
    ),
    "records that are an object": (
        GRANTED,
        [("records", {"0": {}})],
        [schema(f"{ROOT}/records", "must be a list of at most 10000")],
    ),
    "null for a name": (GRANTED, [("records/0/name", None)], [schema(f"{ONE}/name", LATIN)]),
    "number that is a number": (GRANTED, [("number", 311)], [schema(f"{ROOT}/number", LABEL)]),
    "status that is a number": (
        GRANTED,
        [("records/0/status", 10)],
        [schema(f"{ONE}/status", "must be 10, 40 or 41 (UNTDID 1373)")],
    ),
    "consent in words": (
        GRANTED,
        [("records/0/consent/given", "yes")],
        [schema(f"{ONE}/consent/given", "must be true or false")],
    ),
    "no consent": (GRANTED, [("records/0/consent", GONE)], [schema(ONE, "lacks consent")]),
    "version zero": (
        GRANTED,
        [("records/0/version", 0)],
        [schema(f"{ONE}/version", "must be a whole number from 1 to 999999")],
    ),
    "version that is true": (
        GRANTED,
        [("records/0/version", True)],
        [schema(f"{ONE}/version", "must be a whole number from 1 to 999999")],
    ),
    "version with a point": (
        GRANTED,
        [("records/0/version", 1.0)],
        [schema(f"{ONE}/version", "must be a whole number from 1 to 999999")],
    ),
    "no roles": (GRANTED, [("records/0/roles", [])], [schema(f"{ONE}/roles", "must be a list of 1 to 9")]),
    "role nobody knows": (
        GRANTED,
        [("records/0/roles/1", "smuggler")],
        [schema(f"{ONE}/roles[2]", "must be a role of the list")],
    ),
    "six lines of an address": (
        GRANTED,
        [("records/0/address/lines", ["x"] * 6)],
        [schema(f"{ONE}/address/lines", "must be a list of 1 to 5")],
    ),
    # --- values
    "number of 71 characters": (GRANTED, [("number", "7" * 71)], [schema(f"{ROOT}/number", LABEL)]),
    "number with an outer blank": (GRANTED, [("number", "E-1 ")], [schema(f"{ROOT}/number", LABEL)]),
    "name that the partner cannot read": (
        BASELINE,
        [("records/0/name", "𠮷𪚥茶業股份有限公司")],
        [schema(f"{ONE}/name", LATIN)],
    ),
    "local name without language": (
        BASELINE,
        [("records/0/nameLocal/lang", GONE)],
        [schema(f"{ONE}/nameLocal", "lacks lang")],
    ),
    "TIN of 36 characters": (GRANTED, [("records/0/tin", "1" * 36)], [schema(f"{ONE}/tin", CODE)]),
    "country by name": (
        GRANTED,
        [("records/0/address/country", "Alandria")],
        [schema(f"{ONE}/address/country", COUNTRY)],
    ),
    "moment without offset": (
        GRANTED,
        [("records/0/effective", "2026-11-02T00:00:00")],
        [schema(f"{ONE}/effective", MOMENT)],
    ),
    "the year of the republic": (
        GRANTED,
        [("records/0/certifiedOn", "115-11-02")],
        [schema(f"{ONE}/certifiedOn", DAY)],
    ),
    "the 31st of November": (
        GRANTED,
        [("records/0/validUntil", "2029-11-31")],
        [schema(f"{ONE}/validUntil", DAY)],
    ),
    "event nobody knows": (
        GRANTED,
        [("event", "forget")],
        [schema(f"{ROOT}/event", "must be an event of the list")],
    ),
    "status of the list of documents": (
        GRANTED,
        [("records/0/status", "70")],
        [schema(f"{ONE}/status", "must be 10, 40 or 41 (UNTDID 1373)")],
    ),
    "certificate of another kind": (
        GRANTED,
        [("records/0/certificateType", "861")],
        [schema(f"{ONE}/certificateType", "must be 878, 879 or 891 (UNTDID 1001)")],
    ),
    "list without kind of list": (
        BASELINE,
        [("list/type", "full")],
        [schema(f"{ROOT}/list/type", "must be baseline or delta")],
    ),
    "programme in small letters": (
        GRANTED,
        [("programme", "aeos")],
        [schema(f"{ROOT}/programme", "must have 2 to 20 capitals, digits or hyphens")],
    ),
    # --- characters
    "private-use character of an old code page": (
        BASELINE,
        [("records/0/nameLocal/text", "\ue000茶業")],
        [rule(f"{ONE}/nameLocal/text", "must not hold private-use characters: U+E000 at 1")],
    ),
    "text that turns around": (
        GRANTED,
        [("records/0/tin", "XA\u202e22")],
        [rule(f"{ONE}/tin", "must not hold text direction controls: U+202E at 3")],
    ),
    "decomposed letter": (
        BASELINE,
        [("records/0/address/local/text", "Cafe\u0301")],
        [rule(f"{ONE}/address/local/text", "must be in Unicode normalisation form NFC: U+0301 at 5")],
    ),
    # --- what may be sent
    "AEOG by type": (
        GRANTED,
        [("records/0/certificateType", "879")],
        [rule(f"{ONE}/certificateType", "AEOG (879) is never sent")],
    ),
    "AEOG by programme": (
        GRANTED,
        [("programme", "AEOG")],
        [rule(f"{ROOT}/programme", "AEOG is never sent: it has no security and safety")],
    ),
    "consent not given": (
        BASELINE,
        [("records/1/consent/given", False)],
        [rule(f"{ROOT}/records[2]/consent/given", "an operator without consent is never sent")],
    ),
    "consent for somebody else": (
        BASELINE,
        [("records/1/consent/partner", "XC")],
        [rule(f"{ROOT}/records[2]/consent/partner", "the consent is for another partner")],
    ),
    "consent of tomorrow": (
        GRANTED,
        [("records/0/consent/on", "2026-11-03")],
        [rule(f"{ONE}/consent/on", "must not be after issued")],
    ),
    "partner is the authority's own country": (
        GRANTED,
        [("partner", "XA"), ("records/0/consent/partner", "XA")],
        [rule(f"{ROOT}/partner", "must be another country than the authority's")],
    ),
    # --- events
    "neither event nor list": (
        GRANTED,
        [("event", GONE)],
        [rule(ROOT, "needs exactly one of event and list")],
    ),
    "both event and list": (
        GRANTED,
        [
            ("list", {"type": "delta", "sequence": 2, "count": 1}),
            ("previous", "X"),
            ("event", "suspend"),
            ("records/0/status", "40"),
            ("records/0/reason", "ceased"),
        ],
        [rule(ROOT, "needs exactly one of event and list")],
    ),
    "event about two operators": (
        GRANTED,
        [("records/1", first(BASELINE))],
        [rule(f"{ROOT}/records", "an event is about exactly one operator")],
    ),
    "suspended and yet valid": (
        SUSPENDED,
        [("records/0/status", "10")],
        [rule(f"{ONE}/status", "is not what the event makes of an operator")],
    ),
    "revoked and yet suspended": (
        SUSPENDED,
        [("event", "revoke")],
        [rule(f"{ONE}/status", "is not what the event makes of an operator")],
    ),
    "suspension without reason": (
        SUSPENDED,
        [("records/0/reason", GONE)],
        [rule(f"{ONE}/status", "a suspension or revocation needs a reason")],
    ),
    "suspended because all is well": (
        SUSPENDED,
        [("records/0/reason", "remedied")],
        [rule(f"{ONE}/reason", "remedied is no reason to suspend or revoke")],
    ),
    "grant that follows something": (
        GRANTED,
        [("previous", "XA-AEO-E-1")],
        [rule(f"{ROOT}/previous", "a grant follows nothing")],
    ),
    "reinstatement of nothing": (
        GRANTED,
        [("event", "reinstate")],
        [rule(f"{ROOT}/event", "a reinstatement needs its previous event")],
    ),
    "event that follows itself": (
        SUSPENDED,
        [("previous", "XA-AEO-E-2026-00327")],
        [rule(f"{ROOT}/previous", "a paper cannot follow itself")],
    ),
    "event that removes": (
        SUSPENDED,
        [("removed", [{"certificateNumber": "A", "effective": "2026-11-01T00:00:00Z", "reason": "merged"}])],
        [rule(f"{ROOT}/removed", "only a delta removes operators")],
    ),
    # --- lists
    "wrong count": (
        DELTA,
        [("list/count", 2)],
        [rule(f"{ROOT}/list/count", "must be the number of records and removed")],
    ),
    "delta of nothing": (DELTA, [("previous", GONE)], [rule(f"{ROOT}/list", "a delta needs the previous list")]),
    "delta that comes first": (
        DELTA,
        [("list/sequence", 1)],
        [rule(f"{ROOT}/list/sequence", "nothing comes before the first list")],
    ),
    "baseline that follows": (
        BASELINE,
        [("previous", "XA-AEO-L-XB-000040")],
        [rule(f"{ROOT}/previous", "a baseline follows nothing")],
    ),
    "baseline that removes": (
        DELTA,
        [("list/type", "baseline"), ("previous", GONE)],
        [rule(f"{ROOT}/removed", "only a delta removes operators")],
    ),
    "baseline with somebody revoked": (
        BASELINE,
        [("records/0/status", "41"), ("records/0/reason", "offence")],
        [rule(f"{ONE}/status", "a baseline lists nobody who is revoked")],
    ),
    "baseline that tells the future": (
        BASELINE,
        [("records/0/effective", "2026-11-01T00:00:01+08:00")],
        [rule(f"{ONE}/effective", "a baseline tells what is in force when issued")],
    ),
    "operator twice": (
        BASELINE,
        [("records/1/certificateNumber", "XA-AEOS-2021-0043")],
        [
            rule(f"{ONE}/certificateNumber", "must be different on every operator"),
            rule(f"{ROOT}/records[2]/certificateNumber", "must be different on every operator"),
        ],
    ),
    "operator changed and removed": (
        DELTA,
        [("removed/0/certificateNumber", "XA-AEOS-2026-0118")],
        [
            rule(f"{ONE}/certificateNumber", "must be different on every operator"),
            rule(f"{ROOT}/removed[1]/certificateNumber", "must be different on every operator"),
        ],
    ),
    "removal that tells more than it must": (
        DELTA,
        [("removed/0/name", "Northern Lark")],
        [schema(f"{ROOT}/removed[1]/name", "is not known here")],
    ),
    "removal for no reason of the list": (
        DELTA,
        [("removed/0/reason", "own-request")],
        [schema(f"{ROOT}/removed[1]/reason", "must be a reason of the list of removals")],
    ),
    "delta in parts": (
        DELTA,
        [("list/part", 1), ("list/parts", 2), ("list/total", 3)],
        [rule(f"{ROOT}/list", "only a baseline comes in parts")],
    ),
    "part of nothing": (
        BASELINE,
        [("list/part", 1)],
        [rule(f"{ROOT}/list", "part, parts and total stand together or not at all")],
    ),
    "part beyond the last": (
        BASELINE,
        [("list/part", 3), ("list/parts", 2), ("list/total", 5), ("previous", "XA-AEO-L-XB-000041-2")],
        [rule(f"{ROOT}/list/part", "must not be more than parts")],
    ),
    "part that follows nothing": (
        BASELINE,
        [("list/part", 2), ("list/parts", 2), ("list/total", 5)],
        [rule(f"{ROOT}/list", "a part needs the part before")],
    ),
    "total below the count": (
        BASELINE,
        [("list/part", 1), ("list/parts", 2), ("list/total", 1)],
        [rule(f"{ROOT}/list/total", "must be the operators of all parts")],
    ),
    # --- events by which an operator leaves
    "leaves and stays": (
        SUSPENDED,
        [("event", "expire"), ("removed", [LEAVES])],
        [rule(f"{ROOT}/records", "who leaves stands in removed, without a record")],
    ),
    "nobody leaves": (
        SUSPENDED,
        [("event", "expire"), ("records", [])],
        [rule(ROOT, "an event is about exactly one operator")],
    ),
    "leaves for another reason": (
        SUSPENDED,
        [("event", "withdraw"), ("records", []), ("removed", [LEAVES])],
        [rule(f"{ROOT}/removed[1]/reason", "is not what the event makes of an operator")],
    ),
    "expired into another": (
        SUSPENDED,
        [("event", "expire"), ("records", []), ("removed", [{**LEAVES, "into": "XA-AEOS-2020-0001"}])],
        [rule(f"{ROOT}/removed[1]/into", "only who was merged has one")],
    ),
    # --- one operator
    "role twice": (
        GRANTED,
        [("records/0/roles", ["exporter", "exporter"])],
        [rule(f"{ONE}/roles", "must name each role once")],
    ),
    "valid until before it began": (
        SUSPENDED,
        [("records/0/validUntil", "2026-11-01")],
        [rule(f"{ONE}/validUntil", "must not be before certifiedOn")],
    ),
    "valid although expired": (
        DELTA,
        [("records/0/validUntil", "2026-11-16")],
        [rule(f"{ONE}/validUntil", "a certificate that has expired is not valid")],
    ),
    "status older than the certificate": (
        GRANTED,
        [("records/0/effective", "2026-11-01T23:59:59+08:00")],
        [rule(f"{ONE}/effective", "must not be before certifiedOn")],
    ),
    "validated tomorrow": (
        BASELINE,
        [("records/0/validatedOn", "2026-11-02")],
        [rule(f"{ONE}/validatedOn", "must not be after issued")],
    ),
    "two defects, in the order of the paper": (
        DELTA,
        [("removed/0/effective", "soon"), ("number", ""), ("records/1/reason", GONE)],
        [
            schema(f"{ROOT}/number", LABEL),
            rule(f"{ROOT}/records[2]/status", "a suspension or revocation needs a reason"),
            schema(f"{ROOT}/removed[1]/effective", MOMENT),
        ],
    ),
}


@pytest.mark.parametrize(("name", "edits", "findings"), DEFECTS.values(), ids=DEFECTS.keys())
def test_a_defect_is_named(name: str, edits: list[Edit], findings: list[Finding]) -> None:
    with pytest.raises(PaperRefused) as caught:
        reader.read(edited(name, edits), KIND, 1, MediaType.JSON)
    assert [(found.code, found.path, found.rule) for found in caught.value.findings] == findings


FINE: dict[str, tuple[str, list[Edit]]] = {
    "suspension of an operator that was granted before the exchange began": (SUSPENDED, [("previous", GONE)]),
    "reinstatement": (
        SUSPENDED,
        [("event", "reinstate"), ("records/0/status", "10"), ("records/0/reason", "remedied")],
    ),
    "revocation": (SUSPENDED, [("event", "revoke"), ("records/0/status", "41")]),
    "full certificate": (GRANTED, [("records/0/certificateType", "891")]),
    "all three codes of an operator": (
        GRANTED,
        [("records/0/nationalId", "22901870"), ("records/0/partnerAssignedCode", "SLMSBN-004711-003")],
    ),
    "suspension that begins tomorrow": (SUSPENDED, [("records/0/effective", "2026-12-01T00:00:00+08:00")]),
    "baseline with nobody on it": (BASELINE, [("records", []), ("list/count", 0)]),
    "delta that changes nothing": (DELTA, [("records", []), ("removed", GONE), ("list/count", 0)]),
    "delta that only removes": (DELTA, [("records", []), ("list/count", 1)]),
    "renamed while suspended": (SUSPENDED, [("event", "rename")]),
    "expired": (SUSPENDED, [("event", "expire"), ("records", []), ("removed", [{**LEAVES, "version": 5}])]),
    "given up": (
        SUSPENDED,
        [("event", "withdraw"), ("records", []), ("removed", [{**LEAVES, "reason": "withdrawn"}])],
    ),
    "merged": (
        SUSPENDED,
        [
            ("event", "merge"),
            ("records", []),
            ("removed", [{**LEAVES, "reason": "merged", "into": "XA-AEOS-2020-0001"}]),
        ],
    ),
    "consent withdrawn": (
        SUSPENDED,
        [("event", "withdraw-consent"), ("records", []), ("removed", [{**LEAVES, "reason": "consent-withdrawn"}])],
    ),
    "first part of a baseline": (BASELINE, [("list/part", 1), ("list/parts", 9), ("list/total", 9000)]),
    "second part of a baseline": (
        BASELINE,
        [("list/part", 2), ("list/parts", 9), ("list/total", 9000), ("previous", "XA-AEO-L-XB-000041-1")],
    ),
    "name with marks": (GRANTED, [("records/0/name", "Žluťoučký kůň & Søn’s A/S")]),
}


@pytest.mark.parametrize(("name", "edits"), FINE.values(), ids=FINE.keys())
def test_what_the_rules_do_not_forbid_is_read(name: str, edits: list[Edit]) -> None:
    assert reader.read(edited(name, edits), KIND, 1, MediaType.JSON).kind == KIND


def test_the_edits_begin_from_papers_that_are_good() -> None:
    for name in sample_names(KIND):
        reader.read(edited(name, []), KIND, 1, MediaType.JSON)
