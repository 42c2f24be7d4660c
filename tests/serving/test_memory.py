"""The C library keeps the memory of arrays that are freed."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

from tfx_ocr.serving import memory

COUNT_FAULTS = """
import resource, sys
import numpy as np
from tfx_ocr.serving.memory import keep_freed_memory
if sys.argv[1] == "kept":
    assert keep_freed_memory()
def add():
    return sum(np.ones(60_000) + number for number in range(4)).sum()
add()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(50):
    add()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="mallopt is of glibc")
def test_arrays_are_placed_in_memory_that_was_used_before():
    faults = [
        int(
            subprocess.run([sys.executable, "-c", COUNT_FAULTS, way], capture_output=True, text=True, check=True).stdout
        )
        for way in ("default", "kept")
    ]
    assert faults[1] < 50
    assert faults[1] < faults[0] / 10


def test_a_c_library_that_cannot_is_no_error(monkeypatch):
    monkeypatch.setattr(memory.ctypes, "CDLL", lambda name: object())
    memory.keep_freed_memory.cache_clear()
    assert not memory.keep_freed_memory()
    memory.keep_freed_memory.cache_clear()
