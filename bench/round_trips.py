"""Counts what the backend asks of Supabase for one call: a second backend is started that speaks
to a proxy, and the proxy counts. Each request to PostgREST is one transaction."""

import http.client
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from bench.http_load import HOST, Call, Connection
from bench.shop import ROOT, STOP_SECONDS_MAX, BenchError, bare_environment

READY_SECONDS_MAX = 30
TIMEOUT_SECONDS = 20
# Of so many calls, each must take as many round trips as the others.
CALLS = 5
NOT_PASSED_ON = {"connection", "keep-alive", "transfer-encoding", "content-length"}


def count(env: dict[str, str], port: int, calls: dict[str, Call]) -> dict[str, float]:
    """Round trips of one call of each kind. Takes `port` and the one after it. Raises Refused."""
    with _counting_proxy(port + 1, env["SUPABASE_URL"]) as asked, _backend(env, port, port + 1):
        connection = Connection(port)
        counted = {}
        for name, call in calls.items():
            call(connection)  # the first one opens connections
            before = len(asked)
            for _ in range(CALLS):
                call(connection)
            counted[name] = (len(asked) - before) / CALLS
        connection.close()
    return counted


@contextmanager
def _counting_proxy(port: int, upstream: str) -> Iterator[list[str]]:
    """Passes requests on; yields the list of the paths that were asked for, which grows."""
    asked: list[str] = []
    address = urlsplit(upstream).netloc

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def pass_on(self) -> None:
            asked.append(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            connection = http.client.HTTPConnection(address, timeout=TIMEOUT_SECONDS)
            connection.request(self.command, self.path, body, dict(self.headers))
            answer = connection.getresponse()
            content = answer.read()
            connection.close()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in NOT_PASSED_ON:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = pass_on

        def log_message(self, *_: object) -> None:
            """Nothing: the count is what is wanted."""

    server = ThreadingHTTPServer((HOST, port), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def _backend(env: dict[str, str], port: int, supabase_port: int) -> Iterator[None]:
    own = {
        "PORT": str(port),
        "WEB_CONCURRENCY": "1",
        "SUPABASE_URL": f"http://{HOST}:{supabase_port}",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py", "backend.app:app"],
        cwd=ROOT,
        env=bare_environment() | env | own,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _wait(lambda: _listens(port), process)
        yield
    finally:
        process.terminate()
        process.wait(STOP_SECONDS_MAX)


def _wait(ready: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + READY_SECONDS_MAX
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            raise BenchError("The backend that is counted did not start.")
        time.sleep(0.05)


def _listens(port: int) -> bool:
    try:
        Connection(port).close()
    except OSError:
        return False
    return True
