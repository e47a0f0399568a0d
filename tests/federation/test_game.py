from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from simulator.components import Booleans, Floats
from simulator.federation import Banzhaf, CoalitionGame, SemiValue, Shapley


def game_of(table: Floats) -> CoalitionGame:
    """The game whose coalition with bits `b` is worth `table[b]`."""
    players = len(table).bit_length() - 1
    bits = 1 << np.arange(players)
    return CoalitionGame(players, lambda members: table[members @ bits])


@st.composite
def tables(draw: DrawFn, most: int = 7) -> Floats:
    players = draw(st.integers(1, most))
    worth = st.floats(-1000, 1000, allow_subnormal=False)
    return np.array(draw(st.lists(worth, min_size=1 << players, max_size=1 << players)))


def members_of(bits: int, players: int) -> frozenset[int]:
    return frozenset(player for player in range(players) if bits >> player & 1)


@given(tables())
def test_the_index_of_a_coalition_has_the_bits_of_its_members(table: Floats) -> None:
    assert np.array_equal(game_of(table).all_values(), table)


@given(tables())
def test_a_python_function_and_a_vectorised_one_give_the_same_game(table: Floats) -> None:
    fast = game_of(table)
    worth = {members_of(bits, fast.players): value for bits, value in enumerate(table.tolist())}
    slow = CoalitionGame.from_function(fast.players, worth.__getitem__)
    assert np.array_equal(slow.all_values(), fast.all_values())
    assert (slow.grand, slow.empty) == (fast.grand, fast.empty) == (table[-1], table[0])


@pytest.mark.parametrize("coalitions", [0, 1, 63, 64, 65, 128, 200])
def test_coalitions_come_back_in_order_however_many_are_asked_for(coalitions: int) -> None:
    members = np.random.default_rng(coalitions).random((coalitions, 7)) < 0.5
    bits = 1 << np.arange(7)
    game = CoalitionGame(7, lambda rows: (rows @ bits).astype(float))
    assert game.values(members).tolist() == (members @ bits).tolist()


@given(st.data(), tables(5))
def test_prefixes_are_the_coalitions_met_while_players_join(
    data: st.DataObject, table: Floats
) -> None:
    game = game_of(table)
    orders = data.draw(st.lists(st.permutations(range(game.players)), min_size=1, max_size=4))
    expected = [
        [table[sum(1 << player for player in order[:size])] for size in range(game.players + 1)]
        for order in orders
    ]
    assert game.prefix_values(np.array(orders)).tolist() == expected


def test_no_permutation_has_no_prefixes() -> None:
    assert game_of(np.zeros(8)).prefix_values(np.empty((0, 3), dtype=np.int64)).shape == (0, 4)


@pytest.fixture
def counted() -> tuple[CoalitionGame, Callable[[], int]]:
    asked = [0]

    def utility(members: Booleans) -> Floats:
        asked[0] += len(members)
        return members.sum(axis=1).astype(float)

    return CoalitionGame(8, utility), lambda: asked[0]


def test_every_coalition_is_computed_once(counted: tuple[CoalitionGame, Callable[[], int]]) -> None:
    game, asked = counted
    first, again = game.all_values(), game.all_values()
    assert np.array_equal(first, again)
    assert asked() == 256


def test_a_coalition_met_by_several_orders_is_computed_once(
    counted: tuple[CoalitionGame, Callable[[], int]],
) -> None:
    game, asked = counted
    orders = np.array([np.arange(8), np.arange(8), np.arange(8)[::-1]])
    assert game.prefix_values(orders).tolist() == [list(range(9))] * 3
    assert asked() == 2 + 7 + 7  # nobody and all in common


@pytest.mark.parametrize("worth", [None, float("nan"), float("inf"), "much"])
def test_a_worth_that_is_no_number_names_its_coalition(worth: object) -> None:
    game = CoalitionGame.from_function(3, lambda s: worth if s == {0, 2} else 1.0)  # type: ignore[arg-type, return-value]
    with pytest.raises(ValueError, match=r"the worth of coalition \[0, 2\] is .*, not a number"):
        game.all_values()


@pytest.mark.parametrize("method", [Shapley(), Banzhaf()])
def test_exact_values_of_many_players_are_refused_in_notebooks_too(method: SemiValue) -> None:
    game = CoalitionGame.from_function(21, len)
    with pytest.raises(ValueError, match=r"21 players have 2\^21 coalitions; .* at most 20"):
        method.contributions(game)
