"""Where compiled kernels are kept."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numba
import pytest

import simulator
from simulator.caching import REMEDY, is_temporary, set_cache_folder
from simulator.doctor import examine
from simulator.movements import move


def one() -> int:
    return 1


def kept() -> Path:
    """The folder that numba chooses for a kernel of this file."""
    return Path(numba.njit(cache=True)(one).stats.cache_path)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home of a user who has named no folder to numba."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", "")  # so that the end of the test restores it
    monkeypatch.delenv("NUMBA_CACHE_DIR")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(numba.config, "CACHE_DIR", "")
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def test_kernels_are_kept_in_the_home_although_numba_was_imported_before(home: Path) -> None:
    assert kept() == Path(__file__).parent / "__pycache__"
    set_cache_folder()
    folder = Path(os.environ["NUMBA_CACHE_DIR"])
    assert folder.is_relative_to(home) and folder.name == "wallstreetfeds"
    assert kept().parent == folder


def test_a_folder_that_the_user_has_named_stays(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(home / "mine"))
    set_cache_folder()
    assert "NUMBA_CACHE_DIR" not in os.environ and kept().parent == home / "mine"

    monkeypatch.setattr(numba.config, "CACHE_DIR", "")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(home / "own"))
    set_cache_folder()
    assert os.environ["NUMBA_CACHE_DIR"] == str(home / "own") and not numba.config.CACHE_DIR


def test_where_the_home_cannot_be_written_numba_chooses(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "file").touch()
    monkeypatch.setenv("HOME", str(home / "file"))
    set_cache_folder()
    assert kept() == Path(__file__).parent / "__pycache__"


def test_without_a_home_numba_chooses(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.path.expanduser", lambda path: path)
    set_cache_folder()
    assert "NUMBA_CACHE_DIR" not in os.environ and not numba.config.CACHE_DIR


def test_the_doctor_names_the_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    def named() -> str:
        return next(check.found for check in examine() if check.name == "compiled kernels")

    folder = named().removeprefix("in ").split(",")[0]
    used = Path(move.stats.cache_path)
    assert Path(folder) in (used, used.parent)
    monkeypatch.setattr("simulator.movements.move", one)
    assert named() == "none: NUMBA_DISABLE_JIT is set"


def test_where_nothing_can_be_written_a_temporary_folder_serves(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.access", lambda path, mode: False)
    monkeypatch.setattr(tempfile, "tempdir", str(home))
    set_cache_folder()
    folder = Path(os.environ["NUMBA_CACHE_DIR"])
    assert is_temporary() and folder.parent == home and folder.is_dir()
    assert kept().parent == folder
    assert REMEDY in {check.found for check in examine()}
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(home / "own"))
    assert not is_temporary()


READ_ONLY = """
set -e
mount --bind "$1" "$1" && mount -o remount,bind,ro "$1"
mkdir "$2/home" && mount -t tmpfs -o ro none "$2/home"
unset NUMBA_CACHE_DIR XDG_CACHE_HOME
mkdir "$2/tmp"
export HOME="$2/home" TMPDIR="$2/tmp" PYTHONPATH="$1"
cd "$2"
exec "$3" -m simulator run small.yaml --out out --quiet
"""
SMALL = """
name: small
periods: 2
federation: {task: {kind: wine}, contribution: {kind: leave_one_out}}
clients: [{count: 3}]
liquidity_providers: [{deposit: 100}]
investors: [{count: 2}]
"""


@pytest.mark.slow
def test_a_run_works_where_neither_home_nor_package_can_be_written(tmp_path: Path) -> None:
    unshare = ["unshare", "--user", "--map-root-user", "--mount"]
    try:
        allowed = subprocess.run([*unshare, "true"], capture_output=True).returncode == 0
    except OSError:
        allowed = False
    if not allowed:
        pytest.skip("this machine allows no namespaces of users")
    package = tmp_path / "package"
    package.mkdir()
    root = Path(simulator.__file__).parents[1]
    ignored = shutil.ignore_patterns("__pycache__")
    for folder in ("simulator", "scenarios"):
        shutil.copytree(root / folder, package / folder, ignore=ignored)
    (tmp_path / "small.yaml").write_text(SMALL)
    before = set(package.rglob("*"))
    words = [*unshare, "sh", "-c", READ_ONLY, "sh", str(package), str(tmp_path), sys.executable]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count(REMEDY) == 1
    assert len(list((tmp_path / "out").glob("small/*/summary.json"))) == 1
    assert set(package.rglob("*")) == before
    assert not list((tmp_path / "tmp").iterdir())


@pytest.mark.slow
def test_two_processes_may_compile_at_once(tmp_path: Path) -> None:
    """They fill one empty cache together, and a third run loads what they left."""
    scenario = tmp_path / "two.yaml"
    scenario.write_text(
        "name: two\nperiods: 2\nfederation: {task: {kind: wine}}\nclients: [{count: 3}]\n"
        "liquidity_providers: [{deposit: 300}]\ninvestors: [{count: 4, activity: 1}]\n"
    )
    variables = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "cache")}

    def start(name: str) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "simulator", "run", str(scenario), "-q", "--out", name]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, cwd=tmp_path, env=variables, stderr=pipe, text=True)

    together = [start("first"), start("second")]
    errors = [process.communicate()[1] for process in together]
    compiled = {file.name for file in (tmp_path / "cache").rglob("*.nbc")}
    errors.append(start("third").communicate()[1])
    assert (errors, [process.returncode for process in together]) == ([""] * 3, [0, 0])
    assert len(compiled) > 20
    assert {file.name for file in (tmp_path / "cache").rglob("*.nbc")} == compiled
    manifests = [json.loads(file.read_text()) for file in tmp_path.glob("*/two/*/manifest.json")]
    hashes = [
        {name: table["sha256"] for name, table in manifest["tables"].items()}
        for manifest in manifests
    ]
    assert len(hashes) == 3 and hashes[0] == hashes[1] == hashes[2]
