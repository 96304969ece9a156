"""Settings: laptop defaults, strict keys, and variables that override the file."""

import dataclasses
from pathlib import Path

import pytest

from node.crypto.algorithms import Suite
from node.errors import HomeNotFound, Language, SettingInvalid
from node.settings import LogFormat, LogLevel, Settings, load_settings

LEAST = 'schema = 1\ncode = "XA"\n'


def write(home: Path, text: str) -> Path:
    (home / "node.toml").write_text(text, encoding="utf-8")
    return home


def refusal(home: Path, env: dict[str, str] | None = None) -> dict[str, str]:
    with pytest.raises(SettingInvalid) as caught:
        load_settings(home, env or {})
    return dict(caught.value.fields)


def test_two_lines_make_a_node_on_a_laptop(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, LEAST), {})
    assert settings.code == "XA"
    assert settings.name == {Language.EN: "XA", Language.ZH: "XA"}
    assert settings.listen_exchange == "127.0.0.1:7443"
    assert settings.store_url == f"sqlite:///{tmp_path}/node.db"
    assert settings.keys.tls_key == tmp_path / "keys" / "tls.key"
    assert settings.keys.statement_signature == tmp_path / "keys" / "statement.sig.xml"
    assert (settings.hub_folder, settings.profiles_folder) == (tmp_path / "hub", tmp_path / "partner_profiles")
    assert settings.suites == (Suite.HYBRID, Suite.X25519)
    assert (settings.batch_envelopes, settings.batch_bytes) == (32, 262_144)
    assert (settings.log_level, settings.log_format) == (LogLevel.INFO, LogFormat.TEXT)


def test_settings_do_not_change(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, LEAST), {})
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.code = "XB"  # type: ignore[misc,assignment]


def test_every_limit_says_its_unit() -> None:
    units = ("_bytes", "_s", "_days", "_envelopes", "_jobs")
    numbers = [field.name for field in dataclasses.fields(Settings) if field.type in (int, float)]
    assert len(numbers) >= 4
    assert [name for name in numbers if not name.endswith(units)] == []


def test_variables_stand_in_for_the_file(tmp_path: Path) -> None:
    env = {
        "N2N_LISTEN_EXCHANGE": "[::1]:0",
        "N2N_STORE_URL": "sqlite:////var/lib/n2n/other.db",
        "N2N_KEYS_FOLDER": "/etc/n2n/keys",
        "N2N_KEYS_SUITES": '["X25519-HKDF-SHA256-AES256GCM"]',
        "N2N_BATCH_ENVELOPES": "64",
        "N2N_JOBS_LEASE_S": "2.5",
        "N2N_LOG_LEVEL": "debug",
        "N2N_HUB_FOLDER": "1234",
        "N2N_HOME": "elsewhere",
        "N2N_LANG": "zh-TW",
        "PATH": "/bin",
    }
    settings = load_settings(write(tmp_path, LEAST + '[log]\nlevel = "error"\nformat = "json"\n'), env)
    assert settings.listen_exchange == "[::1]:0"
    assert settings.store_url == "sqlite:////var/lib/n2n/other.db"
    assert settings.keys.folder == Path("/etc/n2n/keys")
    assert settings.suites == (Suite.X25519,)
    assert (settings.batch_envelopes, settings.lease_s) == (64, 2.5)
    assert (settings.log_level, settings.log_format) == (LogLevel.DEBUG, LogFormat.JSON)
    assert settings.hub_folder == tmp_path / "1234"


VARIABLES = {
    ("N2N_LOG_LEVEL", "loud"): "level = 'loud' is not known; use one of 'debug', 'info', 'warning', 'error'",
    ("N2N_LOG_LEVLE", "debug"): "the key 'levle' is unknown in [log]; did you mean 'level'?",
    ("N2N_BATCH_ENVELOPES", "many"): "envelopes must be a whole number, not text",
    ("N2N_BATCH_ENVELOPES", "65"): "envelopes must lie between 1 and 64",
    ("N2N_BATCH_ENVELOPES", "5\nbytes = 4096"): "envelopes must be a whole number, not text",
    ("N2N_LISTEN_EXCHANGE", ""): "exchange is empty; give a value",
    (
        "N2N_STORE_URL",
        "postgresql://n2n:secret@host/n2n",
    ): "no password in url: use ~/.pgpass, passfile=FILE in url, or PGPASSWORD",
    (
        "N2N_STORE_URL",
        "postgresql://host/n2n?user=n2n&password=secret",
    ): "no password in url: use ~/.pgpass, passfile=FILE in url, or PGPASSWORD",
    ("N2N_STORE_URL", "mysql://root@host/x"): "url must be sqlite:///FILE or postgresql://USER@HOST/DATABASE",
    ("N2N_JOBS_LEASE_S", "nan"): "lease_s must lie between 1 and 3600",
}


@pytest.mark.parametrize(("variable", "value"), VARIABLES)
def test_a_wrong_variable_is_named(tmp_path: Path, variable: str, value: str) -> None:
    fields = refusal(write(tmp_path, LEAST), {variable: value})
    assert fields == {"where": variable, "detail": VARIABLES[variable, value]}


MALFORMED = [
    ('code = "XA"\n', 1, "the key 'schema' is missing; add it"),
    ('schema = 2\ncode = "XA"\n', 1, "schema must be 1"),
    ("schema = 1\n", 1, "the key 'code' is missing; add it"),
    (
        'schema = 1\ncode = "xa"\n',
        2,
        "code must be two capital letters and up to 14 capitals or digits, as in XA or XA2",
    ),
    ('schema = 1\ncode = "XA"\nnames = "x"\n', 3, "the key 'names' is unknown; did you mean 'name'?"),
    (LEAST + 'name = { en = "A" }\n', 3, "the key 'zh-TW' is missing in [name]; add it"),
    (LEAST + '[listen]\nexchange = "7443"\n', 4, "exchange must be host:port, as in localhost:7443 or [::1]:7443"),
    (LEAST + "[listen]\nport = 7443\n", 4, "the key 'port' is unknown in [listen]; known are exchange, hub"),
    (LEAST + "listen = 7\n", 3, "listen must be a table, as in [listen], not a number"),
    (LEAST + '[store]\nurl = "sqlite:///"\n', 4, "url must be sqlite:///FILE or postgresql://USER@HOST/DATABASE"),
    (LEAST + '[store]\nurl = "sqlite://node.db"\n', 4, "url must be sqlite:///FILE or postgresql://USER@HOST/DATABASE"),
    (LEAST + '[keys]\nsuites = ["AES"]\n', 4, None),
    (LEAST + "[batch]\nenvelopes = 0\n", 4, "envelopes must lie between 1 and 64"),
    (LEAST + "[batch]\nbytes = 5000000\n", 4, "bytes must lie between 1024 and 4194304"),
    (LEAST + "[jobs]\nlease_s = 0.5\n", 4, "lease_s must lie between 1 and 3600"),
    (LEAST + "[logs]\n", 3, "the key 'logs' is unknown; did you mean 'log'?"),
]


@pytest.mark.parametrize(("text", "line", "detail"), MALFORMED)
def test_a_broken_setting_is_told_with_its_line(tmp_path: Path, text: str, line: int, detail: str | None) -> None:
    fields = refusal(write(tmp_path, text))
    assert fields["where"] == f"node.toml:{line}"
    assert detail in (None, fields["detail"])


def test_an_empty_folder_is_no_home(tmp_path: Path) -> None:
    with pytest.raises(HomeNotFound):
        load_settings(tmp_path, {})
