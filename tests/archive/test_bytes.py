"""No byte of an evidence file is unprotected, and no hostile container can do more than be refused."""

import io
import random
import struct
import zipfile
import zlib
from collections.abc import Callable

import pytest
from evidence_lab import XA, Lab, flipped, repacked
from hypothesis import given, settings
from hypothesis import strategies as st

from node.archive import container
from node.archive.check import verify
from node.archive.package import PAGE, SUMS, build
from node.archive.report import EvidenceVerdict as V
from node.crypto.claimed import pem_of
from node.crypto.keys import Role
from node.errors import PackageMalformed

FLIPS = 400


# --- no byte is unprotected -------------------------------------------------------------------------------------------


def test_any_flipped_bit_is_noticed(lab: Lab) -> None:
    for proof in (lab.proof(), lab.proof(signed=False)):
        data = build(proof)
        assert verify(data, lab.anchors).ok
        dice = random.Random(len(data))
        for _ in range(FLIPS // 2):
            position, bit = dice.randrange(len(data)), 1 << dice.randrange(8)
            broken = data[:position] + bytes([data[position] ^ bit]) + data[position + 1 :]
            assert not verify(broken, lab.anchors).ok, (position, bit)


def test_any_flipped_bit_of_an_entry_is_noticed_though_the_sums_are_made_right(lab: Lab) -> None:
    data = build(lab.proof())
    entries = container.read(data)
    dice = random.Random(7)
    unsigned = (PAGE, SUMS)
    names = [name for name in entries if name not in unsigned]
    for _ in range(FLIPS):
        name = dice.choice(names)
        position = dice.randrange(len(entries[name]))
        content = flipped(entries[name], position)
        assert not verify(repacked({**entries, name: content}), lab.anchors).ok, (name, position)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_cut_moved_and_added_bytes_are_noticed(lab: Lab, data: st.DataObject) -> None:
    whole = good(lab)
    begin = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(begin, min(len(whole), begin + 300)))
    other = data.draw(st.one_of(st.binary(max_size=8), st.just(whole[begin:end] * 2), st.just(whole[end : end + 64])))
    broken = whole[:begin] + other + whole[end:]
    assert verify(broken, lab.anchors).ok is (broken == whole)


_GOOD: list[bytes] = []


def good(lab: Lab) -> bytes:
    if not _GOOD:
        _GOOD.append(build(lab.proof()))
    return _GOOD[0]


# --- hostile containers -----------------------------------------------------------------------------------------------


def rezipped(lab: Lab, change: Callable[[list[tuple[zipfile.ZipInfo, bytes]]], object]) -> bytes:
    """The same entries written by an ordinary zip writer, after `change`."""
    entries = [(zipfile.ZipInfo(name), content) for name, content in container.read(good(lab)).items()]
    change(entries)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for info, content in entries:
            file.writestr(info, content)
    return buffer.getvalue()


def bomb(entries: list[tuple[zipfile.ZipInfo, bytes]]) -> None:
    info = zipfile.ZipInfo("document.xml")
    info.compress_type = zipfile.ZIP_DEFLATED
    entries[1] = (info, bytes(50_000_000))


HOSTILE: dict[str, Callable[[Lab], bytes]] = {
    "nothing": lambda lab: b"",
    "no zip": lambda lab: b"hello" * 100,
    "only a mark": lambda lab: b"PK\x03\x04",
    "only an end": lambda lab: struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 0, 0, 0, 0, 0),
    "bytes before": lambda lab: b"#!/bin/sh\n" + good(lab),
    "bytes behind": lambda lab: good(lab) + b"\0",
    "another zip behind": lambda lab: good(lab) * 2,
    "a comment": lambda lab: good(lab)[:-2] + b"\x02\x00hi",
    "another writer": lambda lab: rezipped(lab, lambda entries: None),
    "entries in another order": lambda lab: repacked(dict(sorted(container.read(good(lab)).items()))),
    "another order": lambda lab: rezipped(lab, lambda entries: entries.reverse()),
    "a bomb": lambda lab: rezipped(lab, bomb),
    "a path upwards": lambda lab: container.write([("../../etc/passwd", b"x")]),
    "an absolute path": lambda lab: container.write([("/etc/passwd", b"x")]),
    "a path with a backslash": lambda lab: container.write([("..\\x", b"x")]),
    "a drive": lambda lab: container.write([("C:x", b"x")]),
    "a name with NUL": lambda lab: container.write([("mimetype\0", b"x")]),
    "an unknown entry": lambda lab: repacked({**container.read(good(lab)), "notes.txt": b"x"}),
    "a thousand entries": lambda lab: container.write((f"a{number}.txt", b"") for number in range(1000)),
    "four megabytes": lambda lab: container.write([("mimetype", bytes(4 << 20))]),
    "a size beyond the file": lambda lab: good(lab)[:22] + b"\xff\xff\xff\xff" + good(lab)[26:],
    "a name twice": lambda lab: container.write([*container.read(good(lab)).items(), ("mimetype", b"x")]),
    "a wrong CRC": lambda lab: good(lab).replace(crc_of(lab, "salt.bin"), b"1234"),
    "a symbolic link": lambda lab: linked(lab),
    "two documents": lambda lab: two_documents(lab),
    "hundred certificates": lambda lab: many_certificates(lab),
}  # fmt: skip


def crc_of(lab: Lab, name: str) -> bytes:
    return struct.pack("<I", zlib.crc32(container.read(good(lab))[name]))


def linked(lab: Lab) -> bytes:
    def link(entries: list[tuple[zipfile.ZipInfo, bytes]]) -> None:
        info = zipfile.ZipInfo("document.xml")
        info.external_attr = 0o120777 << 16
        entries[1] = (info, entries[1][1])

    return rezipped(lab, link)


def two_documents(lab: Lab) -> bytes:
    entries = list(container.read(good(lab)).items())
    return repacked(dict([*entries[:2], ("document.json", b"{}"), *entries[2:]]))


def many_certificates(lab: Lab) -> bytes:
    pem = pem_of(lab.key(XA, Role.SIGN).certificate)
    more = {f"certificates/XA-sign-{number:016x}.pem": pem for number in range(65)}
    return repacked({**container.read(good(lab)), **more})


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_container_is_refused(lab: Lab, name: str) -> None:
    assert verify(HOSTILE[name](lab), lab.anchors).verdict in (V.MALFORMED, V.MISSING)


def test_the_container_itself_knows_its_bounds() -> None:
    """Before anything is compared: what a file may cost is decided by its first look."""
    bounds = {
        "larger than": container.write([("mimetype", bytes(container.MAX_FILE_BYTES))]),
        "more than": container.write((f"a{number}.txt", b"") for number in range(container.MAX_ENTRIES + 1)),
        "one name": container.write([("a.txt", b"1"), ("a.txt", b"2")]),
        "compressed": b"PK\x03\x04" + b"\x0a\x00\x00\x00\x08\x00" + bytes(20) + b"PK\x01\x02",
        "within an entry": container.write([("a.txt", b"1")])[:33],
        "no evidence has": container.write([("../a.txt", b"1")]),
    }
    for told, data in bounds.items():
        with pytest.raises(PackageMalformed, match=told):
            container.read(data)
    assert len(container.read(container.write((f"a{n}.txt", b"") for n in range(container.MAX_ENTRIES)))) == 96
