"""Who was paid what in a run, and was it fair?

    python examples/who_was_paid.py [RUN]

RUN is a run folder, by default the newest one in outputs/. Prints what the run's tables say and
draws `who_was_paid.png` into the run folder. The lines `# %%` begin cells in VS Code, PyCharm,
Spyder and, with jupytext, in Jupyter.
"""

# %% [markdown]
# ## Open a run
#
# `load_run` reads the folder that `wallstreetfeds run` leaves behind. Each of its tables is a
# pandas DataFrame: `run.clients` has a row per period and client, `run.fills` one per order.

# %%
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd

from simulator.analysis import attackers_pay, client_rewards, gini, load_run, money_flows
from simulator.analysis.looks import COOL, INK, INVESTOR_HUES, PALE, SOFT, behaviour_looks, words

chosen = [] if "ipykernel" in sys.modules else sys.argv[1:2]  # a notebook has arguments of its own
manifests = [
    *Path("outputs").glob("*/*/manifest.json"),
    *Path("../outputs").glob("*/*/manifest.json"),
]
newest = sorted((file.parent for file in manifests), key=lambda folder: folder.name)[-1:]
if not chosen and not newest:
    sys.exit("no run in outputs/: make one with `wallstreetfeds run scenarios/quickstart.yaml`")
try:
    run = load_run(*chosen or newest)
    rewards = client_rewards(run)
except (OSError, ValueError) as error:
    sys.exit(f"error: {error}")
print(f"{run.folder}: {len(rewards)} clients, {run.periods['period'].max()} periods")

# %% [markdown]
# ## Whose money was it?
#
# Every payment is booked in `run.flows` by its name, payer and payee. Revenue comes from customers
# and is divided by `clearing`; what a `pool` pays for tokens was put there by investors, liquidity
# providers and the treasury.

# %%
to_clients = money_flows(run).get("client", default=pd.Series(dtype=float))
print("\nMoney that reached clients, in numeraire:")
print(to_clients[to_clients > 0].round().astype(int).to_string() if len(to_clients) else "none")

# %% [markdown]
# ## Who was paid what?
#
# Tokens that a client still has count for what its pool would pay if it sold them all at the end.
# That is well below their spot price: so large a sale pushes the price down. (Where a pool is not
# a constant-product one they count at the spot price.)

# %%
channels = rewards[["genesis_sale", "offering", "sales", "direct", "dividends"]].copy()
channels["kept"] = rewards["at_quote"].fillna(rewards["at_spot"])
spent = rewards["costs"] + rewards["purchases"]
total = channels.sum(axis=1) - spent
table = channels.assign(spent=0 - spent, total=total).sort_values("total", ascending=False)
table.insert(0, "behaviour", rewards["behaviour"])
print("\nReward of each client, in numeraire:")
print(table.round().to_string(float_format="{:.0f}".format))

# %% [markdown]
# ## Was it fair?
#
# A yardstick: what did each client contribute to the model in all periods together? A client whose
# contributions sum to less than nothing did harm and deserves nothing by this measure. `pay` is
# what contribution decides (tokens issued, and direct pay); `reward` is everything above, so also
# what a client got for the tokens that the launch gave to everybody alike.

# %%
contributed = run.clients.groupby(run.clients["client"].astype(str))["contribution"].sum()
deserved = contributed.clip(lower=0) / contributed.clip(lower=0).sum()
pay = rewards["issuance"] + rewards["direct"]
fairness = 100 * table[[]].assign(
    contribution=deserved, pay=pay / pay.sum(), reward=total / total.sum()
)
print("\nShare of each client, in % of all clients:")
print(fairness.to_string(float_format="{:.1f}".format))
print("\nInequality of these shares (Gini; 0 when all are equal):")
print(fairness.clip(lower=0).fillna(0).apply(gini).round(2).to_string(), "\n")
for (client, behaviour), row in attackers_pay(run).iterrows():
    print(f"{client} ({words(behaviour)}): paid {row['percent']:.0f}% of an equal share")

# %% [markdown]
# ## The picture
#
# A bar ends at the client's reward; it starts left of 0 by what the client spent. The diamond
# shows where it would end if the same sum were divided by contribution: a bar that ends beyond its
# diamond was paid more than that. The grey part comes from the launch, whatever a client
# contributes later: the longer it is, the more rewards are alike.

# %%
drawn = {
    "genesis_sale": ("own tokens sold at the launch", PALE),
    "offering": ("new tokens sold to buy data", INVESTOR_HUES[7]),
    "kept": ("own tokens kept, if sold at the end", INVESTOR_HUES[6]),
    "sales": ("own tokens sold in the market", INVESTOR_HUES[0]),
    "dividends": ("dividends on tokens it held", COOL[1]),
    "direct": ("paid directly from revenue", COOL[0]),
}
bars = table.iloc[::-1]  # the first is drawn lowest
looks = behaviour_looks(run.behaviours.values())
figure, axes = plt.subplots(figsize=(11, 2.6 + 0.36 * len(bars)), layout="constrained")
end = bars["spent"]
for channel, (label, colour) in drawn.items():
    if not bars[channel].any():
        continue
    axes.barh(bars.index, bars[channel], left=end, color=colour, label=label, height=0.7)
    end = end + bars[channel]
marker = {"marker": "D", "s": 55, "color": INK, "edgecolor": "white", "zorder": 3}
if deserved.notna().all():  # somebody contributed
    merited = total.sum() * deserved[bars.index]
    axes.scatter(merited, bars.index, label="reward if divided by contribution", **marker)
axes.axvline(total.mean(), color=INK, linewidth=1.2, dashes=(4, 2), label="reward if equal for all")
axes.axvline(0, color=SOFT, linewidth=0.8)

names = [f"{client}, {words(behaviour)}" for client, behaviour in bars["behaviour"].items()]
axes.set_yticks(range(len(names)), names)
for name, behaviour in zip(axes.get_yticklabels(), bars["behaviour"], strict=True):
    name.set_color(INK if behaviour == "honest" else looks[behaviour].colour)
column = {"xycoords": ("axes fraction", "data"), "ha": "right", "va": "center", "color": INK}
for client, reward in bars["total"].items():
    axes.annotate(f"{reward:,.0f}", (1.06, client), **column)
    axes.annotate(f"{reward / total.mean():.0%}", (1.14, client), **column)
axes.annotate("reward", (1.06, len(bars) - 0.15), **column | {"color": SOFT})
axes.annotate("of equal", (1.14, len(bars) - 0.15), **column | {"color": SOFT})
axes.set_title("Who was paid what, and was it fair?", loc="left", color=INK, fontsize=14, pad=24)
axes.annotate(
    "A bar ends at the client's reward. It starts left of 0 by what the client spent.",
    (0.0, len(bars) - 0.15),
    **column | {"color": SOFT, "ha": "left"},
)
axes.set_xlabel(f"numeraire, over {run.periods['period'].max()} periods", color=SOFT)
axes.set_ylim(-0.6, len(bars) - 0.4)
axes.spines[["top", "right", "left"]].set_visible(False)
axes.tick_params(length=0)
figure.legend(loc="outside lower center", ncols=3, frameon=False, fontsize=9)
file = run.folder / "who_was_paid.png"
figure.savefig(file, dpi=150)
print(f"\ndrawn: {file}")
