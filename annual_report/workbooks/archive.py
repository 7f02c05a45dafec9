"""A zip file made of members that are compressed already.

``zipfile`` would compress the unchanged parts of 22,000 workbooks again each time. Format:
PKWARE's APPNOTE 6.3.9, sections 4.3.7 (local header), 4.3.12 (central directory), 4.3.16 (its end).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass

#: 1 January 2025, midnight, as MS-DOS counts: copies with the same content are the same bytes.
_DATE, _TIME = (45 << 9) | (1 << 5) | 1, 0
_DEFLATED, _VERSION = 8, 20
#: Names are UTF-8 (bit 11).
_FLAGS = 1 << 11
LEVEL = 6


@dataclass(frozen=True, slots=True)
class Member:
    """One packed file of an archive."""

    name: bytes
    packed: bytes
    crc: int
    size: int

    def header(self) -> bytes:
        """What the local header and the central directory have in common."""
        return struct.pack(
            "<HHHHHIIIHH",
            _VERSION, _FLAGS, _DEFLATED, _TIME, _DATE, self.crc, len(self.packed), self.size,
            len(self.name), 0,
        )  # fmt: skip


def pack(name: str, content: bytes, level: int = LEVEL) -> Member:
    # Raw deflate without zlib's own header.
    packer = zlib.compressobj(level, zlib.DEFLATED, -15)
    packed = packer.compress(content) + packer.flush()
    return Member(name.encode(), packed, zlib.crc32(content), len(content))


def join(members: Iterable[Member]) -> bytes:
    """The archive's bytes."""
    parts: list[bytes] = []
    directory: list[bytes] = []
    offset = 0
    for member in members:
        header = member.header()
        parts += (b"PK\x03\x04", header, member.name, member.packed)
        directory.append(
            b"PK\x01\x02"
            + struct.pack("<H", _VERSION)
            + header
            + struct.pack("<HHHII", 0, 0, 0, 0, offset)
            + member.name
        )
        offset += 4 + len(header) + len(member.name) + len(member.packed)
    index = b"".join(directory)
    end = struct.pack("<HHHHIIH", 0, 0, len(directory), len(directory), len(index), offset, 0)
    return b"".join([*parts, index, b"PK\x05\x06", end])
