"""How many examples a law is tested with; `tests/conftest.py` has the profiles."""

from typing import Any

from hypothesis import settings

__all__ = ["law"]


def law(count: int, **others: Any) -> settings:
    """Test `count` examples; the profile `quick` tests a fifth of them, but at least 10."""
    if settings.get_current_profile_name() == "quick":
        count = max(count // 5, min(count, 10))
    return settings(max_examples=count, **others)
