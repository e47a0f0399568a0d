"""What every test here needs: the contracts. Without them it is skipped, and says why."""

from pathlib import Path

import pytest

from tests.onchain.chain import Chain, Unavailable, fetch


@pytest.fixture(scope="session")
def packages() -> Path:
    for needed in ("pyrevm", "eth_abi", "eth_utils", "eth_hash.backends.pycryptodome"):
        pytest.importorskip(needed, reason=f"{needed} is not installed (extra onchain)")
    try:
        return fetch()
    except Unavailable as error:
        pytest.skip(str(error))


@pytest.fixture
def chain(packages: Path) -> Chain:
    return Chain(packages)
