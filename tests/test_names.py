"""One name means one thing: no two modules define different things by the same public name."""

import ast
from collections import defaultdict
from pathlib import Path

import simulator
from simulator import ledger
from simulator.market import kernels

ROOT = Path(simulator.__file__).parent
SHARED = {
    "run", "resume", "verify", "view",  # a function, and the command that calls it
    "drawings", "pickers",  # what each tab of the page has
    "main",  # of the command line, and of `python -m analysis`
    "NUMERAIRE", "OUTSIDE",  # the same numbers, once more for compiled code
    "S",  # the type variable of sections
}  # fmt: skip


def defined_in(file: Path) -> set[str]:
    """The public names that a module defines at its top level."""
    names: set[str] = set()
    for node in ast.parse(file.read_text("utf-8")).body:
        match node:
            case ast.FunctionDef() | ast.ClassDef():
                names.add(node.name)
            case ast.Assign():
                targets = [part for target in node.targets for part in ast.walk(target)]
                names |= {part.id for part in targets if isinstance(part, ast.Name)}
            case ast.AnnAssign(target=ast.Name() as target):
                names.add(target.id)
    return {name for name in names if not name.startswith("_")}


def modules_by_name(files: list[Path]) -> dict[str, list[str]]:
    found = defaultdict(list)
    for file in files:
        for name in defined_in(file):
            found[name].append(file.relative_to(ROOT.parent).as_posix())
    return found


def test_a_public_name_is_defined_in_one_module() -> None:
    files = [file for file in ROOT.rglob("*.py") if "analysis" not in file.parts]
    files += (ROOT / "analysis").glob("*.py")
    assert len(files) > 150
    twice = {name for name, modules in modules_by_name(files).items() if len(modules) > 1}
    assert twice == SHARED


def test_compiled_code_has_the_numbers_of_the_ledger() -> None:
    assert (kernels.NUMERAIRE, kernels.OUTSIDE) == (ledger.NUMERAIRE, ledger.OUTSIDE)
