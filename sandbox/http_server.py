"""The HTTP/1.1 server of our stand-ins: a thread for each connection, kept alive, loopback only."""

from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler
from werkzeug.serving import make_server as werkzeug_server

from sandbox.settings import HOST

# The gateway lets go of an idle connection after 20 s; we must not be the first to.
IDLE_SECONDS_MAX = 60


class Handler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are two writes; 40 ms lie between them otherwise
    timeout = IDLE_SECONDS_MAX

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Quiet: the log is for what went wrong."""


def make_server(app: Flask, port: int) -> BaseWSGIServer:
    return werkzeug_server(HOST, port, app, threaded=True, request_handler=Handler)
