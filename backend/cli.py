"""`flask …`, for the people who run the shop: a module per command in backend/commands/.

.flaskenv leads here, so that the commands are found from the checkout's root.
"""

from typing import NoReturn

import click
from flask import Flask

from backend.commands.doctor import doctor
from backend.commands.events import events
from backend.commands.reconcile import reconcile
from backend.commands.refund import refund
from backend.commands.stripe_setup import stripe_setup
from backend.config import ConfigError

# These make what they need themselves: they are there to find out what is wrong.
WITHOUT_SHOP: tuple[click.Command, ...] = (doctor, stripe_setup)
WITH_SHOP: tuple[click.Command, ...] = (events, reconcile, refund)


def create_app() -> Flask:
    """The backend with its commands, or what explains why there is none."""
    try:
        from backend.app import app
    except ConfigError as error:
        return _explaining_app(error)
    for command in (*WITHOUT_SHOP, *WITH_SHOP):
        app.cli.add_command(command)
    return app


def _explaining_app(error: ConfigError) -> Flask:
    """Serves nothing, and says why in place of each command that needs the shop."""
    app = Flask("topup", static_folder=None)

    @app.before_request
    def refuse() -> NoReturn:
        raise error

    for command in WITHOUT_SHOP:
        app.cli.add_command(command)
    for command in WITH_SHOP:
        app.cli.add_command(_explaining_command(command, error))
    return app


def _explaining_command(command: click.Command, error: ConfigError) -> click.Command:
    def explain(words: tuple[str, ...]) -> NoReturn:
        raise click.ClickException(f"{error}\n`flask doctor` looks at all of it.")

    return click.Command(
        command.name,
        callback=explain,
        params=[click.Argument(["words"], nargs=-1, type=click.UNPROCESSED)],
        short_help=command.get_short_help_str(),
        context_settings={"ignore_unknown_options": True},
    )
