"""Stands between the backend and its database: counts, and can be away, slow, or lose answers."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.http import HTTP

HOP_BY_HOP = {"connection", "transfer-encoding", "content-encoding", "content-length", "date"}


@dataclass
class Proxy:
    """`mode` is what becomes of each request: pass, refuse, lose (the answer), stall; or
    lose_one: of one call of a function the answer is lost."""

    target: str
    mode: str = "pass"
    paths: list[str] = field(default_factory=list)
    url: str = ""
    resume: threading.Event = field(default_factory=threading.Event)


@contextmanager
def proxy_to(target: str) -> Iterator[Proxy]:
    proxy = Proxy(target)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            proxy.paths.append(self.path)
            if proxy.mode == "refuse":
                self.close_connection = True
                return
            if proxy.mode == "stall":
                proxy.resume.wait(10)
            answer = HTTP.request(
                self.command, proxy.target + self.path, content=body, headers=_end_to_end(self)
            )
            if proxy.mode == "lose_one" and "/rpc/" in self.path:
                proxy.mode = "pass"
                self.close_connection = True
                return
            if proxy.mode == "lose":
                self.close_connection = True
                return
            self.send_response(answer.status_code)
            for name, value in answer.headers.items():
                if name.lower() not in HOP_BY_HOP:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        do_GET = do_POST = handle_any

        def log_message(self, format: str, *arguments: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    proxy.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield proxy
    proxy.resume.set()
    server.shutdown()
    server.server_close()


def _end_to_end(handler: BaseHTTPRequestHandler) -> dict[str, str]:
    dropped = HOP_BY_HOP | {"host", "accept-encoding"}
    return {name: value for name, value in handler.headers.items() if name.lower() not in dropped}
