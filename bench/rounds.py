"""Runs in rounds: on a busy machine, only what ran in the same minute can be compared."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Run:
    """What one run measured. A hold with its capture is one call. `server_cpu_us` is the processor
    time of Postgres per call in microseconds, where it could be had."""

    calls: int
    seconds: float
    p50_ms: float
    p99_ms: float
    errors: int = 0
    server_cpu_us: float | None = None

    @property
    def per_second(self) -> float:
        return self.calls / self.seconds


@dataclass(frozen=True)
class Scenario:
    """One thing to measure; `base` names the scenario it is compared with."""

    name: str
    base: str
    run: Callable[[], Run]


@dataclass(frozen=True)
class Ratio:
    """The median over the rounds, and the lowest and highest."""

    median: float
    lowest: float
    highest: float


class Measured:
    """The runs of each scenario, one per round."""

    def __init__(self, scenarios: Sequence[Scenario], runs: dict[str, list[Run]]) -> None:
        self.scenarios = {scenario.name: scenario for scenario in scenarios}
        self.runs = runs

    def median(self, name: str, value: Callable[[Run], float]) -> float:
        return median(value(run) for run in self.runs[name])

    def ratio(self, name: str, value: Callable[[Run], float]) -> Ratio:
        """To the base, each run against that of the same round."""
        pairs = zip(self.runs[name], self.runs[self.scenarios[name].base], strict=True)
        ratios = [value(run) / value(base) for run, base in pairs]
        return Ratio(median(ratios), min(ratios), max(ratios))

    def errors(self) -> int:
        return sum(run.errors for runs in self.runs.values() for run in runs)


def alternate(scenarios: Sequence[Scenario], rounds: int, tell: Callable[[str], None]) -> Measured:
    """A B C A B C …: `rounds` times each. `tell` hears what is running."""
    runs: dict[str, list[Run]] = {scenario.name: [] for scenario in scenarios}
    for nth in range(1, rounds + 1):
        for scenario in scenarios:
            tell(f"round {nth} of {rounds}: {scenario.name}")
            runs[scenario.name].append(scenario.run())
    return Measured(scenarios, runs)


def percentile(sorted_values: Sequence[float], share: float) -> float:
    """`share` from 0 to 1; the values must be in order."""
    return sorted_values[min(int(len(sorted_values) * share), len(sorted_values) - 1)]
