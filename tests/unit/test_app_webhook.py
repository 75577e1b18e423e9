"""Where the shop sends events to: public addresses only, so that no address that somebody wrote
down leads into its own network."""

import ipaddress
import socket
from dataclasses import replace
from typing import Any

import pytest

from backend.gateways.app_webhook import AppWebhook, NotDelivered
from tests import shop

SECRET = "whsec_" + "c2VjcmV0LW9mLXRoZS1leGFtcGxlLWhvc3QtYXBwLTAx"
PUBLIC, PUBLIC_6 = "93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"
PRIVATE = [
    "10.0.0.1",
    "172.16.0.1",
    "192.168.0.1",
    "100.64.0.1",  # a provider's own network
    "127.0.0.1",
    "127.255.255.254",
    "0.0.0.0",
    "169.254.1.1",
    "169.254.169.254",  # the cloud's own metadata
    "::1",
    "::",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:192.168.0.1",
    "::ffff:169.254.169.254",
    "::ffff:a9fe:a9fe",
    "64:ff9b::a9fe:a9fe",  # the same, by way of NAT64
    "64:ff9b:1::7f00:1",
    "2002:7f00:1::",  # 6to4
    "2001:0:7f00:1::1",  # Teredo
    "::127.0.0.1",
    "fec0::1",
    "ff02::1",
    "224.0.0.1",
]


class Internet:
    """Knows where names lead to, and writes down what is connected to; nobody answers."""

    def __init__(self) -> None:
        self.names: dict[str, list[str]] = {}
        self.asked: list[str] = []
        self.connected: list[tuple[str, int]] = []
        self._real = socket.getaddrinfo

    def getaddrinfo(self, host: str, port: int, *rest: Any, **options: Any) -> list[Any]:
        self.asked.append(host)
        if host not in self.names:
            return self._real(host, port, *rest, **options)
        return [
            (family_of(address), socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (address, port))
            for address in self.names[host]
        ]

    def connect(self, address: tuple[str, int], *_: Any, **__: Any) -> socket.socket:
        self.connected.append(address)
        raise ConnectionRefusedError


def family_of(address: str) -> socket.AddressFamily:
    is_new = ipaddress.ip_address(address).version == 6
    return socket.AF_INET6 if is_new else socket.AF_INET


@pytest.fixture
def internet(monkeypatch: pytest.MonkeyPatch) -> Internet:
    internet = Internet()
    monkeypatch.setattr("socket.getaddrinfo", internet.getaddrinfo)
    monkeypatch.setattr("urllib3.util.connection.create_connection", internet.connect)
    return internet


def send(url: str, env: dict[str, str] = shop.LIVE_ENV) -> None:
    """Also to what config.py refuses: a name may lead anywhere."""
    fine = shop.settings(env, APP_WEBHOOK_URL="https://app.example/", APP_WEBHOOK_SECRET=SECRET)
    settings = replace(fine, app_webhook_url=url)
    AppWebhook(settings).send("event-1", {"type": "low_balance"})


def test_a_public_address_is_connected_to(internet: Internet) -> None:
    internet.names = {"app.example": [PUBLIC], "six.example": [PUBLIC_6]}
    for url in (
        "https://app.example/hook",
        "http://app.example",
        "https://six.example:8443",
        f"https://{PUBLIC}/",
    ):
        with pytest.raises(NotDelivered, match="NewConnectionError"):
            send(url)
    assert internet.connected == [(PUBLIC, 443), (PUBLIC, 80), (PUBLIC_6, 8443), (PUBLIC, 443)]


@pytest.mark.parametrize("address", PRIVATE)
def test_a_private_address_is_refused(internet: Internet, address: str) -> None:
    host = f"[{address}]" if ":" in address else address
    for url in (f"http://{host}/", f"https://{host}:8443/hook"):
        with pytest.raises(NotDelivered, match="private network"):
            send(url)
    assert internet.connected == []


@pytest.mark.parametrize("address", PRIVATE)
def test_a_name_that_leads_to_a_private_address_is_refused(
    internet: Internet, address: str
) -> None:
    internet.names = {"app.example": [address]}
    with pytest.raises(NotDelivered, match="private network"):
        send("https://app.example/hook")
    assert internet.connected == []


@pytest.mark.parametrize("host", ["localhost", "2130706433", "0x7f000001", "0177.0.0.1", "127.1"])
def test_other_ways_to_write_this_machine_are_refused_too(internet: Internet, host: str) -> None:
    with pytest.raises(NotDelivered, match="private network"):
        send(f"http://{host}/")
    assert internet.connected == []


def test_where_a_public_address_stands_first_only_that_one_is_connected_to(
    internet: Internet,
) -> None:
    internet.names = {"app.example": [PUBLIC, "10.0.0.1"], "evil.example": ["10.0.0.1", PUBLIC]}
    with pytest.raises(NotDelivered, match="NewConnectionError"):
        send("https://app.example/")
    with pytest.raises(NotDelivered, match="private network"):
        send("https://evil.example/")
    assert internet.connected == [(PUBLIC, 443)]


def test_a_name_is_looked_up_once(internet: Internet) -> None:
    """A second answer could be another one than was checked."""
    internet.names = {"app.example": [PUBLIC]}
    with pytest.raises(NotDelivered):
        send("https://app.example/")
    assert internet.asked == ["app.example"]


def test_an_unknown_name_is_a_failure_like_any_other(
    internet: Internet, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr("socket.getaddrinfo", unknown)
    with pytest.raises(NotDelivered, match="gaierror"):
        send("https://app.example/")


def test_only_a_sandbox_may_reach_its_own_machine(internet: Internet) -> None:
    with pytest.raises(NotDelivered, match="NewConnectionError"):
        send("http://127.0.0.1:8000/", env=shop.ENV)
    assert internet.connected == [("127.0.0.1", 8000)]
