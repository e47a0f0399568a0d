"""The packaging: what is installed, what is pinned, and that no file tells where it was made."""

import configparser
import importlib.metadata
import re
import subprocess
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import pytest

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
    found: dict[str, str] = {}
    for entry in folder.iterdir():
        if entry.is_dir():
            found |= texts(entry, f"{path}{entry.name}/")
        elif entry.name.endswith((".yaml", ".json")):
            found[path + entry.name] = entry.read_text(encoding="utf-8")
    return found


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
    wanted = parser["options"]["install_requires"] + "".join(
        parser["options.extras_require"].values()
    )
    names = re.findall(r"^[A-Za-z][\w.-]*", wanted, re.MULTILINE)
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
