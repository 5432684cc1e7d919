"""PNG files made smaller: at most 256 colours, which a page of text and flat areas hardly has more of."""

from __future__ import annotations

import struct
import zlib
from collections import Counter

_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def with_palette(png: bytes) -> bytes:
    """The picture (8 bits, RGB or RGBA, not interlaced, as Chromium writes it) with a palette and without alpha."""
    width, height, depth, bands, rows = _rows(png)
    assert depth == 8
    pixels = [[tuple(row[at : at + 3]) for at in range(0, width * bands, bands)] for row in rows]
    counts = Counter(pixel for row in pixels for pixel in row)
    palette = [colour for colour, _ in counts.most_common(256)]
    number = {colour: at for at, colour in enumerate(palette)}
    for colour in counts.keys() - number.keys():
        nearest = min(palette, key=lambda other: sum((a - b) ** 2 for a, b in zip(colour, other, strict=True)))
        number[colour] = number[nearest]
    data = b"".join(b"\0" + bytes(number[pixel] for pixel in row) for row in pixels)
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    colours = bytes(part for colour in palette for part in colour)
    parts = ((b"IHDR", header), (b"PLTE", colours), (b"IDAT", zlib.compress(data, 9)), (b"IEND", b""))
    return _SIGNATURE + b"".join(_chunk(*part) for part in parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _rows(png: bytes) -> tuple[int, int, int, int, list[bytearray]]:
    at, body = len(_SIGNATURE), b""
    width = height = depth = bands = 0
    while at < len(png):
        (length,), kind = struct.unpack(">I", png[at : at + 4]), png[at + 4 : at + 8]
        data = png[at + 8 : at + 8 + length]
        if kind == b"IHDR":
            width, height, depth, colour = struct.unpack(">IIBB", data[:10])
            bands = {2: 3, 6: 4}[colour]
        elif kind == b"IDAT":
            body += data
        at += 12 + length
    raw, size = zlib.decompress(body), width * bands
    rows = [bytearray(size)]
    for start in range(0, len(raw), size + 1):
        rows.append(_unfiltered(raw[start], bytearray(raw[start + 1 : start + 1 + size]), rows[-1], bands))
    return width, height, depth, bands, rows[1:]


def _unfiltered(kind: int, row: bytearray, above: bytearray, bands: int) -> bytearray:
    for at in range(len(row)):
        left = row[at - bands] if at >= bands else 0
        corner = above[at - bands] if at >= bands else 0
        if kind == 1:
            guess = left
        elif kind == 2:
            guess = above[at]
        elif kind == 3:
            guess = (left + above[at]) // 2
        elif kind == 4:
            guess = min((left, above[at], corner), key=lambda part: abs(left + above[at] - corner - part))
        else:
            break
        row[at] = (row[at] + guess) % 256
    return row
