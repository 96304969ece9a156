"""The yardstick: the same exchange as one would write it first, with the same libraries over the same TLS.

    python -m node.sandbox.naive receiver HOME PARTNER ADDRESS
    python -m node.sandbox.naive sender HOME PARTNER ADDRESS

One paper, one enveloped XAdES by signxml, one session and commit per row, one unary call, one XAdES receipt. It judges
papers as the node does and stores as durably; it neither encrypts nor repeats, keeps no evidence and has no hub.
"""

import os
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from node.transport.tls import ServerIdentity, TlsIdentity, load_tls_identity  # isort: skip - before grpc, for TLS 1.3

import grpc
from cryptography import x509
from signxml.algorithms import CanonicalizationMethod, SignatureConstructionMethod
from signxml.xades.xades import XAdESSigner, XAdESVerifier
from sqlalchemy import Engine, MetaData
from sqlmodel import Field, Session, SQLModel

from node.crypto.keys import Role, SigningKey, load_signing_key
from node.documents import reader
from node.errors import SignatureInvalid
from node.model.ids import NodeCode, sha256
from node.profiles.book import load_book
from node.profiles.partner import Partner
from node.safe_xml import Element, canonical, parse
from node.sandbox.bench_papers import Papers
from node.sandbox.bench_process import Done, Load, obey
from node.settings import load_settings
from node.store.engines import open_engines

THREADS: Final = 4
"""Papers in flight when not measuring a lone one: on two cores more are no faster."""

SERVER_THREADS: Final = 8
CALL: Final = "/n2n.naive/Deliver"
DEADLINE_S: Final = 30.0


class NaiveRow(SQLModel):
    """Base of the tables, apart from the node's own."""

    metadata = MetaData()


class SentRow(NaiveRow, table=True):
    """A paper that was handed in."""

    __tablename__ = "sent"

    number: str = Field(primary_key=True)
    content: bytes


class ReceiptRow(NaiveRow, table=True):
    """A receipt that was verified."""

    __tablename__ = "receipt"

    number: str = Field(primary_key=True)
    receipt: bytes


class ReceivedRow(NaiveRow, table=True):
    """A paper that came, and the receipt it got."""

    __tablename__ = "received"

    number: str = Field(primary_key=True)
    content: bytes
    receipt: bytes


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two programs: its keys, its partner, its database."""

    partner: Partner
    identity: TlsIdentity
    sign: SigningKey
    receipt: SigningKey
    engine: Engine

    @classmethod
    def at(cls, home: Path, partner: NodeCode) -> "Side":
        """With the keys and the partner of a node's home, and a database of its own in it."""
        settings = load_settings(home, os.environ)
        keys, code = settings.keys, settings.code
        # The node's own engine: the same flush to disk at every commit.
        engine, _ = open_engines(f"sqlite:///{home / 'naive.db'}")
        NaiveRow.metadata.create_all(engine)
        return cls(
            load_book(settings.profiles_folder, settings.home, code).partner(partner),
            load_tls_identity(keys.tls_key, keys.tls_certificate, code),
            load_signing_key(keys.sign_key, keys.sign_certificate, code, Role.SIGN),
            load_signing_key(keys.receipt_key, keys.receipt_certificate, code, Role.RECEIPT),
            engine,
        )

    def store(self, row: NaiveRow) -> None:
        """One row, one commit."""
        with Session(self.engine) as session:
            session.add(row)
            session.commit()


# --- the receiver ---------------------------------------------------------------------------------------------------


def receive(side: Side, signed: bytes) -> bytes:
    """Verify, judge and store one paper; its signed receipt."""
    content = canonical(_verified(signed, side.partner.trust.sign[0]))
    number = reader.recognise(content).reading.identity.number
    receipt = _signed(_receipt(number, signed), side.receipt)
    side.store(ReceivedRow(number=number, content=signed, receipt=receipt))
    return receipt


def serve(side: Side, address: str) -> None:
    """Answer calls at `address` until standard input ends."""
    server = grpc.server(ThreadPoolExecutor(SERVER_THREADS), options=[("grpc.so_reuseport", 0)])
    handler: grpc.RpcMethodHandler[bytes, bytes] = grpc.unary_unary_rpc_method_handler(
        lambda request, _: receive(side, request)
    )
    service, call = CALL[1:].split("/")
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, {call: handler}),))
    server.add_secure_port(address, ServerIdentity(side.identity, [side.partner.tls_roots]).credentials())
    server.start()
    obey(address, lambda _: Done(0, 0))
    server.stop(None).wait()


# --- the sender -----------------------------------------------------------------------------------------------------


class Sender:
    """Sends papers one by one, by several threads or by one."""

    def __init__(self, side: Side, address: str) -> None:
        credentials = grpc.ssl_channel_credentials(
            side.partner.tls_roots, side.identity.private_key, side.identity.certificates
        )
        options = [("grpc.ssl_target_name_override", side.partner.channel.server_name)]
        self._side = side
        channel = grpc.secure_channel(address, credentials, options)
        self._call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(CALL)
        self._papers: dict[int, Papers] = {}
        self._drawing = threading.Lock()

    def work(self, load: Load) -> Done:
        """Do one load, with THREADS papers in flight or one; batches mean nothing here."""
        papers = self._papers.setdefault(load.size, Papers(load.size))
        began = time.monotonic()
        with ThreadPoolExecutor(THREADS) as threads:
            runs = [threads.submit(self._run, papers, began + load.seconds) for _ in range(1 if load.lone else THREADS)]
            latencies = [one for run in runs for one in run.result()]
        return Done(len(latencies), time.monotonic() - began, tuple(latencies))

    def _run(self, papers: Papers, until: float) -> list[float]:
        latencies: list[float] = []
        while (began := time.monotonic()) < until:
            with self._drawing:
                _, content = papers.next()
            self.send(content)
            latencies.append((time.monotonic() - began) * 1000)
        return latencies

    def send(self, content: bytes) -> None:
        """One paper, from acceptance to its receipt's commit. Raises SignatureInvalid for another paper's receipt."""
        side = self._side
        number = reader.recognise(content).reading.identity.number
        side.store(SentRow(number=number, content=content))
        signed = _signed(parse(content), side.sign)
        receipt = self._call(signed, timeout=DEADLINE_S)
        verified = _verified(receipt, side.partner.trust.receipt[0])
        if canonical(verified) != canonical(_receipt(number, signed)):
            raise SignatureInvalid
        side.store(ReceiptRow(number=number, receipt=receipt))


# --- both -----------------------------------------------------------------------------------------------------------


def _receipt(number: str, signed: bytes) -> Element:
    return parse(f"<Receipt><Number>{number}</Number><Sha256>{sha256(signed).hex()}</Sha256></Receipt>".encode())


def _signed(root: Element, key: SigningKey) -> bytes:
    signer = XAdESSigner(
        method=SignatureConstructionMethod.enveloped,
        signature_algorithm=key.algorithm.method,
        digest_algorithm=key.algorithm.digest,
        c14n_algorithm=CanonicalizationMethod.CANONICAL_XML_1_0,
    )
    return canonical(signer.sign(root, key=key.private_key, cert=[key.certificate]))


def _verified(signed: bytes, certificate: x509.Certificate) -> Element:
    """What the signature covers. signxml raises its own errors here: they end this program, and so they should."""
    covered = XAdESVerifier().verify(signed, x509_cert=certificate)[0].signed_xml
    if covered is None:
        raise SignatureInvalid
    return covered


def main(role: str, home: Path, partner: NodeCode, address: str) -> None:
    """Be one of the two programs until standard input ends."""
    side = Side.at(home, partner)
    if role == "receiver":
        serve(side, address)
    else:
        obey(address, Sender(side, address).work)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), NodeCode(sys.argv[3]), sys.argv[4])
