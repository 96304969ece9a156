"""A furnished home is a complete node: settings, keys, partners and shipped profiles load from it."""

from datetime import datetime
from pathlib import Path

import pytest

from node.crypto.algorithms import Suite
from node.crypto.decryption import load_decryption_keys
from node.crypto.keys import Role, load_signing_key
from node.crypto.verification import verify_key_statement
from node.errors import HomeExists, Language
from node.model.exchange import Assurance, Direction
from node.model.ids import NodeCode
from node.profiles.book import Book, load_book
from node.sandbox.dev_pki import DevPki
from node.sandbox.homes import furnish_home, shipped_profiles
from node.settings import Settings, load_settings

XA, XB = NodeCode("XA"), NodeCode("XB")
PAIRS = ((XA, XB), (XB, XA))


def furnished(pki: DevPki, folder: Path, code: NodeCode, partner: NodeCode) -> tuple[Settings, Book]:
    home = furnish_home(pki, folder / code, code, listen="127.0.0.1:7501", partners={partner: "localhost:7502"})
    settings = load_settings(home, {})
    return settings, load_book(settings.profiles_folder, settings.home, settings.code)


@pytest.mark.parametrize(("code", "partner"), PAIRS)
def test_a_furnished_home_loads_whole(
    pki: DevPki, tmp_path: Path, moment: datetime, code: NodeCode, partner: NodeCode
) -> None:
    settings, book = furnished(pki, tmp_path, code, partner)
    assert (settings.code, settings.listen_exchange) == (code, "127.0.0.1:7501")
    keys = settings.keys
    load_signing_key(keys.tls_key, keys.tls_certificate, code, Role.TLS)
    load_signing_key(keys.sign_key, keys.sign_certificate, code, Role.SIGN)
    load_signing_key(keys.receipt_key, keys.receipt_certificate, code, Role.RECEIPT)
    assert {key.suite for key in load_decryption_keys(keys.folder)} == set(Suite)
    other = book.partner(partner)
    assert (other.channel.address, other.channel.server_name) == ("localhost:7502", "localhost")
    assert other.key_statement is not None
    assert verify_key_statement(other.key_statement, trust=other.trust, now=moment).node == partner


@pytest.mark.parametrize(("code", "partner"), PAIRS)
def test_no_private_key_of_the_partner_is_in_a_home(
    pki: DevPki, tmp_path: Path, code: NodeCode, partner: NodeCode
) -> None:
    settings, _ = furnished(pki, tmp_path, code, partner)
    foreign = {path.read_bytes() for path in pki.keys(partner).folder.glob("*.key")}
    assert not [path for path in settings.home.rglob("*") if path.is_file() and path.read_bytes() in foreign]
    assert not list((settings.home / "certs").rglob("*.key"))
    assert {path.stat().st_mode & 0o777 for path in settings.home.rglob("*.key")} == {0o600}
    assert settings.home.stat().st_mode & 0o777 == 0o700


def test_a_home_holds_what_its_people_hand_to_partners(pki: DevPki, tmp_path: Path) -> None:
    settings, _ = furnished(pki, tmp_path, XA, XB)
    handed = {path.name: path.read_bytes() for path in (settings.home / "certs" / XA).iterdir()}
    needed = {path.name for path in (settings.home / "certs" / XB).iterdir()}
    assert set(handed) == needed
    assert not [name for name, content in handed.items() if b"PRIVATE" in content]


def test_the_two_sides_agree(pki: DevPki, tmp_path: Path, moment: datetime) -> None:
    (_, at_xa), (_, at_xb) = (furnished(pki, tmp_path, code, partner) for code, partner in PAIRS)
    ours, theirs = at_xa.served(XB, moment), at_xb.served(XA, moment)
    mirror = {Direction.IN: Direction.OUT, Direction.OUT: Direction.IN}
    assert [(kind.name, kind.version, kind.assurance) for kind in ours] == [
        ("aeo_status", 1, Assurance.DOCUMENT),
        ("certificate_of_origin", 1, Assurance.BATCH),
        ("certificate_use", 1, Assurance.DOCUMENT),
        ("inspection_result", 1, Assurance.DOCUMENT),
        ("phytosanitary_certificate", 1, Assurance.DOCUMENT),
    ]
    for one, other in zip(ours, theirs, strict=True):
        assert (one.name, one.version, one.assurance, one.max_bytes) == (
            other.name, other.version, other.assurance, other.max_bytes,
        )  # fmt: skip
        assert {mirror[direction] for direction in one.directions} == other.directions
    agreed = [[(one.id, one.version, one.legal_basis) for one in book.profiles] for book in (at_xa, at_xb)]
    assert agreed[0] == agreed[1]
    assert len(agreed[0]) == 3


def test_names_stand_in_both_languages(pki: DevPki, tmp_path: Path) -> None:
    settings, book = furnished(pki, tmp_path, XA, XB)
    texts = [settings.name, book.partner(XB).name, *(contact.name for contact in book.partner(XB).contacts)]
    texts += [text for profile in book.profiles for text in (profile.title, profile.legal_basis)]
    for text in texts:
        assert set(text) == set(Language)
        assert text[Language.EN].isascii()
        assert not text[Language.ZH].isascii()
        # Big5 is what Taiwan writes in; Simplified characters are not in it.
        assert text[Language.ZH].encode("big5")
    assert settings.name != book.partner(XB).name


def test_a_node_without_partners_is_a_node(pki: DevPki, tmp_path: Path) -> None:
    settings = load_settings(furnish_home(pki, tmp_path / "home", XB), {})
    assert load_book(settings.profiles_folder, settings.home, settings.code).partners == ()
    assert settings.name[Language.EN] == "Belmare Customs and Trade Service"


def test_an_occupied_folder_is_left_alone(pki: DevPki, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(HomeExists):
        furnish_home(pki, tmp_path, XA)
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_shipped_profiles_are_where_the_sandbox_looks() -> None:
    assert sorted(path.name for path in shipped_profiles().iterdir() if path.is_dir()) == ["XA", "XB"]
