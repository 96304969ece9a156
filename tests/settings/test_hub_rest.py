"""[hub.rest]: where the hub's web service is, and how we show ourselves."""

from pathlib import Path

import pytest

from node.errors import SettingInvalid
from node.settings import HubKind, HubSettings, load_settings

LEAST = 'schema = 1\ncode = "XA"\n[hub]\nkind = "rest"\n'


def load(home: Path, text: str) -> HubSettings:
    (home / "node.toml").write_text(LEAST + text, encoding="utf-8")
    return load_settings(home, {}).hub


def test_an_address_is_enough(tmp_path: Path) -> None:
    hub = load(tmp_path, '[hub.rest]\nurl = "https://hub.example/n2n"\n')
    assert hub.kind is HubKind.REST
    assert (hub.rest.url, hub.rest.poll_s, hub.rest.timeout_s) == ("https://hub.example/n2n", 1, 30)
    assert hub.rest.ca == tmp_path / "certs/hub/ca.pem"
    assert hub.rest.key == tmp_path / "keys/hub-client.key"
    assert hub.rest.certificate == tmp_path / "keys/hub-client.pem"


@pytest.mark.parametrize(
    "url",
    [
        "http://hub.example",
        "https://hub.example/",
        "https://user:word@hub.example",
        "https://hub.example?x=1",
        "https://hub.example/../other",
        "https://hub.example:99999",
        "hub.example",
        "",
    ],
)
def test_an_address_that_could_lead_elsewhere_is_refused_with_its_line(tmp_path: Path, url: str) -> None:
    with pytest.raises(SettingInvalid) as caught:
        load(tmp_path, f'[hub.rest]\nurl = "{url}"\n')
    assert caught.value.fields["where"].startswith("node.toml:6")


@pytest.mark.parametrize("text", ["", "[hub.rest]\n", '[hub.rest]\nurl = "https://a"\nproxy = "x"\n'])
def test_what_is_missing_or_unknown_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingInvalid):
        load(tmp_path, text)
