"""Every secret of the sandbox, made once per data folder and kept over restarts."""

import secrets
import time
from pathlib import Path

import jwt

from sandbox.files import read_json, write_json

TEN_YEARS_SECONDS = 10 * 365 * 24 * 3600


def ensure_credentials(data: Path) -> dict[str, str]:
    """The secrets under the names the environment gives them; makes what is missing."""
    path = data / "credentials.json"
    kept: dict[str, str] = read_json(path) or {}
    credentials = {**_make(), **kept}
    if credentials != kept:
        write_json(path, credentials)
    return credentials


def _make() -> dict[str, str]:
    jwt_secret = secrets.token_urlsafe(48)
    return {
        "SUPABASE_JWT_SECRET": jwt_secret,
        "SUPABASE_ANON_KEY": _legacy_key("anon", jwt_secret),
        "SUPABASE_SERVICE_KEY": _legacy_key("service_role", jwt_secret),
        "SUPABASE_PUBLISHABLE_KEY": f"sb_publishable_{_letters(31)}",
        "SUPABASE_SECRET_KEY": f"sb_secret_{_letters(31)}",
        "STRIPE_SECRET_KEY": f"sk_test_{_letters(48)}",
        "STRIPE_PUBLISHABLE_KEY": f"pk_test_{_letters(48)}",
        "STRIPE_WEBHOOK_SECRET": f"whsec_{_letters(32)}",
        "SERVICE_API_KEYS": f"topup_{_letters(32)}",
        "CRON_SECRET": _letters(32),
    }


def _legacy_key(role: str, secret: str) -> str:
    """An API key in Supabase's old form: a JWT that names a role and no person."""
    now = int(time.time())
    claims = {
        "iss": "supabase",
        "ref": "sandbox",
        "role": role,
        "iat": now,
        "exp": now + TEN_YEARS_SECONDS,
    }
    return jwt.encode(claims, secret, algorithm="HS256")


def _letters(length: int) -> str:
    alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"
    return "".join(secrets.choice(alphabet) for _ in range(length))
