"""How much of the formulas the tests hold: each small change of a file is tested on its own.

    python benchmarks/mutants.py [MODULE ...] [--sample N] [--jobs N]

Cosmic Ray changes one operator, number or decorator of a file at a time; `mutants.toml` says which
files and which tests are to notice. Changes are made in copies of the checkout, in a temporary
folder. Each one is tested in a fork of a process that has imported the libraries, with the same
examples each time (Hypothesis's profile `ci`) and with kernels as plain Python, since numba keeps
by a file's time what it compiled. A change is found as well when the tests take ten times the
processor time that they take on the code as it is.
"""

import argparse
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

ROOT = Path(__file__).resolve().parents[1]
LIBRARIES = "hypothesis mesa numba pandas pyarrow pydantic pytest scipy.stats sklearn.linear_model"
ENVIRONMENT = {"NUMBA_DISABLE_JIT": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
PYTEST = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--hypothesis-profile=ci"]
PYTEST += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]  # of what is imported by then
PATIENCE, LEAST_PATIENCE = 10, 30  # times the processor time of the unchanged code; seconds
MEMORY = 8 << 30  # bytes; a change may fill an array for ever
OVERTIME = signal.SIGXCPU, signal.SIGKILL
KILLED, SURVIVED, TIMED_OUT = "killed", "survived", "timed out"


@dataclass(frozen=True)
class Mutant:
    """A change: the `occurrence`-th place in a file where an operator has something to change."""

    file: str
    operator: str
    occurrence: int
    line: int


def mutants(names: Sequence[str], wanted: re.Pattern[str]) -> Iterator[Mutant]:
    """All changes of files, and of those in folders, that the wanted operators can make."""
    found = (sorted((ROOT / name).glob("*.py")) or [ROOT / name] for name in names)
    for path in (path for paths in found for path in paths):
        nodes = list(ast_nodes(get_ast(path.read_text(encoding="utf-8"))))
        for name in filter(wanted.fullmatch, operator_names()):
            operator = get_operator(name)()
            places = (place for node in nodes for place in operator.mutation_positions(node))
            for occurrence, (start, _) in enumerate(places):
                yield Mutant(path.relative_to(ROOT).as_posix(), name, occurrence, start[0])


def settle(folder: str) -> None:
    """Make this process work in a copy of its own of what git knows or would add."""
    copy = Path(tempfile.mkdtemp(dir=folder))
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name)
    os.chdir(copy)
    sys.path.insert(0, str(copy))
    for library in LIBRARIES.split():
        import_module(library)


def tested(tests: Sequence[str], most: float | None) -> tuple[int, float]:
    """Exit status and processor time of the tests, in a fork that may take `most` seconds of it."""
    child = os.fork()
    if not child:
        status = 1
        try:
            import pytest

            nothing = os.open(os.devnull, os.O_RDWR)
            for stream in range(3):
                os.dup2(nothing, stream)
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
            if most is not None:
                sys.dont_write_bytecode = True
                resource.setrlimit(resource.RLIMIT_CPU, (int(most), int(most) + 5))
            status = int(pytest.main([*PYTEST, *tests]))
        finally:
            os._exit(status)
    _, ended, used = os.wait4(child, 0)
    return os.waitstatus_to_exitcode(ended), used.ru_utime + used.ru_stime


@cache
def usual(tests: tuple[str, ...]) -> float:
    """Processor time that the tests take on the code as it is."""
    status, seconds = tested(tests, None)
    if status:
        raise SystemError(f"they fail on the code as it is: pytest {' '.join(tests)}")
    return seconds


def judged(mutant: Mutant, tests: tuple[str, ...]) -> tuple[str, str]:
    """What the tests say of a mutant, and how its line differs."""
    most = max(PATIENCE * usual(tests), LEAST_PATIENCE)
    path = Path(mutant.file)
    source = path.read_text(encoding="utf-8")
    changed = mutate_code(source, get_operator(mutant.operator)(), mutant.occurrence)
    before, after = source.splitlines(), changed.splitlines()
    differing = (new for old, new in zip(before, after, strict=False) if new != old)
    lines = before[mutant.line - 1], next(differing, "")
    for stale in path.parent.glob(f"__pycache__/{path.stem}.*"):
        stale.unlink()
    try:
        path.write_text(changed, encoding="utf-8")
        status, _ = tested(tests, most)
    finally:
        path.write_text(source, encoding="utf-8")
    outcome = TIMED_OUT if -status in OVERTIME else KILLED if status else SURVIVED
    return outcome, "  ->  ".join(line.strip() for line in lines)


def main() -> None:
    settings = tomllib.loads((ROOT / "benchmarks" / "mutants.toml").read_text(encoding="utf-8"))
    modules = settings["modules"]
    parser = argparse.ArgumentParser(description="Test small changes of the formulas.")
    parser.add_argument("modules", nargs="*", metavar="MODULE", help=", ".join(modules))
    parser.add_argument("--sample", type=int, help="at most so many changes of a module")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="so many at a time")
    asked = parser.parse_args()
    if unknown := set(asked.modules) - set(modules):
        parser.error(f"no such module: {', '.join(sorted(unknown))}")
    wanted = re.compile("|".join(settings["operators"]))
    os.environ |= ENVIRONMENT

    table = ["module        mutants  killed  timed out  survived    score  seconds"]
    with (
        tempfile.TemporaryDirectory(prefix="mutants-") as folder,
        ProcessPoolExecutor(asked.jobs, get_context("fork"), settle, (folder,)) as pool,
    ):
        for name in asked.modules or modules:
            began, tests = time.monotonic(), tuple(modules[name]["tests"])
            changes = list(mutants(modules[name]["files"], wanted))
            if asked.sample and asked.sample < len(changes):
                changes = random.Random(0).sample(changes, asked.sample)
            jobs = {pool.submit(judged, change, tests): change for change in changes}
            count: Counter[str] = Counter()
            for job in as_completed(jobs):
                outcome, lines = job.result()
                count[outcome] += 1
                if outcome == SURVIVED:
                    print(f"{jobs[job].file}:{jobs[job].line}: {lines}", flush=True)
            table.append(
                f"{name:12} {len(jobs):8} {count[KILLED]:7} {count[TIMED_OUT]:10} "
                f"{count[SURVIVED]:9} {1 - count[SURVIVED] / len(jobs):8.1%} "
                f"{time.monotonic() - began:8.0f}"
            )
            print(table[-1], flush=True)
    print("", *table, sep="\n")


if __name__ == "__main__":
    main()
