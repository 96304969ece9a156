"""[hub]: one word says how the hub is reached; what that way needs is judged at start."""

from pathlib import Path

import pytest

from node.errors import SettingInvalid
from node.settings import HubKind, load_settings

LEAST = 'schema = 1\ncode = "XA"\n'
CLIENT = '[[hub.client]]\nname = "agency"\ncertificate = "certs/hub/agency.pem"\n'
REST = '[hub.rest]\nurl = "https://hub.example"\n'


def write(home: Path, text: str) -> Path:
    (home / "node.toml").write_text(LEAST + text, encoding="utf-8")
    return home


def test_a_folder_is_what_two_lines_get(tmp_path: Path) -> None:
    hub = load_settings(write(tmp_path, ""), {}).hub
    assert (hub.kind, hub.listen, hub.clients, hub.rest) == (HubKind.FOLDER, "127.0.0.1:7444", (), None)


def test_a_hub_that_calls_has_a_listener_with_files_of_its_own_and_clients(tmp_path: Path) -> None:
    text = f'[listen]\nhub = "10.0.0.5:0"\n[hub]\nkind = "grpc"\n{CLIENT}kinds = ["aeo_status"]\n'
    hub = load_settings(write(tmp_path, text), {}).hub
    assert (hub.kind, hub.listen) == (HubKind.GRPC, "10.0.0.5:0")
    assert hub.grpc.key == tmp_path / "keys/hub.key"
    assert hub.grpc.certificate == tmp_path / "keys/hub.pem"
    assert hub.grpc.client_roots == tmp_path / "certs/hub/ca.pem"
    (client,) = hub.clients
    assert (client.name, client.kinds) == ("agency", {"aeo_status"})
    assert client.certificate == tmp_path / "certs/hub/agency.pem"


def test_a_hub_that_is_called_has_an_address_and_laptop_defaults(tmp_path: Path) -> None:
    hub = load_settings(write(tmp_path, f'[hub]\nkind = "rest"\n{REST}'), {}).hub
    assert hub.rest is not None
    assert (hub.rest.url, hub.rest.poll_s, hub.rest.timeout_s) == ("https://hub.example", 1, 30)
    assert hub.rest.ca == tmp_path / "certs/hub/ca.pem"
    assert hub.rest.certificate == tmp_path / "keys/hub-client.pem"
    assert hub.rest.key == tmp_path / "keys/hub-client.key"


def test_the_kind_may_come_from_a_variable(tmp_path: Path) -> None:
    assert load_settings(write(tmp_path, CLIENT), {"N2N_HUB_KIND": "grpc"}).hub.kind is HubKind.GRPC


def test_a_star_is_every_kind(tmp_path: Path) -> None:
    (client,) = load_settings(write(tmp_path, f'{CLIENT}kinds = ["*"]\n'), {}).hub.clients
    assert client.kinds == frozenset()


BROKEN = {
    '[hub]\nkind = "carrier pigeon"\n': "use one of 'folder', 'grpc', 'rest'",
    '[hub]\nkind = "grpc"\n': "needs at least one [[hub.client]]",
    '[hub]\nkind = "rest"\n': "the key 'rest' is missing",
    '[hub]\nkind = "rest"\n[hub.rest]\nurl = "http://hub.example"\n': "url must be https://",
    '[hub]\nkind = "rest"\n[hub.rest]\nurl = "https://hub.example/"\n': "url must be https://",
    '[hub]\nkind = "rest"\n[hub.rest]\nurl = "https://"\n': "url must be https://",
    f"[hub]\n{REST}poll_s = 0\n": "poll_s must lie between 0.1 and 3600",
    f"[hub]\n{REST}timeout_s = 601\n": "timeout_s must lie between 1 and 600",
    f"[hub]\n{REST}port = 1\n": "the key 'port' is unknown in [hub.rest]",
    "[hub.grpc]\nroots = 'x'\n": "the key 'roots' is unknown in [hub.grpc]",
    CLIENT + CLIENT: "two clients are called 'agency'",
    CLIENT.replace("agency", "The Agency", 1): "name must be 1 to 32 small letters",
    CLIENT.replace("agency", "a" * 33, 1): "name must be 1 to 32 small letters",
    '[[hub.client]]\nname = "a"\n': "the key 'certificate' is missing",
    f"{CLIENT}kinds = []\n": "kinds is empty",
    f'{CLIENT}kind = "x"\n': "did you mean 'kinds'?",
    '[listen]\nhub = "nowhere"\n': "hub must be host:port",
}


@pytest.mark.parametrize(("text", "detail"), BROKEN.items())
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, text: str, detail: str) -> None:
    with pytest.raises(SettingInvalid) as caught:
        load_settings(write(tmp_path, text), {})
    assert detail in caught.value.fields["detail"]
    assert caught.value.fields["where"].startswith("node.toml:")
