"""Load over HTTP/1.1 on kept-alive connections, one thread each.

All that is measured runs on the same few cores, so the one who asks must be light. Python's HTTP
clients take 0.1 to 0.4 ms of processor time per request, and tools like wrk are no package that
pip or npm could install. Here a request is bytes made beforehand, an answer is looked at as far as
its end, which takes a quarter of that. It understands what the three servers it speaks to
send, and nothing else.
"""

import re
import socket
import threading
import time
from collections.abc import Callable

from bench.rounds import Run, percentile
from bench.shop import BenchError

HOST = "127.0.0.1"
TIMEOUT_SECONDS = 20
CONNECTIONS = 8
HEAD_BYTES_MAX = 65_536
BODY_LENGTH = re.compile(rb"\r\nContent-Length: *(\d+)", re.IGNORECASE)
IS_CHUNKED = re.compile(rb"\r\nTransfer-Encoding: *chunked", re.IGNORECASE)

# Makes one call on a connection. Raises Refused, or StopIteration when there is no more to ask.
Call = Callable[["Connection"], None]


class Refused(Exception):
    """An answer that was not the one hoped for; the message is its beginning."""


class Connection:
    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection((HOST, port), TIMEOUT_SECONDS)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def post(self, head: bytes, body: bytes) -> tuple[int, bytes]:
        """`head`: request line and headers without Content-Length, ending in a line break. Answers
        the status and the body; that of a chunked answer with its chunk sizes."""
        self._socket.sendall(b"%sContent-Length: %d\r\n\r\n%s" % (head, len(body), body))
        answer = self._socket.recv(HEAD_BYTES_MAX)
        while (end := answer.find(b"\r\n\r\n")) < 0:
            answer += self._receive()
        headers = answer[: end + 2]
        if length := BODY_LENGTH.search(headers):
            while len(answer) < end + 4 + int(length[1]):
                answer += self._receive()
        elif IS_CHUNKED.search(headers):
            while not answer.endswith(b"0\r\n\r\n"):
                answer += self._receive()
        return int(answer[9:12]), answer[end + 4 :]

    def close(self) -> None:
        self._socket.close()

    def _receive(self) -> bytes:
        received = self._socket.recv(HEAD_BYTES_MAX)
        if not received:
            raise ConnectionError("closed in the middle of an answer")
        return received


def run(port: int, call: Call, seconds: float, connections: int = CONNECTIONS) -> Run:
    """Let every connection make one call after the other until the time is over."""
    took: list[float] = []
    errors: list[str] = []
    start = threading.Barrier(connections + 1)

    def ask(connection: Connection) -> None:
        start.wait()
        deadline = time.perf_counter() + seconds
        try:
            while (began := time.perf_counter()) < deadline:
                try:
                    call(connection)
                    took.append(time.perf_counter() - began)
                except Refused as refused:
                    errors.append(str(refused))
        except StopIteration:
            pass
        except OSError as error:  # this connection is of no more use
            errors.append(str(error))
        finally:
            connection.close()

    opened = [Connection(port) for _ in range(connections)]
    threads = [threading.Thread(target=ask, args=[connection]) for connection in opened]
    for thread in threads:
        thread.start()
    start.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    elapsed = time.perf_counter() - began
    if not took:
        why = errors[0] if errors else "there was nothing to ask"
        raise BenchError(f"No call on port {port} succeeded: {why}")
    took.sort()
    return Run(
        calls=len(took),
        seconds=elapsed,
        p50_ms=percentile(took, 0.5) * 1000,
        p99_ms=percentile(took, 0.99) * 1000,
        errors=len(errors),
    )
