"""The user's cache folder, and in it, outside the package, the compiled kernels.

Numba's default is beside the sources; `pip uninstall` would leave the kernels behind.
"""

import atexit
import os
import shutil
import sys
import tempfile

from platformdirs import user_cache_dir

__all__ = ["REMEDY", "is_temporary", "set_cache_folder", "user_cache_folder"]

PACKAGE = os.path.dirname(__file__)
REMEDY = (
    "compiled kernels cannot be kept, as neither your cache folder nor that of the package can be "
    "written: every process compiles them anew, for a minute; set NUMBA_CACHE_DIR to a folder that "
    "can be written"
)
_temporary: list[str] = []


def set_cache_folder() -> None:
    """Set numba's cache folder, unless the user has set one (`NUMBA_CACHE_DIR`).

    Where the user's cache folder cannot be written, numba's default beside the sources remains;
    where that cannot be written either, a temporary folder serves this process and its workers.

    Numba reads the variable on import; if numba is already imported, its configuration is set
    instead. Each installation has subfolders of its own, named after the path of its sources, and
    numba recompiles a kernel when its source file changes. That suffices as long as each kernel
    calls only kernels of its own file; `tests/test_compiling.py` checks this.
    """
    numba = sys.modules.get("numba")
    if "NUMBA_CACHE_DIR" in os.environ or (numba and numba.config.CACHE_DIR):
        return
    if folder := user_cache_folder() or _temporary_folder():
        os.environ["NUMBA_CACHE_DIR"] = folder
        if numba:
            numba.config.CACHE_DIR = folder


def is_temporary() -> bool:
    """Whether compiled kernels are lost when this process ends."""
    return os.environ.get("NUMBA_CACHE_DIR") in _temporary


def user_cache_folder() -> str:
    """The user's folder for what can be computed again, if it can be written; else empty."""
    if not os.path.isabs(os.path.expanduser("~")):
        return ""
    folder = user_cache_dir("wallstreetfeds", appauthor=False)
    existing = folder
    while not os.path.exists(existing):
        existing = os.path.dirname(existing)
    can_write = os.path.isdir(existing) and os.access(existing, os.W_OK | os.X_OK)
    return folder if can_write else ""


def _temporary_folder() -> str:
    """A folder that goes with this process, if there is need and room for one; else empty."""
    if os.access(PACKAGE, os.W_OK):
        return ""
    try:
        folder = tempfile.mkdtemp(prefix="wallstreetfeds-")
    except OSError:
        return ""
    _temporary.append(folder)
    atexit.register(_remove, folder, os.getpid())
    return folder


def _remove(folder: str, owner: int) -> None:
    if os.getpid() == owner:  # and not a process that was forked from it
        shutil.rmtree(folder, ignore_errors=True)
