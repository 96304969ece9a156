"""The door for domestic systems: what the listener shows, who may call, and the desk behind it."""

from collections.abc import Mapping
from dataclasses import dataclass

from node.crypto.keys import OwnKeys
from node.errors import KeyFileUnusable, KeyRolesShared
from node.flows.hub_desk import HubDesk
from node.model.hub import HubClient
from node.model.ids import NodeCode
from node.server.bell import Bell
from node.settings import HubSettings
from node.transport.tls import ServerIdentity, TlsIdentity, load_chain, load_domestic_identity, pem_fingerprint


@dataclass(frozen=True, slots=True)
class _Files:
    """What the key and certificate files say."""

    identity: TlsIdentity
    roots: bytes
    clients: Mapping[str, HubClient]

    @classmethod
    def read(cls, hub: HubSettings, code: NodeCode) -> "_Files":
        identity = load_domestic_identity(hub.grpc.key, hub.grpc.certificate, code)
        clients: dict[str, HubClient] = {}
        for entry in hub.clients:
            fingerprint = pem_fingerprint(load_chain(entry.certificate))
            if fingerprint in clients:
                other = clients[fingerprint].code
                raise KeyFileUnusable(path=entry.certificate, detail=f"it is the certificate of {other} too")
            clients[fingerprint] = HubClient(entry.name, entry.kinds)
        return cls(identity, load_chain(hub.grpc.client_roots), clients)

    def same(self, other: "_Files") -> bool:
        shown = (self.identity.certificates, self.roots) == (other.identity.certificates, other.roots)
        return shown and self.clients == other.clients


class HubDoor:
    """Our side of the Hub listener; `renew` brings renewed certificates into use without restart."""

    def __init__(self, hub: HubSettings, keys: OwnKeys, tls: TlsIdentity, desk: HubDesk, bell: Bell) -> None:
        """From the files that the settings name.

        Raises KeyFileTooOpen, KeyFileUnusable, and KeyRolesShared when its key is one that partners know.
        """
        self.desk = desk
        self.bell = bell
        self._hub = hub
        self._keys = keys
        self._tls = tls
        self._files = self._read()
        self.identity = ServerIdentity(self._files.identity, [self._files.roots])

    def clients(self) -> Mapping[str, HubClient]:
        """Who may call now, by SHA-256 of the certificate's DER in lower-case hex."""
        return self._files.clients

    def renew(self) -> bool:
        """Take what the files hold now, from the next handshake and call on; whether that is something new.

        Raises KeyFileTooOpen, KeyFileUnusable, KeyRolesShared; then everything stays as it is.
        """
        found = self._read()
        if found.same(self._files):
            return False
        self._files = found
        self.identity.replace(found.identity, [found.roots])
        return True

    def _read(self) -> _Files:
        found = _Files.read(self._hub, self._keys.node)
        self._keys.require_distinct(found.identity.certificate)
        if found.identity.certificate.public_key() == self._tls.certificate.public_key():
            raise KeyRolesShared(first="hub", second="tls")
        return found
