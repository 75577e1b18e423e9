"""Every setting of the backend, read once from the environment.

What is missing or contradictory stops the start with sentences that name the cure: a shop that
starts with half its keys fails later, in front of a buyer. `env.example` explains each variable.
"""

import base64
import ipaddress
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

PaymentEnv = Literal["test", "live"]

STRIPE_API_BASE = "https://api.stripe.com"
STRIPE_JS_URL = "https://js.stripe.com/endive/stripe.js"

# Seconds that the other side may say nothing, at each step of a call. Usually all of it takes
# milliseconds; gunicorn.conf.py derives its own limits from these.
STRIPE_TIMEOUT_SECONDS = 6
STRIPE_RETRIES_MAX = 2
DATABASE_TIMEOUT_SECONDS = 5
JWKS_TIMEOUT_SECONDS = 3
APP_WEBHOOK_TIMEOUT_SECONDS = 5
PAGES_TIMEOUT_SECONDS = 5
APP_WEBHOOK_SECRET_BYTES_MIN = 24
JWT_SECRET_LENGTH_MIN = 32  # as long as the hash: RFC 7518, section 3.2
PROXY_HOPS_MAX = 10
# The longest road on which one thing goes wrong: to cancel a subscription's order without a
# session, whose customer is gone at Stripe: customer, price, session, customer and session again,
# expire, look. Where more goes wrong at once, a deployment may cut it off; asking again goes on.
# What takes longer (bulk refunds, jobs) looks at the clock between its steps and stops in time.
STRIPE_CALLS_MAX = 7
DATABASE_CALLS_MAX = 9
BATCH_SECONDS_MAX = 20


class ConfigError(Exception):
    """The environment does not describe a shop that can run; each problem says what to change."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class Settings:
    payment_env: PaymentEnv
    payments_enabled: bool
    default_currency: str

    supabase_url: str
    supabase_publishable_key: str
    supabase_secret_key: str = field(repr=False)
    supabase_jwks_url: str
    token_issuers: tuple[str, ...]
    supabase_jwt_secret: str | None = field(repr=False)

    stripe_secret_key: str = field(repr=False)
    stripe_publishable_key: str
    stripe_webhook_secrets: tuple[str, ...] = field(repr=False)
    stripe_api_base: str
    stripe_js_url: str
    promotion_codes: bool
    automatic_tax: bool
    invoices: bool

    frontend_url: str
    allowed_origins: tuple[str, ...]

    service_api_keys: tuple[str, ...] = field(repr=False)
    cron_secret: str | None = field(repr=False)
    proxy_api_key: str | None = field(repr=False)
    app_webhook_url: str | None
    app_webhook_secret: str | None = field(repr=False)

    ratelimit_storage_uri: str = field(repr=False)
    ratelimit_default: str
    ratelimit_buying: str
    proxy_hops: int
    log_level: str

    @property
    def livemode(self) -> bool:
        """Stripe's word for it: whether this shop takes real money."""
        return self.payment_env == "live"

    @property
    def is_sandbox(self) -> bool:
        """Whether the world outside is one that runs on this machine."""
        return is_loopback(self.supabase_url)


def load(environ: Mapping[str, str]) -> Settings:
    """Read and check the settings. Raises ConfigError."""
    env = _Environment(environ)
    payments_enabled = env.boolean("PAYMENTS_ENABLED", default=True)
    payment_env = _payment_env(env)
    supabase_url = env.url("SUPABASE_URL")
    frontend_url = env.url("FRONTEND_URL")
    settings = Settings(
        payment_env=payment_env,
        payments_enabled=payments_enabled,
        default_currency=env.text("DEFAULT_CURRENCY", default="usd").lower(),
        supabase_url=supabase_url,
        supabase_publishable_key=env.first("SUPABASE_PUBLISHABLE_KEY", "SUPABASE_ANON_KEY"),
        supabase_secret_key=env.first("SUPABASE_SECRET_KEY", "SUPABASE_SERVICE_KEY"),
        supabase_jwks_url=env.text(
            "SUPABASE_JWKS_URL", default=f"{supabase_url}/auth/v1/.well-known/jwks.json"
        ),
        token_issuers=(
            f"{supabase_url}/auth/v1",
            *_words(env.text("SUPABASE_JWT_ISSUER", default="")),
        ),
        supabase_jwt_secret=env.text("SUPABASE_JWT_SECRET", default="") or None,
        stripe_secret_key=env.stripe("STRIPE_SECRET_KEY", payment_env, payments_enabled),
        stripe_publishable_key=env.stripe("STRIPE_PUBLISHABLE_KEY", payment_env, payments_enabled),
        stripe_webhook_secrets=env.webhook_secrets(payment_env, payments_enabled),
        stripe_api_base=env.text("STRIPE_API_BASE", default=STRIPE_API_BASE).rstrip("/"),
        stripe_js_url=env.text("STRIPE_JS_URL", default=STRIPE_JS_URL),
        promotion_codes=env.boolean("PROMOTION_CODES", default=True),
        automatic_tax=env.boolean("AUTOMATIC_TAX", default=False),
        invoices=env.boolean("INVOICES", default=False),
        frontend_url=frontend_url,
        allowed_origins=tuple(
            dict.fromkeys(
                [
                    *([origin(frontend_url)] if frontend_url else []),
                    *_origins(env.text("ALLOWED_ORIGINS", default="")),
                ]
            )
        ),
        service_api_keys=_words(env.text("SERVICE_API_KEYS", default="")),
        cron_secret=env.text("CRON_SECRET", default="") or None,
        proxy_api_key=env.text("PROXY_API_KEY", default="") or None,
        app_webhook_url=env.text("APP_WEBHOOK_URL", default="") or None,
        app_webhook_secret=env.text("APP_WEBHOOK_SECRET", default="") or None,
        ratelimit_storage_uri=env.text("RATELIMIT_STORAGE_URI", default="memory://"),
        ratelimit_default=env.text("RATELIMIT_DEFAULT", default="300 per minute"),
        ratelimit_buying=env.text("RATELIMIT_BUYING", default="30 per minute"),
        proxy_hops=env.integer("PROXY_HOPS", default=0),
        log_level=env.text("LOG_LEVEL", default="INFO").upper(),
    )
    if problems := [*env.problems, *_malformed(settings), *_contradictions(settings)]:
        raise ConfigError(problems)
    return settings


def origin(url: str) -> str:
    """`https://shop.example/a?b` → `https://shop.example`; nothing for what is no address."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}".lower()


def _payment_env(env: "_Environment") -> PaymentEnv:
    """PAYMENT_ENV, or without it the mode that the plain secret key was made for."""
    plain_key = env.text("STRIPE_SECRET_KEY", default="")
    implied = "live" if _is_live(plain_key) else "test"
    chosen = env.text("PAYMENT_ENV", default=implied)
    if chosen not in ("test", "live"):
        env.problems.append(f"PAYMENT_ENV is {chosen!r}; it must be test or live.")
    return "live" if chosen == "live" else "test"


def _contradictions(settings: Settings) -> Iterator[str]:
    for name, key in (
        ("STRIPE_SECRET_KEY", settings.stripe_secret_key),
        ("STRIPE_PUBLISHABLE_KEY", settings.stripe_publishable_key),
    ):
        if key and _is_live(key) != settings.livemode:
            yield (
                f"{name} is a {'live' if _is_live(key) else 'test'} key, but PAYMENT_ENV says "
                f"{settings.payment_env}. Change one of them."
            )
    if settings.stripe_publishable_key.startswith(("sk_", "rk_")):
        yield (
            "STRIPE_PUBLISHABLE_KEY is a secret key. It is sent to every browser: put the key "
            "that begins with pk_ there, and replace the secret key in Stripe's Dashboard."
        )
    if _is_service_key(settings.supabase_publishable_key):
        yield (
            "SUPABASE_PUBLISHABLE_KEY is a secret key. It is sent to every browser: put the key "
            "that begins with sb_publishable_ (or the legacy anon key) there."
        )
    sandboxed = {
        "STRIPE_API_BASE": settings.stripe_api_base != STRIPE_API_BASE,
        "STRIPE_JS_URL": not settings.stripe_js_url.startswith("https://js.stripe.com/"),
        "SUPABASE_URL": is_loopback(settings.supabase_url),
        "SUPABASE_JWKS_URL": is_loopback(settings.supabase_jwks_url),
    }
    for name, is_sandbox in sandboxed.items():
        if settings.livemode and is_sandbox:
            yield (
                f"{name} points to a sandbox, but the Stripe key is live. Use a test key there, "
                f"or unset {name}."
            )


def _is_service_key(key: str) -> bool:
    """A legacy key is a token that says whose it is."""
    if key.startswith("sb_secret_"):
        return True
    try:
        payload = key.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError):
        return False
    return isinstance(claims, dict) and claims.get("role") == "service_role"


def _malformed(settings: Settings) -> Iterator[str]:
    for name, key in (
        ("SUPABASE_PUBLISHABLE_KEY", settings.supabase_publishable_key),
        ("SUPABASE_SECRET_KEY", settings.supabase_secret_key),
        ("STRIPE_SECRET_KEY", settings.stripe_secret_key),
        ("STRIPE_PUBLISHABLE_KEY", settings.stripe_publishable_key),
    ):
        if not re.fullmatch("[!-~]*", key):  # as the … of a key that a page shortened
            yield f"{name} has a character that no key has. Copy the whole key."
    if 0 < len(settings.supabase_jwt_secret or "") < JWT_SECRET_LENGTH_MIN:
        yield (
            f"SUPABASE_JWT_SECRET is shorter than {JWT_SECRET_LENGTH_MIN} characters: whoever "
            "guesses it is any user. Copy the whole secret, or leave it out."
        )
    if settings.supabase_url.endswith(("/rest/v1", "/auth/v1")):
        yield "SUPABASE_URL must end before that path, like https://<project ref>.supabase.co."
    if settings.supabase_url and not _is_web_address(settings.supabase_jwks_url):
        yield "SUPABASE_JWKS_URL must be an address like https://…/auth/v1/.well-known/jwks.json."
    for name, address in (
        ("STRIPE_API_BASE", settings.stripe_api_base),
        ("STRIPE_JS_URL", settings.stripe_js_url),
    ):
        if not _is_web_address(address):
            yield f"{name} is {address!r}; it must be an address, and is best left out."
    if not re.fullmatch("[a-z]{3}", settings.default_currency):
        yield "DEFAULT_CURRENCY must be three letters, like usd."
    for allowed in settings.allowed_origins:
        if not re.fullmatch(r"https?://[a-z0-9.-]+(:\d+)?", allowed):
            yield (
                f"ALLOWED_ORIGINS has {allowed!r}; an origin is a scheme and a host, like "
                "https://app.example.com, without a path, and never *."
            )
    for name, limit in (
        ("RATELIMIT_DEFAULT", settings.ratelimit_default),
        ("RATELIMIT_BUYING", settings.ratelimit_buying),
    ):
        if not re.fullmatch(r"[1-9]\d* per ([1-9]\d* )?(second|minute|hour|day)s?", limit):
            yield f"{name} is {limit!r}; write it like 30 per minute."
    if settings.proxy_hops > PROXY_HOPS_MAX:
        yield (
            f"PROXY_HOPS is {settings.proxy_hops}; it counts the proxies in front, "
            f"{PROXY_HOPS_MAX} at most."
        )
    if not _is_storage(settings.ratelimit_storage_uri):
        yield "RATELIMIT_STORAGE_URI must be memory://, or a Redis: redis:// or rediss://host:port."
    if settings.app_webhook_url:
        yield from _bad_app_webhook(settings.app_webhook_url, settings.app_webhook_secret or "")
        if _is_private(settings.app_webhook_url) and not settings.is_sandbox:
            yield (
                f"APP_WEBHOOK_URL is {settings.app_webhook_url!r}; nothing is sent to private "
                "networks. Give your app an address that the whole internet may call."
            )
    if settings.log_level not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        yield "LOG_LEVEL must be DEBUG, INFO, WARNING or ERROR."


def _bad_app_webhook(url: str, secret: str) -> Iterator[str]:
    if not _is_web_address(url):
        yield f"APP_WEBHOOK_URL is {url!r}; it must be an address like https://…."
    if not _is_signing_secret(secret):
        yield (
            "APP_WEBHOOK_SECRET must be whsec_ and 24 or more random bytes in base64: "
            'echo "whsec_$(openssl rand -base64 32)"'
        )


def _is_signing_secret(secret: str) -> bool:
    text = secret.removeprefix("whsec_")
    try:
        random = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError:
        return False
    return secret.startswith("whsec_") and len(random) >= APP_WEBHOOK_SECRET_BYTES_MIN


def _is_web_address(url: str) -> bool:
    """An address that a request can be sent to, without a user's name and password in it."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").encode("idna")
        is_possible = parts.port != 0 and not re.search(r"\s", url)
    except ValueError:
        return False
    return is_possible and parts.scheme in ("http", "https") and bool(host) and not parts.username


def _is_private(url: str) -> bool:
    """An address by number of which no other network knows, or this machine. Where a name leads is
    seen when it is called."""
    try:
        return not ipaddress.ip_address(urlsplit(url).hostname or "").is_global
    except ValueError:
        return is_loopback(url)


def _is_storage(uri: str) -> bool:
    """Where limits can be counted; a password in it is fine, but never shown."""
    try:
        parts = urlsplit(uri)
        has_place = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return uri == "memory://" or (parts.scheme in ("redis", "rediss") and has_place)


def _is_live(key: str) -> bool:
    return "_live_" in key[:8]


def is_loopback(url: str) -> bool:
    """Whether only this machine itself can reach the address."""
    try:
        host = urlsplit(url).hostname
    except ValueError:
        return False
    return host in ("localhost", "127.0.0.1", "::1", "0.0.0.0")


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _origins(text: str) -> tuple[str, ...]:
    return tuple(word.rstrip("/") for word in _words(text.lower()))


class _Environment:
    """Typed reading of environment variables; an empty one counts as missing.

    What can't be read is put on the list of problems, and something harmless in its place, so that
    all problems are told at once.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.problems: list[str] = []

    def text(self, name: str, default: str | None = None) -> str:
        value = self._environ.get(name, "").strip() or default
        if value is None:
            self.problems.append(
                f"{name} is missing. env.example says what it is and where to get it."
            )
        return value or ""

    def first(self, *names: str) -> str:
        for name in names:
            if value := self.text(name, default=""):
                return value
        self.problems.append(f"{' or '.join(names)} is missing. env.example says where to get it.")
        return ""

    def stripe(self, name: str, payment_env: PaymentEnv, required: bool) -> str:
        """`NAME_TEST` or `NAME_LIVE`, whichever PAYMENT_ENV chooses, else plain `NAME`."""
        specific = f"{name}_{payment_env.upper()}"
        value = self.text(specific, default="") or self.text(name, default="")
        if required and not value:
            self.problems.append(
                f"{name} (or {specific}) is missing. Set it, or PAYMENTS_ENABLED=false to run "
                "without selling."
            )
        return value

    def webhook_secrets(self, payment_env: PaymentEnv, required: bool) -> tuple[str, ...]:
        text = self.stripe("STRIPE_WEBHOOK_SECRET", payment_env, required)
        secrets = _words(text)
        is_list = bool(secrets) and all(secret.startswith("whsec_") for secret in secrets)
        if required and text and not is_list:
            self.problems.append(
                "STRIPE_WEBHOOK_SECRET must be a comma-separated list of secrets that begin with "
                "whsec_; Stripe shows them beside the webhook endpoint."
            )
        return secrets

    def url(self, name: str) -> str:
        """An address to which paths can be added: without a slash at its end."""
        value = self.text(name)
        if not value or (_is_web_address(value) and not re.search("[?#]", value)):
            return value.rstrip("/")
        self.problems.append(
            f"{name} is {value!r}; it must be an address like https://example.com."
        )
        return ""

    def boolean(self, name: str, default: bool) -> bool:
        value = self.text(name, default=str(default)).lower()
        if value not in ("true", "false", "1", "0"):
            self.problems.append(f"{name} is {value!r}; it must be true or false.")
        return value in ("true", "1")

    def integer(self, name: str, default: int) -> int:
        value = self.text(name, default=str(default))
        if value.isdecimal():
            return int(value)
        self.problems.append(f"{name} is {value!r}; it must be a whole number.")
        return default
