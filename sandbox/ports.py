"""Every port is looked at before anything is started, so that a clash leaves nothing behind."""

import socket
import time

from sandbox.settings import HOST, SandboxError, Settings


def check_ports(settings: Settings, parts: set[str], patience_seconds: float) -> None:
    """Raises SandboxError naming the port that stays taken for longer than `patience_seconds`."""
    deadline = time.monotonic() + patience_seconds
    for name, port in settings.ports.items():
        if name.removesuffix("-admin") not in parts:
            continue
        while not _is_free(port):
            if time.monotonic() >= deadline:
                raise SandboxError(
                    f"port {port}, meant for {name}, is taken by another program. Stop that one, "
                    f"or choose another range: PORT={settings.port + 1000} with the same command."
                )
            time.sleep(0.05)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # Connections of the last run that are still closing do not count as taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True
