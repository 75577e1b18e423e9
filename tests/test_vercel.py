"""What would run on Vercel: the real CLI builds it, and these tests look into the result."""

import hashlib
import hmac
import json
import re
import runpy
import subprocess
import time
from pathlib import Path

import pytest
from flask import Flask

from backend import headers
from tests import shop
from tests.vercel_output import Answer, VercelOutput, files_of

ROOT = Path(__file__).resolve().parent.parent
FUNCTION = "api/index"

pytestmark = pytest.mark.xdist_group("vercel")


@pytest.fixture(scope="session")
def output(tmp_path_factory: pytest.TempPathFactory) -> VercelOutput:
    folder = tmp_path_factory.mktemp("vercel")
    built = subprocess.run(
        [ROOT / "scripts/vercel_build.sh", folder], capture_output=True, text=True, timeout=600
    )
    assert built.returncode == 0, built.stdout + built.stderr
    if "NOT RUN" in built.stdout:
        pytest.skip(built.stdout.strip())
    return VercelOutput(folder / "project")


@pytest.fixture(scope="session")
def function_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("function")


def test_exactly_the_frontend_is_served(output: VercelOutput) -> None:
    ours = {path for path in files_of(ROOT / "frontend") if not path.endswith(".d.ts")}
    assert output.static == ours | {"vendor/auth-js.js"}


def test_exactly_the_backend_and_its_packages_are_in_the_function(output: VercelOutput) -> None:
    backend = {path for path in files_of(ROOT / "backend") if "__pycache__" not in path}
    bundle = output.bundle(FUNCTION)
    ours = {path for path in bundle if not path.startswith("_vendor/")}
    assert ours == {f"backend/{path}" for path in backend} | {
        "api/index.py",
        "vc__handler__python.py",
    }
    assert "_vendor/pip/__init__.py" not in bundle, "16 MB that a request never needs"


def test_the_packages_are_those_of_requirements_txt(output: VercelOutput) -> None:
    pinned = re.findall(
        r"^([\w.-]+)(?:\[.*\])?==(\S+) \\$", (ROOT / "requirements.txt").read_text(), re.MULTILINE
    )
    bundle = output.bundle(FUNCTION)
    missing = [
        (name, version)
        for name, version in pinned
        if f"_vendor/{re.sub(r'[-.]', '_', name)}-{version}.dist-info/METADATA" not in bundle
    ]
    assert pinned
    assert missing == []


@pytest.mark.parametrize(
    ("address", "file"),
    [
        ("/", "index.html"),
        ("/success.html", "success.html"),
        ("/cancel.html", "cancel.html"),
        ("/topup.js", "topup.js"),
        ("/vendor/auth-js.js", "vendor/auth-js.js"),
    ],
)
def test_pages_come_from_the_cdn(output: VercelOutput, address: str, file: str) -> None:
    assert output.resolve(address).static == file


@pytest.mark.parametrize(
    "address",
    [
        "/api/health",
        "/api/stripe/webhook",
        "/api/payments/5f0c2b1e-0000-4000-8000-000000000000/refresh",
        "/api/no/such/route",
        "/api/index.py",
    ],
)
def test_the_api_is_the_function(output: VercelOutput, address: str) -> None:
    assert output.resolve(address).function == FUNCTION


@pytest.mark.parametrize(
    "address",
    [
        "/backend/app.py",
        "/sql/supabase/migrations/20261121090000_foundations.sql",
        "/tests/test_vercel.py",
        "/sandbox/__main__.py",
        "/docs/decisions/01-package-ids-are-slugs.md",
        "/requirements.txt",
        "/package.json",
        "/vercel.json",
        "/.env",
        "/apiary",
    ],
)
def test_nothing_else_is_there(output: VercelOutput, address: str) -> None:
    found = output.resolve(address)
    assert (found.status, found.static, found.function) == (404, None, None)


@pytest.mark.parametrize("address", ["/", "/success.html", "/topup.js", "/no-such-page"])
def test_pages_carry_the_headers_of_the_backend(output: VercelOutput, address: str) -> None:
    """The CDN has no settings, so every project of Supabase stands in for the one in use."""
    app = Flask(__name__)
    headers.register(app, shop.settings(SUPABASE_URL="https://*.supabase.co", STRIPE_API_BASE=""))
    ours = app.test_client().get("/", base_url="https://shop.example").headers
    expected = {
        name: value
        for name, value in ours.items()
        if name not in ("Content-Type", "Content-Length", "X-Request-Id")
    }
    expected["Cache-Control"] = "public, max-age=0, must-revalidate"
    expected["Access-Control-Allow-Origin"] = "*"  # as the route of the pages says
    assert output.resolve(address).headers == expected


def test_the_backend_alone_decides_about_its_headers(output: VercelOutput) -> None:
    assert output.resolve("/api/health").headers == {}


def test_vercel_waits_longer_than_the_slowest_request(output: VercelOutput) -> None:
    """Else the function dies between Stripe and the database. A cold start comes on top."""
    slowest = runpy.run_path(str(ROOT / "gunicorn.conf.py"))["graceful_timeout"]
    assert output.settings(FUNCTION)["maxDuration"] >= slowest + 10


def test_the_function_sees_the_address_as_the_browser_sent_it(
    output: VercelOutput, function_folder: Path
) -> None:
    answer = output.call(FUNCTION, function_folder, shop.ENV, "GET", "/api/health")
    assert (answer.status, json.loads(answer.body)) == (200, {"status": "ok"})
    answer = output.call(FUNCTION, function_folder, shop.ENV, "GET", "/api/no/such/route?a=b")
    assert (answer.status, json.loads(answer.body)["code"]) == (404, "not_found")


def test_the_webhook_gets_the_bytes_that_were_signed(
    output: VercelOutput, function_folder: Path
) -> None:
    def deliver(body: bytes) -> Answer:
        return output.call(
            FUNCTION,
            function_folder,
            shop.ENV,
            "POST",
            "/api/stripe/webhook",
            {"content-type": "application/json", "stripe-signature": signature},
            body,
        )

    now = int(time.time())
    event = {
        "id": "evt_1",
        "object": "event",
        "type": "checkout.session.completed",
        "created": now,
        "livemode": False,
        "data": {"object": {"id": "cs_1", "object": "checkout.session", "note": "体验包"}},
    }
    signed = json.dumps(event, indent=2, ensure_ascii=False).encode()
    digest = hmac.new(
        shop.ENV["STRIPE_WEBHOOK_SECRET"].encode(), b"%d.%s" % (now, signed), hashlib.sha256
    ).hexdigest()
    signature = f"t={now},v1={digest}"

    assert deliver(signed).status == 503, "the signature holds, and then there is no database"
    assert json.loads(deliver(signed + b" ").body)["code"] == "invalid_signature"
