"""What an object takes in the archive, and how long: beside zlib, as it was before.

python bench/packing.py
"""

import sys
import time
import zlib
from collections.abc import Callable, Iterable, Sequence

import letters
from crawling import table
from scale import as_json

from gorgias_crawler.archive.compression import DICTIONARY, packed, unpacked
from gorgias_crawler.sandbox import World

_MESSAGES = 20_000
_LEVELS = (1, 6)  # fastest, and zlib's own balance


def main() -> int:
    """Run the benchmark; return the exit status."""
    world = World(tickets=8_000, messages_per_ticket=2.6, bodies=letters.bodies)
    raws = [as_json(record) for record in world.in_order("messages")[:_MESSAGES]]
    size = sum(map(len, raws))
    print(f"{len(raws):,} messages of {size / len(raws):,.0f} bytes as JSON\n")
    rows = [
        _zlib(level, raws, dictionary)
        for dictionary in (b"", DICTIONARY)
        for level in _LEVELS
    ]
    rows.append(_row("as the archive has it", raws, packed, unpacked))
    print(table(("packed", "of the JSON", "to pack", "to unpack"), rows))
    return 0


def _zlib(level: int, raws: Sequence[bytes], dictionary: bytes) -> tuple[object, ...]:
    def pack(raw: bytes) -> bytes:
        compressor = zlib.compressobj(level, zdict=dictionary)
        return compressor.compress(raw) + compressor.flush()

    def unpack(blob: bytes) -> bytes:
        return zlib.decompressobj(zdict=dictionary).decompress(blob)

    name = f"zlib, level {level}{', with the dictionary' if dictionary else ''}"
    return _row(name, raws, pack, unpack)


def _row(
    name: str,
    raws: Sequence[bytes],
    pack: Callable[[bytes], bytes],
    unpack: Callable[[bytes], bytes],
) -> tuple[object, ...]:
    blobs, pack_us = _timed(pack, raws)
    _, unpack_us = _timed(unpack, blobs)
    share = sum(map(len, blobs)) / sum(map(len, raws))
    return name, f"{share:.1%}", f"{pack_us:.1f} us", f"{unpack_us:.1f} us"


def _timed(
    work: Callable[[bytes], bytes], values: Iterable[bytes]
) -> tuple[list[bytes], float]:
    """Return what *work* makes of each value, and its microseconds of CPU for one."""
    began_s = time.process_time()
    made = [work(value) for value in values]
    return made, (time.process_time() - began_s) / len(made) * 1e6


if __name__ == "__main__":
    sys.exit(main())
