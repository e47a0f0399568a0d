"""Banzhaf and beta Shapley values, and sampling that stops early, against independent answers.

Banzhaf 1965: Weighted voting doesn't work. Rutgers Law Review 19.
Ghorbani & Zou 2019: Data Shapley. ICML.
Kwon & Zou 2022: Beta Shapley. AISTATS.
Liu et al. 2022: GTG-Shapley. ACM TIST 13.
"""

from fractions import Fraction
from itertools import combinations
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.components import Booleans, Floats
from simulator.federation import (
    Banzhaf,
    BetaShapley,
    CoalitionGame,
    GtgShapley,
    PermutationShapley,
    SemiValue,
    Shapley,
)
from simulator.federation.contribution.sampled import (
    CachedGame,
    _guided_orders,
    truncated_prefixes,
)


def game_of(table: Floats) -> CoalitionGame:
    """The game whose coalition with bits `b` is worth `table[b]`."""
    players = len(table).bit_length() - 1
    bits = 1 << np.arange(players)
    return CoalitionGame(players, lambda members: table[members @ bits])


def a_table(players: int, seed: int = 0) -> Floats:
    return np.random.default_rng(seed).normal(size=1 << players)


def voting(quota: int, *votes: int) -> CoalitionGame:
    return CoalitionGame.from_function(
        len(votes), lambda coalition: float(sum(votes[player] for player in coalition) >= quota)
    )


def swings(quota: int, *votes: int) -> list[float]:
    """How many of the coalitions of others each voter turns, counted."""
    result = []
    for voter, own in enumerate(votes):
        others = votes[:voter] + votes[voter + 1 :]
        sums = [sum(some) for size in range(len(votes)) for some in combinations(others, size)]
        result.append(sum(quota - own <= total < quota for total in sums) / 2 ** len(others))
    return result


@pytest.mark.parametrize(
    ("game", "expected"),
    [
        # By hand: the first turns 3 of 4 coalitions of the others, these 1 of 4.
        (voting(6, 4, 3, 2), [3 / 4, 1 / 4, 1 / 4]),
        (voting(51, 49, 49, 2), [1 / 2] * 3),
        # By hand: 2, 1, 1, 1 of quota 3; the strong one turns 6 of 8, each other 2 of 8.
        (voting(3, 2, 1, 1, 1), [6 / 8, 2 / 8, 2 / 8, 2 / 8]),
        # Nassau County Board 1958 (Banzhaf 1965): three of six members had no power.
        (voting(16, 9, 9, 7, 3, 1, 1), [1 / 2] * 3 + [0] * 3),
        (voting(12, 4, 4, 4, 2, 2, 1), swings(12, 4, 4, 4, 2, 2, 1)),
        # By hand, airport of 10, 20, 26: a player adds what is above the costliest other.
        (
            CoalitionGame.from_function(
                3,
                lambda coalition: max(([10.0, 20, 26][player] for player in coalition), default=0),
            ),
            [10 / 4, (20 + 10) / 4, (26 + 16 + 6 + 6) / 4],
        ),
    ],
)
def test_banzhaf_of_known_games(game: CoalitionGame, expected: list[float]) -> None:
    assert Banzhaf().contributions(game) == pytest.approx(expected, rel=1e-15)


def polya(alpha: int, beta: int, players: int) -> list[Fraction]:
    """Chance of each single set of so many others when every draw makes its own side likelier.

    Others join one by one, with chance (beta + joined) / (alpha + beta + asked): the beta-binomial
    sampling by which Kwon & Zou's weights can be had without beta functions.
    """
    chances = [Fraction(1)]
    for asked in range(players - 1):
        grown = [Fraction(0)] * (asked + 2)
        for joined, chance in enumerate(chances):
            joins = Fraction(beta + joined, alpha + beta + asked)
            grown[joined + 1] += chance * joins
            grown[joined] += chance * (1 - joins)
        chances = grown
    return [chance / comb(players - 1, size) for size, chance in enumerate(chances)]


@pytest.mark.parametrize("players", [1, 2, 5, 20])
@pytest.mark.parametrize(("alpha", "beta"), [(1, 1), (16, 1), (4, 1), (1, 4), (2, 3)])
def test_beta_weights_are_those_of_an_urn(alpha: int, beta: int, players: int) -> None:
    result = BetaShapley(alpha=float(alpha), beta=float(beta)).weights(players)
    expected = [float(weight) for weight in polya(alpha, beta, players)]
    assert result == pytest.approx(expected, rel=1e-12)


@given(st.integers(1, 20), st.floats(0.1, 100), st.floats(0.1, 100))
def test_every_semivalue_is_a_mean(players: int, alpha: float, beta: float) -> None:
    methods: list[SemiValue] = [
        Shapley(), Banzhaf(), BetaShapley(alpha=alpha, beta=beta)
    ]  # fmt: skip
    for method in methods:
        weights = method.weights(players)
        total = sum(comb(players - 1, size) * weight for size, weight in enumerate(weights))
        assert total == pytest.approx(1, rel=1e-11)
        assert (weights >= 0).all()


@pytest.mark.parametrize("players", [1, 2, 6, 9])
def test_beta_1_1_is_shapley(players: int) -> None:
    game = game_of(a_table(players))
    expected = Shapley().contributions(game)
    result = BetaShapley(alpha=1.0, beta=1.0).contributions(game)
    assert result == pytest.approx(expected, rel=1e-12, abs=1e-13)


def test_beta_of_the_glove_game_by_hand() -> None:
    # One left glove, two right ones; weights of 0, 1, 2 others for alpha 4, beta 1 are 4/6, 4/30
    # and 2/30: the left one adds 1 to {r}, {r'} and both, a right one to {l} alone.
    game = CoalitionGame.from_function(3, lambda s: float(0 in s and len(s) > 1))
    result = BetaShapley(alpha=4.0, beta=1.0).contributions(game)
    assert result == pytest.approx([1 / 3, 2 / 15, 2 / 15], rel=1e-12)


# Truncation


def asked_of(table: Floats) -> tuple[CoalitionGame, list[int]]:
    """A game and the coalitions it was asked for, by their bits."""
    asked: list[int] = []
    bits = 1 << np.arange(len(table).bit_length() - 1)

    def utility(members: Booleans) -> Floats:
        asked.extend((members @ bits).tolist())
        worth: Floats = table[members @ bits]
        return worth

    return CoalitionGame(len(bits), utility), asked


def test_an_order_ends_where_it_is_worth_nearly_all() -> None:
    # Players 0 and 1 are worth 6 and 3.5, player 2 half of one: 9.5 of 10 is near enough.
    worth = np.array([6.0, 3.5, 0.5])
    table = np.array([sum(worth[i] for i in range(3) if bits >> i & 1) for bits in range(8)])
    orders = np.array([[0, 1, 2], [2, 1, 0], [1, 2, 0]])
    result = truncated_prefixes(game_of(table), orders, 0.6)
    assert result.tolist() == [[0, 6, 9.5, 9.5], [0, 0.5, 4, 10], [0, 3.5, 4, 10]]


def test_an_order_goes_on_from_just_the_tolerance() -> None:
    table = np.array([0.0, 4.0, 4.5, 6.0, 1.0, 3.0, 9.0, 5.0])  # all are worth 5, player 0 alone 4
    orders = np.array([[0, 1, 2], [1, 0, 2]])
    result = truncated_prefixes(game_of(table), orders, 1.0)
    assert result.tolist() == [[0, 4, 6, 5], [0, 4.5, 4.5, 4.5]]
    result = truncated_prefixes(game_of(table), np.array([[2, 0, 1]]), 0.0)
    assert result.tolist() == [[0, 1, 3, 5]]


def test_the_tolerance_is_a_part_of_the_gain() -> None:
    method, table = PermutationShapley(permutations=5, truncation=0.3), 7.0 + 100 * SATURATING
    result, expected = (
        method.contributions(game_of(worth), np.random.default_rng(0))
        for worth in (table, SATURATING)
    )
    assert result == pytest.approx(100 * expected, rel=1e-12)


def test_truncation_of_nothing_is_no_truncation() -> None:
    table, orders = a_table(6), np.array([[0, 3, 1, 2, 5, 4]])
    table[0b1001] = table[-1]  # though some are worth as much as all on the way
    result = truncated_prefixes(game_of(table), orders, 0.0)
    assert np.array_equal(result, game_of(table).prefix_values(orders))


def test_what_is_asked_again_is_remembered() -> None:
    table = a_table(9)
    game, asked = asked_of(table)
    once = CachedGame(game)
    members = (np.arange(512)[:, None] >> np.arange(9) & 1).astype(bool)
    some = np.array([511, 7, 256, 7, 0])
    assert once.values(members[some]).tolist() == table[some].tolist()
    assert once.values(members).tolist() == table.tolist()
    assert once.values(members[:0]).tolist() == []
    assert sorted(asked) == list(range(512))


SATURATING = np.array([1 - 0.5 ** int(bits).bit_count() for bits in range(1 << 9)])


@given(st.integers(0, 99), st.floats(0.01, 0.5))
def test_truncated_contributions_lack_less_than_the_tolerance(seed: int, part: float) -> None:
    game, asked = asked_of(SATURATING)
    method = PermutationShapley(permutations=5, truncation=part)
    values = method.contributions(game, np.random.default_rng(seed))
    whole = SATURATING[-1] - SATURATING[0]
    assert 0 <= whole - values.sum() <= part * whole
    longest = max(bits.bit_count() for bits in asked if bits != (1 << 9) - 1)
    assert longest < 9 - (part > 0.02)


def test_truncated_values_are_no_utilities() -> None:
    game, _ = asked_of(SATURATING)
    for method in (PermutationShapley(permutations=20, truncation=0.3), GtgShapley(threshold=0.2)):
        method.contributions(game, np.random.default_rng(0))
        assert np.array_equal(game.all_values(), SATURATING)


# GTG-Shapley


def gtg(table: Floats, seed: int = 0, **settings_: float) -> Floats:
    method = GtgShapley.model_validate(settings_)
    return method.contributions(game_of(table), np.random.default_rng(seed))


def test_a_round_of_little_gain_credits_nobody() -> None:
    table = a_table(4)
    table[-1] = table[0] + 0.5
    assert not gtg(table, round_threshold=0.5001).any()
    assert gtg(table, round_threshold=0.4999).all()


@given(st.integers(0, 99), st.integers(1, 6))
def test_without_thresholds_guided_orders_are_efficient(seed: int, players: int) -> None:
    table = a_table(players, seed)
    result = gtg(table, seed, threshold=0.0, round_threshold=0.0)
    assert result.sum() == pytest.approx(table[-1] - table[0], rel=0, abs=1e-11)


@given(st.integers(0, 99), st.floats(0.0, 0.4))
def test_guided_contributions_lack_at_most_the_threshold(seed: int, threshold: float) -> None:
    result = gtg(SATURATING, seed, threshold=threshold)
    assert -1e-12 <= SATURATING[-1] - result.sum() <= threshold + 1e-12


def test_guided_orders_are_unbiased() -> None:
    # Every player is first equally often and the rest is random, so no bias.
    table = a_table(5)
    settings_ = {"threshold": 0.0, "least": 20, "most": 20}
    result = np.array([gtg(table, seed, **settings_) for seed in range(300)])
    error = result.std(axis=0, ddof=1) / np.sqrt(len(result))
    z = (result.mean(axis=0) - Shapley().contributions(game_of(table))) / error
    assert np.abs(z).max() <= 4


def test_each_player_is_first_in_one_of_the_orders_drawn_together() -> None:
    # Only who comes first gets anything, so one set of orders already gives equal parts.
    table = np.r_[0.0, np.ones(31)]
    assert gtg(table, least=1, most=1, window=2).tolist() == [0.2] * 5


def test_a_coalition_is_evaluated_once_in_all_sets_of_orders() -> None:
    for table, threshold in ((a_table(5), 0.0), (a_table(6), 0.3), (SATURATING, 0.1)):
        game, asked = asked_of(table)
        GtgShapley(threshold=threshold, least=200).contributions(game, np.random.default_rng(0))
        assert len(asked) == len(set(asked)) > 16


@given(st.integers(0, 99), st.sampled_from([0.0, 0.3, 0.8, 1.5]))
def test_guided_contributions_are_those_of_orders_truncated_one_by_one(
    seed: int, threshold: float
) -> None:
    """No worth that stands for coalitions not reached is another order's utility of them."""
    table, draws = a_table(5, seed), np.random.default_rng(seed)
    settings_ = {"threshold": threshold, "least": 30, "most": 30, "round_threshold": 0.0}
    added = np.zeros(5)
    for order in np.vstack([_guided_orders(5, draws) for _ in range(6)]).tolist():
        worth, members = table[0], 0
        for player in order:
            members |= 1 << player
            joined = table[members] if abs(table[-1] - worth) >= threshold else worth
            added[player] += joined - worth
            worth = joined
    assert gtg(table, seed, **settings_) == pytest.approx(added / 30, rel=0, abs=1e-12)


def assert_sets_drawn(method: GtgShapley, table: Floats, sets: int) -> None:
    """So many sets of guided orders were drawn: the stream goes on behind them."""
    draws, expected = np.random.default_rng(0), np.random.default_rng(0)
    method.contributions(game_of(table), draws)
    for _ in range(sets):
        _guided_orders(len(table).bit_length() - 1, expected)
    assert draws.random() == expected.random()


@pytest.mark.parametrize(
    ("settings_", "sets"),
    [({"least": 12}, 3), ({"least": 200}, 40), ({"least": 2, "window": 6}, 2)],
)
def test_sampling_ends_once_enough_orders_agree(settings_: dict[str, int], sets: int) -> None:
    worth = np.arange(1.0, 6)  # additive: all orders agree at once
    table = np.array([sum(worth[i] for i in range(5) if bits >> i & 1) for bits in range(32)])
    method = GtgShapley(threshold=0.0, **settings_)
    assert method.contributions(game_of(table), np.random.default_rng(0)) == pytest.approx(worth)
    assert_sets_drawn(method, table, sets)


@pytest.mark.parametrize("most", [46, 50])
def test_sampling_ends_when_orders_never_agree(most: int) -> None:
    assert_sets_drawn(GtgShapley(threshold=0.0, convergence=1e-9, most=most), a_table(5), 10)


@pytest.mark.parametrize("convergence", [0.1, 0.08, 0.06, 0.05, 0.04, 0.03])
def test_sampling_ends_when_the_last_means_differ_little_enough(convergence: float) -> None:
    """The first number of sets whose running means, computed one by one, meet the criterion."""
    table, draws, drawn = a_table(5), np.random.default_rng(0), np.empty((0, 5))
    while len(drawn) < 500:
        orders = _guided_orders(5, draws)
        marginal = np.empty((5, 5))
        worth = game_of(table).prefix_values(orders)
        for row, order in enumerate(orders):
            marginal[row, order] = np.diff(worth[row])
        drawn = np.vstack([drawn, marginal])
        means = [drawn[:count].mean(axis=0) for count in range(len(drawn) - 3, len(drawn) + 1)]
        change = max(np.mean(abs(mean / means[-1] - 1)) for mean in means)
        if len(drawn) >= 10 and change <= convergence:
            break
    assert 10 < len(drawn) < 500
    method = GtgShapley(threshold=0.0, convergence=convergence, window=4, least=10)
    assert_sets_drawn(method, table, len(drawn) // 5)


@pytest.mark.parametrize(
    ("clients", "coalitions"), [(3, 8), (30, 1020 * 29 + 2), (2000, 2000 * 1999 + 2)]
)
def test_no_more_coalitions_than_announced(clients: int, coalitions: int) -> None:
    assert GtgShapley().coalitions(clients) == coalitions
