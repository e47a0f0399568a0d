"""Run a command as on a processor with AVX2 but without AVX-512, such as most laptops have.

    python benchmarks/avx2.py python benchmarks/contribution.py

Environment variables keep numpy, OpenBLAS, the C library and numba from using AVX-512. On a
processor without AVX-512 they are left unset.
"""

import os
import sys
from collections.abc import Mapping

import llvmlite.binding as llvm
import numpy as np


def main() -> None:
    """Replace this process by the command that is given."""
    command, has = sys.argv[1:] or sys.exit(__doc__), llvm.get_host_cpu_features()
    settings = _without_avx512(has) if has.get("avx512f") else {}
    os.execvpe(command[0], command, os.environ | settings)


def _without_avx512(has: Mapping[str, bool]) -> dict[str, str]:
    """Environment variables, from what the processor has."""
    found = np.show_config(mode="dicts")["SIMD Extensions"].get("found", ())
    wide = [name for name in found if name.startswith("AVX512") or name == "X86_V4"]
    kept = {name: each and "avx512" not in name for name, each in has.items()}
    return {
        "NPY_DISABLE_CPU_FEATURES": " ".join(wide),
        "OPENBLAS_CORETYPE": "Haswell",
        "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX512F,-AVX512VL",
        "NUMBA_CPU_NAME": llvm.get_host_cpu_name(),
        "NUMBA_CPU_FEATURES": ",".join(f"{'+' if kept[name] else '-'}{name}" for name in kept),
    }


if __name__ == "__main__":
    main()
