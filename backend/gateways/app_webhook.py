"""The way out to the host app: one signed POST per account event, to public addresses only.

Signed as Standard Webhooks says (https://www.standardwebhooks.com), so that the app can verify it
with a library of its own language.
"""

import ipaddress
import json
import socket
from datetime import UTC, datetime
from typing import Any
from urllib.parse import SplitResult, urlsplit, urlunsplit

from backend.config import APP_WEBHOOK_TIMEOUT_SECONDS, Settings


class NotDelivered(Exception):
    """The app did not take the event; the message says why."""


# What the internet hands out (https://www.iana.org/assignments/ipv6-address-space); in these parts
# of it an address of version 4 is wrapped, and that could be any.
GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
WRAPPING = (ipaddress.ip_network("2001::/32"), ipaddress.ip_network("2002::/16"))
PORTS = {"http": 80, "https": 443}  # by number: a slim image has no /etc/services


def is_public(address: str) -> bool:
    """Whether the whole internet may mean this address, and no network has it for itself."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped:
            return is_public(str(ip.ipv4_mapped))
        return ip in GLOBAL_UNICAST and ip.is_global and not any(ip in net for net in WRAPPING)
    return ip.is_global and not ip.is_multicast


class AppWebhook:
    """Speaks to APP_WEBHOOK_URL when services/event_delivery.py says so."""

    def __init__(self, settings: Settings) -> None:
        self._url = settings.app_webhook_url
        self._secret = settings.app_webhook_secret
        self._may_be_private = settings.is_sandbox

    @property
    def is_configured(self) -> bool:
        return self._url is not None

    def send(self, event_id: str, body: dict[str, Any]) -> None:
        """POST one event; any 2xx is success. Raises NotDelivered."""
        from urllib3.exceptions import HTTPError

        payload = json.dumps(body, separators=(",", ":"))
        parts = urlsplit(self._url or "")
        try:
            # Redirects are not followed: one could lead to where we refuse to go.
            answer = self._way_to(parts).urlopen(
                "POST",
                urlunsplit(("", "", parts.path or "/", parts.query, "")),
                body=payload.encode(),
                headers={"Host": parts.netloc, **self._signed(event_id, payload)},
                redirect=False,
                preload_content=False,
            )
            answer.close()  # its body says nothing to us, and could go on for ever
        except (HTTPError, OSError, ValueError) as error:  # the last: a name that can't be one
            raise NotDelivered(type(error).__name__) from error
        if not 200 <= answer.status < 300:
            raise NotDelivered(f"HTTP {answer.status}")

    def _way_to(self, parts: SplitResult) -> Any:
        """A connection to the address that the name has now, by the certificate of that name."""
        import certifi
        import urllib3

        host, port = self._address(parts.hostname or "", parts.port or PORTS[parts.scheme])
        limits: dict[str, Any] = {"timeout": APP_WEBHOOK_TIMEOUT_SECONDS, "retries": False}
        if parts.scheme == "http":
            return urllib3.HTTPConnectionPool(host, port, **limits)
        return urllib3.HTTPSConnectionPool(
            host,
            port,
            server_hostname=parts.hostname,
            assert_hostname=parts.hostname,
            ca_certs=certifi.where(),
            **limits,
        )

    def _address(self, host: str, port: int) -> tuple[str, int]:
        """The address to connect to, looked up once: a second look-up could give another answer.

        Raises NotDelivered for a private one, which only an insider could mean.
        """
        for _, _, _, _, place in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            address = str(place[0])
            if not self._may_be_private and not is_public(address):
                raise NotDelivered("the address is on a private network")
            return address, int(place[1])
        raise NotDelivered("the address is unknown")

    def _signed(self, event_id: str, payload: str) -> dict[str, str]:
        from standardwebhooks import Webhook

        now = datetime.now(UTC)
        return {
            "Content-Type": "application/json",
            "webhook-id": event_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(self._secret or "").sign(event_id, now, payload),
        }
