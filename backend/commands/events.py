"""flask events list [--status failed] · flask events replay evt_… | --failed"""

from collections import Counter

import click
from flask.cli import with_appcontext

from backend.commands.asking import problems_told
from backend.errors import NotFound, Problem
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
    inbox = services().inbox
    chosen = inbox.failed_ids() if failed else event_ids
    if not chosen:
        click.echo("Nothing has failed.")
    outcomes: Counter[str] = Counter()
    for event_id in chosen:
        outcome, why = _take_again(event_id)
        outcomes[outcome] += 1
        click.echo(f"{event_id}  {outcome}{why}")
    complaints = []
    if count := outcomes["failed"]:
        complaints.append(f"{count} failed again. Try: flask reconcile")
    if count := outcomes["unknown"]:
        complaints.append(f"{count} never came here, or were deleted. Try: flask events list")
    if complaints:
        raise click.ClickException("\n".join(complaints))


def _take_again(event_id: str) -> tuple[str, str]:
    """What became of it, and why if that is known."""
    try:
        return services().inbox.replay(event_id)["status"], ""
    except NotFound:
        return "unknown", ": There is no such event."
    except Problem as problem:
        return "failed", f": {problem.detail}"
