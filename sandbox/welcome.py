"""What a person sees when the sandbox is up."""

from sandbox.demo_accounts import ACCOUNTS
from sandbox.settings import Settings

WHAT = {
    "backend": "open this in a browser",
    "gateway": "Supabase: /rest/v1 and /auth/v1",
    "stripe": "Stripe; deliveries of webhooks are listed here",
    "postgres": "Postgres",
    "postgrest": "PostgREST (behind the gateway)",
    "auth": "Auth (behind the gateway)",
}

TEST_CARDS = {
    "4242 4242 4242 4242": "succeeds",
    "4000 0025 0000 3155": "asks for 3D Secure",
    "4000 0000 0000 0002": "is declined",
    "4000 0000 0000 9995": "has insufficient funds",
    "4000 0000 0000 0069": "is expired",
}


def text(settings: Settings, parts: set[str], seconds: float) -> str:
    addresses = {
        name: settings.database_url("postgres") if name == "postgres" else settings.address(name)
        for name in WHAT
        if name in parts
    }
    return "\n".join(
        [
            f"\nTopup's sandbox is up ({seconds:.1f} s). Ctrl-C stops it.",
            *(f"  {name:10} {address:48} {WHAT[name]}" for name, address in addresses.items()),
            "\nSign in as",
            *(f"  {email:22} {password:18} {_role(app)}" for email, password, app in ACCOUNTS),
            "\nPay with (any future date, any CVC)",
            *(f"  {number}  {outcome}" for number, outcome in TEST_CARDS.items()),
            f"\nData and logs: {settings.data}."
            " Addresses and keys: .venv/bin/python -m sandbox env\n",
        ]
    )


def _role(app_metadata: dict[str, str]) -> str:
    return app_metadata.get("role", "user")
