"""flask stripe-setup [--url https://…/api/stripe/webhook] [--dry-run] [--yes]"""

import os

import click

from backend import config
from backend.commands.asking import confirmed, problems_told
from backend.gateways.stripe_api import StripeApi
from backend.services.webhook_setup import Done, Plan, WebhookSetup


@click.command("stripe-setup")
@click.option("--url", help="Where events go. Default: FRONTEND_URL/api/stripe/webhook.")
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
@click.option("--yes", is_flag=True, help="Don't ask.")
@problems_told
def stripe_setup(url: str | None, dry_run: bool, yes: bool) -> None:
    """Create or update the webhook endpoint at Stripe."""
    settings = _settings()
    setup = WebhookSetup(settings, StripeApi(settings))
    plan = setup.plan(url)
    click.echo(f"{plan.url} ({settings.payment_env} mode, API {setup.api_version})")
    _show(plan)
    if not plan.steps:
        click.echo("  Nothing has to change.")
    elif dry_run:
        click.echo("Nothing was changed.")
    elif confirmed("Do this?", yes):
        for done in setup.carry_out(plan):
            _report(done, settings)


def _settings() -> config.Settings:
    """A shop that is still closed: its webhook secret is what this command is run for."""
    try:
        return config.load({**os.environ, "PAYMENTS_ENABLED": "false"})
    except config.ConfigError as error:
        raise click.ClickException(str(error)) from error


def _show(plan: Plan) -> None:
    for step in plan.steps:
        click.echo(f"  - {step.words}")
        for sign, events in (("+", step.added), ("-", step.removed)):
            for event in events:
                click.echo(f"      {sign} {event}")
    for note in plan.notes:
        click.echo(click.wrap_text(note, initial_indent="  ! ", subsequent_indent="    "))


def _report(done: Done, settings: config.Settings) -> None:
    if done.secret is None:
        click.echo(f"{done.endpoint_id} is changed.")
        return
    name = _name_of_secret(settings)
    click.echo(f"{done.endpoint_id} is created. Its secret, which Stripe shows only now:\n")
    click.echo(f"  {done.secret}\n")
    if settings.stripe_webhook_secrets:
        click.echo(f"Put it into {name} in front of what is there, with a comma, and restart.")
    else:
        click.echo(f"Put it into {name} and restart.")


def _name_of_secret(settings: config.Settings) -> str:
    """The variable that this shop's secret is read from."""
    specific = f"STRIPE_WEBHOOK_SECRET_{settings.payment_env.upper()}"
    key_is_specific = os.environ.get(f"STRIPE_SECRET_KEY_{settings.payment_env.upper()}")
    return specific if key_is_specific or os.environ.get(specific) else "STRIPE_WEBHOOK_SECRET"
