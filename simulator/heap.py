"""The memory of the process."""

import ctypes
import gc
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["keep_freed_memory", "lasting_objects"]

M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4  # of malloc.h


def keep_freed_memory() -> None:
    """Keep freed memory for later allocations, instead of returning it to the system.

    With large arrays, the system can spend as long clearing fresh memory as the program computes.
    Affects the whole process; does nothing when its C library is not glibc.
    """
    library = ctypes.pythonapi
    if hasattr(library, "mallopt") and hasattr(library, "gnu_get_libc_version"):
        library.mallopt(M_MMAP_MAX, 0)
        library.mallopt(M_TRIM_THRESHOLD, -1)


@contextmanager
def lasting_objects() -> Iterator[None]:
    """Exempt the objects made in this context from garbage collection, once in a process.

    For imports: they make half a million objects that last, and looking at them again and again
    would take 0.4 s. Objects made later are collected as ever.
    """
    if not gc.isenabled() or gc.get_freeze_count():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
