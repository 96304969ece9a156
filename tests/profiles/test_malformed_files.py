"""Malformed partner and arrangement files: each is refused with its file, its line and one sentence."""

from collections.abc import Callable
from pathlib import Path

import pytest

from node.errors import Language, ProfileInvalid
from node.model.ids import NodeCode
from node.profiles.book import load_book
from node.profiles.profile_file import read_profile
from node.sandbox.homes import shipped_profiles

Case = tuple[str, str, str, int, str]

TOO_LONG = "B" * 501

CASES: tuple[Case, ...] = (
    ("partner", "schema = 1", "schema = 2", 1, "schema must be 1"),
    ("partner", "schema = 1\n", "", 1, "the key 'schema' is missing; add it"),
    ("partner", "schema = 1", 'schema = "1"', 1, "schema must be a whole number, not text"),
    ("partner", "schema = 1", "schema = true", 1, "schema must be a whole number, not true or false"),
    ("partner", 'code = "XB"', 'code = "XC"', 2, "code must equal the folder's name 'XB'; rename one of them"),
    (
        "partner",
        'code = "XB"',
        'code = "xb"',
        2,
        "code must be two capital letters and up to 14 capitals or digits, as in XA or XA2",
    ),
    ("partner", 'code = "XB"', 'code = ""', 2, "code is empty; give a value"),
    ("partner", 'code = "XB"', 'Code = "XB"', 2, "the key 'Code' is unknown; did you mean 'code'?"),
    ("partner", ', zh-TW = "貝爾馬雷海關"', "", 3, "the key 'zh-TW' is missing in [name]; add it"),
    ("partner", 'zh-TW = "貝爾馬雷海關"', 'zh-CN = "貝爾馬雷海關"', 3, "the key 'zh-TW' is missing in [name]; add it"),
    (
        "partner",
        'name = { en = "Belmare Customs", zh-TW = "貝爾馬雷海關" }',
        'name = "Belmare Customs"',
        3,
        "name must be a table, as in [name], not text",
    ),
    (
        "partner",
        'en = "Belmare Customs"',
        'en = "Belmare\\nCustoms"',
        3,
        "en holds a line break or control character; write plain text",
    ),
    (
        "partner",
        'en = "Belmare Customs"',
        f'en = "{TOO_LONG}"',
        3,
        "en is longer than 500 characters",
    ),
    ("partner", 'kind = "grpc"', 'kind = "https-as4"', 6, "kind = 'https-as4' is not known; use one of 'grpc', 'pull'"),
    ("partner", 'kind = "grpc"', "kind = 7", 6, "kind must be text in quotes, not a number"),
    ("partner", "[channel]", "[chanel]", 5, "the key 'chanel' is unknown; did you mean 'channel'?"),
    (
        "partner",
        'address = "localhost:7444"',
        'adress = "localhost:7444"',
        7,
        "the key 'adress' is unknown in [channel]; did you mean 'address'?",
    ),
    (
        "partner",
        'address = "localhost:7444"',
        'address = "localhost"',
        7,
        "address must be host:port, as in localhost:7443 or [::1]:7443",
    ),
    (
        "partner",
        'address = "localhost:7444"',
        'address = "localhost:0"',
        7,
        "address must be host:port, as in localhost:7443 or [::1]:7443",
    ),
    (
        "partner",
        'address = "localhost:7444"',
        'address = "https://localhost:7444"',
        7,
        "address must be host:port, as in localhost:7443 or [::1]:7443",
    ),
    (
        "partner",
        'address = "localhost:7444"',
        'address = "localhost:99999"',
        7,
        "address must be host:port, as in localhost:7443 or [::1]:7443",
    ),
    ("partner", "deadline_s = 30", "deadline_s = 0", 8, "deadline_s must lie between 0.1 and 600"),
    ("partner", "deadline_s = 30", "deadline_s = nan", 8, "deadline_s must lie between 0.1 and 600"),
    ("partner", "deadline_s = 30", 'deadline_s = "30"', 8, "deadline_s must be a number, not text"),
    (
        "partner",
        "deadline_s = 30",
        'deadline_s = 30\nproxy = "x"',
        9,
        "the key 'proxy' is unknown in [channel]; known are address, collect, deadline_s, kind, server_name",
    ),
    ("partner", 'tls = ["certs/XB/tls.pem"]\n', "", 10, "the key 'tls' is missing in [trust]; add it"),
    (
        "partner",
        'tls = ["certs/XB/tls.pem"]',
        'tls = "certs/XB/tls.pem"',
        11,
        'tls must be a list of texts, as in ["a", "b"], not text',
    ),
    ("partner", 'tls = ["certs/XB/tls.pem"]', "tls = []", 11, "tls is empty; name at least one"),
    (
        "partner",
        'tls = ["certs/XB/tls.pem"]',
        'tls = ["certs/XB/tls.pem", "certs/XB/tls.pem"]',
        11,
        "tls names 'certs/XB/tls.pem' twice; leave one of them",
    ),
    (
        "partner",
        'tls = ["certs/XB/tls.pem"]',
        'tls = [\n  "certs/XB/tls.pem",\n  7,\n]',
        11,
        "tls must be a list of texts only, not a number",
    ),
    (
        "partner",
        'tls = ["certs/XB/tls.pem"]',
        'tls = ["certs/XB/nothing.pem"]',
        11,
        "certs/XB/nothing.pem: No such file or directory",
    ),
    (
        "partner",
        'tls = ["certs/XB/tls.pem"]',
        'tls = ["certs/XB/statement.xml"]',
        11,
        "certs/XB/statement.xml: it holds no readable PEM certificates",
    ),
    (
        "partner",
        'tls = ["certs/XB/tls.pem"]',
        'tls = ["certs/XB/junk.pem"]',
        11,
        "certs/XB/junk.pem: it holds no readable PEM certificates",
    ),
    (
        "partner",
        'tls = ["certs/XB/tls.pem"]',
        'tls = ["/etc/passwd"]',
        11,
        "/etc/passwd: write a path inside the node home, as in certs/XA/sign.pem",
    ),
    (
        "partner",
        'tls = ["certs/XB/tls.pem"]',
        'tls = ["certs/../../x.pem"]',
        11,
        "certs/../../x.pem: write a path inside the node home, as in certs/XA/sign.pem",
    ),
    (
        "partner",
        'tls = ["certs/XB/tls.pem"]',
        'tls = ["certs/XB/sign.pem"]',
        11,
        "a certificate's only SAN URI is not urn:n2n:v1:XB:tls; ask the partner for the one of this role",
    ),
    (
        "partner",
        'sign = ["certs/XB/sign.pem"]',
        'sign = ["certs/XB/receipt.pem"]',
        13,
        "a certificate's only SAN URI is not urn:n2n:v1:XB:sign; ask the partner for the one of this role",
    ),
    (
        "partner",
        'receipt = ["certs/XB/receipt.pem"]',
        'receipt = ["certs/XB/ca.pem"]',
        14,
        "a certificate's only SAN URI is not urn:n2n:v1:XB:receipt; ask the partner for the one of this role",
    ),
    (
        "partner",
        'algorithms = ["ecdsa-p256-sha256"]',
        'algorithms = ["rsa-3072-pss-sha256"]',
        13,
        "a certificate's key fits none of the agreed algorithms; agree one or renew it",
    ),
    (
        "partner",
        'algorithms = ["ecdsa-p256-sha256"]',
        'algorithms = ["sha1"]',
        18,
        "algorithms = 'sha1' is not known; use one of 'ecdsa-p256-sha256', 'ecdsa-p384-sha384', "
        "'rsa-3072-pkcs1-sha256', 'rsa-3072-pss-sha256'",
    ),
    (
        "partner",
        'suites = ["X25519-HKDF-SHA256-AES256GCM"]',
        'suites = ["AES128-CBC"]',
        19,
        "suites = 'AES128-CBC' is not known; use one of 'X25519-HKDF-SHA256-AES256GCM', "
        "'MLKEM768X25519-HKDF-SHA256-AES256GCM'",
    ),
    (
        "partner",
        'suites = ["X25519-HKDF-SHA256-AES256GCM"]\n',
        "",
        10,
        "the key 'suites' is missing in [trust]; add it",
    ),
    (
        "partner",
        'key_statement = "certs/XB/statement.xml"\n',
        "",
        10,
        "the key 'key_statement' is missing in [trust]; add it",
    ),
    (
        "partner",
        'key_statement_signature = "certs/XB/statement.sig.xml"\n',
        "",
        10,
        "the key 'key_statement_signature' is missing in [trust]; add it",
    ),
    (
        "partner",
        'key_statement = "certs/XB/statement.xml"',
        'key_statement = "certs/XB/none.xml"',
        16,
        "certs/XB/none.xml: No such file or directory",
    ),
    (
        "partner",
        'role = "liaison"',
        'role = "boss"',
        22,
        "role = 'boss' is not known; use one of 'liaison', 'technical', 'security'",
    ),
    (
        "partner",
        'email = "liaison@example.test"',
        'email = "liaison"',
        24,
        "email must be an address such as desk@example.test",
    ),
    ("partner", "[[contact]]", "[contact]", 21, "contact must be tables, as in [[contact]], not a table"),
    ("partner", "email = ", "phone = ", 21, "the key 'email' is missing in [[contact]]; add it"),
    (
        "papers",
        'id = "papers"',
        'id = "other"',
        2,
        "id must equal the file's name without .toml ('papers'); rename one of them",
    ),
    (
        "papers",
        'id = "papers"',
        'id = "Papers"',
        2,
        "id must be small letters, digits and single hyphens, as in xa-xb-trade-papers",
    ),
    ("papers", "version = 3", "version = 0", 3, "version must lie between 1 and 1000000"),
    ("papers", "version = 3", "version = 3.0", 3, "version must be a whole number, not a decimal number"),
    (
        "papers",
        "valid_from = 2026-01-01",
        'valid_from = "2026-01-01"',
        6,
        "valid_from must be a date such as 2029-06-30, without quotes, not text",
    ),
    (
        "papers",
        "valid_from = 2026-01-01",
        "valid_from = 2026-01-01T00:00:00Z",
        6,
        "valid_from must be a date such as 2029-06-30, without quotes, not a date with a time of day",
    ),
    (
        "papers",
        "valid_from = 2026-01-01",
        "valid_from = 0001-01-01",
        6,
        "the year of valid_from must lie between 2000 and 2199",
    ),
    (
        "papers",
        "valid_until = 2027-12-31",
        "valid_until = 9999-12-31",
        7,
        "the year of valid_until must lie between 2000 and 2199",
    ),
    (
        "papers",
        "valid_until = 2027-12-31",
        "valid_until = 2025-12-31",
        7,
        "valid_until lies before valid_from; correct one of the two dates",
    ),
    (
        "papers",
        "valid_until = 2027-12-31",
        'valid_until = 2027-12-31\nsuspended = "no"',
        8,
        "suspended must be true or false, not text",
    ),
    (
        "papers",
        "valid_until = 2027-12-31",
        "valid_until = 2027-12-31\nsuspend = true",
        8,
        "the key 'suspend' is unknown; did you mean 'suspended'?",
    ),
    ("papers", "first_s = 5", "first_s = 1000", 11, "max_s must not be smaller than first_s"),
    ("papers", "first_s = 5", "first_s = 5\nfactor = 0.5", 11, "factor must lie between 1 and 10"),
    ("papers", "first_s = 5", "first_s = -inf", 10, "first_s must lie between 0.01 and 3600"),
    ("papers", "give_up_h = 48", "give_up_h = 200", 12, "give_up_h must not be longer than expires_after_h"),
    ("papers", "expires_after_h = 168", "expires_after_h = 721", 13, "expires_after_h must lie between 0.001 and 720"),
    (
        "papers",
        "expires_after_h = 168",
        "expires_after_d = 7",
        13,
        "the key 'expires_after_d' is unknown in [retry]; did you mean 'expires_after_h'?",
    ),
    (
        "papers",
        'name = "phytosanitary_certificate"',
        'name = "Phytosanitary Certificate"',
        16,
        "name must be a kind of the catalogue, as in certificate_of_origin; see `n2n kinds`",
    ),
    (
        "papers",
        'direction = "both"',
        'direction = "inwards"',
        18,
        "direction = 'inwards' is not known; use one of 'out', 'in', 'both'",
    ),
    ("papers", 'direction = "out"\n', "", 22, "the key 'direction' is missing in [[kind]]; add it"),
    (
        "papers",
        'assurance = "batch"',
        'assurance = "none"',
        26,
        "assurance = 'none' is not known; use one of 'document', 'batch'",
    ),
    ("papers", 'priority = "C"', 'priority = "D"', 27, "priority = 'D' is not known; use one of 'A', 'B', 'C'"),
    ("papers", 'priority = "C"', "priority = 3", 27, "priority must be text in quotes, not a number"),
    (
        "papers",
        'priority = "C"',
        'issuer_signature = "yes"',
        27,
        "issuer_signature = 'yes' is not known; use one of 'none', 'optional', 'required'",
    ),
    ("papers", 'priority = "C"', "max_bytes = 104857601", 27, "max_bytes must lie between 1 and 104857600"),
    (
        "papers",
        'release = ["/CertificateOfOrigin/Exporter"]',
        'release = "some"',
        28,
        'release must be "all" or a list of texts, as in ["a", "b"]',
    ),
    (
        "papers",
        'release = ["/CertificateOfOrigin/Exporter"]',
        'release = ["Exporter"]',
        28,
        "'Exporter' is no path; write as in /CertificateOfOrigin/Exporter, or \"all\"",
    ),
    (
        "papers",
        'release = ["/CertificateOfOrigin/Exporter"]',
        "release = []",
        28,
        "release is empty; name at least one",
    ),
    (
        "papers",
        'release = ["/CertificateOfOrigin/Exporter"]',
        'relaese = "all"',
        28,
        "the key 'relaese' is unknown in [[kind]]; did you mean 'release'?",
    ),
    ("papers", "[[kind]]", "[[kinds]]", 15, "the key 'kinds' is unknown; did you mean 'kind'?"),
    ("papers", "[retry]", "[[retry]]", 9, "retry must be a table, as in [retry], not a list"),
    (
        "papers",
        'legal_basis = { en = "Article 7", zh-TW = "第七條" }\n',
        "",
        1,
        "the key 'legal_basis' is missing; add it",
    ),
)

SYNTAX: tuple[Case, ...] = (
    ("partner", 'code = "XB"', "code = XB", 2, "not TOML: "),
    ("partner", "[channel]", "[channel", 5, "not TOML: expected ']' at the end of a table declaration"),
    ("partner", "deadline_s = 30", "deadline_s = 30\ndeadline_s = 31", 9, "not TOML: "),
    ("papers", "valid_from = 2026-01-01", "valid_from = 2026-02-30", 6, "not TOML: "),
    (
        "papers",
        'title = { en = "Papers", zh-TW = "文件" }',
        'title = { en = "Papers", zh-TW = "文件" ',
        4,
        "not TOML: ",
    ),
)


def refusal(home: Path) -> ProfileInvalid:
    with pytest.raises(ProfileInvalid) as caught:
        load_book(home / "partner_profiles", home, NodeCode("XA"))
    return caught.value


def edit(home: Path, file: str, old: str, new: str) -> None:
    path = home / "partner_profiles" / "XB" / f"{file}.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.parametrize(
    ("file", "old", "new", "line", "detail"), CASES, ids=[f"{old} -> {new[:40]}" for _, old, new, *_ in CASES]
)
def test_a_broken_rule_is_told_with_its_line(home: Path, file: str, old: str, new: str, line: int, detail: str) -> None:
    (home / "certs" / "XB" / "junk.pem").write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    edit(home, file, old, new)
    error = refusal(home)
    assert error.fields == {"where": f"partner_profiles/XB/{file}.toml:{line}", "detail": detail}
    assert f"{file}.toml:{line}" in error.message(Language.ZH)


@pytest.mark.parametrize(
    ("file", "old", "new", "line", "detail"), SYNTAX, ids=[f"{old} -> {new[:40]}" for _, old, new, *_ in SYNTAX]
)
def test_what_is_not_toml_is_told_with_its_line(
    home: Path, file: str, old: str, new: str, line: int, detail: str
) -> None:
    edit(home, file, old, new)
    error = refusal(home)
    assert error.fields["where"] == f"partner_profiles/XB/{file}.toml:{line}"
    assert error.fields["detail"].startswith(detail)


def remove_partner_file(home: Path) -> None:
    (home / "partner_profiles" / "XB" / "partner.toml").unlink()


def name_folder_in_words(home: Path) -> None:
    (home / "partner_profiles" / "XB").rename(home / "partner_profiles" / "Belmare")


def make_ourselves_a_partner(home: Path) -> None:
    (home / "partner_profiles" / "XB").rename(home / "partner_profiles" / "XA")


def remove_everything(home: Path) -> None:
    (home / "partner_profiles").rename(home / "elsewhere")


def make_partner_file_a_folder(home: Path) -> None:
    remove_partner_file(home)
    (home / "partner_profiles" / "XB" / "partner.toml").mkdir()


@pytest.mark.parametrize(
    ("act", "where", "detail"),
    [
        (remove_partner_file, "partner_profiles/XB/partner.toml", "the file is missing"),
        (name_folder_in_words, "partner_profiles/Belmare", "the folder's name is not a node code"),
        (make_ourselves_a_partner, "partner_profiles/XA", "a node is not its own partner; remove this folder"),
        (remove_everything, "partner_profiles", "the folder cannot be read; create it, one folder per partner"),
        (make_partner_file_a_folder, "partner_profiles/XB/partner.toml", "the file cannot be read (Is a directory)"),
    ],
)
def test_a_wrong_folder_is_told(home: Path, act: Callable[[Path], None], where: str, detail: str) -> None:
    act(home)
    assert refusal(home).fields == {"where": where, "detail": detail}


def test_the_same_files_unchanged_are_accepted(home: Path) -> None:
    assert [partner.code for partner in load_book(home / "partner_profiles", home, NodeCode("XA")).partners] == ["XB"]


def test_an_acknowledgement_answers_sps_certificates_only(tmp_path: Path) -> None:
    text = (shipped_profiles() / "XB" / "xa-xb-trade-papers.toml").read_text(encoding="utf-8")
    file = tmp_path / "xa-xb-trade-papers.toml"
    mark = 'name = "phytosanitary_certificate"'
    assert mark in text
    file.write_text(text.replace(mark, 'name = "inspection_result"', 1), encoding="utf-8")
    with pytest.raises(ProfileInvalid, match="inspection_result is not answered by sps_acknowledgement"):
        read_profile(file, file.name, NodeCode("XB"))
