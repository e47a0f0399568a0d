"""The packaging: what is installed, what is pinned, and that no file tells where it was made."""

import configparser
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
SCENARIOS = ROOT / "scenarios"

PIN = re.compile(r'[\w.-]+==[\w.!+]+( ; python_version (<|>=) "3\.\d+")?')
TELLTALES = {
    "the folder of the checkout": re.compile(re.escape(str(ROOT)) + r"\b"),
    "somebody's home": re.compile(r"(?<![\w.])/(home/\w+|Users/\w+|root)/"),
    "a package index": re.compile(
        r"https?://[^\s\"']*/simple\b|python[h]osted|^\s*-(-extra)?-index-url", re.M
    ),
}


def settings() -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    return parser


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def texts(folder: Traversable, path: str = "") -> dict[str, str]:
    """Every scenario and schema at any depth, by its path."""
    contents: dict[str, str] = {}
    for entry in folder.iterdir():
        if entry.is_dir():
            contents |= texts(entry, f"{path}{entry.name}/")
        elif entry.name.endswith((".yaml", ".json")):
            contents[path + entry.name] = entry.read_text(encoding="utf-8")
    return contents


def test_installed_version_is_the_one_in_setup_cfg():
    assert importlib.metadata.version("wallstreetfeds") == settings()["metadata"]["version"]


def test_console_command_is_importable():
    (command,) = importlib.metadata.entry_points(group="console_scripts", name="wallstreetfeds")
    assert callable(command.load())


def test_shipped_scenarios_are_those_of_the_checkout():
    shipped = texts(files("simulator.shipped"))
    assert "quickstart.yaml" in shipped
    assert shipped == texts(SCENARIOS)


def test_every_folder_of_code_is_listed_as_a_package():
    """A wheel would lack a package that setup.cfg does not list."""
    code = {
        ".".join(path.parent.relative_to(ROOT).parts) for path in (ROOT / "simulator").rglob("*.py")
    }
    linked = {"simulator.analysis", "simulator.shipped"}
    assert sorted(code | linked) == settings()["options"]["packages"].split()


def test_constraints_are_pins_and_nothing_else():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if not PIN.fullmatch(line)] == []


def test_every_requirement_is_pinned():
    pins = (ROOT / "constraints.txt").read_text(encoding="utf-8").lower()
    parser = settings()
    required = parser["options"]["install_requires"] + "".join(
        parser["options.extras_require"].values()
    )
    names = re.findall(r"^[A-Za-z][\w.-]*", required, re.MULTILINE)
    assert [name for name in names if f"\n{name.lower()}==" not in f"\n{pins}"] == []


@pytest.mark.parametrize("what", TELLTALES)
def test_no_file_names(what: str):
    telltale = TELLTALES[what]
    telling = [
        str(path.relative_to(ROOT))
        for path in tracked()
        if telltale.search(path.read_bytes().decode("utf-8", errors="replace"))
    ]
    assert telling == []


OFFLINE = ("--no-deps", "--no-index")
LIBRARIES = [path for path in sys.path if path.endswith(("site-packages", "dist-packages"))]
"""Where the packages are that a run needs; an editable simulator is not among them."""
RUN = """
from simulator import Scenario, run
from simulator.analysis import load_run
from simulator.compiling import TINY
folder = run(Scenario.model_validate(TINY), out="outputs")
assert load_run(folder).manifest["status"] == "complete"
assert {"summary.json", "overview.png"} <= {file.name for file in folder.iterdir()}
"""
AUDIT = """
from simulator.ledger import Ledger
Ledger(["outside", "one"], ["numeraire"]).audit()
"""


class Environment(NamedTuple):
    """A virtual environment without pip; that of the tests installs into it."""

    folder: Path

    @classmethod
    def new(cls, folder: Path) -> "Environment":
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
        return cls(folder)

    @property
    def python(self) -> Path:
        return self.folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")

    @property
    def packages(self) -> Path:
        variables = {"base": str(self.folder), "platbase": str(self.folder)}
        return Path(sysconfig.get_path("purelib", "venv", variables))

    def pip(self, *words: str | Path) -> None:
        command = [sys.executable, "-m", "pip", "--python", self.python, *words]
        subprocess.run(command, check=True)

    def run(self, code: str, folder: Path, **variables: str) -> str:
        """Run code in a folder, which comes first on the path as in a notebook."""
        code = f"import sys; sys.path += {LIBRARIES}\n{code}"
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        result = subprocess.run(
            [self.python, "-c", code],
            cwd=folder,
            env=kept | variables,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        return result.stdout


class Built(NamedTuple):
    """What is built from a copy of the checkout, as building leaves files behind."""

    copy: Path
    wheel: Path
    from_sdist: Path
    builder: Environment


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = tmp_path_factory.mktemp("built")
    builder = Environment.new(folder / "builder")
    try:
        builder.pip("install", "setuptools>=77")
    except subprocess.CalledProcessError:
        pytest.skip("setuptools cannot be fetched")
    copy = folder / "copy"
    copy.mkdir()
    for name in ("README.md", "pyproject.toml", "setup.cfg"):
        shutil.copy(ROOT / name, copy)
    for name in ("analysis", "scenarios", "simulator"):
        unwanted = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, copy / name, symlinks=True, ignore=unwanted)

    building = ("wheel", *OFFLINE, "--no-build-isolation", "--wheel-dir")
    builder.pip(*building, folder / "direct", copy)
    sdist = f"from setuptools import build_meta; build_meta.build_sdist({str(folder)!r})"
    builder.run(sdist, copy)
    builder.pip(*building, folder / "from_sdist", next(folder.glob("*.tar.gz")))
    (wheel,), (from_sdist,) = (folder / "direct").iterdir(), (folder / "from_sdist").iterdir()
    return Built(copy, wheel, from_sdist, builder)


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.slow
def test_the_wheel_has_the_analysis_and_takes_no_other_name(built: Built) -> None:
    names = contents(built.wheel)
    (metadata,) = {name.split("/")[0] for name in names} - {"simulator"}
    assert metadata.endswith(".dist-info")
    written = {
        f"simulator/analysis/{file.name}"
        for file in (ROOT / "analysis").iterdir()
        if file.suffix in {".py", ".pyi"}
    }
    assert {name for name in names if name.startswith("simulator/analysis/")} == written


@pytest.mark.slow
def test_the_wheel_from_the_sdist_is_the_same(built: Built) -> None:
    assert contents(built.from_sdist) == contents(built.wheel)


@pytest.mark.slow
def test_an_editable_installation_has_the_analysis_and_takes_no_other_name(
    built: Built, tmp_path: Path
) -> None:
    built.builder.pip("install", *OFFLINE, "--no-build-isolation", "--editable", built.copy)
    code = "import importlib.util as i; from simulator.analysis import load_run; "
    code += "print(load_run.__module__, i.find_spec('analysis'))"
    assert built.builder.run(code, tmp_path) == "simulator.analysis.load None\n"


def notebooks(folder: Path, own: str) -> Path:
    """A folder of notebooks with modules named like those of the analysis."""
    for name in ("analysis", "load", "tables"):
        (folder / f"{name}.py").write_text(own, encoding="utf-8")
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("own", ["raise SystemExit(3)", "OWN = 1"])
def test_a_notebook_folder_with_its_own_analysis(tmp_path: Path, own: str) -> None:
    code = RUN + ("import analysis\nassert analysis.OWN" if "OWN" in own else "")
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", code]
    subprocess.run(command, cwd=notebooks(tmp_path, own), env=environment, check=True)


@pytest.mark.slow
def test_the_wheel_runs_beside_an_analysis_of_ones_own(built: Built, tmp_path: Path) -> None:
    fresh = Environment.new(tmp_path / "fresh")
    fresh.pip("install", *OFFLINE, built.wheel)
    folder = notebooks(tmp_path, "raise SystemExit(3)")
    result = fresh.run(RUN + "print(run.__code__.co_filename)", folder, NUMBA_DISABLE_JIT="1")
    assert Path(result.splitlines()[-1]).is_relative_to(fresh.packages)


@pytest.mark.slow
def test_uninstalling_leaves_nothing_behind(built: Built, tmp_path: Path) -> None:
    fresh = Environment.new(tmp_path / "fresh")
    fresh.pip("install", *OFFLINE, built.wheel)
    assert (fresh.packages / "simulator").is_dir()
    cache = tmp_path / "home" / "cache"
    variables = {"HOME": str(tmp_path / "home"), "XDG_CACHE_HOME": str(cache)}
    fresh.run("import os; os.environ.pop('NUMBA_CACHE_DIR', 0)\n" + AUDIT, tmp_path, **variables)
    fresh.pip("uninstall", "--yes", "wallstreetfeds")
    assert list(fresh.packages.rglob("*")) == []
    assert list((cache / "wallstreetfeds").rglob("*.nbc"))


def test_the_citation_is_of_this_version_and_licence() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    metadata = settings()["metadata"]
    assert {"cff-version", "message", "title", "authors"} <= citation.keys()
    assert (citation["version"], citation["license"]) == (metadata["version"], metadata["license"])
    assert (ROOT / metadata["license_files"]).read_text("utf-8").startswith("MIT License")
    released = f"## [{metadata['version']}] - {citation['date-released']}\n"
    assert released in (ROOT / "CHANGELOG.md").read_text("utf-8")
    (reference,) = citation["references"]
    assert metadata["project_urls"].strip().endswith(reference["url"])
