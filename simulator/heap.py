"""The memory of the process."""

import ctypes

__all__ = ["keep_freed_memory"]

M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4  # of malloc.h


def keep_freed_memory() -> None:
    """Keep memory that is freed for what is allocated next, instead of returning it.

    Where arrays are large, the system's clearing of fresh memory can take as long as what is done
    with them. Changes the C library of the whole process, and nothing where that is not glibc.
    """
    library = ctypes.pythonapi
    if hasattr(library, "mallopt") and hasattr(library, "gnu_get_libc_version"):
        library.mallopt(M_MMAP_MAX, 0)
        library.mallopt(M_TRIM_THRESHOLD, -1)
