"""The ledger does what a plain Python ledger does, whatever happens in whatever order.

A failure prints its game. Put it into kept/, under a name that says what went wrong: what failed
once is played for ever, and so is what the few games here may never meet.
"""

import json
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from tests.model.operations import KINDS, Operation
from tests.model.play import Table, drawn_game

KEPT = sorted((Path(__file__).parent / "kept").glob("*.json"))
EXAMPLES, STEPS = 40, 50
GAMES, OPERATIONS = 50, 60


class Ledger(RuleBasedStateMachine):
    """Each kind of operation is a rule; the audit is empty after each."""

    def __init__(self, game_table: Table) -> None:
        super().__init__()
        self.game_table = game_table
        self.world = game_table.new_game()
        self.played: list[Operation] = []

    @invariant()
    def every_law_holds(self) -> None:
        self.game_table.audit()

    def teardown(self) -> None:
        self.world.finish()


for name, kind in KINDS.items():
    arguments = {argument: st.sampled_from(of) for argument, of in kind.choices.items()}

    def play(self: Ledger, name: str = name, **chosen: object) -> None:
        self.played.append((name, chosen))
        self.world.play(self.played, len(self.played) - 1)

    play.__name__ = name
    setattr(Ledger, name, rule(**arguments)(play))


@pytest.mark.timeout(300)
def test_whatever_happens_the_ledger_agrees_with_its_model(game_table: Table) -> None:
    """Hypothesis looks for a short game that fails; it prints how to play it again."""
    run_state_machine_as_test(
        partial(Ledger, game_table),
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.timeout(120)
def test_games_like_those_of_real_use_agree_with_the_model(game_table: Table) -> None:
    """Drawn with the weights of operations.py, so that much is bought and spent."""
    for nth in range(GAMES):
        game_table.replay(drawn_game(f"test/{nth}", OPERATIONS), audits=False)
        game_table.audit()


@pytest.mark.parametrize("kept", KEPT, ids=lambda path: path.stem)
def test_a_kept_game_is_never_lost(game_table: Table, kept: Path) -> None:
    game_table.replay(json.loads(kept.read_text()))
