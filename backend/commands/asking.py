"""What commands share: asking first, and errors in words."""

import functools
from collections.abc import Callable
from typing import Any

import click

from backend.errors import Problem


def confirmed(question: str, yes: bool) -> bool:
    """Whether to go on: `--yes`, or what a person answers; without a terminal nobody agrees."""
    return yes or click.confirm(question, default=False)


def problems_told(command: Callable[..., None]) -> Callable[..., None]:
    """A Problem ends the command with its sentence and exit code 1, not with a traceback."""

    @functools.wraps(command)
    def told(*args: Any, **options: Any) -> None:
        try:
            command(*args, **options)
        except Problem as problem:
            messages = [f"{e['field']}: {e['message']}" for e in problem.members.get("errors", [])]
            raise click.ClickException("\n  ".join([problem.detail, *messages])) from problem

    return told
