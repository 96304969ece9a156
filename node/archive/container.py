"""The one zip form of an evidence file: every entry STORED, every field fixed, nothing between, before or after.

`read` only finds the entries; that no other byte differs is told by writing them again (protocol 4).
"""

import re
import struct
import zlib
from collections.abc import Iterable, Mapping

from node.errors import PackageMalformed

MAX_FILE_BYTES = 4 * 1024 * 1024
"""An inline document of 1 MiB, three signatures of 64 KiB, sixty-four certificates of 24 KiB, and room to spare."""

MAX_ENTRIES = 96
"""Fifteen fixed names and sixty-four certificates, and room to spare."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*(?:\.[a-z0-9]+)?(?:/[A-Za-z0-9][A-Za-z0-9-]*\.[a-z0-9]+)?", re.ASCII)

# PKWARE APPNOTE 4.3.7, 4.3.12, 4.3.16. Version 1.0 knows STORED; no flags; 1980-01-01 00:00, the first moment there is.
_LOCAL = struct.Struct("<4sHHHHHIIIHH")
_CENTRAL = struct.Struct("<4sHHHHHHIIIHHHHHII")
_END = struct.Struct("<4sHHHHIIH")
_VERSION, _FLAGS, _STORED, _TIME, _DATE = 10, 0, 0, 0, 0x21
_LOCAL_MARK, _CENTRAL_MARK, _END_MARK = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"


def write(entries: Iterable[tuple[str, bytes]]) -> bytes:
    """The zip file with these entries in this order."""
    body, directory, count = bytearray(), bytearray(), 0
    for name, content in entries:
        label = name.encode("ascii")
        fields = (_VERSION, _FLAGS, _STORED, _TIME, _DATE, zlib.crc32(content), len(content), len(content), len(label))
        directory += _CENTRAL.pack(_CENTRAL_MARK, _VERSION, *fields, 0, 0, 0, 0, 0, len(body)) + label
        body += _LOCAL.pack(_LOCAL_MARK, *fields, 0) + label + content
        count += 1
    end = _END.pack(_END_MARK, 0, 0, count, count, len(directory), len(body), 0)
    return bytes(body + directory + end)


def read(data: bytes) -> Mapping[str, bytes]:
    """The entries in file order, without judging any other byte; raises PackageMalformed.

    Nothing is inflated, named by a path outside the container, or larger than the file itself (security W6).
    """
    if len(data) > MAX_FILE_BYTES:
        raise PackageMalformed(detail=f"it is larger than {MAX_FILE_BYTES} bytes")
    entries: dict[str, bytes] = {}
    position = 0
    while data.startswith(_LOCAL_MARK, position):
        if len(entries) == MAX_ENTRIES:
            raise PackageMalformed(detail=f"it has more than {MAX_ENTRIES} entries")
        name, content, position = _entry(data, position)
        if name in entries:
            raise PackageMalformed(detail="two entries have one name")
        entries[name] = content
    if not data.startswith(_CENTRAL_MARK, position):
        raise PackageMalformed(detail="it is not a zip file of stored entries")
    return entries


def _entry(data: bytes, position: int) -> tuple[str, bytes, int]:
    """Name, content and the position behind the entry whose local header begins at `position`."""
    begin = position + _LOCAL.size
    if begin > len(data):
        raise PackageMalformed(detail="it ends within an entry")
    _, _, _, method, _, _, _, _, size, name_size, _ = _LOCAL.unpack_from(data, position)
    if method != _STORED:
        raise PackageMalformed(detail="an entry is compressed")
    end = begin + name_size + size
    if end > len(data):
        raise PackageMalformed(detail="it ends within an entry")
    label = data[begin : begin + name_size].decode("ascii", errors="replace")
    if _NAME.fullmatch(label) is None:
        raise PackageMalformed(detail="an entry has a name that no evidence has")
    return label, data[begin + name_size : end], end
