"""Signing in: the public keys that access tokens are checked with."""

from collections.abc import Iterator

from backend.config import Settings
from backend.errors import DatabaseUnavailable
from backend.gateways.jwks import KeySet
from backend.services.doctor.finding import Finding

AREA = "sign-in"


def examine(settings: Settings, keys: KeySet) -> Iterator[Finding]:
    """Fetches the keys once."""
    url = settings.supabase_jwks_url
    try:
        keys.find("any")
    except DatabaseUnavailable:
        if settings.supabase_jwt_secret:
            yield Finding.warning(
                AREA,
                "public keys",
                f"There are none at {url}; tokens of the legacy shared secret alone are good.",
                "Rotate to asymmetric keys in Supabase's Dashboard (JWT keys).",
            )
        else:
            yield Finding.problem(
                AREA,
                "public keys",
                f"There are none at {url}, so nobody can sign in.",
                "Compare SUPABASE_URL (and SUPABASE_JWKS_URL) with the Dashboard; a project that "
                "still signs with the shared secret needs SUPABASE_JWT_SECRET.",
            )
    else:
        yield Finding.ok(AREA, "public keys", f"They are at {url}.")
