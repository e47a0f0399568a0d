"""Where compiled kernels are kept."""

import os
from pathlib import Path

import numba
import pytest

from simulator.caching import set_cache_folder
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
