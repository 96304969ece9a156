"""Every setting of a node: read from `node.toml` in its home and from N2N_* variables, frozen, with laptop defaults.

A node home:

    node.toml                          what this module reads
    node.db                            what the node remembers (unless [store] url says otherwise)
    keys/{tls,sign,receipt}.{key,pem}  private key (mode 600) and certificate of each role
    keys/decrypt-<id>.key              decryption keys (mode 600), old ones until they expire
    keys/checkpoint-<id>.key           checkpoint keys (mode 600), old ones for as long as the logs they signed
    keys/statement.xml, statement.sig.xml   the current key statement, as partners get it
    partner_profiles/<CODE>/           partner.toml and one file per arrangement (docs/profiles.md)
    certs/<CODE>/                      certificates and first key statement of a partner; of this node, to hand out
    hub/                               the folders of the domestic hub
    uploads/{in,out}/                  attachments as ciphertext, theirs and ours, while their papers need them
    keys/hub.{key,pem}                 TLS identity of the hub's own listener ([hub] kind = "grpc")
    keys/hub-client.{key,pem}          TLS identity that the hub's web service knows us by ([hub] kind = "rest")
    certs/hub/                         root of the hub's clients, and their certificates; root of its web service
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from node.crypto.algorithms import Suite
from node.crypto.checkpoint_key import FILE_PATTERN
from node.errors import HomeNotFound, Language, SettingInvalid
from node.http_out import is_base
from node.model.guarded import GUARDED
from node.model.ids import NodeCode, is_node_code
from node.strict_toml import MAX_TEXT_CHARACTERS, Table, load

SETTINGS_FILE = "node.toml"

SCHEMA = 1
"""The one layout of node.toml that this version reads."""

ENVIRONMENT_PREFIX = "N2N_"
"""N2N_LOG_LEVEL is `level` under [log]: prefix, table, key."""

DEFAULT_WAITING = 1_000_000
"""Exchanges of one partner: weeks of a busy border; a queue that long is nobody's plan."""

MAX_WAITING = 100_000_000

DEFAULT_RESERVE_MB = 256
"""Room to bring what was accepted to its end: receipts, evidence, several times the write-ahead log (64 MB)."""

MAX_RESERVE_MB = 1_000_000

MAX_BATCH_ENVELOPES = 64
MAX_BATCH_BYTES = 4 * 1024 * 1024
"""Protocol 1: a request holds at most 64 envelopes and 4 MiB."""


class LogLevel(StrEnum):
    """From which severity on the journal speaks."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class LogFormat(StrEnum):
    """For people (`text`) or machines (`json`, one object a line)."""

    TEXT = "text"
    JSON = "json"


class HubKind(StrEnum):
    """How the domestic hub is reached."""

    FOLDER = "folder"
    """A shared folder; docs/hub-folder.md."""
    GRPC = "grpc"
    """The hub calls us: our own listener; docs/hub-grpc.md."""
    REST = "rest"
    """We call the hub's web service, to push and to pull; docs/hub-rest.md."""


@dataclass(frozen=True, slots=True)
class RestHub:
    """[hub.rest]: the hub's web service, over mutual TLS."""

    url: str
    """https://, without a slash at its end; the adapter adds its own paths."""
    ca: Path
    """PEM roots that the hub's certificate must lead to; no other root is trusted."""
    certificate: Path
    key: Path
    """Our client certificate chain and its private key (mode 600), PEM."""
    poll_s: float
    timeout_s: float


@dataclass(frozen=True, slots=True)
class GrpcHub:
    """[hub.grpc]: the identity and the roots of the hub's own listener; none of them serves partners."""

    key: Path
    certificate: Path
    client_roots: Path


@dataclass(frozen=True, slots=True)
class HubClientEntry:
    """[[hub.client]]: a domestic system that may call; `kinds` are those it may handle, empty for all."""

    name: str
    certificate: Path
    kinds: frozenset[str]


@dataclass(frozen=True, slots=True)
class HubSettings:
    """[hub]: which way leads to the domestic hub, and what that way needs."""

    kind: HubKind
    listen: str
    grpc: GrpcHub
    clients: tuple[HubClientEntry, ...]
    rest: RestHub | None
    """None unless [hub.rest] is there; it always is when the kind is rest."""
    guarded_kinds: frozenset[str] = frozenset()
    """Guarded kinds that a hub of kind folder or rest may hand in and is given; clients of a grpc hub name theirs."""


@dataclass(frozen=True, slots=True)
class IntakeLimits:
    """[intake]: exchanges of one partner that may wait, each way; bytes that the disk of the store keeps free."""

    outbound: int
    inbound: int
    reserve_bytes: int


@dataclass(frozen=True, slots=True)
class KeyFiles:
    """Where the node's own keys lie."""

    folder: Path

    @property
    def tls_key(self) -> Path:
        """Private key of the TLS identity, both as server and as client."""
        return self.folder / "tls.key"

    @property
    def tls_certificate(self) -> Path:
        """Certificate chain of the TLS identity."""
        return self.folder / "tls.pem"

    @property
    def sign_key(self) -> Path:
        """Private key that signs papers, seals and key statements."""
        return self.folder / "sign.key"

    @property
    def sign_certificate(self) -> Path:
        """Certificate of the sign key."""
        return self.folder / "sign.pem"

    @property
    def receipt_key(self) -> Path:
        """Private key that signs receipts and look-up answers."""
        return self.folder / "receipt.key"

    @property
    def receipt_certificate(self) -> Path:
        """Certificate of the receipt key."""
        return self.folder / "receipt.pem"

    @property
    def decryption_keys(self) -> tuple[Path, ...]:
        """Files of the decryption keys that exist now, by name."""
        return tuple(sorted(self.folder.glob("decrypt-*.key")))

    @property
    def checkpoint_keys(self) -> tuple[Path, ...]:
        """Files of the checkpoint keys that exist now, by name."""
        return tuple(sorted(self.folder.glob(FILE_PATTERN)))

    @property
    def statement(self) -> Path:
        """The node's current key statement."""
        return self.folder / "statement.xml"

    @property
    def statement_signature(self) -> Path:
        """The signature over the current key statement."""
        return self.folder / "statement.sig.xml"


@dataclass(frozen=True, slots=True)
class Settings:
    """What a node is told about itself; every limit carries its unit in its name."""

    home: Path
    code: NodeCode
    name: Mapping[Language, str]
    listen_exchange: str
    store_url: str
    keys: KeyFiles
    suites: tuple[Suite, ...]
    hub: HubSettings
    hub_folder: Path
    profiles_folder: Path
    log_level: LogLevel
    log_format: LogFormat
    batch_envelopes: int
    batch_bytes: int
    intake: IntakeLimits
    lease_s: float
    shared_accounts: bool
    body_retention_days: int


def load_settings(home: Path, env: Mapping[str, str]) -> Settings:
    """The settings of the node at `home`, with N2N_* variables of `env` in place of the file's values.

    Raises HomeNotFound, or SettingInvalid with file and line (or the variable) and a remedy.
    """
    home = home.absolute()
    if not (home / SETTINGS_FILE).is_file():
        raise HomeNotFound(path=home)
    root = load(home / SETTINGS_FILE, SETTINGS_FILE, SettingInvalid).overlaid(env, ENVIRONMENT_PREFIX, _TABLES)
    root.integer("schema", SCHEMA, SCHEMA)
    code = root.text("code")
    if not is_node_code(code):
        raise root.refusal("code", "code must be two capital letters and up to 14 capitals or digits, as in XA or XA2")
    name = root.names("name", dict.fromkeys(Language, code))
    listen, store, keys, hub, profiles, log, batch, jobs, intake, people = (
        root.table(key, optional=True) for key in _TABLES
    )
    settings = Settings(
        home=home,
        code=NodeCode(code),
        name=name,
        listen_exchange=listen.address("exchange", "127.0.0.1:7443", any_port=True),
        store_url=_store_url(store, home),
        body_retention_days=store.integer("body_retention_days", 1, 36_500, 3650),
        keys=KeyFiles(_folder(keys, "folder", home, "keys")),
        suites=keys.words("suites", Suite, (Suite.HYBRID, Suite.X25519)),
        hub=_hub(hub, listen, home),
        hub_folder=_folder(hub, "folder", home, "hub"),
        profiles_folder=_folder(profiles, "folder", home, "partner_profiles"),
        log_level=log.word("level", LogLevel, LogLevel.INFO),
        log_format=log.word("format", LogFormat, LogFormat.TEXT),
        batch_envelopes=batch.integer("envelopes", 1, MAX_BATCH_ENVELOPES, 32),
        batch_bytes=batch.integer("bytes", 1024, MAX_BATCH_BYTES, 256 * 1024),
        intake=IntakeLimits(
            outbound=intake.integer("outbound", 1, MAX_WAITING, DEFAULT_WAITING),
            inbound=intake.integer("inbound", 1, MAX_WAITING, DEFAULT_WAITING),
            reserve_bytes=intake.integer("reserve_mb", 0, MAX_RESERVE_MB, DEFAULT_RESERVE_MB) * 1024 * 1024,
        ),
        lease_s=jobs.number("lease_s", 1, 3600, 60),
        shared_accounts=people.flag("shared_accounts", False),
    )
    for table in (listen, store, keys, hub, profiles, log, batch, jobs, intake, people, root):
        table.close()
    return settings


_TABLES = ("listen", "store", "keys", "hub", "profiles", "log", "batch", "jobs", "intake", "people")


EVERY_KIND = "*"
"""In the kinds of a hub client: all of them, also those of later versions; the same as leaving `kinds` out."""

_CLIENT_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}", re.ASCII)


def _hub(hub: Table, listen: Table, home: Path) -> HubSettings:
    kind = hub.word("kind", HubKind, HubKind.FOLDER)
    grpc = hub.table("grpc", optional=True)
    settings = HubSettings(
        kind=kind,
        listen=listen.address("hub", "127.0.0.1:7444", any_port=True),
        grpc=GrpcHub(
            key=_folder(grpc, "key", home, "keys/hub.key"),
            certificate=_folder(grpc, "certificate", home, "keys/hub.pem"),
            client_roots=_folder(grpc, "client_roots", home, "certs/hub/ca.pem"),
        ),
        clients=_hub_clients(hub, home),
        rest=_rest_hub(hub.table("rest"), home) if kind is HubKind.REST or hub.has("rest") else None,
        guarded_kinds=_guarded_kinds(hub),
    )
    grpc.close()
    if kind is HubKind.GRPC and not settings.clients:
        raise hub.refusal("kind", 'kind = "grpc" needs at least one [[hub.client]], or nobody may call')
    return settings


def _guarded_kinds(hub: Table) -> frozenset[str]:
    kinds = frozenset(hub.texts("guarded_kinds", ()))
    if unknown := sorted(kinds - GUARDED):
        raise hub.refusal("guarded_kinds", f"{unknown[0]!r} is no guarded kind; there are {', '.join(sorted(GUARDED))}")
    return kinds


def _hub_clients(hub: Table, home: Path) -> tuple[HubClientEntry, ...]:
    clients: list[HubClientEntry] = []
    for table in hub.tables("client", optional=True):
        name = table.text("name")
        if not _CLIENT_NAME.fullmatch(name):
            raise table.refusal("name", "name must be 1 to 32 small letters, digits and dashes")
        if name in {client.name for client in clients}:
            raise table.refusal("name", f"two clients are called {name!r}; give each a name of its own")
        certificate = home / table.text("certificate")
        # An empty list is refused: it would look like nothing, and mean everything.
        kinds = frozenset(table.texts("kinds", (EVERY_KIND,)))
        clients.append(HubClientEntry(name, certificate, frozenset() if EVERY_KIND in kinds else kinds))
        table.close()
    return tuple(clients)


def _rest_hub(rest: Table, home: Path) -> RestHub:
    url = rest.text("url", longest=MAX_TEXT_CHARACTERS)
    if not is_base(url):
        raise rest.refusal("url", "url must be https:// and a host, without password, query or slash at its end")
    settings = RestHub(
        url=url,
        ca=_folder(rest, "ca", home, "certs/hub/ca.pem"),
        certificate=_folder(rest, "certificate", home, "keys/hub-client.pem"),
        key=_folder(rest, "key", home, "keys/hub-client.key"),
        poll_s=rest.number("poll_s", 0.1, 3600, 1),
        timeout_s=rest.number("timeout_s", 1, 600, 30),
    )
    rest.close()
    return settings


def _folder(table: Table, key: str, home: Path, default: str) -> Path:
    """A folder or file, relative to the home unless absolute."""
    return home / table.text(key, default)


def _store_url(store: Table, home: Path) -> str:
    """`sqlite:///file`, its path relative to the home unless it begins with a fourth slash; or a PostgreSQL URL.

    A PostgreSQL URL holds no password: libpq reads it from its own file or PGPASSWORD, and no log can show it.
    """
    scheme = "sqlite:///"
    url = store.text("url", f"{scheme}node.db", longest=MAX_TEXT_CHARACTERS)
    if url.startswith("postgresql://"):
        where, _, query = url.removeprefix("postgresql://").partition("?")
        if ":" in where.rpartition("@")[0] or "password=" in query.lower():
            raise store.refusal("url", "no password in url: use ~/.pgpass, passfile=FILE in url, or PGPASSWORD")
        return url
    path = url.removeprefix(scheme)
    if path == url or not path or "?" in path:
        raise store.refusal("url", "url must be sqlite:///FILE or postgresql://USER@HOST/DATABASE")
    return f"{scheme}{home / path}"
