"""flask refund --payment-id … | --payment-intent-id … [--amount 5.00] [--reason …] [--dry-run]"""

import getpass
from typing import Any

import click
from flask.cli import with_appcontext

from backend.commands.asking import confirmed, problems_told
from backend.errors import ValidationError
from backend.services.money import in_minor_units, in_words
from backend.wiring import services


@click.command("refund")
@click.option("--payment-id", type=click.UUID, help="The payment, by its id here.")
@click.option("--payment-intent-id", metavar="pi_…", help="Or by its id at Stripe.")
@click.option(
    "--amount", metavar="5.00", help="In the payment's currency; without it, all is left."
)
@click.option("--reason", help="duplicate, fraudulent, requested_by_customer, or your own words.")
@click.option("--dry-run", is_flag=True, help="Say what would happen, and do nothing.")
@click.option("--yes", is_flag=True, help="Don't ask.")
@with_appcontext
@problems_told
def refund(
    payment_id: Any,
    payment_intent_id: str | None,
    amount: str | None,
    reason: str | None,
    dry_run: bool,
    yes: bool,
) -> None:
    """Give money back, and take its share of the credits."""
    if (payment_id is None) == (payment_intent_id is None):
        raise click.UsageError("Name the payment by --payment-id or by --payment-intent-id.")
    named = (str(payment_id) if payment_id else None, payment_intent_id)
    plan = services().refunds.plan(*named)
    if amount is not None:
        minor_units = in_minor_units(amount, plan["currency"])
        if minor_units > plan["amount_left"]:  # the database would say so in minor units
            left = in_words(plan["amount_left"], plan["currency"])
            raise ValidationError.of("amount", f"No more than {left} is left.")
        plan = services().refunds.plan(*named, minor_units)
    _show(plan)
    if dry_run:
        click.echo("Nothing was done.")
    elif confirmed("Refund it?", yes):
        done = services().refunds.refund(plan, reason, actor=f"shell:{getpass.getuser()}")
        click.echo(f"{done['refund_id']} is {done['status']}.")


def _show(plan: dict[str, Any]) -> None:
    money, left = (in_words(plan[name], plan["currency"]) for name in ("amount", "amount_left"))
    click.echo(
        f"Payment {plan['payment_id']} ({plan['payment_intent_id']}), user {plan['user_id']}"
    )
    click.echo(f"  money    {money} of {left} that are left")
    click.echo(f"  credits  {plan['credits']}")
    if plan["credits_missing"]:
        click.echo(
            f"  debt     {plan['credits_missing']} of these are spent; new ones will pay them"
        )
