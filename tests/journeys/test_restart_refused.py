"""A node that is furnished wrongly does not start: one sentence, who must act, and the exit code of a wrong setting."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from node.cli.main import main
from node.errors import Category
from node.model.ids import NodeCode
from node.sandbox.homes import furnish_home
from node.service import READY_FILE
from node.store.database import Database
from node.store.owner import claim_store

XA, XB = "XA", "XB"


@pytest.fixture
def home(tmp_path: Path, pki) -> Path:
    return furnish_home(pki, tmp_path / XA, XA, listen="127.0.0.1:0", partners={XB: "localhost:1"})


def edited(name: str, old: str, new: str) -> Callable[[Path], None]:
    def edit(home: Path) -> None:
        text = (home / name).read_text(encoding="utf-8")
        assert old in text
        (home / name).write_text(text.replace(old, new, 1), encoding="utf-8")

    return edit


def rewritten(name: str, content: bytes) -> Callable[[Path], None]:
    return lambda home: (home / name).write_bytes(content) and None


def copied(source: str, *targets: str) -> Callable[[Path], None]:
    def copy(home: Path) -> None:
        for target in targets:
            suffix = Path(target).suffix
            (home / target).write_bytes((home / source).with_suffix(suffix).read_bytes())

    return copy


def anothers(home: Path) -> None:
    store = Database.open(f"sqlite:///{home / 'node.db'}")
    store.migrate()
    store.write(lambda tx: claim_store(tx, NodeCode(XB)))
    store.close()


ARRANGEMENT = "partner_profiles/XB/xa-xb-trade-papers.toml"
WRONG = {
    "a TLS key that is garbage": (rewritten("keys/tls.key", b"garbage"), "N2N-CFG-003"),
    "a TLS key others can read": (lambda home: os.chmod(home / "keys/tls.key", 0o644), "N2N-CFG-002"),
    "a TLS certificate of another key": (copied("keys/sign.pem", "keys/tls.pem"), "N2N-CFG-003"),
    "no TLS key": (lambda home: (home / "keys/tls.key").unlink(), "N2N-CFG-003"),
    "no sign certificate": (lambda home: (home / "keys/sign.pem").unlink(), "N2N-CFG-003"),
    "a decryption key that is garbage": (rewritten("keys/decrypt-0123456789abcdef.key", b"x"), "N2N-CFG-00"),
    "an unknown word in the settings": (edited("node.toml", "[log]", "[log]\nlevvel = 1"), "N2N-CFG-001"),
    "settings that are no TOML": (rewritten("node.toml", b"schema = = 1"), "N2N-CFG-001"),
    "the store of another node": (anothers, "N2N-DB-010"),
    "no settings": (lambda home: (home / "node.toml").unlink(), "N2N-CFG-006"),
    "an unknown word in an arrangement": (edited(ARRANGEMENT, "suspended", "supsended"), "N2N-PROF-001"),
    "an arrangement that is no TOML": (rewritten(ARRANGEMENT, b"[[kind]"), "N2N-PROF-001"),
    "a kind nobody knows": (edited(ARRANGEMENT, "phytosanitary_certificate", "phytosanity"), "N2N-PROF-001"),
    "a partner without its certificate": (lambda home: (home / "certs/XB/tls.pem").unlink(), "N2N-PROF-001"),
    "no partners at all": (lambda home: (home / "partner_profiles").rename(home / "elsewhere"), "N2N-PROF-001"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_node_that_is_furnished_wrongly_says_so_in_one_sentence_and_does_not_start(home: Path, capsys, what) -> None:
    spoil, code = WRONG[what]
    spoil(home)
    assert main(["--home", str(home), "up"]) == Category.MISCONFIGURED.exit_code == 78
    said = capsys.readouterr().err
    assert said.startswith(code)
    assert "Traceback" not in said
    assert not (home / READY_FILE).exists()
