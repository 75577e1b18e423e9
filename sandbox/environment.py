"""The environment of a running sandbox: every address, key and secret under its public name."""

from sandbox.settings import Settings


def environment(settings: Settings, credentials: dict[str, str]) -> dict[str, str]:
    """What the parts are started with, and what `python -m sandbox env` prints."""
    backend, supabase, stripe = map(settings.address, ("backend", "gateway", "stripe"))
    return {
        "PORT": str(settings.port),
        "SANDBOX_DATA": str(settings.data),
        "BACKEND_URL": backend,
        "FRONTEND_URL": backend,
        "ALLOWED_ORIGINS": f"{backend},http://localhost:{settings.port}",
        "SUPABASE_URL": supabase,
        "SUPABASE_DB_URL": settings.database_url("postgres"),
        "SUPABASE_JWKS_URL": f"{supabase}/auth/v1/.well-known/jwks.json",
        "STRIPE_API_BASE": stripe,
        "STRIPE_JS_URL": f"{stripe}/endive/stripe.js",
        "PAYMENT_ENV": "test",
        **credentials,
    }


def dotenv(values: dict[str, str]) -> str:
    """Lines that a shell (`set -a; . file`) and python-dotenv read alike.

    Both take single-quoted text literally; no value of ours holds a quote or a line break.
    """
    for name, value in values.items():
        if "'" in value or "\n" in value:
            raise ValueError(f"{name} cannot be written as dotenv")
    return "".join(f"{name}='{value}'\n" for name, value in values.items())
