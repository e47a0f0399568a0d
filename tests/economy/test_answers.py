"""What a plugin's component answers wrongly fails the run: cases of every family."""

import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from simulator.economy import Economy
from simulator.errors import ComponentError, ModelError, ScenarioError
from simulator.scenario import Scenario, scenario_type
from simulator.scenario.catalogue import places
from simulator.scenario.plugins import load_plugins
from tests.own_component import own_component

SMALL: dict[str, Any] = {
    "periods": 3,
    "federation": {"task": {"kind": "wine"}, "contribution": {"kind": "leave_one_out"}},
    "clients": [{"count": 3}, {"count": 1}],
    "liquidity_providers": [{"deposit": 100}],
    "investors": [{"count": 3, "activity": 1}],
}
NAN, INFINITY = "float('nan')", "float('inf')"


class Case(NamedTuple):
    """A method of a component of some place, and an answer with a hole for a wrong number."""

    place: str
    base: str
    method: str
    answer: str
    message: str
    others: dict[str, Any] = {}  # noqa: RUF012 settings beside the component


AGGREGATION = {"federation": {"reconstruction": "aggregation"}}
VESTING = {"tokens": {"vesting": {"kind": "linear"}}}
ENGAGEMENT = "agents.engagement"
BOTH = "type(split)(**(vars(split) | {{'direct': np.full(len(split.direct), {})}}))"
NUMBERS = [
    Case(
        "federation.partition",
        "federation.Iid",
        "observed(self, features, client, clients, draws)",
        "np.full(features.shape, {})",
        "partition mine: observed",
    ),
    Case(
        "federation.learner",
        "federation.SgdClassifier",
        "initial(self, features, classes, draws)",
        "np.full(classes * (features + 1), {})",
        "learner mine: initial",
    ),
    Case(
        "federation.learner",
        "federation.SgdClassifier",
        "train_all(self, parameters, steps, data, classes, seeds)",
        "(np.zeros((len(data), len(parameters))), np.full(len(steps), {}))",
        "learner mine: train_all",
    ),
    Case(
        "federation.learner",
        "federation.SgdClassifier",
        "scores(self, parameters, features, classes)",
        "np.full((len(parameters), classes, len(features)), {})",
        "learner mine: scores",
    ),
    Case(
        "federation.learner",
        "federation.SgdClassifier",
        "probabilities(self, scores)",
        "np.full((len(scores), scores.shape[1], scores.shape[2]), {})",
        "learner mine: probabilities",
    ),
    Case(
        "federation.learner",
        "federation.SgdClassifier",
        "shares(self, scores)",
        "np.full(scores.shape, {})",
        "learner mine: probabilities",
    ),
    Case(
        "federation.learner",
        "federation.SgdClassifier",
        "log_likelihood(self, scores, labels, weights=None)",
        "np.full(len(scores), {})",
        "learner mine: log_likelihood",
    ),
    Case(
        "federation.learner",
        "federation.SgdClassifier",
        "class_rows(self, parameters, features, classes)",
        "np.full((len(parameters), classes, features), {})",
        "learner mine: class_rows",
        {"federation": {"contribution": {"kind": "class_cosine"}}},
    ),
    Case(
        "federation.contribution",
        "federation.Contribution",
        "assess(self, evidence, memory, draws)",
        "np.full(len(evidence.present), {}), memory",
        "contribution mine: assess",
    ),
    Case(
        "federation.aggregation",
        "federation.FedAvg",
        "combine(self, updates, examples)",
        "np.full(updates.shape[1], {})",
        "aggregation mine: apply",
    ),
    Case(
        "federation.aggregation",
        "federation.FedAvg",
        "combine_each(self, updates, examples)",
        "np.full((len(examples), updates.shape[1]), {})",
        "aggregation mine: combine_each",
        AGGREGATION,
    ),
    Case(
        "federation.utility",
        "federation.Accuracy",
        "value(self, learner, scores, labels)",
        "np.full(len(scores), {})",
        "utility mine: value",
    ),
    Case(
        "clients[].behaviour",
        "federation.Behaviour",
        "report(self, update, last_step, period, draws)",
        "np.full(len(update), {})",
        "behaviour mine: report",
    ),
    Case(
        "clients[].behaviour",
        "federation.Behaviour",
        "examples_reported(self, examples)",
        "{}",
        "behaviour mine: examples_reported",
    ),
    Case(
        "clients[].effort",
        f"{ENGAGEMENT}.Full",
        "choose(self, memory, period, share, rate, cost)",
        "memory | {{'effort': np.full(len(share), {})}}",
        "effort mine: choose",
    ),
    Case(
        "clients[].offering",
        f"{ENGAGEMENT}.NoOffering",
        "terms(self, supply, twap, needed)",
        "(np.full(len(needed), {}), twap)",
        "offering mine: terms",
    ),
    Case(
        "clients[].offering",
        f"{ENGAGEMENT}.NoOffering",
        "terms(self, supply, twap, needed)",
        "(needed, np.full(len(needed), {}))",
        "offering mine: terms",
    ),
    Case(
        "tokens.mechanism",
        "tokens.ClientTokens",
        "sum_by_token(self, values)",
        "np.full(values.shape, {})",
        "mechanism mine: sum_by_token",
    ),
    Case(
        "tokens.mechanism",
        "tokens.ClientTokens",
        "adjust(self, split)",
        BOTH,
        "mechanism mine: adjust",
    ),
    Case(
        "tokens.allocation",
        "tokens.Allocation",
        "shares(self, credit)",
        "np.full(len(credit), {})",
        "allocation mine: shares",
    ),
    Case(
        "tokens.issuance",
        "tokens.Constant",
        "client_fractions(self, shares)",
        "np.full(len(shares), {})",
        "issuance mine: issue",
    ),
    Case(
        "tokens.issuance",
        "tokens.Constant",
        "schedule(self, memory, periods)",
        "np.full(len(periods), {}) if periods.ndim else 0.0",
        "issuance mine: schedule",
    ),
    Case(
        "tokens.revenue",
        "tokens.ConstantRevenue",
        "amount(self, memory, period, accuracy, majority_share, draws)",
        "{}, memory",
        "revenue mine: amount",
    ),
    Case(
        "tokens.vesting",
        "tokens.LinearVesting",
        "vest(self, memory, granted)",
        "(np.full(len(granted), {}), memory)",
        "vesting mine: vest",
    ),
    Case(
        "tokens.vesting",
        "tokens.LinearVesting",
        "vested(self, amounts)",
        "np.full(len(amounts), {})",
        "vesting mine: vested",
    ),
    Case(
        "tokens.vesting",
        "tokens.LinearVesting",
        "upcoming(self, memory, periods)",
        "np.full((len(memory['locked']), periods), {})",
        "vesting mine: upcoming",
    ),
    Case(
        "market.curve",
        "market.ConstantProduct",
        "payout(self, reserve_in, reserve_out, amount, fee, pays_token)",
        "{} * amount",
        "curve mine: payout",
    ),
    Case(
        "market.curve",
        "market.ConstantProduct",
        "spot_price(self, reserve_token, reserve_numeraire)",
        "np.full(np.shape(reserve_token), {})",
        "curve mine: spot_price",
    ),
    Case(
        "market.curve",
        "market.ConstantProduct",
        "invariant(self, reserve_token, reserve_numeraire)",
        "np.full(np.shape(reserve_token), {})",
        "curve mine: invariant",
    ),
    Case(
        "market.clearing",
        "market.RandomOrder",
        "clear(self, memory, ledger, pools, orders, gas, draws)",
        "__import__('simulator.market').market.Fills(orders, np.full(len(orders), {}), "
        "np.ones(len(orders), int))",
        "clearing mine: clear",
    ),
    Case(
        "market.outside_price",
        "market.GeometricBrownianMotion",
        "move(self, memory, period, draws)",
        "{{'price': np.full(len(memory['price']), {})}}",
        "outside_price mine: move",
    ),
    Case(
        "market.outside_price",
        "market.GeometricBrownianMotion",
        "initial(self, tokens, launch_price)",
        "{{'price': np.full(len(tokens), {})}}",
        "outside_price mine: initial",
    ),
    Case(
        "market.outside_price",
        "market.GeometricBrownianMotion",
        "launch_tokens(self, memory, new, launch_price)",
        "{{'price': np.full(len(memory['price']), {})}}",
        "outside_price mine: launch_tokens",
    ),
    Case(
        "investors[].wealth",
        "agents.groups.Lognormal",
        "draw(self, accounts, draws)",
        "np.full(accounts, {})",
        "wealth mine: draw",
    ),
]
OTHERS = [  # the answer whole, and what the message says of it
    (
        Case(
            "federation.task",
            "federation.Task",
            "collect(self, draws)",
            "np.full((90, 2), np.inf), np.arange(90) % 2",
            "task mine: collect",
        ),
        "returned an infinite feature 0 of example 0",
    ),
    (
        Case(
            "federation.task",
            "federation.Task",
            "collect(self, draws)",
            "np.ones((90, 2)), np.where(np.arange(90) % 2, 1.0, np.nan)",
            "task mine: collect",
        ),
        "returned float64, not whole numbers from 0 to 90",
    ),
    (
        Case(
            "federation.task",
            "federation.Task",
            "collect(self, draws)",
            "np.ones((90, 2)), 1 + np.arange(90) % 2",
            "task mine: collect",
        ),
        "returned labels up to 2, but no example of class 0: number the classes from 0 without",
    ),
    (
        Case(
            "federation.task",
            "federation.Task",
            "collect(self, draws)",
            "np.ones((90, 2)), np.arange(90) % 2 - 1",
            "task mine: collect",
        ),
        "returned -1 at 0, not a whole number from 0 to 90",
    ),
    (
        Case(
            "federation.task",
            "federation.Task",
            "collect(self, draws)",
            "np.ones((90, 2)), np.zeros(90, int)",
            "task mine: collect",
        ),
        "returned examples of one class only",
    ),
    (
        Case(
            "federation.task",
            "federation.Task",
            "collect(self, draws)",
            "np.ones((90, 2)), np.arange(80) % 2",
            "task mine: collect",
        ),
        "returned shape (90, 2), not (80, 2)",
    ),
    (
        Case(
            "federation.task",
            "federation.Wine",
            "load(self, draws)",
            "__import__('dataclasses').replace(super().load(draws), classes=2)",
            "task mine: load",
        ),
        "returned 2 at ",
    ),
    (
        Case(
            "federation.task",
            "federation.Wine",
            "origins(self)",
            "np.arange(5)",
            "task mine: origins",
        ),
        "returned shape (5,), not (178,)",
    ),
    (
        Case(
            "federation.partition",
            "federation.Iid",
            "divide(self, labels, clients, draws)",
            "np.array_split(np.arange(len(labels)), clients - 1)",
            "partition mine: divide",
        ),
        "returned rows for 3 clients, not for 4",
    ),
    (
        Case(
            "federation.partition",
            "federation.Iid",
            "divide(self, labels, clients, draws)",
            "[np.arange(20)] * clients",
            "partition mine: divide",
        ),
        "gave row 0 4 times",
    ),
    (
        Case(
            "federation.partition",
            "federation.Iid",
            "divide(self, labels, clients, draws)",
            "[20 * client - 1 + np.arange(20) for client in range(clients)]",
            "partition mine: divide",
        ),
        "returned -1 at 0, not a whole number from 0 to ",
    ),
    (
        Case(
            "federation.partition",
            "federation.Iid",
            "divide(self, labels, clients, draws)",
            "[30 * client + np.arange(30.0) for client in range(clients)]",
            "partition mine: divide",
        ),
        "returned float64, not whole numbers from 0 to ",
    ),
    (
        Case(
            "federation.partition",
            "federation.Iid",
            "divide(self, labels, clients, draws)",
            "[9 * client + np.arange(9) for client in range(clients)]",
            "partition mine: divide",
        ),
        "gave client 0 9 examples, not at least 10 (min_examples)",
    ),
    (
        Case(
            "federation.partition",
            "federation.Iid",
            "share_out(self, dataset, clients, draws)",
            "super().share_out(dataset, clients, draws)[1:]",
            "partition mine: share_out",
        ),
        "returned data of 3 clients, not of 4",
    ),
    (
        Case(
            "federation.learner",
            "federation.SgdClassifier",
            "train_all(self, parameters, steps, data, classes, seeds)",
            "np.zeros((len(data), 1)), steps",
            "learner mine: train_all",
        ),
        "returned shape (4, 1), not (4, 42)",
    ),
    (
        Case(
            "federation.learner",
            "federation.MlpClassifier",
            "train(self, parameters, steps, data, classes, seed)",
            "0.5, steps",
            "learner mine: train",
        ),
        "returned shape (), not ",
    ),
    (
        Case(
            "federation.learner",
            "federation.SgdClassifier",
            "predictions(self, scores)",
            "np.full((1, scores.shape[2]), 3)",
            "learner mine: predictions",
        ),
        "returned 3 at 0, 0, not a whole number from 0 to 2",
    ),
    (
        Case(
            "clients[].behaviour",
            "federation.Behaviour",
            "source(self, client)",
            "-1",
            "behaviour mine: source",
        ),
        "returned -1, not a whole number from 0 to 3",
    ),
    (
        Case(
            "clients[].behaviour",
            "federation.Behaviour",
            "takes_part(self, age)",
            "0.5",
            "behaviour mine: takes_part",
        ),
        "returned float, not true or false",
    ),
    (
        Case(
            "clients[].participation",
            f"{ENGAGEMENT}.Always",
            "participates(self, period, participated, pay, cost)",
            "np.full(len(pay), np.nan)",
            "participation mine: participates",
        ),
        "returned float64, not true or false",
    ),
    (
        Case(
            "clients[].participation",
            f"{ENGAGEMENT}.Always",
            "participates(self, period, participated, pay, cost)",
            "True",
            "participation mine: participates",
        ),
        "returned shape (), not (1,)",
    ),
    (
        Case(
            "clients[].effort",
            f"{ENGAGEMENT}.Full",
            "choose(self, memory, period, share, rate, cost)",
            "memory | {'effort': np.full(len(share), 1.5)}",
            "effort mine: choose",
        ),
        "returned 1.5 at 0, not a finite number of at least 0 and at most 1",
    ),
    (
        Case(
            "clients[].effort",
            f"{ENGAGEMENT}.Full",
            "initial(self, clients)",
            "{'effort': np.ones(clients), 'mood': np.ones(clients)}",
            "effort mine: initial",
        ),
        "returned a memory of effort, mood, not of effort, direction, tried_effort, tried_share",
    ),
    (
        Case(
            "clients[].offering",
            f"{ENGAGEMENT}.NoOffering",
            "terms(self, supply, twap, needed)",
            "np.ones(len(needed)), np.zeros(len(needed))",
            "offering mine: terms",
        ),
        "returned a price of 0 for tokens that are sold",
    ),
    (
        Case(
            "tokens.mechanism",
            "tokens.ClientTokens",
            "tokens(self, clients)",
            "'abcd'",
            "mechanism mine: tokens",
        ),
        "returned 'abcd', not a tuple of names",
    ),
    (
        Case(
            "tokens.mechanism",
            "tokens.ClientTokens",
            "tokens(self, clients)",
            "('token',) * len(clients)",
            "mechanism mine: tokens",
        ),
        "returned a name twice",
    ),
    (
        Case(
            "tokens.mechanism",
            "tokens.ClientTokens",
            "token_of(self, clients)",
            "np.arange(clients) + 1",
            "mechanism mine: token_of",
        ),
        "returned 4 at 3, not a whole number from -1 to 3",
    ),
    (
        Case(
            "tokens.mechanism",
            "tokens.ClientTokens",
            "token_of(self, clients)",
            "np.arange(clients)[::-1]",
            "mechanism mine: sum_by_token",
        ),
        "returned other sums than those of each token's clients",
    ),
    (
        Case(
            "tokens.allocation",
            "tokens.Allocation",
            "shares(self, credit)",
            "np.ones(len(credit))",
            "allocation mine: shares",
        ),
        "returned shares that sum to 4, not to 1 or 0",
    ),
    (
        Case(
            "tokens.vesting",
            "tokens.LinearVesting",
            "vest(self, memory, granted)",
            "granted / 2, memory",
            "vesting mine: vest",
        ),
        "returned 20 vested and locked tokens of client 1, who has 40, in period 1",
    ),
    (
        Case(
            "market.curve",
            "market.ConstantProduct",
            "balanced(self, price)",
            "0.0",
            "curve mine: balanced",
        ),
        "returned 0.0, not a finite number above 0",
    ),
    (
        Case("market.curve", "market.ConstantProduct", "at(self, period)", "1", "curve mine: at"),
        "returned int, not Curve",
    ),
    (
        Case(
            "market.launch",
            "market.SeededPool",
            "open(self, opening)",
            "opening.ledger.transfer('genesis', 1, 0, 4, float('nan'))",
            "launch mine: open",
        ),
        "failed: genesis: amounts must be finite and not negative, got nan",
    ),
    (
        Case(
            "market.clearing",
            "market.RandomOrder",
            "sequence(self, memory, orders, draws)",
            "np.zeros(len(orders), int)",
            "clearing mine: sequence",
        ),
        "left out order 1 and gave another twice",
    ),
    (
        Case(
            "market.clearing",
            "market.RandomOrder",
            "sequence(self, memory, orders, draws)",
            "np.arange(1, len(orders))",
            "clearing mine: sequence",
        ),
        "returned shape ",
    ),
    (
        Case(
            "market.clearing",
            "market.RandomOrder",
            "arrange(self, memory, orders, draws)",
            "orders.take(np.arange(len(orders) - 1))",
            "clearing mine: clear",
        ),
        "returned ",
    ),
    (
        Case(
            "market.clearing",
            "market.RandomOrder",
            "clear(self, memory, ledger, pools, orders, gas, draws)",
            "orders",
            "clearing mine: clear",
        ),
        "returned Orders, not Fills",
    ),
    (
        Case(
            "market.clearing",
            "market.RandomOrder",
            "initial(self, accounts, draws)",
            "np.arange(accounts)",
            "clearing mine: initial",
        ),
        "returned ndarray for a memory, not a dict",
    ),
    (
        Case(
            "market.outside_price",
            "market.GeometricBrownianMotion",
            "move(self, memory, period, draws)",
            "{'prise': memory['price']}",
            "outside_price mine: move",
        ),
        "returned a memory of prise, without a price",
    ),
    (
        Case(
            "investors[].wealth",
            "agents.groups.Lognormal",
            "draw(self, accounts, draws)",
            "np.full(accounts, -1.0)",
            "wealth mine: draw",
        ),
        "returned -1.0 at 0, not a finite number of at least 0",
    ),
    (
        Case(
            "clients[].policy",
            "agents.strategies.ValueSeller",
            "initial(self, accounts, draws)",
            "5",
            "strategy mine: initial",
        ),
        "returned int for a memory, not a dict",
    ),
    (
        Case(
            "liquidity_providers[].strategy",
            "agents.strategies.Passive",
            "reach(self)",
            "0.5",
            "strategy mine: reach",
        ),
        "returned 0.5, not a number of at least 1",
    ),
    (
        Case(
            "investors[].strategy",
            "agents.strategies.Fundamentalist",
            "initial(self, accounts, draws)",
            "{'a': object()}",
            "strategy mine: initial",
        ),
        "returned a memory whose 'a' holds objects",
    ),
]
MEMORIES = [  # the answer with a hole for the memory
    Case(
        "federation.contribution",
        "federation.Contribution",
        "assess(self, evidence, memory, draws)",
        "np.zeros(len(evidence.present)), {}",
        "contribution mine: assess",
    ),
    Case(
        "federation.aggregation",
        "federation.FedAvg",
        "step(self, memory, update)",
        "update, {}",
        "aggregation mine: apply",
    ),
    Case(
        "tokens.revenue",
        "tokens.ConstantRevenue",
        "amount(self, memory, period, accuracy, majority_share, draws)",
        "1.0, {}",
        "revenue mine: amount",
    ),
    Case(
        "tokens.issuance",
        "tokens.Constant",
        "issue(self, memory, period, shares, utility)",
        "shares, 0.0, {}",
        "issuance mine: issue",
    ),
    Case(
        "tokens.vesting",
        "tokens.LinearVesting",
        "vest(self, memory, granted)",
        "0 * granted, {}",
        "vesting mine: vest",
    ),
    Case(
        "market.outside_price",
        "market.GeometricBrownianMotion",
        "move(self, memory, period, draws)",
        "{}",
        "outside_price mine: move",
    ),
]
WRONG_MEMORIES = {
    "None": "returned NoneType for a memory, not a dict",
    "{'a/b': 1.0}": "returned a memory whose 'a/b' has a slash in its name",
    "{1: 1.0}": "returned a memory whose 1 is no text",
    "{'a': object()}": "returned a memory whose 'a' holds objects",
    "{'a': [[1], [1, 2]]}": "returned a memory whose 'a' is no array: ",
}
PASSES: dict[str, str] = {
    "events[]": "plugins cannot add events",
}


def named(case: Case) -> str:
    return f"{case.place}-{case.method.partition('(')[0]}"


AFTER_GENESIS = {
    "federation.learner-train_all",
    "federation.learner-train",
    "federation.learner-class_rows",
    "federation.contribution-assess",
    "federation.aggregation-combine",
    "federation.aggregation-combine_each",
    "clients[].behaviour-report",
    "clients[].behaviour-source",
    "clients[].behaviour-examples_reported",
    "clients[].behaviour-takes_part",
    "clients[].participation-participates",
    "clients[].effort-choose",
    "clients[].offering-terms",
    "tokens.mechanism-adjust",
    "tokens.allocation-shares",
    "tokens.issuance-client_fractions",
    "tokens.issuance-schedule",
    "tokens.revenue-amount",
    "tokens.vesting-vest",
    "tokens.vesting-vested",
    "tokens.vesting-upcoming",
    "market.clearing-clear",
    "market.clearing-sequence",
    "market.clearing-arrange",
    "market.outside_price-move",
}
"""What is first called in period 1; everything else at genesis."""


def test_every_family_is_here() -> None:
    families = {place for place, content in places(Scenario).items() if isinstance(content, tuple)}
    cases = [*NUMBERS, *(case for case, _ in OTHERS)]
    assert families == {case.place for case in cases} | PASSES.keys()


def economy(folder: Path, case: Case, answer: str) -> Economy:
    plugin = own_component(folder, case.base, case.method, answer)
    own = scenario_type(load_plugins([plugin]))
    section, _, setting = case.place.replace("[]", "").partition(".")
    settings, mine = {**SMALL}, {"kind": "mine"}
    if section == "clients":
        settings["clients"] = [{"count": 3}, {setting: mine, "locked": {"fraction": 0.5}}]
    elif isinstance(settings.get(section), list):
        settings[section] = [{**settings[section][0], setting: mine}]
    else:
        others = case.others.get(section, {})
        settings[section] = {**settings.get(section, {}), **others, setting: mine}
    return Economy(own.model_validate(settings))


@pytest.mark.parametrize("case", NUMBERS, ids=named)
@pytest.mark.parametrize("wrong", [NAN, INFINITY])
def test_what_is_no_number_fails_the_run(tmp_path: Path, case: Case, wrong: str) -> None:
    match = rf"{re.escape(case.message)} returned (nan|inf)"
    with pytest.raises(ComponentError, match=match):
        economy(tmp_path, case, f"return {case.answer.format(wrong)}").step()


SHAPED = [case for case in NUMBERS if "np.full" in case.answer]
MANY = [case for case in SHAPED if not case.message.startswith(("curve", "learner", "partition"))]


@pytest.mark.parametrize("case", SHAPED, ids=named)
def test_a_wrong_shape_fails_the_run(tmp_path: Path, case: Case) -> None:
    match = rf"{re.escape(case.message)} (returned shape|failed: Val)"
    with pytest.raises(ComponentError, match=match):
        economy(tmp_path, case, f"return {filled(case, 'np.full((2, 3, 5), 0.25)')}").step()


@pytest.mark.parametrize("case", MANY, ids=named)
def test_one_number_for_all_fails_the_run(tmp_path: Path, case: Case) -> None:
    """It would be taken for each."""
    with pytest.raises(ComponentError, match=rf"{re.escape(case.message)} (returned shape|failed)"):
        economy(tmp_path, case, f"return {filled(case, '0.25')}").step()


@pytest.mark.parametrize("case", NUMBERS, ids=named)
def test_text_is_no_number(tmp_path: Path, case: Case) -> None:
    match = rf"{re.escape(case.message)} (returned (str|<U1), not numbers|failed)"
    with pytest.raises(ComponentError, match=match):
        economy(tmp_path, case, f"return {filled(case, repr('7'))}").step()


def filled(case: Case, wrong: str) -> str:
    """The answer with something else where the array or number stands."""
    answer = re.sub(r"np\.full\(.*, \{\}\)|(?<!\{)\{\}", lambda _: wrong, case.answer, count=1)
    return answer.replace("{{", "{").replace("}}", "}")


@pytest.mark.parametrize("case", [*NUMBERS, *(case for case, _ in OTHERS)], ids=named)
def test_an_exception_names_component_line_and_period(tmp_path: Path, case: Case) -> None:
    component = case.message.partition(":")[0]
    match = rf"{re.escape(component)}: \w+ failed: KeyError: 'x' \(mine\.py:8\)"
    with pytest.raises((ComponentError, ScenarioError), match=match) as error:
        economy(tmp_path, case, "raise KeyError('x')").step()
    assert ("in period 1" in str(error.value)) == (named(case) in AFTER_GENESIS)


@pytest.mark.parametrize(("case", "what"), OTHERS, ids=lambda each: getattr(each, "message", ""))
def test_other_wrong_answers_fail_the_run(tmp_path: Path, case: Case, what: str) -> None:
    with pytest.raises((ComponentError, ScenarioError)) as error:
        economy(tmp_path, case, f"return {case.answer}").step()
    assert f"{case.message} {what}" in str(error.value)


@pytest.mark.parametrize(
    ("case", "wrong"),
    [*((case, "None") for case in MEMORIES), *((MEMORIES[0], wrong) for wrong in WRONG_MEMORIES)],
)
def test_a_memory_that_no_checkpoint_could_store(tmp_path: Path, case: Case, wrong: str) -> None:
    with pytest.raises(ComponentError) as error:
        economy(tmp_path, case, f"return {case.answer.replace('{}', wrong)}").step()
    assert str(error.value).startswith(f"{case.message} {WRONG_MEMORIES[wrong]}")


def test_a_model_that_is_not_finite_is_the_learners(tmp_path: Path) -> None:
    method = "train_all(self, parameters, steps, data, classes, seeds)"
    case = Case("federation.learner", "federation.SgdClassifier", method, "", "")
    answer = "return np.full((len(data), len(parameters)), np.nan), steps"
    with pytest.raises(ModelError, match="overflow in period 1"):
        economy(tmp_path, case, answer).step()


def test_a_strategy_that_decides_in_no_wave_is_refused(tmp_path: Path) -> None:
    base, method = "agents.strategies.Fundamentalist", "check(self, market)"
    case, plugin = Case("investors[].strategy", base, method, "", ""), "pass\n    wave = 4"
    with pytest.raises(ComponentError, match="strategy mine: wave is 4, not 1, 2 or 3"):
        economy(tmp_path, case, plugin)
