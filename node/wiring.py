"""Builds a node from its settings: the only file that knows every concrete class.

Start-up is where mistakes are cheap: settings, keys, certificates, profiles and key statements are all judged here, and
the first thing that is wrong stops it with one sentence.
"""

import asyncio
import secrets
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial

from node.clock import Clock, machine_clock
from node.crypto.checkpoint_key import load_checkpoint_keys
from node.crypto.files import read_file
from node.crypto.keys import OwnKeys, Role, load_decryption_keys, load_signing_key
from node.crypto.trust import PartnerTrust, load_certificates
from node.crypto.verification import verify_key_statement
from node.documents.catalogue import CATALOGUE
from node.documents.code_lists import list_names
from node.errors import SettingInvalid, SignatureError
from node.flows import calls, inbound, outbound, settling
from node.flows.capacity import Capacity
from node.flows.door import Door
from node.flows.hub_desk import HubDesk
from node.flows.ports import ActorName, Hub, HubSource, Node, Transport
from node.http_out import HttpOut, TlsFiles
from node.hub.folder import FolderHub
from node.hub.rest import RestHub
from node.jobs import retry
from node.jobs.worker import Onward, Pace, VerbFlow, Worker, WorkerLimits
from node.journal import Form, Journal, Level, to_stderr
from node.model.control_kinds import ANSWER_KINDS
from node.model.ids import NodeCode, Randomness
from node.model.job import Job, Verb
from node.model.receipt import KeyStatement
from node.profiles.book import Book, load_book
from node.profiles.partner import ChannelKind, Partner
from node.roads import Roads
from node.server.bell import Bell
from node.server.hub_door import HubDoor
from node.settings import SETTINGS_FILE, HubKind, KeyFiles, LogFormat, Settings
from node.store.database import Database
from node.store.jobs import Lane
from node.store.owner import claim_store
from node.store.room import free_bytes
from node.store.upload_files import UploadFiles
from node.transport.over_grpc import GrpcChannel
from node.transport.tls import ServerIdentity, TlsIdentity, load_tls_identity
from node.wire import MAX_DOCUMENT_BYTES

UPLOAD_QUOTA_BYTES = 1024 * 1024 * 1024
"""What one partner may have lying here: ten of the largest attachments."""


@dataclass(slots=True)
class OurTls:
    """Our TLS identity as server and client; `renew` brings a renewed certificate into use without restart."""

    files: KeyFiles
    code: NodeCode
    partner_roots: tuple[bytes, ...]
    now: TlsIdentity
    server: ServerIdentity

    @classmethod
    def load(cls, files: KeyFiles, code: NodeCode, partner_roots: Sequence[bytes]) -> "OurTls":
        """From the home's key files. Raises KeyFileTooOpen, KeyFileUnusable."""
        identity = load_tls_identity(files.tls_key, files.tls_certificate, code)
        return cls(files, code, tuple(partner_roots), identity, ServerIdentity(identity, partner_roots))

    def renew(self, keys: OwnKeys) -> bool:
        """Take what the files hold now, from the next handshake on; whether that is something new.

        Raises KeyFileTooOpen, KeyFileUnusable, KeyRolesShared; then the old identity stays in use.
        """
        identity = load_tls_identity(self.files.tls_key, self.files.tls_certificate, self.code)
        if identity.fingerprint == self.now.fingerprint:
            return False
        keys.require_distinct(identity.certificate)
        self.server.replace(identity, self.partner_roots)
        self.now = identity
        return True


@dataclass(frozen=True, slots=True)
class HubLink:
    """The way to the domestic hub: who is given things, who is asked for them; a hub that calls us has neither."""

    push: Hub | None
    source: HubSource | None
    poll_s: float
    """How often the source is asked while nothing waits there, seconds."""
    actor: ActorName
    """Who is behind what the source hands in."""
    close: Callable[[], None] = lambda: None
    renew: Callable[[], bool] = lambda: False
    """Brings renewed TLS files into use; whether there were any. Raises KeyFileTooOpen, KeyFileUnusable."""


@dataclass(frozen=True, slots=True)
class Wired:
    """A whole node, built and not yet started."""

    settings: Settings
    node: Node
    door: Door
    tls: OurTls
    hub: HubLink
    hub_door: HubDoor | None
    journal: Journal
    worker: Worker
    roads: Roads
    bell: Bell
    """Rings when there may be papers for partners that collect."""
    transports: dict[NodeCode, Transport] = field(default_factory=dict)

    def transport_to(self, partner: NodeCode) -> Transport:
        """A new way to `partner`, by its profile's word for the channel; the caller closes it."""
        return open_transport(self.node.book.partner(partner), self.tls.now)

    def kept_transport_to(self, partner: NodeCode) -> Transport:
        """The way to `partner` that everything in the running node shares. Raises PartnerUnknown."""
        return _kept_transport(self.transports, self.node.book, self.tls, partner)

    def close(self) -> None:
        """Let the hub and the store go."""
        self.hub.close()
        self.node.store.close()


def wire(settings: Settings, clock: Clock | None = None, random: Randomness = secrets.token_bytes) -> Wired:
    """Build the node that `settings` describes. Raises NodeError with what is wrong and where."""
    clock = clock or machine_clock()
    journal = open_journal(settings, clock)
    keys = load_own_keys(settings.keys, settings.code)
    own_trust = trust_in_ourselves(settings, keys)
    statement, announced = _own_statement(settings.keys, own_trust, clock)
    # Nobody would believe a checkpoint by a key that was never announced.
    keys = replace(keys, checkpoint=tuple(key for key in keys.checkpoint if key.id in announced))
    book = load_book(settings.profiles_folder, settings.home, settings.code)
    book.require_known_kinds(set(CATALOGUE))
    book.require_known_lists(list_names())
    tls = OurTls.load(settings.keys, settings.code, [partner.tls_roots for partner in book.partners])
    keys.require_distinct(tls.now.certificate)
    if settings.hub.kind is HubKind.REST and settings.hub.rest is not None:
        keys.require_distinct(load_certificates(settings.hub.rest.certificate)[0])
    store = Database.open(settings.store_url)
    try:
        store.migrate()
        store.write(partial(claim_store, code=settings.code))
    except BaseException:
        store.close()
        raise
    waker = _Waker()
    hub = open_hub(settings, book, journal)
    node = Node(
        code=settings.code,
        store=store,
        book=book,
        keys=keys,
        own_trust=own_trust,
        statement=statement,
        clock=clock,
        random=random,
        decide=retry.decide,
        report=journal,
        wake=waker.wake,
        batch_bytes=settings.batch_bytes,
        capacity=Capacity(store, clock, settings.intake, partial(free_bytes, settings.store_url), journal),
        uploads_out=UploadFiles(settings.home / "uploads" / "out", 0),
        uploads_in=UploadFiles(settings.home / "uploads" / "in", UPLOAD_QUOTA_BYTES),
        takes_uploads=settings.hub.kind is HubKind.FOLDER,
        shared_accounts=settings.shared_accounts,
        hub_pushed=hub.push is not None,
        hub_guarded=settings.hub.guarded_kinds,
    )
    for partner in book.partners:
        _offer_agreed_statement(node, partner)
    transports: dict[NodeCode, Transport] = {}
    roads = Roads(node, partial(_kept_transport, transports, book, tls))
    worker = _worker(settings, node, hub.push, roads, journal)
    bell = Bell()
    partner_bell = Bell()
    waker.targets = (worker.wake, bell.ring, partner_bell.ring)
    _require_known_kinds(settings)
    calls_us = settings.hub.kind is HubKind.GRPC
    hub_door = HubDoor(settings.hub, keys, tls.now, HubDesk(node), bell) if calls_us else None
    return Wired(settings, node, Door(node), tls, hub, hub_door, journal, worker, roads, partner_bell, transports)


def _offer_agreed_statement(node: Node, partner: Partner) -> None:
    """A partner whose certificate has ended is that partner's trouble: papers to it wait, the others go on."""
    if partner.key_statement is None:
        return
    try:
        calls.offer_statement(node, partner.code, partner.key_statement)
    except SignatureError as error:
        node.report("partner.key-statement-unusable", partner=partner.code, error=error)


def open_journal(settings: Settings, clock: Clock) -> Journal:
    """The node's journal as the settings ask for it, on standard error."""
    form = Form.JSON if settings.log_format is LogFormat.JSON else Form.TEXT
    return Journal(to_stderr, clock, form=form, level=Level[settings.log_level.name])


def load_own_keys(files: KeyFiles, code: NodeCode) -> OwnKeys:
    """Our sign, receipt and decryption keys. Raises KeyFileTooOpen, KeyFileUnusable."""
    return OwnKeys(
        node=code,
        sign=load_signing_key(files.sign_key, files.sign_certificate, code, Role.SIGN),
        receipt=load_signing_key(files.receipt_key, files.receipt_certificate, code, Role.RECEIPT),
        decryption=load_decryption_keys(files.folder),
        checkpoint=load_checkpoint_keys(files.folder),
    )


def trust_in_ourselves(settings: Settings, keys: OwnKeys) -> PartnerTrust:
    """What a partner is told to trust of us: our own work is verified against it before it leaves."""
    return PartnerTrust(
        partner=settings.code,
        sign=load_certificates(settings.keys.sign_certificate)[:1],
        receipt=load_certificates(settings.keys.receipt_certificate)[:1],
        anchors=(),
        algorithms=frozenset({keys.sign.algorithm, keys.receipt.algorithm}),
        suites=settings.suites,
    )


def open_transport(partner: Partner, identity: TlsIdentity) -> Transport:
    """The transport that the partner's profile names."""
    return _TRANSPORTS[partner.channel.kind](partner, identity)


def _over_grpc(partner: Partner, identity: TlsIdentity) -> Transport:
    channel = partner.channel
    return GrpcChannel(partner.code, channel.address, identity, partner.tls_roots, channel.server_name)


_TRANSPORTS: Mapping[ChannelKind, Callable[[Partner, TlsIdentity], Transport]] = {ChannelKind.GRPC: _over_grpc}


HUB_FOLDER_POLL_S = 0.25
"""How often the hub folder is looked at: a person does not notice, a disk does not either."""


def open_hub(settings: Settings, book: Book, journal: Journal) -> HubLink:
    """The way to the hub that the settings name. Raises HubUnavailable, KeyFileTooOpen, KeyFileUnusable."""
    match settings.hub.kind:
        case HubKind.FOLDER:
            return _folder_hub(settings, book)
        case HubKind.REST:
            return _rest_hub(settings, journal)
        case HubKind.GRPC:
            # The hub calls us and watches its feeds: it is neither given anything nor asked.
            return HubLink(None, None, 0, ActorName("hub", "hub"))


def _require_known_kinds(settings: Settings) -> None:
    """A misspelt kind would shut a client out in silence. Raises SettingInvalid."""
    for client in settings.hub.clients:
        for kind in sorted(client.kinds - {name for name, _ in CATALOGUE} - ANSWER_KINDS):
            detail = f"[[hub.client]] {client.name}: the kind {kind!r} is unknown; `n2n kinds` lists them"
            raise SettingInvalid(where=SETTINGS_FILE, detail=detail)


def _folder_hub(settings: Settings, book: Book) -> HubLink:
    hub = FolderHub(settings.hub_folder, MAX_DOCUMENT_BYTES)
    hub.prepare([partner.code for partner in book.partners])
    return HubLink(hub, hub, HUB_FOLDER_POLL_S, ActorName("hub folder", "hub"))


def _rest_hub(settings: Settings, journal: Journal) -> HubLink:
    """The hub's web service, to push and to pull."""
    rest = settings.hub.rest
    if rest is None:
        raise SettingInvalid(where="[hub]", detail='kind = "rest" needs a table [hub.rest]')
    http = HttpOut(rest.url, TlsFiles(rest.ca, rest.certificate, rest.key), rest.timeout_s)
    hub = RestHub(http, MAX_DOCUMENT_BYTES, journal)
    return HubLink(hub, hub, rest.poll_s, ActorName("hub over REST", "hub"), http.close, http.renew)


def _own_statement(files: KeyFiles, own_trust: PartnerTrust, clock: Clock) -> tuple[KeyStatement, frozenset[str]]:
    """Our current key statement, judged as a partner would judge it, and the ids of the keys it announces.

    Raises SignatureError, KeyFileUnusable.
    """
    statement = KeyStatement(read_file(files.statement), read_file(files.statement_signature))
    verified = verify_key_statement(statement, trust=own_trust, now=clock.now())
    return verified.statement, frozenset(key.id for key in verified.keys)


class _Waker:
    """Lets flows wake those who are built after them: the worker, and whoever watches a feed."""

    def __init__(self) -> None:
        self.targets: tuple[Callable[[], None], ...] = ()

    def wake(self) -> None:
        for target in self.targets:
            target()


def _kept_transport(transports: dict[NodeCode, Transport], book: Book, tls: OurTls, partner: NodeCode) -> Transport:
    """The way to `partner` that is kept in `transports`; channels belong to the running loop: opened at first use."""
    if partner not in transports:
        transports[partner] = open_transport(book.partner(partner), tls.now)
    return transports[partner]


def _worker(settings: Settings, node: Node, hub: Hub | None, roads: Roads, journal: Journal) -> Worker:
    async def seal(claimed: Sequence[Job]) -> Pace | Onward:
        """Sealed papers go on to the partner at once; one that gave no answer gets smaller batches, as jobs."""
        partner, priority = claimed[0].partner, claimed[0].priority
        goes_on = worker.well(Lane(partner, Verb.DELIVER, priority)) and roads.open_to(partner)
        sealed = await asyncio.to_thread(outbound.seal, node, claimed, lease if goes_on else None)
        if not sealed.consignments:
            return Pace.STEADY
        jobs = [one.job for one in sealed.consignments]
        return Onward(Verb.DELIVER, jobs, lambda: roads.send(partner, sealed))

    lease = timedelta(seconds=settings.lease_s)
    flows: dict[Verb, VerbFlow] = {
        Verb.SEAL: seal,
        Verb.DELIVER: roads.deliver,
    }
    if hub is not None:
        flows |= {
            Verb.TELL_HUB: _in_thread(lambda claimed: outbound.tell_hub(node, hub, claimed)),
            Verb.HAND_OVER: _in_thread(lambda claimed: inbound.hand_over(node, hub, claimed)),
        }
    limits = WorkerLimits(worker_name(settings), settings.batch_envelopes, lease)
    worker = Worker(
        node.store,
        node.clock,
        flows,
        lambda claimed, error: settling.give_back(node, claimed, error),
        limits,
        lambda action, error: journal(action, error=error),
        roads,
    )
    return worker


def worker_name(settings: Settings) -> str:
    """Who holds the leases: the same after a restart, so that what a crash left leased is released at once."""
    return f"{settings.code}@{socket.gethostname()}"


def _in_thread(flow: Callable[[Sequence[Job]], None]) -> VerbFlow:
    """A plain flow as the worker wants it: plain functions think and store, and must not hold up the loop."""

    async def run(claimed: Sequence[Job]) -> Pace:
        await asyncio.to_thread(flow, claimed)
        return Pace.STEADY

    return run
