"""A user's own component, in a file as `--plugin` takes it."""

from pathlib import Path

__all__ = ["own_component"]


def own_component(folder: Path, base: str, method: str, body: str) -> Path:
    """A plugin with one component of kind `mine`, which overrides one method of `room.Base`."""
    room, name = base.rsplit(".", 1)
    plugin = folder / "mine.py"
    plugin.write_text(
        f"from typing import Literal\nimport numpy as np\nfrom simulator.{room} import {name}\n"
        f"class Mine({name}):\n    'Mine.'\n    kind: Literal['mine'] = 'mine'\n"
        f"    def {method}:\n        {body}\n"
    )
    return plugin
