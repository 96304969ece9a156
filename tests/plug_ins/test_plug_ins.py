"""A package of somebody else adds a kind: it travels between two nodes; a broken one stops the start and is named."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
START_S = 60
Install = Callable[..., Path]


def _environment(site: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{site}", "N2N_LANG": "en"}


def _n2n(site: Path, *arguments: object) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "node.cli", *map(str, arguments)]
    return subprocess.run(command, env=_environment(site), capture_output=True, text=True, timeout=120, check=False)


def test_a_kind_from_outside_is_listed_with_its_package_validated_and_shown(install: Install, tmp_path: Path) -> None:
    site = install()
    listed = {one["kind"]: one for one in json.loads(_n2n(site, "kinds", "--json").stdout)}
    assert listed["seal_notice"]["package"] == "seal-notices 1.2"
    assert listed["aeo_status"]["package"] == ""
    sample = site / "seal_notices/broken.json"
    assert _n2n(site, "paper", "validate", sample).returncode == 0
    shown = _n2n(site, "paper", "show", sample, "--lang", "zh-TW").stdout
    assert "封條毀損通知" in shown
    assert "發現日期" in shown
    bad = tmp_path / "bad.json"
    bad.write_text(sample.read_text("utf-8").replace("S-881", "XAXU1234567"), "utf-8")
    ran = _n2n(site, "paper", "validate", bad, "--json", "--lang", "zh-TW")
    assert ran.returncode == 65
    assert json.loads(ran.stdout)["findings"][0]["text"] == "封條號碼不得與貨櫃號碼相同"


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def test_a_paper_of_that_kind_travels_between_two_nodes(install: Install, tmp_path: Path) -> None:
    site = install()
    ports = {"XA": _free_port(), "XB": _free_port()}
    assert _n2n(site, "pki", "dev", tmp_path / "pki", "XA", "XB").returncode == 0
    for code, other in (("XA", "XB"), ("XB", "XA")):
        home = tmp_path / code
        made = _n2n(
            site,
            *("init", home, "--code", code, "--pki", tmp_path / "pki", "--listen", f"127.0.0.1:{ports[code]}"),
            *("--partner", f"{other}=127.0.0.1:{ports[other]}"),
        )
        assert made.returncode == 0, made.stderr
        (file,) = (home / "partner_profiles" / other).glob("*-trade-papers.toml")
        kind = '\n[[kind]]\nname = "seal_notice"\nversion = 1\ndirection = "both"\nassurance = "document"\n'
        kind += 'release = "all"\n'
        file.write_text(file.read_text("utf-8") + kind, "utf-8")
    nodes = [
        subprocess.Popen(
            [sys.executable, "-m", "node.cli", "up", "--home", str(tmp_path / code)],
            env=_environment(site),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for code in ports
    ]
    try:
        give_up = time.monotonic() + START_S
        while not all((tmp_path / code / "ready").exists() for code in ports):
            assert [node.poll() for node in nodes] == [None, None]
            assert time.monotonic() < give_up
            time.sleep(0.1)
        sample = site / "seal_notices/broken.json"
        sent = _n2n(site, "send", sample, "--to", "XB", "--home", tmp_path / "XA", "--wait", "--json")
        assert sent.returncode == 0, sent.stderr
        assert json.loads(sent.stdout)["state"] == "DELIVERED"
        listed = json.loads(_n2n(site, "exchange", "list", "--home", tmp_path / "XB", "--json").stdout)
        assert [(one["kind"], one["number"]) for one in listed] == [("seal_notice", "XA-SEAL-1")]
    finally:
        for node in nodes:
            node.send_signal(signal.SIGTERM)
        for node in nodes:
            node.wait(timeout=START_S)


BROKEN = {
    "it does not load": ('SCHEMA = "urn', 'import nobody_has_this\nSCHEMA = "urn', "cannot be loaded"),
    "it is no kind": ("KIND = JsonKind(", "KIND = dict(", "names no XmlKind"),
    "it takes the name of ours": ('name="seal_notice"', 'name="aeo_status"', "aeo_status is the node's own"),
    "it takes the name of a control kind": ('name="seal_notice"', 'name="key_statement"', "key_statement is the node"),
    "it takes the root of ours": ("root=SCHEMA", 'root="urn:n2n:v1:aeo-status"', "its root is that of this node"),
    "its name is no name": ('name="seal_notice"', 'name="Seal notice"', "its name must have small letters"),
    "its version is none": ("version=1", "version=0", "its version must be"),
    "it has no Chinese title": ('title_zh="封條毀損通知"', 'title_zh=""', "a title in both languages"),
    "a rule is too long": ('"must be urn:example:seal-notice"', '"x" * 65', "a rule has at most 64 characters"),
    "a list does not exist": ('("country",): "country"', '("country",): "lands"', "code lists that do not exist"),
    "a sample is missing": ('samples=("broken",)', 'samples=("whole",)', "its sample whole is not"),
    "its view is none": ('"view.tsv"', '"views.tsv"', "cannot be judged"),
}


@pytest.mark.parametrize(("before", "after", "told"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_package_is_named_and_nothing_starts(install: Install, before: str, after: str, told: str) -> None:
    ran = _n2n(install(before, after), "kinds")
    assert ran.returncode == 78
    assert "N2N-CFG-010" in ran.stderr
    assert "seal-notices 1.2" in ran.stderr
    assert told in ran.stderr
    assert "Traceback" not in ran.stderr
    assert ran.stdout == ""


def test_two_packages_cannot_bring_the_same_kind(install: Install) -> None:
    install()
    ran = _n2n(install(name="other_notices"), "kinds")
    assert ran.returncode == 78
    assert "its kind is that of" in ran.stderr


def test_a_broken_package_stops_a_node_from_starting(install: Install, tmp_path: Path) -> None:
    site = install("version=1", "version=0")
    assert _n2n(site, "init", tmp_path / "xa", "--code", "XA", "--listen", "127.0.0.1:0").returncode == 0
    ran = _n2n(site, "up", "--home", tmp_path / "xa")
    assert ran.returncode == 78
    assert "N2N-CFG-010" in ran.stderr
