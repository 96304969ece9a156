"""Reads `partner.toml`: identity, channel, trust and contacts of one partner (docs/profiles.md)."""

from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import TypeVar

from node.crypto.algorithms import SignatureAlgorithm, Suite, key_algorithms
from node.crypto.files import read_file
from node.crypto.keys import Role, names_role, role_uri
from node.crypto.trust import PartnerTrust, fingerprint, load_certificates, public_key_info
from node.errors import KeyFileUnusable, ProfileInvalid
from node.model.ids import NodeCode, is_node_code
from node.model.receipt import KeyStatement
from node.profiles.partner import Channel, ChannelKind, Contact, ContactRole, Partner
from node.strict_toml import Table, load

PARTNER_FILE = "partner.toml"

SCHEMA = 1
"""The one layout of partner.toml that this version reads."""

MAX_DEADLINE_S = 600
"""A call that takes longer than ten minutes has failed."""

Found = TypeVar("Found")
Content = TypeVar("Content")


def read_partner(path: Path, name: str, home: Path) -> Partner:
    """The partner described by the file `path`; certificate files are named relative to the node home.

    The folder must bear the partner's code. Raises ProfileInvalid with `name` and the line.
    """
    root = load(path, name, ProfileInvalid)
    root.integer("schema", SCHEMA, SCHEMA)
    code = _code(root, path.parent.name)
    names = root.names("name")
    channel = _channel(root.table("channel"))
    contacts = tuple(_contact(table) for table in root.tables("contact", optional=True))
    trust = root.table("trust")
    tls = _certificates(trust, "tls", home, load_certificates, public_key_info)
    for certificate in tls:
        _require_role(trust, code, Role.TLS, names_role(certificate, code, Role.TLS), bool(key_algorithms(certificate)))
    partner = Partner(
        code=code,
        name=names,
        channel=channel,
        trust=_trust(trust, code, home),
        tls_fingerprints=frozenset(fingerprint(one) for one in tls),
        tls_public_keys=frozenset(public_key_info(one) for one in tls),
        tls_roots=b"".join(_certificates(trust, "tls_roots", home, _read_roots, bool)),
        key_statement=_key_statement(trust, home),
        contacts=contacts,
    )
    trust.close()
    root.close()
    return partner


def _trust(table: Table, code: NodeCode, home: Path) -> PartnerTrust:
    trust = PartnerTrust(
        partner=code,
        sign=_certificates(table, "sign", home, load_certificates, public_key_info),
        receipt=_certificates(table, "receipt", home, load_certificates, public_key_info),
        anchors=_certificates(table, "anchors", home, load_certificates, public_key_info),
        algorithms=frozenset(table.words("algorithms", SignatureAlgorithm, (SignatureAlgorithm.ECDSA_P256_SHA256,))),
        suites=table.words("suites", Suite),
        issuers=_certificates(table, "issuers", home, load_certificates, public_key_info, default=()),
    )
    for role in (Role.SIGN, Role.RECEIPT):
        for certificate in trust.certificates_for(role):
            usable = bool(key_algorithms(certificate) & trust.algorithms)
            _require_role(table, code, role, names_role(certificate, code, role), usable)
    return trust


def _require_role(trust: Table, code: NodeCode, role: Role, named: bool, usable: bool) -> None:
    """Refuse a certificate that does not say who it is, or whose key fits no agreed algorithm (protocol 2, Keys)."""
    if not named:
        uri = role_uri(code, role)
        raise trust.refusal(
            role, f"a certificate's only SAN URI is not {uri}; ask the partner for the one of this role"
        )
    if not usable:
        raise trust.refusal(role, "a certificate's key fits none of the agreed algorithms; agree one or renew it")


def _code(root: Table, folder: str) -> NodeCode:
    code = root.text("code")
    if not is_node_code(code):
        raise root.refusal("code", "code must be two capital letters and up to 14 capitals or digits, as in XA or XA2")
    if code != folder:
        raise root.refusal("code", f"code must equal the folder's name {folder[:40]!r}; rename one of them")
    return NodeCode(code)


def _channel(table: Table) -> Channel:
    kind = table.word("kind", ChannelKind)
    called = kind is not ChannelKind.PULL
    address = table.address("address") if called else ""
    host = address.rpartition(":")[0].strip("[]")
    channel = Channel(
        kind=kind,
        address=address,
        server_name=table.text("server_name", host) if called else "",
        deadline_s=table.number("deadline_s", 0.1, MAX_DEADLINE_S, 30),
        collect=table.flag("collect", False) if called else False,
    )
    table.close()
    return channel


def _contact(table: Table) -> Contact:
    contact = Contact(
        role=table.word("role", ContactRole),
        name=table.names("name"),
        email=table.text("email"),
        phone=table.text("phone") if table.has("phone") else "",
    )
    if "@" not in contact.email:
        raise table.refusal("email", "email must be an address such as desk@example.test")
    table.close()
    return contact


def _certificates(
    trust: Table,
    key: str,
    home: Path,
    read: Callable[[Path], tuple[Found, ...]],
    probe: Callable[[Found], object],
    default: tuple[str, ...] | None = None,
) -> tuple[Found, ...]:
    """What `read` finds in the files that a key names, each tried with `probe`."""
    found: list[Found] = []
    for name in trust.texts(key, default):
        for one in _file(trust, key, name, home, read):
            try:
                probe(one)
            except Exception as error:  # the library has no common base for keys and encodings it does not know
                raise trust.refusal(key, f"{name}: it holds a certificate whose key cannot be read") from error
            found.append(one)
    return tuple(found)


def _file(trust: Table, key: str, name: str, home: Path, read: Callable[[Path], Content]) -> Content:
    """`read` on a file of the home, every failure told as one of this line."""
    place = PurePosixPath(name)
    if place.is_absolute() or ".." in place.parts or "\\" in name:
        raise trust.refusal(key, f"{name[:80]}: write a path inside the node home, as in certs/XA/sign.pem")
    try:
        return read(home / place)
    except KeyFileUnusable as error:
        raise trust.refusal(key, f"{name}: {error.fields['detail']}") from error


def _read_roots(path: Path) -> tuple[bytes, ...]:
    load_certificates(path)
    return (read_file(path).rstrip() + b"\n",)


def _key_statement(trust: Table, home: Path) -> KeyStatement | None:
    if not (trust.has("key_statement") or trust.has("key_statement_signature")):
        return None
    document, signature = (
        _file(trust, key, trust.text(key), home, read_file) for key in ("key_statement", "key_statement_signature")
    )
    return KeyStatement(document, signature)
