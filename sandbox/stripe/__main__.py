"""`python -m sandbox.stripe`: serves until it is told to stop (SIGINT, SIGTERM)."""

from flask import Flask

from .app import create_app
from .server import Server
from .settings import Settings
from .world import World


def main() -> None:
    settings = Settings.from_environment()

    def load() -> Flask:
        world = World(settings)
        world.start()
        return create_app(world)

    Server(settings.port, load).run()


if __name__ == "__main__":
    main()
