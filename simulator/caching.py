"""The folder of compiled kernels: in the user's cache folder, outside the package.

Numba's default is beside the sources; `pip uninstall` would leave the kernels behind.
"""

import os
import sys

from platformdirs import user_cache_dir

__all__ = ["set_cache_folder"]


def set_cache_folder() -> None:
    """Set numba's cache folder, unless the user has set one (`NUMBA_CACHE_DIR`) or has no home.

    Numba reads the variable on import; if numba is already imported, its configuration is set
    instead. If the folder is not writable, numba falls back on its default.

    Each installation has subfolders of its own, named after the path of its sources, and numba
    recompiles a kernel when its source file changes. That suffices as long as each kernel calls
    only kernels of its own file; `tests/test_compiling.py` checks this.
    """
    numba = sys.modules.get("numba")
    is_set = "NUMBA_CACHE_DIR" in os.environ or (numba and numba.config.CACHE_DIR)
    if is_set or not os.path.isabs(os.path.expanduser("~")):
        return
    os.environ["NUMBA_CACHE_DIR"] = user_cache_dir("wallstreetfeds", appauthor=False)
    if numba:
        numba.config.CACHE_DIR = os.environ["NUMBA_CACHE_DIR"]
