"""`python -m sandbox.auth`: serves until SIGTERM, which rolls back what is under way."""

from sandbox.auth.app import app
from sandbox.auth.database import SETTINGS
from sandbox.http_server import make_server

make_server(app, SETTINGS.ports["auth"]).serve_forever()
