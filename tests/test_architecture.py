"""The rules of the house: who may import whom, who may call what, and what a start costs."""

import ast
import math
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import shop

ROOT = Path(__file__).resolve().parent.parent
BACKEND, SANDBOX = ROOT / "backend", ROOT / "sandbox"
POLICIES = {"public", "visitor", "user", "admin", "service", "job", "webhook"}


def modules(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.py"))


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imports_of(path: Path) -> Iterator[str]:
    """Every module that is imported anywhere in the file, `from a import b` as a and a.b."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = name_of(path).rsplit(".", node.level)[0] + "." if node.level else ""
            module = package + (node.module or "")
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def who_imports(folder: Path, *forbidden: str) -> list[str]:
    """`module imports other`, for each module of the folder that imports what it must not."""
    return [
        f"{name_of(path)} imports {imported}"
        for path in (modules(folder) if folder.is_dir() else [folder])
        for imported in imports_of(path)
        if any(imported == name or imported.startswith(f"{name}.") for name in forbidden)
    ]


@pytest.mark.parametrize(
    ("folder", "forbidden"),
    [
        ("gateways", ["backend.services", "backend.routes", "backend.wiring", "backend.app"]),
        ("services", ["backend.routes", "backend.wiring", "backend.app", "backend.auth"]),
        ("routes", ["backend.gateways", "backend.app"]),
        ("config.py", ["backend"]),
        ("errors.py", ["backend"]),
    ],
)
def test_imports_point_down(folder: str, forbidden: list[str]) -> None:
    assert who_imports(BACKEND / folder, *forbidden) == []


def test_services_know_nothing_of_the_web() -> None:
    assert who_imports(BACKEND / "services", "flask", "werkzeug", "flask_limiter") == []
    assert who_imports(BACKEND / "gateways", "flask", "werkzeug", "flask_limiter") == []


def test_only_gateways_open_sockets() -> None:
    openers = (
        "httpx", "requests", "urllib3", "urllib.request", "http.client", "socket", "supabase",
        "stripe", "redis",
    )  # fmt: skip
    assert {
        opener for opener in who_imports(BACKEND, *openers) if "gateways" not in opener
    } == set()


def test_backend_and_sandbox_meet_over_sockets_alone() -> None:
    assert who_imports(BACKEND, "sandbox", "tests") == []
    assert who_imports(SANDBOX, "backend", "tests") == []


def test_every_route_names_who_may_call_it() -> None:
    app = shop.app()
    policies = {name: getattr(view, "policy", None) for name, view in app.view_functions.items()}
    assert {name for name, policy in policies.items() if policy not in POLICIES} == set()


def test_what_is_public_is_on_this_list() -> None:
    """A route that opens to everybody is a decision, so it takes a line here."""
    app = shop.app()
    by_policy: dict[str, set[str]] = {}
    for rule in app.url_map.iter_rules():
        policy = app.view_functions[rule.endpoint].policy  # type: ignore[attr-defined]
        by_policy.setdefault(policy, set()).add(rule.rule)
    assert by_policy["public"] == {
        "/",
        "/<page:path>",
        "/api/health",
        "/api/config",
        "/api/packages",
    }
    assert by_policy["visitor"] == {
        "/api/ready",
        "/api/cart/count",
        "/api/openapi.json",
        "/api/docs",
    }
    assert by_policy["webhook"] == {"/api/stripe/webhook"}


def test_a_route_without_a_policy_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    shop.app()
    from backend.routes import public

    monkeypatch.delattr(public.health, "policy")
    with pytest.raises(RuntimeError, match="public.health names no policy"):
        shop.app()


def test_a_route_that_is_mounted_later_without_a_policy_serves_nobody() -> None:
    app = shop.app()
    app.add_url_rule("/api/open", view_func=lambda: "Come in")
    answer = app.test_client().get("/api/open")
    assert (answer.status_code, answer.json["code"]) == (500, "internal_error")


SECRETS = re.compile(
    r"\b(?:sk|rk)_(?:test|live)_[A-Za-z0-9]{24,}|\bwhsec_[A-Za-z0-9]{24,}"
    r"|\bsb_secret_[A-Za-z0-9_]{20,}|\beyJ[\w-]{20,}\.[\w-]{20,}\.[\w-]{20,}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY"
)


def test_no_secret_is_in_the_repository() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=20,
    )
    files = [ROOT / name for name in listed.stdout.splitlines()]
    found = [
        f"{path.relative_to(ROOT)}: {match[0][:16]}…"
        for path in files
        if path.is_file()
        for match in SECRETS.finditer(path.read_text(errors="ignore"))
    ]
    assert found == []


ROUNDS_MAX = 8
MEASURE = """
import time
began = time.process_time()
import {module}
print(time.process_time() - began)
"""


def test_importing_the_backend_costs_at_most_twice_importing_flask() -> None:
    """In processor time, and the best of several starts, taken in turns: a busy machine disturbs
    both alike."""
    flask = backend = math.inf
    for _ in range(ROUNDS_MAX):
        flask = min(flask, _seconds("flask"))
        backend = min(backend, _seconds("backend.app"))
        if backend <= 2 * flask:
            return
    pytest.fail(f"importing backend.app takes {backend:.3f} s, flask {flask:.3f} s")


def _seconds(module: str) -> float:
    run = subprocess.run(
        [sys.executable, "-c", MEASURE.format(module=module)],
        cwd=ROOT,
        env=os.environ | shop.ENV,
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    return float(run.stdout)
