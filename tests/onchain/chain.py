"""Published contracts, fetched from npm, in an EVM in this process."""

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / ".onchain"
PUBLISHED = (
    "@uniswap/v2-core@1.0.1",
    "@uniswap/v2-periphery@1.1.0-beta.0",
    "@uniswap/v3-core@1.0.1",
    "@uniswap/v3-periphery@1.4.4",
    "@balancer-labs/v2-pool-weighted@2.0.1",
    "solc@0.7.6",  # Balancer publishes sources only
)
OWNER = "0x" + "11" * 20
FOREVER = 2**255


class Unavailable(Exception):
    """The contracts cannot be had here; the message says why."""


def fetch() -> Path:
    """The folder of the packages, fetched by npm when it is not there yet."""
    wanted = FOLDER / ",".join(PUBLISHED).replace("/", "+")
    if wanted.is_dir():
        return wanted / "node_modules"
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        raise Unavailable("node and npm are not installed")
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=FOLDER) as building:
        command = [npm, "install", "--prefix", building, "--ignore-scripts", "--no-audit"]
        command += [
            "--fetch-retry-mintimeout=1000",
            "--no-fund",
            "--no-package-lock",
            "--fetch-retries=1",
            *PUBLISHED,
        ]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        except subprocess.TimeoutExpired as error:
            raise Unavailable("npm did not answer within 5 minutes") from error
        if done.returncode:
            said = [line for line in done.stderr.splitlines() if " code " in line]
            raise Unavailable(f"npm cannot fetch the packages: {'; '.join(said)}")
        if not wanted.is_dir():  # another worker may have been faster
            Path(building, "made").mkdir()
            Path(building, "node_modules").rename(Path(building, "made", "node_modules"))
            os.rename(Path(building, "made"), wanted)
    return wanted / "node_modules"


def compiled(packages: Path, name: str, source: str) -> dict[str, Any]:
    """ABI and bytecode of our own contract `name`, which may import what npm brought."""
    script = """
        const fs = require("fs"), path = require("path"), solc = require("solc");
        const text = file => fs.readFileSync(path.join(process.argv[1], file), "utf8");
        const read = file => ({ contents: text(file) });
        const input = fs.readFileSync(0, "utf8");
        process.stdout.write(solc.compile(input, { import: read }));
    """
    asked = {
        "language": "Solidity",
        "sources": {"ours.sol": {"content": source}},
        "settings": {
            "optimizer": {"enabled": True},
            "outputSelection": {"ours.sol": {"*": ["abi", "evm.bytecode.object"]}},
        },
    }
    environment = os.environ | {"NODE_PATH": str(packages)}
    done = subprocess.run(
        ["node", "-e", script, str(packages)],
        input=json.dumps(asked), env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    answer = json.loads(done.stdout[done.stdout.index("{") :])
    made = answer["contracts"]["ours.sol"][name]
    return {"abi": made["abi"], "bytecode": made["evm"]["bytecode"]["object"]}


class Reverted(Exception):
    """The contract refused; nothing happened."""


class Contract:
    """A deployed contract, whose functions are called by name and return tuples."""

    def __init__(self, chain: "Chain", address: str, abi: list[dict[str, Any]]) -> None:
        self.chain, self.address = chain, address
        self.functions = {each["name"]: each for each in abi if each["type"] == "function"}

    def __call__(self, name: str, *arguments: Any) -> Any:
        """What the function returns: a value, or a tuple of several."""
        from eth_abi import decode, encode
        from eth_utils.abi import (
            function_abi_to_4byte_selector,
            get_abi_input_types,
            get_abi_output_types,
        )

        function = self.functions[name]
        data = function_abi_to_4byte_selector(function)
        data += encode(get_abi_input_types(function), arguments)
        answer = decode(get_abi_output_types(function), self.chain.call(self.address, data))
        return answer[0] if len(answer) == 1 else answer


class Chain:
    """An EVM with one account, `OWNER`, which has the tokens and makes all calls."""

    def __init__(self, packages: Path) -> None:
        from pyrevm import EVM

        self.packages, self.evm = packages, EVM()

    def artifact(self, path: str) -> dict[str, Any]:
        """ABI and bytecode of a published contract."""
        content: dict[str, Any] = json.loads((self.packages / path).read_text(encoding="utf-8"))
        return content

    def deploy(self, artifact: dict[str, Any], *arguments: Any) -> Contract:
        """A new contract, made by OWNER."""
        from eth_abi import encode

        made = [each for each in artifact["abi"] if each["type"] == "constructor"]
        types = [each["type"] for each in made[0]["inputs"]] if made else []
        code = bytes.fromhex(artifact["bytecode"].removeprefix("0x")) + encode(types, arguments)
        return Contract(self, self.evm.deploy(OWNER, code), artifact["abi"])

    def call(self, address: str, data: bytes) -> bytes:
        try:
            return bytes(self.evm.message_call(OWNER, address, calldata=data))
        except RuntimeError as error:
            raise Reverted(str(error)) from error

    def wait(self, timestamp: int) -> None:
        """Make the next calls in a block of this time."""
        from pyrevm import BlockEnv

        self.evm.set_block_env(BlockEnv(timestamp=timestamp))

    def tokens(self) -> list[Contract]:
        """Two tokens of which OWNER has as many as a pair can count, in the order of a pair."""
        artifact = self.artifact("@uniswap/v2-core/build/ERC20.json")
        pair = [self.deploy(artifact, 2**200) for _ in range(2)]
        return sorted(pair, key=lambda token: int(token.address, 16))
