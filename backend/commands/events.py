"""flask events list [--status failed] · flask events replay evt_… | --failed"""

import click
from flask.cli import with_appcontext

from backend.commands.asking import problems_told
from backend.errors import Problem
from backend.wiring import services

PAGE = 100


@click.group("events")
def events() -> None:
    """The webhook inbox: what Stripe sent, and what became of it."""


@events.command("list")
@click.option("--status", type=click.Choice(["received", "processed", "ignored", "failed"]))
@click.option("--type", "type_", metavar="invoice.paid", help="Only events of this type.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@with_appcontext
@problems_told
def list_events(status: str | None, type_: str | None, limit: int) -> None:
    """The newest events."""
    cursor, shown = None, 0
    while shown < limit:
        page = services().inbox.listed(min(PAGE, limit - shown), cursor, status, type_)
        for event in page["events"]:
            error = f"  {event['error']}" if event["error"] else ""
            what = f"{event['status']:9}  {event['id']}  {event['type']}{error}"
            click.echo(f"{event['received_at'][:19]}  {what}")
        shown += len(page["events"])
        cursor = page["next_cursor"]
        if cursor is None:
            break
    if not shown:
        click.echo("There are none.")


@events.command("replay")
@click.argument("event_ids", nargs=-1, metavar="[evt_…]")
@click.option("--failed", is_flag=True, help="Every event that failed, oldest first.")
@with_appcontext
@problems_told
def replay(event_ids: tuple[str, ...], failed: bool) -> None:
    """Take events again. One that was processed changes nothing."""
    if bool(event_ids) == failed:
        raise click.UsageError("Name events, or say --failed.")
    inbox, still_failing = services().inbox, 0
    for event_id in inbox.failed_ids() if failed else event_ids:
        try:
            status = inbox.replay(event_id)["status"]
        except Problem as problem:
            status = f"failed: {problem.detail}"
        still_failing += status.startswith("failed")
        click.echo(f"{event_id}  {status}")
    if still_failing:
        raise click.ClickException(f"{still_failing} failed again. Try: flask reconcile")
