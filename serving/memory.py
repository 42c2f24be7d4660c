"""Have the C library keep the memory of arrays that are freed."""

from __future__ import annotations

import ctypes
import functools

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3  # glibc's numbers of the parameters, malloc.h
KEPT = 32 * 2**20  # bytes that stay with the process, per arena
REUSED = 16 * 2**20  # bytes of the largest array whose memory is used again: an A4 page at 400 dpi, in grey


@functools.cache
def keep_freed_memory() -> bool:
    """Have arrays of up to 16 MB placed in memory that was used before; return whether the C library can.

    By its default glibc returns such an array to the kernel when it is freed, and each page of the next one is faulted
    in anew: more than half of the time of fitting a line, whose steps make arrays of half a megabyte.

    Source: mallopt(3); M_MMAP_THRESHOLD is otherwise 128 KiB at first.
    """
    try:
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    except (OSError, TypeError):  # no C library of this process, as on Windows
        mallopt = None
    return mallopt is not None and all((mallopt(MMAP_THRESHOLD, REUSED), mallopt(TRIM_THRESHOLD, KEPT)))
