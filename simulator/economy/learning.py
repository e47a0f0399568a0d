"""Learning: clients decide about training, train, and their contributions are assessed."""

from simulator.answers import answers_of
from simulator.components import Booleans
from simulator.economy.records import Assessment
from simulator.economy.world import World
from simulator.ledger import NUMERAIRE, OUTSIDE

__all__ = ["assess", "engage", "learn"]

SHARE_TOLERANCE = 1e-9  # of shares


def engage(world: World) -> None:
    """Clients buy examples and choose how many to use and whether to participate."""
    if world.engagement is None:
        return
    accounts, memory = world.register.client_accounts, world.memory
    memory.engagement, paid = world.engagement.decide(
        memory.engagement,
        world.period,
        world.ledger.balances[accounts, NUMERAIRE],
        world.assessment.shares,
    )
    world.ledger.transfer("data_purchase", NUMERAIRE, accounts, OUTSIDE, paid)
    world.cohort = world.engagement.cohort(memory.engagement)


def learn(world: World) -> None:
    """Clients train who are present, invited and able to pay; the new model is evaluated."""
    federation, accounts = world.settings.federation, world.register.client_accounts
    cost = world.training_cost
    able = _available(world) & (world.ledger.balances[accounts, NUMERAIRE] >= cost)
    participates = federation.invite(able, world.period, world.streams)
    world.ledger.transfer("training_cost", NUMERAIRE, accounts, OUTSIDE, cost * participates)
    world.round, world.memory.model = federation.learn(
        world.memory.model, world.cohort, participates, world.period, world.streams
    )
    world.quality = federation.evaluate(world.memory.model["parameters"], world.cohort)


def assess(world: World) -> None:
    """Contributions become credit, and credit becomes shares of this period's rewards."""
    tokens, memory, round_ = world.settings.tokens, world.memory, world.round
    assert round_ is not None  # set by `learn`
    contributions, memory.contribution = world.settings.federation.assess(
        memory.contribution, round_, world.cohort, world.streams
    )
    credit, memory.credit = tokens.credit.update(memory.credit, contributions)
    with answers_of(tokens.allocation, "shares") as answers:
        shares = world.for_joined_clients(answers, tokens.allocation.shares, credit)
        if (total := float(shares.sum())) and abs(total - 1) > SHARE_TOLERANCE:
            raise answers.error(f"returned shares that sum to {total:g}, not to 1 or 0")
    world.assessment = Assessment(round_.participated, contributions, credit, shares)


def _available(world: World) -> Booleans:
    register = world.register
    draws = world.streams["availability"].random(len(register.clients))
    available: Booleans = (draws < register.availability) & register.joined(world.period)
    if world.engagement is not None:
        available &= world.memory.engagement["there"]
    return available & world.cohort.clients_present(world.period)
