"""The scenarios that come with the package."""

from importlib.resources import files
from pathlib import Path

__all__ = ["FOLDER", "shipped_scenarios"]

FOLDER = Path(str(files("simulator.shipped")))


def shipped_scenarios() -> dict[str, Path]:
    """Their files by name."""
    return {file.stem: file for file in sorted(FOLDER.glob("*.yaml"))}
