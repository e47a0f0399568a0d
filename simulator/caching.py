"""Where compiled kernels are kept: in the user's cache folder, outside the package.

Numba's own choice is beside the sources, where `pip uninstall` would leave them behind.
"""

import os
import sys

from platformdirs import user_cache_dir

__all__ = ["keep_outside"]


def keep_outside() -> None:
    """Name the folder to numba, unless the user has named one (`NUMBA_CACHE_DIR`) or has no home.

    Numba reads the variable on import; a numba that was imported before is told directly. Where
    the folder cannot be written, numba falls back on its own choice.

    Each installation has subfolders of its own, named after the path of its sources, and numba
    compiles a kernel again when its source file has changed. That suffices as long as a kernel
    calls only kernels of its own file, which `tests/test_compiling.py` checks.
    """
    numba = sys.modules.get("numba")
    named = "NUMBA_CACHE_DIR" in os.environ or (numba and numba.config.CACHE_DIR)
    if named or not os.path.isabs(os.path.expanduser("~")):
        return
    os.environ["NUMBA_CACHE_DIR"] = user_cache_dir("wallstreetfeds", appauthor=False)
    if numba:
        numba.config.CACHE_DIR = os.environ["NUMBA_CACHE_DIR"]
