"""The memory of the process."""

import ctypes

__all__ = ["keep_freed_memory"]

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
