"""What was measured, as a table for people and as JSON for machines."""

import os
from dataclasses import asdict, dataclass
from typing import Any

from bench.http_load import CONNECTIONS
from bench.operations import OPERATIONS
from bench.pgbench import CLIENTS
from bench.plan import PATHS, Effort
from bench.rounds import Measured, Ratio
from bench.seed import USERS

SPEND_OVER_SMALLEST_MIN = {f"{USERS:,} users": 0.6, "one user": 0.7}
GROWTH_MAX = 1.2


@dataclass(frozen=True)
class Results:
    effort: Effort
    goals: Measured
    paths: Measured
    growth: Measured
    round_trips: dict[str, float]
    broken_laws: list[str]  # what private.audit() found
    load_before: float  # programs that wanted to run in the minute before

    @property
    def is_sound(self) -> bool:
        """No errors, the books balance, one round trip each. A goal that is missed may be the
        machine's fault, and is no reason to fail."""
        errors = sum(part.errors() for part in (self.goals, self.paths, self.growth))
        trips = (self.round_trips["spend"], self.round_trips["webhook"])
        return errors == 0 and not self.broken_laws and trips == (1, 1)


def as_text(results: Results) -> str:
    return "\n".join([*_goals(results), "", *_paths(results), "", *_notes(results)])


def as_json(results: Results) -> dict[str, Any]:
    return {
        "effort": asdict(results.effort),
        "goals": _ratios(results.goals, lambda run: run.per_second),
        "paths": _ratios(results.paths, lambda run: run.per_second),
        "growth": _ratios(results.growth, lambda run: run.p50_ms),
        "round_trips": results.round_trips,
        "broken_laws": results.broken_laws,
        "is_sound": results.is_sound,
        "load_before": results.load_before,
    }


def _goals(results: Results) -> list[str]:
    lines = [f"{'Goals':46}{'median':>8}{'lowest – highest':>20}{'goal':>9}"]
    for who, least in SPEND_OVER_SMALLEST_MIN.items():
        ratio = results.goals.ratio(f"spend, {who}", lambda run: run.per_second)
        name = f"spend / smallest, {who}, {CLIENTS} clients"
        lines.append(_goal(name, ratio, f"≥ {least}", ratio.median >= least))
        cpu = results.goals.ratio(f"spend, {who}", lambda run: run.server_cpu_us or 0)
        lines.append(f"{'  the same in processor time of Postgres':46}{_ratio(cpu, inverse=True)}")
    first, *longer = (f"{rows:,} rows" for rows in results.effort.histories)
    for script, name in (("spend", "spend"), ("balance", "balance read")):
        for rows in longer:
            ratio = results.growth.ratio(f"{script}, {rows}", lambda run: run.p50_ms)
            fits = ratio.median <= GROWTH_MAX
            lines.append(_goal(f"{name}, time at {rows} / {first}", ratio, f"≤ {GROWTH_MAX}", fits))
    for name, count in results.round_trips.items():
        goal = "" if name == "hold + capture" else "= 1"
        lines.append(f"{f'round trips to the database, {name}':46}{count:8g}{'':20}{goal:>9}")
    return lines


def _goal(name: str, ratio: Ratio, goal: str, is_met: bool) -> str:
    return f"{name:46}{_ratio(ratio)}{goal:>9}  {'met' if is_met else 'missed'}"


def _ratio(ratio: Ratio, inverse: bool = False) -> str:
    if inverse:
        ratio = Ratio(1 / ratio.median, 1 / ratio.highest, 1 / ratio.lowest)
    return f"{ratio.median:8.2f}{f'{ratio.lowest:.2f} – {ratio.highest:.2f}':>20}"


def _paths(results: Results) -> list[str]:
    measured = results.paths
    clients = f"Whole calls ({CLIENTS} clients in SQL, {CONNECTIONS} over HTTP)"
    columns = f"{'per s':>8}{'ratio':>8}{'lowest – highest':>20}{'p50 ms':>9}{'p99 ms':>9}"
    lines = [f"{clients:46}{columns}{'errors':>8}"]
    names = [
        "smallest, pgbench",
        *(f"{operation}, {path}" for operation in OPERATIONS for path in PATHS),
    ]
    for name in names:
        ratio = measured.ratio(name, lambda run: run.per_second)
        errors = sum(run.errors for run in measured.runs[name])
        lines.append(
            f"{name:46}{measured.median(name, lambda run: run.per_second):8.0f}{_ratio(ratio)}"
            f"{measured.median(name, lambda run: run.p50_ms):9.2f}"
            f"{measured.median(name, lambda run: run.p99_ms):9.2f}{errors:8}"
        )
    return lines


def _notes(results: Results) -> list[str]:
    cores, load = os.cpu_count() or 1, results.load_before
    quiet = "" if load < cores / 4 else ": it was busy with other things, and ratios suffer, too"
    machine = f"Machine: {cores} cores, load average before the start {load:.1f}{quiet}."
    if not results.broken_laws:
        return ["The books balance: private.audit() is empty.", machine]
    return ["THE BOOKS DO NOT BALANCE:", *results.broken_laws, machine]


def _ratios(measured: Measured, value: Any) -> dict[str, Any]:
    return {
        name: {
            "base": scenario.base,
            "ratio": asdict(measured.ratio(name, value)),
            "runs": [asdict(run) for run in measured.runs[name]],
        }
        for name, scenario in measured.scenarios.items()
    }
