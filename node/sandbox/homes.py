"""Furnishes complete node homes from a drawn PKI: what `n2n init`, the demonstration and tests start from."""

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from node.errors import Language, NodeError, SettingInvalid
from node.model.ids import NodeCode
from node.profiles.partner_file import PARTNER_FILE
from node.sandbox.dev_pki import DevPki, require_empty
from node.settings import SETTINGS_FILE, HubKind
from node.strict_toml import load

SHIPPED_PROFILES = "partner_profiles"

_ADDRESS_LINE = re.compile(r'^address = ".*?"', re.MULTILINE)

_SETTINGS = """\
# Settings of this node; N2N_<TABLE>_<KEY> in the environment overrides a key, as in N2N_LOG_LEVEL=debug.

schema = 1
code = "{code}"
name = {{ en = {en}, zh-TW = {zh} }}

[listen]
exchange = "{listen}"             # partners call here (mutual TLS)
hub = "{hub_listen}"                  # domestic systems call here, when [hub] kind is "grpc"

[store]
url = "sqlite:///node.db"         # relative to this folder

[keys]
folder = "keys"

[hub]
kind = "{hub}"                   # folder, grpc or rest; see docs/hub-*.md
folder = "hub"

[[hub.client]]                    # who may call, when the kind is "grpc"
name = "agency"
certificate = "certs/hub/agency.pem"

[profiles]
folder = "partner_profiles"

[log]
level = "info"                    # debug, info, warning, error
format = "text"                   # text or json
"""


def furnish_home(
    pki: DevPki,
    home: Path,
    code: NodeCode,
    *,
    listen: str = "127.0.0.1:7443",
    partners: Mapping[NodeCode, str] | None = None,
    profiles: Path | None = None,
    hub: HubKind = HubKind.FOLDER,
    hub_listen: str = "127.0.0.1:7444",
) -> Path:
    """Create the home of node `code`: settings, own keys, and for each partner its certificates and profiles.

    `certs/<code>` holds what the node's people hand to partners: the public half of everything.
    `partners` maps a partner's code to the `host:port` it listens on; their profiles are copied from `profiles`, by
    default the shipped ones. Raises HomeExists when `home` holds anything.
    """
    require_empty(home)
    source = profiles or shipped_profiles()
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    (home / SETTINGS_FILE).write_text(
        _settings(code, source, listen=listen, hub=hub.value, hub_listen=hub_listen), encoding="utf-8"
    )
    _copy_own_keys(pki, home / "keys", code)
    _copy_public(pki, code, home / "certs" / code)
    _copy_domestic(pki, home, code)
    (home / "hub").mkdir()
    (home / "partner_profiles").mkdir()
    for partner, address in (partners or {}).items():
        enrol(pki, home, partner, address, source)
    return home


def enrol(pki: DevPki, home: Path, partner: NodeCode, address: str, profiles: Path | None = None) -> None:
    """Give a home what it needs to talk to `partner` at `address`: its certificates, key statement and profiles."""
    _copy_public(pki, partner, home / "certs" / partner)
    target = home / "partner_profiles" / partner
    shutil.copytree((profiles or shipped_profiles()) / partner, target)
    text = (target / PARTNER_FILE).read_text(encoding="utf-8")
    (target / PARTNER_FILE).write_text(_ADDRESS_LINE.sub(f'address = "{address}"', text, count=1), encoding="utf-8")


def shipped_profiles() -> Path:
    """The profiles of the sandbox's partners: inside the installed package, or at the top of a checkout."""
    packaged = Path(__file__).parent / SHIPPED_PROFILES
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / SHIPPED_PROFILES


def _settings(code: NodeCode, profiles: Path, **words: str) -> str:
    names = _names(code, profiles)
    en, zh = (json.dumps(names[language], ensure_ascii=False) for language in Language)
    return _SETTINGS.format(code=code, en=en, zh=zh, **words)


def _names(code: NodeCode, profiles: Path) -> Mapping[Language, str]:
    """What others call this node in their profiles; its code when nobody does."""
    try:
        return load(profiles / code / PARTNER_FILE, PARTNER_FILE, SettingInvalid).names("name")
    except NodeError:
        return dict.fromkeys(Language, code)


def _copy_public(pki: DevPki, node: NodeCode, folder: Path) -> None:
    folder.mkdir(parents=True)
    keys = pki.keys(node)
    certificates = (
        keys.tls_certificate,
        keys.sign_certificate,
        keys.receipt_certificate,
        pki.ca(node),
        pki.issuer(node),
    )
    for file in (*certificates, keys.statement, keys.statement_signature):
        shutil.copyfile(file, folder / file.name)


def _copy_domestic(pki: DevPki, home: Path, code: NodeCode) -> None:
    """Our own key for the domestic side, and the public half of who may call there."""
    for file in pki.hub(code):
        shutil.copy(file, home / "keys" / file.name)
    (home / "certs" / "hub").mkdir(parents=True)
    shutil.copyfile(pki.hub_ca(code), home / "certs" / "hub" / "ca.pem")
    shutil.copyfile(pki.agency(code)[1], home / "certs" / "hub" / "agency.pem")


def _copy_own_keys(pki: DevPki, folder: Path, code: NodeCode) -> None:
    folder.mkdir(mode=0o700)
    own = pki.keys(code)
    pairs = (own.tls_key, own.tls_certificate, own.sign_key, own.sign_certificate, own.receipt_key)
    announced = (*own.decryption_keys, *own.checkpoint_keys, own.statement, own.statement_signature)
    for file in (*pairs, own.receipt_certificate, *announced):
        # copy keeps the mode, so keys stay unreadable for others
        shutil.copy(file, folder / file.name)
