"""Clients in a round: what each behaviour does, who owns whom, and who takes part."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pytest

from simulator.agents.groups import ClientGroup
from simulator.components import Booleans, Floats, Memory
from simulator.errors import ScenarioError
from simulator.federation import (
    AGGREGATIONS,
    BEHAVIOURS,
    Aggregation,
    Behaviour,
    Changing,
    Cohort,
    DisguisedFreeRider,
    Duplicate,
    Federation,
    FreeRider,
    GaussianNoise,
    Honest,
    Iid,
    InflateSize,
    Intermittent,
    LabelFlip,
    LabelNoise,
    ModelReplacement,
    Round,
    SignFlip,
    Split,
    StaleFreeRider,
    Sybil,
    Wine,
)
from simulator.randomness import Streams
from simulator.scenario import Scenario

MIXED = (Honest(), Honest(), LabelFlip(), FreeRider(), Honest())


@dataclass(frozen=True)
class Played:
    """A federation after some rounds, the last of which is `round`."""

    federation: Federation
    cohort: Cohort
    round: Round
    memory: Memory

    @property
    def last_step(self) -> Floats:
        return self.round.parameters - self.round.previous

    def utility(self, parameters: Floats) -> float:
        return self.federation.evaluate(parameters, self.cohort).utility

    def contributions(self) -> Floats:
        memory = self.federation.contribution.initial(len(self.cohort.data))
        credited, _ = self.federation.assess(memory, self.round, self.cohort, Streams(1))
        return credited


def play(
    behaviours: Sequence[Behaviour], rounds: int = 2, seed: int = 1, **parts: object
) -> Played:
    settings, streams = Federation.model_validate(parts), Streams(seed)
    cohort = settings.gather(behaviours, streams)
    memory = settings.initial(cohort, streams)
    everyone = np.ones(len(behaviours), dtype=bool)
    for period in range(1, rounds + 1):
        round_, memory = settings.learn(memory, cohort, everyone, period, streams)
    return Played(settings, cohort, round_, memory)


# What deviations do to a round


def updates_of(*behaviours: Behaviour, rounds: int = 2) -> Floats:
    return play(behaviours, rounds=rounds).round.updates


def test_stale_free_riders_send_the_last_step_of_the_global_model() -> None:
    first = play([Honest(), Honest(), StaleFreeRider()], rounds=1)
    assert not first.round.updates[2].any()
    played = play([Honest(), Honest(), StaleFreeRider()], rounds=2)
    assert np.array_equal(played.round.updates[2], first.last_step)
    assert played.memory["steps"][2] == 1


def test_disguised_free_riders_hide_the_last_step_each_under_its_own_noise() -> None:
    riders = [DisguisedFreeRider(sigma=1e-3)] * 2
    before = play([Honest(), Honest(), *riders], rounds=1)
    played = play([Honest(), Honest(), *riders], rounds=2)
    noise = played.round.updates[2:] - (before.last_step)
    assert noise.std(axis=1) == pytest.approx([5e-4, 5e-4], rel=4 / np.sqrt(2 * 650))
    assert abs(np.corrcoef(noise)[0, 1]) < 4 / np.sqrt(650)
    assert not np.array_equal(before.round.updates[2], played.round.updates[2])


def test_attacks_start_from_what_an_honest_client_would_send() -> None:
    honest = updates_of(Honest(), Honest(), Honest(), rounds=1)
    flipped = updates_of(Honest(), Honest(), LabelFlip(), rounds=1)
    attacks = (SignFlip(factor=2.0), GaussianNoise(factor=0.5), ModelReplacement(factor=3.0))
    sign, noisy, replaced = (updates_of(Honest(), Honest(), own, rounds=1) for own in attacks)
    assert sign[2] == pytest.approx(-2 * honest[2], rel=1e-12)
    assert replaced[2] == pytest.approx(3 * flipped[2], rel=1e-12)
    size = np.linalg.norm(noisy[2] - honest[2]) / np.linalg.norm(honest[2])
    assert size == pytest.approx(0.5, rel=4 / np.sqrt(2 * 650))
    for attacked in (sign, noisy, replaced):
        assert np.array_equal(attacked[:2], honest[:2])


def test_model_replacement_puts_the_attackers_model_in_place() -> None:
    # Riders of equal size send nothing: times their number, the mean is the attacker's own model.
    riders, even = [FreeRider()] * 3, Iid()
    attacked = play([ModelReplacement(factor=4.0), *riders], rounds=1, partition=even)
    alone = play([LabelFlip(), *riders], rounds=1, partition=even)
    sizes = attacked.cohort.examples
    weight = 4 * sizes[0] / sizes.sum()
    assert weight == pytest.approx(1.0, abs=0.01)
    assert attacked.round.parameters == pytest.approx(weight * alone.round.updates[0], rel=1e-9)


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize(
    "attack",
    [LabelNoise(fraction=1.0), SignFlip(), GaussianNoise(factor=10.0), ModelReplacement()],
)
def test_attacks_do_harm_and_are_credited_with_it(attack: Behaviour, seed: int) -> None:
    honest = play([Honest()] * 4, seed=seed)
    attacked = play([*[Honest()] * 3, attack], seed=seed)
    assert attacked.utility(attacked.round.parameters) < honest.utility(honest.round.parameters)
    assert attacked.contributions()[3] < 0 < attacked.contributions()[:3].min()


def test_label_noise_is_drawn_anew_each_period_for_each_client() -> None:
    cohort = Federation().gather([LabelNoise(fraction=0.5)] * 2, Streams(1))
    cohort = replace(cohort, data=(cohort.data[0], cohort.data[0]))
    drawn = [
        cohort.training_data(client, period, Streams(1)).labels.tobytes()
        for client in (0, 1)
        for period in (1, 2)
    ]
    again = cohort.training_data(0, 1, Streams(1)).labels.tobytes()
    assert len(set(drawn)) == 4 and drawn[0] == again


def test_a_duplicate_trains_on_the_originals_examples() -> None:
    cohort = Federation().gather(
        [Honest(), Changing(first=Honest(), then=Duplicate(original=0), start=2)], Streams(1)
    )
    before, after = (cohort.training_data(1, period, Streams(1)) for period in (1, 2))
    assert np.array_equal(before.features, cohort.data[1].features)
    assert np.array_equal(after.features, cohort.data[0].features)
    assert np.array_equal(after.labels, cohort.data[0].labels)
    sizes = cohort.examples
    assert cohort.examples_reported(1).tolist() == sizes.tolist()
    assert cohort.examples_reported(2).tolist() == [sizes[0], sizes[0]]
    assert cohort.examples_used(2).tolist() == [sizes[0], sizes[0]]


def test_claimed_sizes_weigh_in_the_aggregate_and_in_the_game() -> None:
    played = play([Honest(), InflateSize(factor=3.0)], rounds=1)
    sizes = played.cohort.examples * np.array([1.0, 3.0])
    assert played.round.examples.tolist() == sizes.tolist()
    assert played.cohort.examples_used(1).tolist() == played.cohort.examples.tolist()
    expected = played.round.previous + (sizes / sizes.sum()) @ played.round.updates
    assert played.round.parameters == pytest.approx(expected, rel=1e-12)
    game = played.federation.game(played.round, played.cohort)
    assert game.grand == pytest.approx(played.utility(expected), rel=1e-12)


def sybils(poses_from: int = 1) -> Cohort:
    behaviours = [Honest(), *[Sybil(poses_from=poses_from)] * 3, Honest()]
    return Federation().gather(behaviours, Streams(1), owners=[0, 1, 1, 1, 4])


def rows(part: Split) -> list[bytes]:
    return [
        row.tobytes() + bytes([label])
        for row, label in zip(part.features, part.labels, strict=True)
    ]


def test_identities_of_one_owner_divide_what_one_client_gets() -> None:
    alone = Federation().gather([Honest()] * 3, Streams(1))
    cohort = sybils()
    assert cohort.data[0].labels.tolist() == alone.data[0].labels.tolist()
    assert cohort.data[4].labels.tolist() == alone.data[2].labels.tolist()
    identities = [row for part in cohort.data[1:4] for row in rows(part)]
    assert sorted(identities) == sorted(rows(alone.data[1]))
    assert np.ptp([len(part) for part in cohort.data[1:4]]) <= 1


def test_an_owner_poses_as_one_client_until_it_poses_as_several() -> None:
    cohort = sybils(poses_from=3)
    for period in (0, 1, 2):
        assert cohort.clients_present(period).tolist() == [True, True, False, False, True]
    assert cohort.clients_present(3).all()
    together = cohort.training_data(1, 2, Streams(1))
    assert sorted(rows(together)) == sorted(row for part in cohort.data[1:4] for row in rows(part))
    assert cohort.examples_reported(2)[1] == len(together) == cohort.examples[1:4].sum()
    assert cohort.examples_reported(3).tolist() == cohort.examples.tolist()


@pytest.mark.parametrize("original", [1, 2])
def test_a_copy_of_an_owners_examples_is_of_all_until_it_poses_as_several(original: int) -> None:
    behaviours = [Honest(), *[Sybil(poses_from=3)] * 3, Duplicate(original=original)]
    cohort = Federation().gather(behaviours, Streams(1), owners=[0, 1, 1, 1, 4])
    copied, owned = (cohort.training_data(client, 2, Streams(1)) for client in (4, 1))
    assert rows(copied) == rows(owned) and len(owned) == cohort.examples[1:4].sum()
    assert cohort.examples_reported(2)[4] == len(owned)
    assert rows(cohort.training_data(4, 3, Streams(1))) == rows(cohort.data[original])


def test_more_identities_than_examples_are_refused() -> None:
    with pytest.raises(ScenarioError, match="107 sybil clients have only 106 examples to divide"):
        Federation(task=Wine()).gather([Sybil()] * 107, Streams(1), owners=[0] * 107)


def test_a_group_of_sybils_has_one_owner_in_a_scenario() -> None:
    groups = (ClientGroup(count=2), *[ClientGroup(count=2, behaviour=Sybil())] * 2)
    assert Scenario(clients=groups).owners == [0, 1, 2, 2, 4, 4]


@pytest.mark.parametrize("kind", BEHAVIOURS)
def test_what_one_client_does_disturbs_no_other(kind: type[Behaviour]) -> None:
    others = (GaussianNoise(), LabelNoise(), DisguisedFreeRider())
    result = updates_of(*others, kind(), rounds=1)
    expected = updates_of(*others, Honest(), rounds=1)
    assert np.array_equal(result[:3], expected[:3])


# Server memory


@pytest.mark.parametrize("kind", AGGREGATIONS)
def test_a_round_takes_the_step_of_its_aggregation(kind: type[Aggregation]) -> None:
    settings, streams = Federation(aggregation=kind()), Streams(1)
    cohort = settings.gather(MIXED, streams)
    memory, server = settings.initial(cohort, streams), kind().initial(650)
    for period in (1, 2, 3):
        present = np.arange(5) != period
        round_, memory = settings.learn(memory, cohort, present, period, streams)
        step, server = kind().apply(server, round_.updates, round_.examples * present)
        assert np.array_equal(round_.parameters, round_.previous + step)
    assert {name for name in memory if name.startswith("server_")} == {
        f"server_{name}" for name in server
    }


# Participation


def test_intermittent_clients_are_there_from_their_behaviours_first_period_on() -> None:
    """The first is such in its group, so from genesis on; an event of period 4 makes the second."""
    coming = Intermittent(there=2, away=3)
    late = Changing(first=Honest(), then=coming, start=4)
    cohort = Federation(task=Wine()).gather([coming, late, Honest()], Streams(1))
    present = np.array([cohort.clients_present(period) for period in range(11)]).T
    periods = [np.flatnonzero(client).tolist() for client in present]
    assert periods == [[0, 1, 2, 6, 7], [0, 1, 2, 3, 4, 5, 9, 10], list(range(11))]


def invited(fraction: float, able: Booleans, seed: int = 1) -> Booleans:
    return Federation(participation=fraction).invite(able, 1, Streams(seed))


@pytest.mark.parametrize(
    ("fraction", "able", "count"),
    [
        (1.0, [1, 1, 1, 1], 4),
        (1.0, [1, 0, 1, 1], 3),
        (0.5, [1, 1, 1, 1], 2),
        (0.5, [0, 0, 1, 0], 1),
        (0.01, [1, 1, 1, 1], 1),
        (0.5, [0, 0, 0, 0], 0),
    ],
)
def test_a_fraction_of_the_clients_is_drawn_among_those_there(
    fraction: float, able: list[int], count: int
) -> None:
    there = np.array(able, dtype=bool)
    for seed in range(10):
        drawn = invited(fraction, there, seed)
        assert drawn.sum() == count
        assert not (drawn & ~there).any()


def test_every_client_is_drawn_as_often_as_any_other() -> None:
    streams, able = Streams(1), np.arange(6) != 4
    drawn = sum(Federation(participation=0.5).invite(able, 1, streams) * 1 for _ in range(1000))
    # 3 of the 5 there: 600 of 1,000, deviation 15.5.
    assert np.abs(drawn - 600 * able).max() < 4 * 15.5


class Later(Behaviour):
    """Honest, and intermittent from period 3 on, by itself."""

    kind: Literal["later"] = "later"

    def at(self, period):
        return Intermittent(there=1, away=2) if period >= 3 else self


def test_who_becomes_intermittent_by_itself_is_away_too():
    assert [Later().takes_part(age) for age in range(1, 9)] == [
        *(True, True, False, True),
        *(False, False, True, False),
    ]
