"""Outside prices: what a token is worth on a market beyond the pools."""

from abc import abstractmethod
from typing import TYPE_CHECKING, Literal, NoReturn

import numpy as np
from pydantic import Field

from simulator.components import Component, Floats, Integers, Memory
from simulator.datafiles import DataFile
from simulator.elementary import exp
from simulator.errors import Problem, ScenarioError

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "OUTSIDE_PRICES",
    "CsvPrice",
    "GeometricBrownianMotion",
    "NoOutsidePrice",
    "OutsidePrice",
]


class OutsidePrice(Component):
    """A price per token (numeraire) at which the world outside buys and sells any amount."""

    @abstractmethod
    def initial(self, tokens: tuple[str, ...], launch_price: float) -> Memory:
        """Memory with the genesis "price" `[tokens]`; empty without an outside price."""

    @abstractmethod
    def move(self, memory: Memory, period: int, draws: np.random.Generator) -> Memory:
        """Memory with the price of `period`, which follows the period of `memory`."""

    def launch_tokens(self, memory: Memory, new: Integers, launch_price: float) -> Memory:
        """Memory after the launch of tokens `new`; unchanged by default."""
        return memory


class NoOutsidePrice(OutsidePrice):
    """Tokens trade in the pools only."""

    kind: Literal["none"] = "none"

    def initial(self, tokens: tuple[str, ...], launch_price: float) -> Memory:
        return {}

    def move(self, memory: Memory, period: int, draws: np.random.Generator) -> Memory:
        return memory


class GeometricBrownianMotion(OutsidePrice):
    """Each token's price moves on its own: dP/P = drift dt + sigma dW, from the launch price.

    One period is one unit of time, so a period's log return is normal with mean drift - sigma^2/2.
    """

    kind: Literal["gbm"] = "gbm"
    sigma: float = Field(0.02, ge=0, le=10, description="Volatility per period.")
    drift: float = Field(0.0, ge=-10, le=10, description="Expected return per period.")

    def initial(self, tokens: tuple[str, ...], launch_price: float) -> Memory:
        return {"price": np.full(len(tokens), launch_price)}

    def move(self, memory: Memory, period: int, draws: np.random.Generator) -> Memory:
        normal = draws.standard_normal(len(memory["price"]))
        log_return = self.drift - self.sigma**2 / 2 + self.sigma * normal
        return {"price": memory["price"] * exp(log_return)}

    def launch_tokens(self, memory: Memory, new: Integers, launch_price: float) -> Memory:
        price = memory["price"].copy()
        price[new] = launch_price
        return {"price": price}


class CsvPrice(OutsidePrice):
    """Prices from a CSV file with a header: a row for each period, the first for genesis.

    It has a column for each token, named like it, and perhaps others, which nobody reads; or a
    single column for all tokens. After the last row prices stay. Blank lines are none.
    """

    kind: Literal["csv"] = "csv"
    file: DataFile = Field(description="The file: a path from the scenario's folder.")

    def initial(self, tokens: tuple[str, ...], launch_price: float) -> Memory:
        frame = self._table()
        if len(frame.columns) > 1 or frame.columns[0] in tokens:
            if missing := [name for name in tokens if name not in frame]:
                self._refuse(
                    f"no column for {missing[0]}: name a column like each token, or keep one "
                    "column, without a token's name, for all"
                )
            frame = frame[list(tokens)]
        prices = np.stack([self._prices(frame, name) for name in frame.columns], axis=1)
        series = np.broadcast_to(prices, (len(prices), len(tokens))).copy()
        return {"price": series[0], "series": series}

    def move(self, memory: Memory, period: int, draws: np.random.Generator) -> Memory:
        series = memory["series"]
        return {"price": series[min(period, len(series) - 1)], "series": series}

    def _table(self) -> "pd.DataFrame":
        """The file as text; refuses one without a header or rows."""
        import pandas as pd

        try:
            frame = pd.read_csv(self.file.path, dtype=str)
        except Exception as error:  # pandas' own are ValueErrors, each compression has others
            self._refuse(f"cannot be read: {' '.join(str(error).split())}")
        if frame.empty:
            self._refuse("has no row; add one for genesis and one for each period below the header")
        if not isinstance(frame.index, pd.RangeIndex):
            self._refuse("has more values in its rows than names in its header; name all columns")
        if np.isfinite(pd.to_numeric(pd.Series(frame.columns[:1]), errors="coerce")).any():
            self._refuse(
                f"has no header: its first line is {','.join(frame.columns)}; name columns there"
            )
        return frame

    def _prices(self, frame: "pd.DataFrame", name: str) -> Floats:
        """A column's prices `[rows]`; refuses any that is not positive."""
        import pandas as pd

        prices = pd.to_numeric(frame[name], errors="coerce").to_numpy(np.float64)
        if (wrong := ~((prices > 0) & (prices < np.inf))).any():
            self._refuse(
                f"column {name!r} has no positive price for period {wrong.argmax()}, in row "
                f"{wrong.argmax() + 1} below the header; write a number above 0"
            )
        return prices

    def _refuse(self, reason: str) -> NoReturn:
        what = f"outside_price csv: {self.file.path}: {reason}"
        raise ScenarioError([Problem("", what, ("file",))])


OUTSIDE_PRICES: tuple[type[OutsidePrice], ...] = (NoOutsidePrice, GeometricBrownianMotion, CsvPrice)
