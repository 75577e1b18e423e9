"""What commands share: asking first, and errors in words."""

import functools
from collections.abc import Callable
from typing import Any

import click

from backend.errors import DatabaseUnavailable, Problem, StripeUnavailable
from backend.gateways.stripe_errors import NotConnected
from backend.gateways.supabase import DatabaseError

WHO_KNOWS_MORE = "`flask doctor` says what is wrong."
NO_ANSWER = (NotConnected, DatabaseUnavailable, StripeUnavailable)


def confirmed(question: str, yes: bool) -> bool:
    """Whether to go on: `--yes`, or what a person answers; without a terminal nobody agrees."""
    return yes or click.confirm(question, default=False)


def problems_told(command: Callable[..., None]) -> Callable[..., None]:
    """A Problem, or a database that refuses us, ends the command with its sentence and exit code 1,
    not with a traceback."""

    @functools.wraps(command)
    def told(*args: Any, **options: Any) -> None:
        try:
            command(*args, **options)
        except Problem as problem:
            messages = [f"{e['field']}: {e['message']}" for e in problem.members.get("errors", [])]
            hint = f"\n{WHO_KNOWS_MORE}" if isinstance(problem, NO_ANSWER) else ""
            said = "\n  ".join([problem.detail, *messages])
            raise click.ClickException(said + hint) from problem
        except DatabaseError as error:
            raise click.ClickException(f"The database: {error}\n{WHO_KNOWS_MORE}") from error

    return told
