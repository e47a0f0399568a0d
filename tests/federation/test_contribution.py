"""Contribution methods against games whose values are known, and the axioms on games of any kind.

Banzhaf 1965: Weighted voting doesn't work. Rutgers Law Review 19.
Brams & Affuso 1976: Power and size: a new paradox. Theory and Decision 7.
Harsanyi 1963: A simplified bargaining model for the n-person cooperative game.
Littlechild & Owen 1973: A simple expression for the Shapley value in a special case.
O'Neill 1982: A problem of rights arbitration from the Talmud.
Shapley 1953: A value for n-person games.
Shapley & Shubik 1954: A method for evaluating the distribution of power in a committee system.
Shapley & Shubik 1969: Pure competition, coalitional power, and fair division.
"""

from collections.abc import Callable
from fractions import Fraction
from itertools import permutations
from math import factorial

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from simulator.components import Booleans, Floats
from simulator.federation import (
    CONTRIBUTIONS,
    Banzhaf,
    BetaShapley,
    CoalitionGame,
    Contribution,
    DataSize,
    EqualContribution,
    Evidence,
    GameValue,
    GtgShapley,
    LeaveOneOut,
    PermutationShapley,
    Shapley,
)

SIMPLE = [pytest.param(method(), id=method.__name__) for method in (Shapley, LeaveOneOut)]
EXACT = [
    *SIMPLE,
    pytest.param(Banzhaf(), id="Banzhaf"),
    pytest.param(BetaShapley(), id="beta 16, 1"),
    pytest.param(BetaShapley(alpha=0.5, beta=3.0), id="beta 0.5, 3"),
]
SAMPLED = [
    pytest.param(PermutationShapley(permutations=3), id="sampled"),
    pytest.param(PermutationShapley(permutations=3, antithetic=True), id="antithetic"),
]
METHODS = EXACT + SAMPLED
GUIDED = pytest.param(
    GtgShapley(round_threshold=0.0, threshold=0.0, least=10, most=10), id="guided"
)
UNBIASED = [
    PermutationShapley(),
    PermutationShapley(antithetic=True),
    GtgShapley(round_threshold=0.0, threshold=0.0, least=100, most=100),
]
Worth = Callable[[frozenset[int]], float]


def voting(quota: int, *votes: int) -> Worth:
    return lambda coalition: float(sum(votes[player] for player in coalition) >= quota)


def council(permanent: int, quota: int) -> Worth:
    """All permanent members, numbered first, and `quota` members in all must agree."""
    veto = frozenset(range(permanent))
    return lambda coalition: float(veto <= coalition and len(coalition) >= quota)


def glove(left: int) -> Worth:
    """A pair is worth 1; the first `left` players hold one left glove each, the others a right."""
    return lambda coalition: float(
        min(sum(player < left for player in coalition), sum(player >= left for player in coalition))
    )


def airport(*costs: float) -> Worth:
    """A runway costs what the largest of its aeroplanes needs."""
    return lambda coalition: max((costs[player] for player in coalition), default=0.0)


def unanimity(*needed: int) -> Worth:
    return lambda coalition: float(coalition.issuperset(needed))


def apex(coalition: frozenset[int]) -> float:
    """Player 0 wins with anybody; without it all others are needed."""
    return float((0 in coalition and len(coalition) > 1) or coalition >= {1, 2, 3, 4})


SHAPLEY = {
    # Shapley & Shubik 1969: one left glove, r right ones: r/(r + 1) and 1/(r (r + 1)).
    "glove 1-1": (2, glove(1), [1 / 2, 1 / 2]),
    "glove 1-2": (3, glove(1), [2 / 3, 1 / 6, 1 / 6]),
    "glove 2-1": (3, glove(2), [1 / 6, 1 / 6, 2 / 3]),
    "glove 1-4": (5, glove(1), [4 / 5, *[1 / 20] * 4]),
    "glove 1-9": (10, glove(1), [9 / 10, *[1 / 90] * 9]),
    # From all orders of joining, as below: two against three.
    "glove 2-3": (5, glove(2), [13 / 20] * 2 + [7 / 30] * 3),
    # Symmetry and efficiency alone: equally many of both.
    "glove 4-4": (8, glove(4), [1 / 2] * 8),
    # By hand: any two of the three pass, whatever their votes.
    "voting 51: 49, 49, 2": (3, voting(51, 49, 49, 2), [1 / 3] * 3),
    # The first has a veto, so this is the glove game again.
    "voting 6: 4, 3, 2": (3, voting(6, 4, 3, 2), [2 / 3, 1 / 6, 1 / 6]),
    # By hand: the strong member decides when it comes second or third of four.
    "voting 3: 2, 1, 1, 1": (4, voting(3, 2, 1, 1, 1), [1 / 2, 1 / 6, 1 / 6, 1 / 6]),
    # Brams & Affuso 1976: Council of Ministers 1958 (DE, FR, IT, NL, BE, LU), Luxembourg powerless.
    "voting 12: 4, 4, 4, 2, 2, 1": (
        6,
        voting(12, 4, 4, 4, 2, 2, 1),
        [14 / 60] * 3 + [9 / 60] * 2 + [0],
    ),
    # Nassau County Board 1958 (Banzhaf 1965): three of six members had no power.
    "voting 16: 9, 9, 7, 3, 1, 1": (6, voting(16, 9, 9, 7, 3, 1, 1), [1 / 3] * 3 + [0] * 3),
    # Shapley & Shubik 1954: the Security Council of five and six, the five have 98.7%.
    "Security Council 1954": (11, council(5, 7), [76 / 385] * 5 + [1 / 462] * 6),
    # The same formula for today's five and ten.
    "Security Council": (15, council(5, 9), [421 / 2145] * 5 + [4 / 2145] * 10),
    # By hand: the apex player decides unless it comes first or last, (n - 2)/n.
    "apex": (5, apex, [3 / 5, *[1 / 10] * 4]),
    # Littlechild & Owen 1973: everybody using a part of the runway shares its cost.
    "airport": (4, airport(10, 20, 26, 26), [10 / 4, 10 / 4 + 10 / 3, *[10 / 4 + 10 / 3 + 3] * 2]),
    # Ibn Ezra's estate of 120 (O'Neill 1982).
    "estate": (4, airport(30, 40, 60, 120), [30 / 4, 65 / 6, 125 / 6, 485 / 6]),
    "unanimity": (5, unanimity(1, 3, 4), [0, 1 / 3, 0, 1 / 3, 1 / 3]),
    "one player": (1, lambda coalition: 3.5 + len(coalition), [1]),
    "nobody matters": (4, lambda coalition: 7.0, [0] * 4),
}


@pytest.mark.parametrize("name", SHAPLEY)
def test_shapley_of_known_games(name: str) -> None:
    players, worth, expected = SHAPLEY[name]
    result = Shapley().contributions(CoalitionGame.from_function(players, worth))
    assert result.tolist() == pytest.approx(expected, rel=4e-15, abs=0)


LEAVE_ONE_OUT = {
    "glove 1-2": (3, glove(1), [1, 0, 0]),  # the second right glove is not missed
    "glove 1-1": (2, glove(1), [1, 1]),
    "voting 51: 49, 49, 2": (3, voting(51, 49, 49, 2), [0, 0, 0]),
    "voting 6: 4, 3, 2": (3, voting(6, 4, 3, 2), [1, 0, 0]),
    "Security Council": (15, council(5, 9), [1] * 5 + [0] * 10),
    "airport": (4, airport(10, 20, 26, 29), [0, 0, 0, 3]),
    "unanimity": (5, unanimity(1, 3, 4), [0, 1, 0, 1, 1]),
    "square": (4, lambda coalition: float(len(coalition) ** 2), [7] * 4),
    "one player": (1, lambda coalition: 3.5 + len(coalition), [1]),
}


@pytest.mark.parametrize("name", LEAVE_ONE_OUT)
def test_leave_one_out_of_known_games(name: str) -> None:
    players, worth, expected = LEAVE_ONE_OUT[name]
    result = LeaveOneOut().contributions(CoalitionGame.from_function(players, worth))
    assert result.tolist() == expected


@pytest.mark.parametrize("method", METHODS)
def test_contributions_within_rounding_of_zero_are_zero(method: GameValue) -> None:
    # Player 0 adds 2e-13 of the largest worth; then 2e-11, which is no rounding.
    result = contributions(method, np.array([0, 2e-10, 1000, 1000 + 2e-10]))
    assert result.tolist() == [0, pytest.approx(1000, rel=1e-14)]
    assert (contributions(method, np.array([0, 2e-8, 1000, 1000 + 2e-8])) > 0).all()


def test_most_clients_of_each_method() -> None:
    assert {method().kind: method.max_clients for method in CONTRIBUTIONS} == {
        "shapley": 20,
        "permutation_shapley": None,
        "leave_one_out": None,
        "banzhaf": 20,
        "beta_shapley": 20,
        "multi_round": 20,
        "or_shapley": 20,
        "gtg_shapley": None,
        "comfedsv": None,
        "cosine": None,
        "class_cosine": None,
        "data_size": None,
        "equal": None,
    }


def test_most_coalitions_of_each_method() -> None:
    """All 2^N; N and all without each; or N - 1 of an order with nobody and all, at most 2^N."""
    assert {
        method().kind: [method().coalitions(n) for n in (3, 30)] for method in CONTRIBUTIONS
    } == {
        "shapley": [8, 1 << 30],
        "permutation_shapley": [8, 100 * 29 + 2],
        "leave_one_out": [4, 31],
        "banzhaf": [8, 1 << 30],
        "beta_shapley": [8, 1 << 30],
        "multi_round": [8, 1 << 30],
        "or_shapley": [8, 1 << 30],
        "gtg_shapley": [8, 1020 * 29 + 2],
        "comfedsv": [8, 20 * 29 + 2],
        "cosine": [0, 0],
        "class_cosine": [0, 0],
        "data_size": [0, 0],
        "equal": [0, 0],
    }
    assert PermutationShapley(antithetic=True).coalitions(30) == 200 * 29 + 2


# Games of any kind. A game is the table of its worths, by the bits of the members.


def game_of(table: Floats) -> CoalitionGame:
    players = len(table).bit_length() - 1
    bits = 1 << np.arange(players)
    return CoalitionGame(players, lambda members: table[members @ bits])


def contributions(method: GameValue, table: Floats, seed: int = 0) -> Floats:
    return method.contributions(game_of(table), np.random.default_rng(seed))


def close(table: Floats) -> float:
    """Rounding, and values that are taken for rounding, relative to the worths."""
    return 1e-12 * (1 + np.abs(table).max())


@st.composite
def tables(draw: DrawFn, least: int = 1, most: int = 5) -> Floats:
    players = draw(st.integers(least, most))
    worth = st.floats(-1000, 1000, allow_subnormal=False)
    return np.array(draw(st.lists(worth, min_size=1 << players, max_size=1 << players)))


def by_permutations(table: Floats) -> list[float]:
    """The mean marginal worth over every order of joining, in fractions."""
    players = len(table).bit_length() - 1
    worth = [Fraction(value) for value in table.tolist()]
    totals = [Fraction(0)] * players
    for order in permutations(range(players)):
        coalition = 0
        for player in order:
            totals[player] += worth[coalition | 1 << player] - worth[coalition]
            coalition |= 1 << player
    return [float(total / factorial(players)) for total in totals]


def by_dividends(table: Floats) -> Floats:
    """Harsanyi 1963: every coalition's dividend, shared equally among its members."""
    players = len(table).bit_length() - 1
    index, dividends = np.arange(len(table)), table.copy()
    for player in range(players):
        inside = index[index >> player & 1 == 1]
        dividends[inside] -= dividends[inside ^ 1 << player]
    sizes = np.array([max(1, int(bits).bit_count()) for bits in index])
    return np.array([(dividends / sizes)[index >> i & 1 == 1].sum() for i in range(players)])


@given(tables())
def test_shapley_is_the_mean_over_all_orders(table: Floats) -> None:
    result = contributions(Shapley(), table)
    assert result.tolist() == pytest.approx(by_permutations(table), rel=0, abs=close(table))


@given(tables(6, 7))
def test_shapley_shares_dividends_equally(table: Floats) -> None:
    result = contributions(Shapley(), table)
    assert result == pytest.approx(by_dividends(table), rel=0, abs=1e3 * close(table))


@pytest.mark.parametrize("method", [pytest.param(Shapley(), id="Shapley"), *SAMPLED, GUIDED])
@given(table=tables(most=7), seed=st.integers(0, 99))
def test_shapley_is_efficient_in_every_sample(method: GameValue, table: Floats, seed: int) -> None:
    total = contributions(method, table, seed).sum()
    assert total == pytest.approx(table[-1] - table[0], rel=0, abs=8 * close(table))


@given(st.lists(st.floats(0, 1e6, allow_subnormal=False), min_size=1, max_size=8))
def test_shapley_of_any_airport(costs: list[float]) -> None:
    costs = sorted(costs)
    steps = np.diff([0.0, *costs]) / np.arange(len(costs), 0, -1)
    result = Shapley().contributions(CoalitionGame.from_function(len(costs), airport(*costs)))
    assert result == pytest.approx(np.cumsum(steps), rel=0, abs=1e-12 * (1 + costs[-1]))


@pytest.mark.parametrize("method", SIMPLE)
@given(worths=st.lists(st.floats(-1000, 1000), min_size=2, max_size=9))
def test_equal_players_of_a_symmetric_game_get_equal_parts(
    method: Shapley | LeaveOneOut, worths: list[float]
) -> None:
    players = len(worths) - 1
    game = CoalitionGame.from_function(players, lambda coalition: worths[len(coalition)])
    marginal = worths[-1] - worths[-2]
    equal = (worths[-1] - worths[0]) / players if isinstance(method, Shapley) else marginal
    expected = np.full(players, equal)
    assert method.contributions(game) == pytest.approx(expected, rel=0, abs=1e-9)


@pytest.mark.parametrize("method", EXACT)
@given(table=tables(2))
def test_players_that_add_the_same_to_every_coalition_get_the_same(
    method: GameValue, table: Floats
) -> None:
    bits = np.arange(len(table))
    swapped = bits & ~3 | (bits & 1) << 1 | (bits & 2) >> 1  # players 0 and 1 exchanged
    values = contributions(method, (table + table[swapped]) / 2)
    assert values[0] == pytest.approx(values[1], rel=0, abs=close(table))


@pytest.mark.parametrize("method", EXACT)
@given(table=tables(most=6), worth=st.just(0.0) | st.floats(-100, 100))
@example(table=np.array([0.0, 1.2561739e-11]), worth=13.0)  # taken for rounding of 13
def test_a_player_that_adds_the_same_to_everybody_gets_that(
    method: GameValue, table: Floats, worth: float
) -> None:
    whole = np.concatenate([table, table + worth])
    values, error = contributions(method, whole), 2 * close(whole)
    assert values[-1] == pytest.approx(worth, rel=0, abs=error)
    assert values[:-1] == pytest.approx(contributions(method, table), rel=0, abs=error)


@pytest.mark.parametrize("method", [*METHODS, GUIDED])
@given(table=tables(most=6))
def test_a_null_player_gets_exactly_nothing(method: GameValue, table: Floats) -> None:
    assert contributions(method, np.concatenate([table, table]))[-1] == 0.0


@pytest.mark.parametrize("method", METHODS)
@given(table=tables(), factor=st.floats(-10, 10), seed=st.integers(0, 99))
def test_contributions_are_additive(
    method: GameValue, table: Floats, factor: float, seed: int
) -> None:
    other = np.random.default_rng(seed).normal(size=len(table))
    apart = contributions(method, table) + factor * contributions(method, other)
    together = contributions(method, table + factor * other)
    assert together == pytest.approx(apart, rel=0, abs=100 * close(table))


@pytest.mark.parametrize("method", EXACT)
@given(data=st.data(), table=tables())
def test_contributions_follow_the_players_when_they_are_renumbered(
    method: GameValue, data: st.DataObject, table: Floats
) -> None:
    players = len(table).bit_length() - 1
    new = data.draw(st.permutations(range(players)))  # new[i] is the new number of player i
    renamed = np.empty_like(table)
    for bits in range(len(table)):
        renamed[sum(1 << new[i] for i in range(players) if bits >> i & 1)] = table[bits]
    result = contributions(method, renamed)[new]
    assert result == pytest.approx(contributions(method, table), rel=0, abs=close(table))


@pytest.mark.parametrize("method", METHODS)
@given(table=tables(), shift=st.floats(-1000, 1000))
def test_what_nobody_achieves_does_not_count(
    method: GameValue, table: Floats, shift: float
) -> None:
    result = contributions(method, table + shift)
    expected = contributions(method, table)
    assert result == pytest.approx(expected, rel=0, abs=close(table) + 2e-12 * abs(shift))


# Sampling


def samples(method: GameValue, table: Floats, count: int) -> Floats:
    """Independent estimates `[count, players]`."""
    game, draws = game_of(table), np.random.default_rng(11)
    return np.array([method.contributions(game, draws) for _ in range(count)])


def assert_unbiased(method: GameValue, table: Floats, expected: Floats) -> None:
    result = samples(method, table, 100)
    error = result.std(axis=0, ddof=1) / np.sqrt(len(result))
    assert (np.abs(result.mean(axis=0) - expected) <= 4 * error + close(table)).all()


@pytest.mark.parametrize("method", UNBIASED, ids=["plain", "antithetic", "guided"])
@pytest.mark.parametrize("name", SHAPLEY)
def test_sampled_shapley_is_unbiased_on_known_games(name: str, method: GameValue) -> None:
    players, worth, expected = SHAPLEY[name]
    table = CoalitionGame.from_function(players, worth).all_values()
    assert_unbiased(method, table, np.array(expected))


@pytest.mark.parametrize("method", UNBIASED, ids=["plain", "antithetic", "guided"])
@pytest.mark.parametrize("players", [2, 5, 8])
def test_sampled_shapley_is_unbiased_on_random_games(players: int, method: GameValue) -> None:
    table = np.random.default_rng(players).normal(size=1 << players)
    assert_unbiased(method, table, contributions(Shapley(), table))


@pytest.mark.parametrize("costs", [(10, 20, 26, 26), (1, 2, 3, 4, 5, 6)])
def test_antithetic_orders_vary_less_where_joining_early_pays(costs: tuple[int, ...]) -> None:
    # A monotone game in which marginal worth falls with those already there: an order and its
    # reverse err in opposite directions. Two orders each time.
    table = CoalitionGame.from_function(len(costs), airport(*costs)).all_values()
    plain = samples(PermutationShapley(permutations=2), table, 2000).var(axis=0)
    paired = samples(PermutationShapley(permutations=1, antithetic=True), table, 2000).var(axis=0)
    assert (paired < plain).all()


@pytest.mark.parametrize("antithetic", [False, True])
def test_all_orders_of_two_players_and_their_reverses(antithetic: bool) -> None:
    table = np.array([1.0, 2.0, 5.0, 10.0])  # orders: 1 then 8, or 4 then 5
    method = PermutationShapley(permutations=1, antithetic=antithetic)
    result = {tuple(contributions(method, table, seed)) for seed in range(20)}
    assert result == ({(3.0, 6.0)} if antithetic else {(1.0, 8.0), (5.0, 4.0)})


def test_the_stream_alone_decides_which_orders_are_sampled() -> None:
    table, method = np.random.default_rng(1).normal(size=64), PermutationShapley(permutations=5)
    first, same, other = (contributions(method, table, seed) for seed in (1, 1, 2))
    assert np.array_equal(first, same)
    assert not np.array_equal(first, other)


def test_a_sampled_coalition_is_evaluated_once() -> None:
    seen: list[tuple[bool, ...]] = []

    def utility(members: Booleans) -> Floats:
        seen.extend(map(tuple, members.tolist()))
        return members.sum(axis=1) ** 2.0

    method = PermutationShapley(permutations=40, antithetic=True)
    method.contributions(CoalitionGame(4, utility), np.random.default_rng(0))
    assert len(seen) == len(set(seen)) == 16


def test_fifty_players_can_be_sampled() -> None:
    worth = np.arange(50.0)
    game = CoalitionGame(50, lambda members: members @ worth)
    result = PermutationShapley().contributions(game, np.random.default_rng(0))
    assert result == pytest.approx(worth, rel=1e-12, abs=1e-9)


# Methods that are not values of a game


def no_game(previous: Floats, updates: Floats) -> CoalitionGame:
    raise AssertionError("the game was set up")


def evidence_of(
    updates: Floats,
    examples: Floats | None = None,
    present: Booleans | None = None,
    play: Callable[[Floats, Floats], CoalitionGame] = no_game,
) -> Evidence:
    """Of a round in which all `present` clients took part, everybody if not told."""
    return Evidence(
        np.ones(len(updates), dtype=bool) if present is None else present,
        np.ones(len(updates)) if examples is None else examples,
        np.zeros(updates.shape[1]),
        updates,
        play,
        class_rows=lambda models: models.reshape(len(models), -1, 2),
    )


@pytest.mark.parametrize(
    ("method", "examples", "expected"),
    [
        (DataSize(), [10, 30, 60], [0.1, 0.3, 0.6]),
        (DataSize(), [7], [1.0]),
        (EqualContribution(), [10, 30, 60, 20], [0.25] * 4),
        (EqualContribution(), [7], [1.0]),
    ],
)
def test_methods_that_need_no_game(
    method: Contribution, examples: list[int], expected: list[float]
) -> None:
    evidence = evidence_of(np.zeros((len(examples), 2)), np.array(examples, dtype=float))
    result, _ = method.assess(evidence, {}, np.random.default_rng(0))
    assert result == pytest.approx(expected, rel=1e-15)


def test_the_game_is_set_up_once() -> None:
    played = []

    def play(previous: Floats, updates: Floats) -> CoalitionGame:
        played.append(True)
        return game_of(np.array([0.0, 1.0, 2.0, 5.0]))

    evidence = evidence_of(np.zeros((2, 2)), play=play)
    draws = np.random.default_rng(0)
    assert Shapley().assess(evidence, {}, draws)[0].tolist() == [2.0, 3.0]
    assert LeaveOneOut().assess(evidence, {}, draws)[0].tolist() == [3.0, 4.0]
    assert played == [True]
