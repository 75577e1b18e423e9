"""The HTTP/1.1 server: gunicorn with one worker of many threads, connections kept alive, loopback
only. One worker, because the store's lock and the courier live in it.
"""

import socket
from collections.abc import Callable
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]

HOST = "127.0.0.1"
# Faults may delay requests by minutes, so threads are plenty; nothing here may be timed out.
THREADS = 64
KEEP_ALIVE_SECONDS = 30
STOP_SECONDS_MAX = 1  # what is cut off was a whole transaction or none; deliveries resume


class Server(BaseApplication):  # type: ignore[misc]
    """`load` runs in the worker: threads that it starts would not survive the fork."""

    def __init__(self, port: int, load: Callable[[], Flask]) -> None:
        self._port = port
        self._load = load
        super().__init__()

    def load_config(self) -> None:
        options: dict[str, Any] = {
            "bind": f"{HOST}:{self._port}",
            "workers": 1,
            "threads": THREADS,
            "keepalive": KEEP_ALIVE_SECONDS,
            "timeout": 0,
            "graceful_timeout": STOP_SECONDS_MAX,
            "proc_name": "sandbox.stripe",
            "loglevel": "warning",
            "control_socket_disable": True,
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        return self._load()


def drop_connection(environ: dict[str, Any]) -> None:
    """Closes the socket under a request, so that its client sees no answer at all."""
    connection: socket.socket = environ["gunicorn.socket"]
    connection.shutdown(socket.SHUT_RDWR)
