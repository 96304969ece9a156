"""Who may exchange what with whom right now, and what must mean exactly one thing."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from node.crypto.keys import Role
from node.errors import (
    ArrangementSuspended,
    CallerUnknown,
    NotAgreed,
    PartnerUnknown,
    ProfileInvalid,
    ProfilesCollide,
)
from node.model.envelope import Priority
from node.model.exchange import Assurance, Direction
from node.model.ids import NodeCode, sha256
from node.profiles.book import Book, load_book
from node.profiles.profile import Release
from node.sandbox.dev_pki import Credential, DevPki, mint, mint_issuer

XA, XB, XC = NodeCode("XA"), NodeCode("XB"), NodeCode("XC")


def book(home: Path) -> Book:
    return load_book(home / "partner_profiles", home, XA)


def arrangement(home: Path, name: str, *edits: tuple[str, str]) -> None:
    """A copy of the arrangement under another name, edited."""
    folder = home / "partner_profiles" / "XB"
    text = (folder / "papers.toml").read_text(encoding="utf-8").replace('id = "papers"', f'id = "{name}"')
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    (folder / f"{name}.toml").write_text(text, encoding="utf-8")


def edit(home: Path, old: str, new: str) -> None:
    arrangement(home, "papers", (old, new))


def test_a_paper_travels_under_the_profile_that_admits_it(home: Path, moment: datetime) -> None:
    profile, kind = book(home).outbound(XB, "certificate_of_origin", moment)
    assert (profile.id, profile.version, profile.partner) == ("papers", 3, XB)
    assert (kind.version, kind.assurance, kind.priority) == (1, Assurance.BATCH, Priority.C)
    assert kind.directions == {Direction.OUT}
    profile, kind = book(home).inbound(XB, "phytosanitary_certificate", 1, moment)
    assert (kind.assurance, kind.priority, kind.max_bytes) == (Assurance.DOCUMENT, Priority.B, 1024 * 1024)
    assert profile.retry.factor == 2


def test_the_digest_is_that_of_the_file(home: Path) -> None:
    content = (home / "partner_profiles" / "XB" / "papers.toml").read_bytes()
    profile = book(home).profile(XB, "papers")
    assert profile is not None
    assert profile.digest == sha256(content)


@pytest.mark.parametrize(
    ("kind", "version"),
    [("certificate_of_origin", 1), ("phytosanitary_certificate", 2), ("aeo_status", 1)],
)
def test_what_was_never_agreed_is_not_agreed(home: Path, moment: datetime, kind: str, version: int) -> None:
    with pytest.raises(NotAgreed) as caught:
        book(home).inbound(XB, kind, version, moment)
    assert caught.value.fields == {"partner": "XB", "kind": f"{kind} {version}", "direction": "in"}


@pytest.mark.parametrize(
    ("at", "in_force"),
    [
        (datetime(2025, 12, 31, 23, 59, 59, 999_000, UTC), False),
        (datetime(2026, 1, 1, tzinfo=UTC), True),
        (datetime(2027, 12, 31, 23, 59, 59, 999_000, UTC), True),
        (datetime(2028, 1, 1, tzinfo=UTC), False),
    ],
)
def test_the_first_and_the_last_day_belong_to_the_arrangement(home: Path, at: datetime, in_force: bool) -> None:
    if in_force:
        assert book(home).outbound(XB, "phytosanitary_certificate", at)
        assert len(book(home).served(XB, at)) == 2
    else:
        with pytest.raises(ArrangementSuspended):
            book(home).outbound(XB, "phytosanitary_certificate", at)
        assert book(home).served(XB, at) == ()


def test_a_suspended_arrangement_waits_instead_of_refusing(home: Path, moment: datetime) -> None:
    edit(home, "version = 3", "version = 4\nsuspended = true")
    with pytest.raises(ArrangementSuspended) as caught:
        book(home).outbound(XB, "phytosanitary_certificate", moment)
    assert caught.value.fields == {"arrangement": "papers", "partner": "XB"}
    with pytest.raises(NotAgreed):
        book(home).inbound(XB, "aeo_status", 1, moment)


def test_a_successor_takes_over_on_its_first_day(home: Path) -> None:
    arrangement(
        home, "papers-2028", ("2027-12-31", "2030-12-31"), ("2026-01-01", "2028-01-01"), ("version = 3", "version = 1")
    )
    one = book(home)
    last, first = datetime(2027, 12, 31, 23, 59, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)
    assert one.outbound(XB, "certificate_of_origin", last)[0].id == "papers"
    assert one.outbound(XB, "certificate_of_origin", first)[0].id == "papers-2028"


def test_two_versions_may_arrive_but_only_one_may_leave(home: Path, moment: datetime) -> None:
    second = '[[kind]]\nname = "phytosanitary_certificate"\nversion = 2\ndirection = "{}"\nrelease = "all"\n\n[retry]'
    edit(home, "[retry]", second.format("in"))
    assert book(home).inbound(XB, "phytosanitary_certificate", 1, moment)[1].version == 1
    assert book(home).inbound(XB, "phytosanitary_certificate", 2, moment)[1].version == 2
    assert book(home).outbound(XB, "phytosanitary_certificate", moment)[1].version == 1
    edit(home, 'version = 2\ndirection = "in"', 'version = 2\ndirection = "both"')
    with pytest.raises(ProfilesCollide):
        book(home)


@pytest.mark.parametrize(
    "change",
    [
        ("version = 3", "version = 4"),
        ("version = 3", "version = 4\nsuspended = true"),
        ("valid_from = 2026-01-01", "valid_from = 2027-12-31"),
        ("valid_until = 2027-12-31", "valid_until = 2026-01-01"),
    ],
)
def test_one_kind_under_two_arrangements_at_one_moment_is_refused(home: Path, change: tuple[str, str]) -> None:
    arrangement(home, "twin", change)
    with pytest.raises(ProfilesCollide) as caught:
        book(home)
    places = [caught.value.fields[key].partition(":")[0] for key in ("first", "second")]
    assert places == ["partner_profiles/XB/papers.toml", "partner_profiles/XB/twin.toml"]


def test_opposite_directions_under_two_arrangements_are_fine(home: Path, moment: datetime) -> None:
    edit(home, 'direction = "both"', 'direction = "in"')
    arrangement(
        home,
        "twin",
        ('direction = "in"', 'direction = "out"'),
        ('name = "certificate_of_origin"', 'name = "aeo_status"'),
    )
    assert book(home).inbound(XB, "phytosanitary_certificate", 1, moment)[0].id == "papers"
    assert book(home).outbound(XB, "phytosanitary_certificate", moment)[0].id == "twin"


def test_a_certificate_names_its_partner(home: Path, moment: datetime) -> None:
    one = book(home)
    (print_,) = one.partner(XB).tls_fingerprints
    assert one.by_fingerprint(print_).code == "XB"
    with pytest.raises(CallerUnknown):
        one.by_fingerprint(print_.upper())
    with pytest.raises(CallerUnknown):
        one.by_fingerprint("")


@pytest.mark.parametrize(
    "ask",
    [
        lambda one, at: one.partner(XC),
        lambda one, at: one.outbound(XC, "certificate_of_origin", at),
        lambda one, at: one.inbound(XC, "certificate_of_origin", 1, at),
        lambda one, at: one.served(XC, at),
    ],
)
def test_a_stranger_is_no_partner(home: Path, moment: datetime, ask: Callable[[Book, datetime], object]) -> None:
    with pytest.raises(PartnerUnknown):
        ask(book(home), moment)


def test_a_kind_outside_the_catalogue_is_told_with_its_line(home: Path) -> None:
    one = book(home)
    one.require_known_kinds({("phytosanitary_certificate", 1), ("certificate_of_origin", 1)})
    with pytest.raises(ProfileInvalid) as caught:
        one.require_known_kinds({("phytosanitary_certificate", 1), ("certificate_of_origin", 2)})
    assert caught.value.fields == {
        "where": "partner_profiles/XB/papers.toml:23",
        "detail": "kind 'certificate_of_origin' version 1 does not exist; "
        "there are certificate_of_origin 2, phytosanitary_certificate 1",
    }


def replace_certificate(home: Path, name: str, credential: Credential) -> None:
    (home / "certs" / "XB" / f"{name}.key").unlink(missing_ok=True)
    credential.write(home / "certs" / "XB" / f"{name}.key", home / "certs" / "XB" / f"{name}.pem")


@pytest.mark.parametrize(("role", "twin"), [(Role.TLS, Role.SIGN), (Role.SIGN, Role.RECEIPT), (Role.RECEIPT, Role.TLS)])
def test_one_key_in_two_roles_is_refused(home: Path, pki: DevPki, moment: datetime, role: Role, twin: Role) -> None:
    first = mint(pki, XB, role, moment)
    replace_certificate(home, role, first)
    replace_certificate(home, twin, mint(pki, XB, twin, moment, private_key=first.private_key))
    with pytest.raises(ProfilesCollide) as caught:
        book(home)
    assert {caught.value.fields["first"], caught.value.fields["second"]} == {f"XB {role}", f"XB {twin}"}


def test_one_key_of_two_partners_is_refused(home: Path, pki: DevPki, moment: datetime) -> None:
    folder = home / "partner_profiles" / "XC"
    folder.mkdir()
    text = (home / "partner_profiles" / "XB" / "partner.toml").read_text(encoding="utf-8")
    (folder / "partner.toml").write_text(text.replace("XB", "XC"), encoding="utf-8")
    certs = home / "certs" / "XC"
    certs.mkdir()
    for role in Role:
        mint(pki, XC, role, moment).write(certs / f"{role}.key", certs / f"{role}.pem")
    for name in ("ca.pem", "statement.xml", "statement.sig.xml"):
        (certs / name).write_bytes((home / "certs" / "XB" / name).read_bytes())
    assert [partner.code for partner in book(home).partners] == ["XB", "XC"]

    shared = mint(pki, XB, Role.TLS, moment)
    replace_certificate(home, "tls", shared)
    (certs / "tls.key").unlink()
    mint(pki, XC, Role.TLS, moment, private_key=shared.private_key).write(certs / "tls.key", certs / "tls.pem")
    with pytest.raises(ProfilesCollide) as caught:
        book(home)
    assert (caught.value.fields["first"], caught.value.fields["second"]) == ("XB tls", "XC tls")


def test_an_issuer_whose_key_speaks_for_the_node_is_refused(home: Path, pki: DevPki, moment: datetime) -> None:
    path = home / "partner_profiles" / "XB" / "partner.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("suites =", 'issuers = ["certs/XB/issuer.pem"]\nsuites ='), encoding="utf-8")
    assert len(book(home).partner(XB).trust.issuers) == 1
    (home / "certs" / "XB" / "issuer.pem").write_bytes((home / "certs" / "XB" / "sign.pem").read_bytes())
    with pytest.raises(ProfilesCollide):
        book(home)


def test_a_renewed_certificate_stands_beside_the_old_one(home: Path, pki: DevPki, moment: datetime) -> None:
    replace_certificate(home, "tls-next", mint(pki, XB, Role.TLS, moment + timedelta(days=300)))
    path = home / "partner_profiles" / "XB" / "partner.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace('"certs/XB/tls.pem"]', '"certs/XB/tls.pem", "certs/XB/tls-next.pem"]'), encoding="utf-8"
    )
    one = book(home)
    assert len(one.partner(XB).tls_fingerprints) == 2
    assert {one.by_fingerprint(print_).code for print_ in one.partner(XB).tls_fingerprints} == {"XB"}


def test_a_node_without_partners_has_an_empty_book(tmp_path: Path) -> None:
    (tmp_path / "partner_profiles" / ".hidden").mkdir(parents=True)
    assert load_book(tmp_path / "partner_profiles", tmp_path).partners == ()


@pytest.mark.parametrize(
    ("path", "admitted"),
    [
        ("/C/Exporter", True),
        ("/C/Exporter/Name", True),
        ("/C/Exporter[2]/Name[1]", True),
        ("/C/Item/@seq", True),
        ("/C/ExporterId", False),
        ("/C", False),
        ("/D/C/Exporter", False),
        ("", False),
    ],
)
def test_a_release_admits_a_path_and_what_lies_below(path: str, admitted: bool) -> None:
    assert Release(False, ("/C/Exporter", "/C/Item/@seq")).admits(path) is admitted
    assert Release().admits(path)


def test_an_issuer_certificate_is_no_node_certificate(home: Path, pki: DevPki, moment: datetime) -> None:
    replace_certificate(home, "sign", mint_issuer(pki, XB, moment))
    with pytest.raises(ProfileInvalid):
        book(home)


@pytest.mark.parametrize("terms", ['closed_lists = ["units"]', '[kind.terms.code_maps.units]\nKGM = "KG"'])
def test_a_code_list_that_does_not_exist_is_told_with_the_line_of_its_kind(home: Path, terms: str) -> None:
    file = home / "partner_profiles/XB/papers.toml"
    head, *kinds = file.read_text(encoding="utf-8").split("[[kind]]")
    kinds[0] = f"{kinds[0].rstrip()}\n\n[kind.terms]\n{terms}\n\n"
    file.write_text("[[kind]]".join([head, *kinds]), encoding="utf-8")
    one = book(home)
    one.require_known_lists({"units"})
    with pytest.raises(ProfileInvalid) as caught:
        one.require_known_lists({"unit", "country"})
    assert caught.value.fields["where"].startswith("partner_profiles/XB/papers.toml:")
    assert caught.value.fields["detail"] == "the code list 'units' does not exist; there are country, unit"
