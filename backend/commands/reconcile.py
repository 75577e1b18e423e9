"""flask reconcile [--since 30d | 2026-11-01] [--dry-run]"""

import re
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import click
from flask.cli import with_appcontext

from backend.commands.asking import problems_told
from backend.services.reconciliation import WINDOW_SECONDS
from backend.wiring import services


class Since(click.ParamType[datetime]):
    """A day like 2026-11-01, or a time back from now like 90d or 12h."""

    name = "time"

    def convert(self, value: Any, param: Any, ctx: Any) -> datetime:
        if isinstance(value, datetime):
            return value
        if back := re.fullmatch(r"(\d{1,4})([dh])", value):
            hours = int(back[1]) * (24 if back[2] == "d" else 1)
            return datetime.now(UTC) - timedelta(hours=hours)
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail("Write a day like 2026-11-01, or a time back like 90d or 12h.", param, ctx)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


@click.command("reconcile")
@click.option("--since", type=Since(), help="How far to look back. Default: 30d.")
@click.option("--dry-run", is_flag=True, help="Report what has drifted, and repair nothing.")
@with_appcontext
@problems_told
def reconcile(since: datetime | None, dry_run: bool) -> None:
    """Compare with Stripe's own objects, and repair what was lost."""
    since = since or datetime.now(UTC) - timedelta(seconds=WINDOW_SECONDS)
    click.echo(f"Since {since:%Y-%m-%d %H:%M} UTC{', repairing nothing' if dry_run else ''}.")
    report = services().reconciliation.run_whole(since, dry_run, _progress)
    if sys.stderr.isatty():
        click.echo(err=True)
    for kind, count in sorted(report["drift"].items()):
        click.echo(f"  {kind:16} {count:>8,}")
    click.echo(
        f"{report['checked']:,} objects checked, {sum(report['drift'].values()):,} had drifted, "
        f"{report['repaired']:,} repaired, {report['refused']:,} refused."
    )
    if report["refused"]:
        raise click.ClickException(
            "What was refused needs a person: see the log, and flask events list."
        )


def _progress(resource: str, counts: dict[str, int]) -> None:
    """One line that changes, for a person who watches; in a file, a line for each page."""
    line = f"  {counts['checked']:>10,} checked, at {resource}"
    if sys.stderr.isatty():
        click.echo(f"\r{line:50}", nl=False, err=True)
    else:
        click.echo(line, err=True)
