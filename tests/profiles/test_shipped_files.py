"""The shipped profiles teach every key, and docs/profiles.md lists every key there is."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from node.crypto.algorithms import SignatureAlgorithm, Suite
from node.documents import reader, samples
from node.model.ids import NodeCode
from node.profiles.profile_file import read_profile
from node.sandbox.homes import shipped_profiles

ROOT = Path(__file__).parents[2]
FILES = sorted(shipped_profiles().rglob("*.toml"))
DOCUMENTED = set(re.findall(r"`\[*([a-zA-Z_]+)\]*`", (ROOT / "docs" / "profiles.md").read_text(encoding="utf-8")))


def keys_in(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from keys_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from keys_in(inner)


def keys_asked(module: str) -> set[str]:
    """The keys a reader asks its tables for, taken from its source."""
    source = (ROOT / "node" / module).read_text(encoding="utf-8")
    getters = r"(?:text|texts|texts_unless|word|words|integer|number|flag|day|names|table|tables|address)"
    return set(re.findall(rf'(?:\.{getters}\(|_certificates\(\w+,|_day\(root,)\s*"([a-z_]+)"', source))


@pytest.mark.parametrize(
    ("module", "least"),
    [
        ("settings.py", 8),
        ("profiles/partner_file.py", 8),
        ("profiles/profile_file.py", 8),
        ("profiles/origin_terms_file.py", 8),
        ("profiles/terms_file.py", 4),
    ],
)
def test_every_key_that_is_read_is_documented(module: str, least: int) -> None:
    asked = keys_asked(module)
    assert len(asked) >= least
    assert asked - DOCUMENTED == set()


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("profiles/partner_file.py", "partner.toml"),
        ("profiles/profile_file.py", "xa-xb-trade-papers.toml"),
        ("profiles/origin_terms_file.py", "xa-xb-origin-rules.toml"),
    ],
)
def test_the_shipped_files_show_every_key(module: str, name: str) -> None:
    for code in ("XA", "XB"):
        shown = set(keys_in(tomllib.loads((shipped_profiles() / code / name).read_text(encoding="utf-8"))))
        assert keys_asked(module) - shown == set()


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_shipped_file_explains_itself(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("# ")
    assert max(map(len, lines)) <= 140
    assert all("\t" not in line for line in lines)


def test_the_sandbox_agrees_both_suites_and_the_default_algorithm() -> None:
    for code in ("XA", "XB"):
        trust = tomllib.loads((shipped_profiles() / code / "partner.toml").read_text(encoding="utf-8"))["trust"]
        assert trust["suites"] == [Suite.HYBRID, Suite.X25519]
        assert trust["algorithms"] == [SignatureAlgorithm.ECDSA_P256_SHA256]


@pytest.mark.parametrize("code", ["XA", "XB"])
def test_the_second_arrangement_releases_what_the_samples_say_and_keeps_national_numbers_at_home(code: str) -> None:
    name = "xa-xb-aeo-and-inspection.toml"
    profile = read_profile(shipped_profiles() / code / name, name, NodeCode(code))
    (release,) = [kind.release for kind in profile.kinds if kind.name == "aeo_status"]
    for sample_name in samples.sample_names("aeo_status"):
        document = reader.recognise(samples.sample("aeo_status", sample_name))
        assert [path for path in reader.paths(document) if not release.admits(path)] == []
    assert release.admits("/AeoStatus/records[7]/tin")
    assert not release.admits("/AeoStatus/records[7]/nationalId")
