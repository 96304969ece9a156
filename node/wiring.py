"""Builds a node from its settings: the only file that knows every concrete class.

Start-up is where mistakes are cheap: settings, keys, certificates, profiles and key statements are all judged here, and
the first thing that is wrong stops it with one sentence.
"""

import asyncio
import secrets
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from node.clock import Clock, SystemClock
from node.crypto.files import read_file
from node.crypto.keys import OwnKeys, Role, load_decryption_keys, load_signing_key
from node.crypto.trust import PartnerTrust, load_certificates
from node.crypto.verification import verify_key_statement
from node.documents.catalogue import CATALOGUE
from node.flows import calls, inbound, outbound, settling
from node.flows.door import Door
from node.flows.ports import Node, Transport
from node.hub.folder import FolderHub
from node.jobs import retry
from node.jobs.worker import Pace, VerbFlow, Worker, WorkerLimits
from node.journal import Form, Journal, Level, to_stderr
from node.model.ids import NodeCode, Randomness
from node.model.job import Job, Verb
from node.model.receipt import KeyStatement
from node.profiles.book import load_book
from node.profiles.partner import ChannelKind, Partner
from node.settings import KeyFiles, LogFormat, Settings
from node.store.database import Database
from node.transport.over_grpc import GrpcChannel
from node.transport.tls import ServerIdentity, TlsIdentity, load_tls_identity
from node.wire import MAX_DOCUMENT_BYTES


@dataclass(frozen=True, slots=True)
class Wired:
    """A whole node, built and not yet started."""

    settings: Settings
    node: Node
    door: Door
    identity: TlsIdentity
    server_identity: ServerIdentity
    hub: FolderHub
    journal: Journal
    worker: Worker
    transports: dict[NodeCode, Transport] = field(default_factory=dict)

    def transport_to(self, partner: NodeCode) -> Transport:
        """A new way to `partner`, by its profile's word for the channel; the caller closes it."""
        return open_transport(self.node.book.partner(partner), self.identity)

    def close(self) -> None:
        """Let the store go."""
        self.node.store.close()


def wire(settings: Settings, clock: Clock | None = None, random: Randomness = secrets.token_bytes) -> Wired:
    """Build the node that `settings` describes. Raises NodeError with what is wrong and where."""
    clock = clock or SystemClock()
    journal = open_journal(settings, clock)
    identity = load_tls_identity(settings.keys.tls_key, settings.keys.tls_certificate, settings.code)
    keys = load_own_keys(settings.keys, settings.code)
    keys.require_distinct(identity.certificate)
    own_trust = trust_in_ourselves(settings, keys)
    statement = _own_statement(settings.keys, own_trust, clock)
    book = load_book(settings.profiles_folder, settings.home, settings.code)
    book.require_known_kinds(set(CATALOGUE))
    store = Database.open(settings.store_url)
    store.migrate()
    waker = _Waker()
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
    )
    for partner in book.partners:
        if partner.key_statement is not None:
            calls.offer_statement(node, partner.code, partner.key_statement)
    hub = FolderHub(settings.hub_folder, MAX_DOCUMENT_BYTES)
    hub.prepare([partner.code for partner in book.partners])
    transports: dict[NodeCode, Transport] = {}
    worker = _worker(settings, node, hub, transports, identity, journal)
    waker.target = worker.wake
    server_identity = ServerIdentity(identity, [partner.tls_roots for partner in book.partners])
    return Wired(settings, node, Door(node), identity, server_identity, hub, journal, worker, transports)


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


def _own_statement(files: KeyFiles, own_trust: PartnerTrust, clock: Clock) -> KeyStatement:
    """Our current key statement, judged as a partner would judge it. Raises SignatureError, KeyFileUnusable."""
    statement = KeyStatement(read_file(files.statement), read_file(files.statement_signature))
    return verify_key_statement(statement, trust=own_trust, now=clock.now()).statement


class _Waker:
    """Lets flows wake a worker that is built after them."""

    def __init__(self) -> None:
        self.target: Callable[[], None] = lambda: None

    def wake(self) -> None:
        self.target()


def _worker(
    settings: Settings,
    node: Node,
    hub: FolderHub,
    transports: dict[NodeCode, Transport],
    identity: TlsIdentity,
    journal: Journal,
) -> Worker:
    async def deliver(claimed: Sequence[Job]) -> Pace:
        partner = claimed[0].partner
        # Channels belong to the running loop, so they are opened at their first use and kept.
        if partner not in transports:
            transports[partner] = open_transport(node.book.partner(partner), identity)
        answered = await outbound.deliver(node, transports[partner], claimed)
        return Pace.STEADY if answered else Pace.NO_ANSWER

    flows: Mapping[Verb, VerbFlow] = {
        Verb.SEAL: _in_thread(lambda claimed: outbound.seal(node, claimed)),
        Verb.DELIVER: deliver,
        Verb.TELL_HUB: _in_thread(lambda claimed: outbound.tell_hub(node, hub, claimed)),
        Verb.HAND_OVER: _in_thread(lambda claimed: inbound.hand_over(node, hub, claimed)),
    }
    limits = WorkerLimits(worker_name(settings), settings.batch_envelopes, timedelta(seconds=settings.lease_s))
    return Worker(
        node.store,
        node.clock,
        flows,
        lambda claimed, error: settling.give_back(node, claimed, error),
        limits,
        lambda action, error: journal(action, error=error),
    )


def worker_name(settings: Settings) -> str:
    """Who holds the leases: the same after a restart, so that what a crash left leased is released at once."""
    return f"{settings.code}@{socket.gethostname()}"


def _in_thread(flow: Callable[[Sequence[Job]], None]) -> VerbFlow:
    """A plain flow as the worker wants it: plain functions think and store, and must not hold up the loop."""

    async def run(claimed: Sequence[Job]) -> Pace:
        await asyncio.to_thread(flow, claimed)
        return Pace.STEADY

    return run
