"""The node as one running thing: starts its parts, says when it is ready, stops them gracefully.

SIGTERM or SIGINT: health says NOT_SERVING, no new work is claimed, what is under way is finished, the store is closed.
"""

import asyncio
import fcntl
import gc
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from node import kill_points
from node.crypto.checkpoint_key import current_key
from node.errors import AlreadyRunning, StoreInUse
from node.flows import attaching, checkpoints, collecting, fetching, forgetting, pulling, releasing
from node.profiles.partner import ChannelKind, Partner
from node.register_rounds import RegisterRounds
from node.server.gated import GatedServer
from node.server.grpc_service import ExchangeServer
from node.server.hub_service import HubServer
from node.server.refusals import RefusalBook
from node.settings import Settings
from node.store import actors, circuits, hub_jobs, jobs
from node.store.database import Tx
from node.wiring import Wired, wire, worker_name

READY_FILE = "ready"
"""In the home while the node serves: the address for partners, then, in a line of its own, that for the hub if any."""

TLS_POLL_S = 10
"""How often the TLS files are looked at: a renewal is used within this time, and half-written files are read again."""

AWAY_S = 30
"""A hub, or a partner that is collected from, that comes back after a long time is noticed within this."""

COLLECTOR_THRESHOLDS = (20_000, 20, 50)
"""New objects before a look at the youngest; looks before one at the next older ones. Cycles are rare here: memory is
freed by reference counts, and 20,000 objects are a few MB."""

PURGE_POLL_S = 3600
"""Retention is counted in days; once an hour is soon enough, for signing the acts too."""

REGISTER_POLL_S = 5
"""How often somebody is looked for who asked for lists: it is asked for by hand, and somebody may sit there."""

SWEEP_POLL_S = 60
"""Papers live for hours at least; a minute more does not matter."""

DRAIN_S = 30
"""Calls under way may take this long to end at shutdown (longer than a partner's deadline)."""


async def run(settings: Settings) -> None:
    """Run the node of `settings` until it is told to stop. Raises NodeError when it cannot start."""
    with only_one(settings.home):
        wired = await asyncio.to_thread(wire, settings)
        spare_the_collector()
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        try:
            if not await asyncio.to_thread(wired.node.store.serve_alone):
                raise StoreInUse(code=settings.code)
            await serve(wired, stop)
        finally:
            await asyncio.to_thread(wired.close)


def spare_the_collector() -> None:
    """Have the garbage collector look through a batch's objects once, and never again through what stays for ever.

    A batch of 32 papers makes some ten thousand objects that die with it; the collector's own threshold is 700.
    """
    gc.freeze()
    gc.set_threshold(*COLLECTOR_THRESHOLDS)


@contextmanager
def only_one(home: Path) -> Iterator[None]:
    """Hold the home's lock, so that two processes never work the same jobs. Raises AlreadyRunning.

    The lock belongs to the process and vanishes with it, however it ends.
    """
    with open(os.open(home / "node.lock", os.O_RDWR | os.O_CREAT, 0o600), "r+b") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise AlreadyRunning(path=home) from error
        yield


async def serve(wired: Wired, stop: asyncio.Event, ready: Callable[[str], None] = lambda _: None) -> None:
    """Serve partners, work jobs and watch the hub until `stop` is set; `ready` is told the address listened on."""
    await asyncio.to_thread(wired.node.store.write, lambda tx: _begin_anew(tx, wired))
    if kill_points.ARMED is not None:
        wired.journal.warning("test.armed", node=wired.node.code, point=kill_points.ARMED.point)
    refusals = RefusalBook(wired.node.store, wired.node.clock, wired.journal)
    server = ExchangeServer(
        wired.door,
        wired.tls.server,
        wired.node.book.by_fingerprint,
        refusals.note,
        lambda call, error: wired.journal("call.defect", call=call, error=error),
        bell=wired.bell,
        uploads=wired.door.uploads,
    )
    address = _listen(server, wired.settings.listen_exchange)
    turned_away = RefusalBook(wired.node.store, wired.node.clock, wired.journal, actors.ActorKind.HUB)
    hub = _hub_server(wired, turned_away)
    hub_address = "" if hub is None else _listen(hub, wired.settings.hub.listen)
    for one in filter(None, (server, hub)):
        await one.start()
    marker = wired.settings.home / READY_FILE
    marker.write_text(f"{address}\n{hub_address}".rstrip() + "\n")
    wired.journal("node.ready", node=wired.node.code, address=address, hub=hub_address)
    _warn_without_checkpoint_key(wired)
    ready(address)
    try:
        async with asyncio.TaskGroup() as parts:
            parts.create_task(wired.worker.run(stop))
            if wired.hub.source is not None:
                parts.create_task(_watch_hub(wired, stop))
            parts.create_task(_forget(wired, stop))
            parts.create_task(_sweep(wired, stop))
            parts.create_task(_go_round_registers(wired, stop))
            for partner in wired.node.book.partners:
                if partner.channel.collect:
                    parts.create_task(_collect(wired, partner, stop))
            parts.create_task(_watch_tls(wired, stop))
            parts.create_task(refusals.keep(stop))
            parts.create_task(turned_away.keep(stop))
    finally:
        marker.unlink(missing_ok=True)
        await asyncio.gather(*(one.stop(DRAIN_S) for one in filter(None, (server, hub))))
        for transport in wired.transports.values():
            await transport.close()
        wired.journal("node.stopped", node=wired.node.code)


def _warn_without_checkpoint_key(wired: Wired) -> None:
    """Without one nothing is signed: nobody can watch our log, and `audit verify` has nothing to hold it against."""
    if current_key(wired.node.keys.checkpoint, wired.node.clock.now()) is None:
        wired.journal.warning("checkpoints.no-key", node=wired.node.code, folder=str(wired.settings.keys.folder))


def _listen(server: GatedServer, address: str) -> str:
    """Bind `host:port`; the address with the port that was free, for port 0. Raises PortTaken."""
    return f"{address.rpartition(':')[0]}:{server.listen(address)}"


def _hub_server(wired: Wired, turned_away: RefusalBook) -> HubServer | None:
    """The listener for domestic systems, where the hub calls us."""
    door = wired.hub_door
    if door is None:
        return None
    return HubServer(
        door.desk,
        door.bell,
        door.identity,
        door.clients,
        wired.roads.ask,
        turned_away.note,
        lambda call, error: wired.journal("call.defect", call=call, error=error),
    )


def _begin_anew(tx: Tx, wired: Wired) -> None:
    """What the run before left: leases under our name are those of a crash, and nobody is known to be away."""
    jobs.release_all(tx, worker_name(wired.settings))
    circuits.forget_all(tx)
    _adopt_hub_jobs(tx, wired)


def _adopt_hub_jobs(tx: Tx, wired: Wired) -> None:
    """The way to the hub may be another one than yesterday: what it was still owed goes this way."""
    if wired.node.hub_pushed:
        hub_jobs.owe(tx, wired.node.clock.now())
    else:
        hub_jobs.forgive(tx)


async def _forget(wired: Wired, stop: asyncio.Event) -> None:
    """Purge bodies whose retention is over; ids, receipts and evidence stay (protocol 3). And sign our acts."""
    while not stop.is_set():
        await _sign_acts(wired)
        try:
            while await asyncio.to_thread(purge, wired):
                pass
            await asyncio.to_thread(attaching.collect, wired.node)
        except Exception as error:
            # Housekeeping must not end the node; it is tried again in an hour.
            wired.journal("purge.failed", error=error)
        await _pause(stop, PURGE_POLL_S)
    await _sign_acts(wired)


async def _sign_acts(wired: Wired) -> None:
    """Sign where the chain of acts ends: at start, every hour and at the end."""
    try:
        await asyncio.to_thread(checkpoints.sign_acts, wired.node)
    except Exception as error:
        wired.journal("acts.not-signed", error=error)


def purge(wired: Wired) -> int:
    """End what nobody released in time, and purge one batch of bodies whose retention is over; how many that were."""
    ended = releasing.expire_unreleased(wired.node)
    return ended + forgetting.purge_batch(wired.node, wired.settings.body_retention_days)


async def _collect(wired: Wired, partner: Partner, stop: asyncio.Event) -> None:
    """Take home what waits at a partner, again and again; one that is away is asked more and more seldom."""
    failures = 0
    while not stop.is_set():
        transport = wired.kept_transport_to(partner.code)
        going = asyncio.create_task(collecting.collect(wired.node, transport, partner.code, partner.channel.deadline_s))
        stopping = asyncio.create_task(stop.wait())
        # A call that only waits for papers is cut off at the end; what it was about to bring is offered again.
        await asyncio.wait((going, stopping), return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not going.done():
            going.cancel()
            await asyncio.gather(going, return_exceptions=True)
            return
        error = going.exception()
        failures = 0 if error is None else failures + 1
        if error is not None:
            wired.journal("collect.failed", partner=partner.code, error=error)
            await _pause(stop, away_pause(1.0, failures))


async def _sweep(wired: Wired, stop: asyncio.Event) -> None:
    """End what partners that collect have never come for, and show what they never answered."""
    pulled = [partner.code for partner in wired.node.book.partners if partner.channel.kind is ChannelKind.PULL]
    while pulled and not stop.is_set():
        for code in pulled:
            try:
                while await asyncio.to_thread(pulling.sweep, wired.node, code):
                    pass
            except Exception as error:
                # Housekeeping must not end the node; it is tried again in a minute.
                wired.journal("sweep.failed", partner=code, error=error)
        await _pause(stop, SWEEP_POLL_S)


async def _go_round_registers(wired: Wired, stop: asyncio.Event) -> None:
    """Lists for partners that asked for them, and questions where lists are missing."""
    rounds = RegisterRounds(wired.node, wired.kept_transport_to)
    while not stop.is_set():
        try:
            await rounds.go()
        except Exception as error:
            # Housekeeping must not end the node; it is tried again in a moment.
            wired.journal("register.round-failed", error=error)
        await _pause(stop, REGISTER_POLL_S)


async def _watch_tls(wired: Wired, stop: asyncio.Event) -> None:
    """Bring a renewed TLS certificate into use: new handshakes show it, our own channels are replaced."""
    while not stop.is_set():
        await _pause(stop, TLS_POLL_S)
        if stop.is_set():
            return
        await _renew_hub_tls(wired)
        try:
            renewed = await asyncio.to_thread(wired.tls.renew, wired.node.keys)
        except Exception as error:
            # Whatever lies in those files, the identity in use goes on serving.
            wired.journal("tls.not-renewed", error=error)
            continue
        if renewed:
            wired.journal("tls.renewed", fingerprint=wired.tls.now.fingerprint, until=wired.tls.now.not_after)
            for partner in list(wired.transports):
                await wired.transports.pop(partner).close()


async def _renew_hub_tls(wired: Wired) -> None:
    """The same for what we and the hub show each other, whoever of the two calls; a fault there stays there."""
    try:
        renewed = await asyncio.to_thread(wired.hub.renew)
        if wired.hub_door is not None:
            renewed = await asyncio.to_thread(wired.hub_door.renew) or renewed
    except Exception as error:
        wired.journal("hub-tls.not-renewed", error=error)
    else:
        if renewed:
            wired.journal("hub-tls.renewed")


async def _watch_hub(wired: Wired, stop: asyncio.Event) -> None:
    """Take what the hub handed in, again and again; a hub that is away is asked again, more and more seldom."""
    failures = 0
    while not stop.is_set():
        busy = False
        try:
            busy = await asyncio.to_thread(take_from_hub, wired)
            failures = 0
        except Exception as error:
            # Whatever the hub holds, it must not end the node; the next look comes in a moment.
            wired.journal("hub.away", error=error)
            failures += 1
        if not busy:
            await _pause(stop, away_pause(wired.hub.poll_s, failures))


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    """Wait so long, or until `stop` is set."""
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)


def away_pause(poll_s: float, failures: int) -> float:
    """Seconds until the next look: as often as agreed; after failures in a row twice as long each, AWAY_S at most.

    An agreed time that is longer than that stays as it is.
    """
    return max(poll_s, min(poll_s * 2.0 ** min(failures, 32), AWAY_S))


def take_from_hub(wired: Wired) -> bool:
    """Take what waits at a hub that is asked; whether anything moved."""
    source = wired.hub.source
    return source is not None and fetching.fetch(wired.node, source, wired.hub.actor)
