"""A node home of XA with partner XB, drawn once and copied for each test that changes it."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from node.model.ids import NodeCode
from node.sandbox.dev_pki import DevPki, draw
from node.sandbox.homes import furnish_home

NOW = datetime(2026, 11, 22, 14, 35, 6, tzinfo=UTC)

PARTNER = """\
schema = 1
code = "XB"
name = { en = "Belmare Customs", zh-TW = "貝爾馬雷海關" }

[channel]
kind = "grpc"
address = "localhost:7444"
deadline_s = 30

[trust]
tls = ["certs/XB/tls.pem"]
tls_roots = ["certs/XB/ca.pem"]
sign = ["certs/XB/sign.pem"]
receipt = ["certs/XB/receipt.pem"]
anchors = ["certs/XB/ca.pem"]
key_statement = "certs/XB/statement.xml"
key_statement_signature = "certs/XB/statement.sig.xml"
algorithms = ["ecdsa-p256-sha256"]
suites = ["X25519-HKDF-SHA256-AES256GCM"]

[[contact]]
role = "liaison"
name = { en = "Liaison office", zh-TW = "聯絡處" }
email = "liaison@example.test"
"""

ARRANGEMENT = """\
schema = 1
id = "papers"
version = 3
title = { en = "Papers", zh-TW = "文件" }
legal_basis = { en = "Article 7", zh-TW = "第七條" }
valid_from = 2026-01-01
valid_until = 2027-12-31

[retry]
first_s = 5
max_s = 900
give_up_h = 48
expires_after_h = 168

[[kind]]
name = "phytosanitary_certificate"
version = 1
direction = "both"
assurance = "document"
release = "all"

[[kind]]
name = "certificate_of_origin"
version = 1
direction = "out"
assurance = "batch"
priority = "C"
release = ["/CertificateOfOrigin/Exporter"]
"""


@pytest.fixture(scope="session")
def moment() -> datetime:
    return NOW


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> DevPki:
    return draw(tmp_path_factory.mktemp("pki"), [NodeCode("XA"), NodeCode("XB"), NodeCode("XC")], NOW)


@pytest.fixture(scope="session")
def furnished(pki: DevPki, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = furnish_home(
        pki, tmp_path_factory.mktemp("home"), NodeCode("XA"), partners={NodeCode("XB"): "localhost:7444"}
    )
    folder = home / "partner_profiles" / "XB"
    shutil.rmtree(folder)
    folder.mkdir()
    (folder / "partner.toml").write_text(PARTNER, encoding="utf-8")
    (folder / "papers.toml").write_text(ARRANGEMENT, encoding="utf-8")
    return home


@pytest.fixture
def home(furnished: Path, tmp_path: Path) -> Path:
    """A home whose files a test may change."""
    return Path(shutil.copytree(furnished, tmp_path / "home"))
