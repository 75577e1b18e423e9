"""The environment: what is missing or contradictory stops the start and names the cure."""

import jwt
import pytest

from backend.config import ConfigError, load
from tests import shop

APP_WEBHOOK = {"APP_WEBHOOK_URL": "https://app.example/"}
SECRETS = ("SUPABASE_SECRET_KEY", "STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET", "CRON_SECRET")


def refusal(env: dict[str, str] = shop.ENV, **changed: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load(env | changed)
    return str(caught.value)


def token_of(role: str) -> str:
    """A legacy key of a Supabase project."""
    return jwt.encode({"role": role, "iss": "supabase"}, shop.JWT_SECRET)


@pytest.mark.parametrize(
    "name",
    [
        "SUPABASE_URL",
        "SUPABASE_PUBLISHABLE_KEY",
        "SUPABASE_SECRET_KEY",
        "STRIPE_SECRET_KEY",
        "STRIPE_PUBLISHABLE_KEY",
        "STRIPE_WEBHOOK_SECRET",
        "FRONTEND_URL",
    ],
)
@pytest.mark.parametrize("value", ["", "   "])
def test_a_missing_variable_is_named(name: str, value: str) -> None:
    assert name in refusal(**{name: value})


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"PAYMENT_ENV": "production"}, ["PAYMENT_ENV", "test", "live"]),
        ({"PAYMENTS_ENABLED": "perhaps"}, ["PAYMENTS_ENABLED", "true", "false"]),
        ({"PROXY_HOPS": "-1"}, ["PROXY_HOPS", "whole number"]),
        ({"PROXY_HOPS": "one"}, ["PROXY_HOPS", "whole number"]),
        ({"PROXY_HOPS": "99999"}, ["PROXY_HOPS", "10 at most"]),
        ({"SUPABASE_URL": "project.supabase.co"}, ["SUPABASE_URL", "https://"]),
        ({"FRONTEND_URL": "javascript:alert(1)"}, ["FRONTEND_URL", "https://"]),
        ({"FRONTEND_URL": "/"}, ["FRONTEND_URL", "https://"]),
        ({"FRONTEND_URL": "https://app.example/?page=1"}, ["FRONTEND_URL", "https://"]),
        ({"SUPABASE_URL": "http://127.0.0.1:99999"}, ["SUPABASE_URL", "https://"]),
        ({"SUPABASE_SECRET_KEY": "sb_secret_abc…"}, ["SUPABASE_SECRET_KEY", "whole key"]),
        ({"STRIPE_SECRET_KEY": "sk_test_…"}, ["STRIPE_SECRET_KEY", "whole key"]),
        ({"STRIPE_API_BASE": "nonsense"}, ["STRIPE_API_BASE"]),
        ({"STRIPE_JS_URL": "nonsense"}, ["STRIPE_JS_URL"]),
        ({"SUPABASE_JWT_SECRET": "x"}, ["SUPABASE_JWT_SECRET", "32"]),
        ({"STRIPE_WEBHOOK_SECRET": "whsec_a,secret_b"}, ["STRIPE_WEBHOOK_SECRET", "whsec_"]),
        ({"STRIPE_WEBHOOK_SECRET": ","}, ["STRIPE_WEBHOOK_SECRET"]),
        ({"STRIPE_PUBLISHABLE_KEY": "sk_test_oops"}, ["STRIPE_PUBLISHABLE_KEY", "pk_"]),
        ({"SUPABASE_PUBLISHABLE_KEY": "sb_secret_oops"}, ["SUPABASE_PUBLISHABLE_KEY"]),
        ({"SUPABASE_PUBLISHABLE_KEY": token_of("service_role")}, ["SUPABASE_PUBLISHABLE_KEY"]),
        (
            {"SUPABASE_URL": "https://x.supabase.co/rest/v1"},
            ["SUPABASE_URL", "end before that path"],
        ),
        ({"SUPABASE_JWKS_URL": "http://[bad"}, ["SUPABASE_JWKS_URL"]),
        ({"RATELIMIT_STORAGE_URI": "redis-host:6379"}, ["RATELIMIT_STORAGE_URI", "redis://"]),
        ({"RATELIMIT_STORAGE_URI": "redis://h:notaport"}, ["RATELIMIT_STORAGE_URI"]),
        ({"RATELIMIT_STORAGE_URI": "memcached://h:11211"}, ["RATELIMIT_STORAGE_URI"]),
        (APP_WEBHOOK | {"APP_WEBHOOK_SECRET": "whsec_" + "a" * 33}, ["APP_WEBHOOK_SECRET"]),
        (APP_WEBHOOK | {"APP_WEBHOOK_SECRET": "whsec_YWJj"}, ["APP_WEBHOOK_SECRET"]),
        ({"PAYMENT_ENV": "live"}, ["STRIPE_SECRET_KEY", "PAYMENT_ENV", "test key"]),
        ({"STRIPE_PUBLISHABLE_KEY": "pk_live_x"}, ["STRIPE_PUBLISHABLE_KEY", "live key"]),
        ({"RATELIMIT_BUYING": "often"}, ["RATELIMIT_BUYING"]),
        ({"RATELIMIT_DEFAULT": "many per minute"}, ["RATELIMIT_DEFAULT"]),
        ({"RATELIMIT_DEFAULT": "0 per minute"}, ["RATELIMIT_DEFAULT"]),
        ({"RATELIMIT_BUYING": "5 per 0 minutes"}, ["RATELIMIT_BUYING"]),
        ({"DEFAULT_CURRENCY": "dollars"}, ["DEFAULT_CURRENCY"]),
        ({"ALLOWED_ORIGINS": "*"}, ["ALLOWED_ORIGINS"]),
        ({"LOG_LEVEL": "LOUD"}, ["LOG_LEVEL"]),
        ({"APP_WEBHOOK_URL": "ftp://app.example/"}, ["APP_WEBHOOK_URL", "https://"]),
        ({"APP_WEBHOOK_URL": "https://app.example:99999/"}, ["APP_WEBHOOK_URL"]),
        ({"APP_WEBHOOK_URL": "https://[::1/"}, ["APP_WEBHOOK_URL"]),
        ({"APP_WEBHOOK_URL": "https://a..b/"}, ["APP_WEBHOOK_URL"]),
        ({"APP_WEBHOOK_URL": f"https://{'a' * 64}.example/"}, ["APP_WEBHOOK_URL"]),
        ({"APP_WEBHOOK_URL": "https://me:secret@app.example/"}, ["APP_WEBHOOK_URL"]),
    ],
    ids=lambda value: ",".join(value) if isinstance(value, dict) else None,
)
def test_a_contradiction_names_the_cure(changed: dict[str, str], named: list[str]) -> None:
    sentence = refusal(**changed)
    assert all(word in sentence for word in named), sentence


@pytest.mark.parametrize(
    "host", ["10.0.0.1", "192.168.1.2:8443", "169.254.169.254", "[::1]", "[fd00::1]", "localhost"]
)
def test_events_for_the_app_leave_for_public_addresses_only(host: str) -> None:
    """But in a sandbox, where the app is on this machine."""
    told = {"APP_WEBHOOK_URL": f"https://{host}/", "APP_WEBHOOK_SECRET": "whsec_" + "a" * 32}
    assert load(shop.ENV | told).app_webhook_url
    with pytest.raises(ConfigError, match="APP_WEBHOOK_URL .* private networks"):
        load(shop.LIVE_ENV | told)
    load(shop.LIVE_ENV | told | {"APP_WEBHOOK_URL": "https://93.184.216.34/"})


@pytest.mark.parametrize("legacy", ["eyJ.service.role", "sb_secret_x"])
def test_a_refusal_shows_no_secret(legacy: str) -> None:
    sentence = refusal(
        SUPABASE_SECRET_KEY=legacy,
        STRIPE_WEBHOOK_SECRET="not-a-whsec",
        RATELIMIT_STORAGE_URI="reddis://u:hunter2@h:1",
    )
    assert legacy not in sentence
    assert "not-a-whsec" not in sentence
    assert "hunter2" not in sentence


@pytest.mark.parametrize("end", ["=", ""])
def test_what_signs_events_may_leave_its_padding_out(end: str) -> None:
    """Its library adds it."""
    secret = "whsec_" + "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY" + end
    assert (
        load(shop.ENV | APP_WEBHOOK | {"APP_WEBHOOK_SECRET": secret}).app_webhook_secret == secret
    )


def test_a_supabase_behind_a_path_is_fine() -> None:
    settings = load(shop.ENV | {"SUPABASE_URL": "https://example.com/supabase"})
    assert settings.supabase_jwks_url.startswith("https://example.com/supabase/auth/v1/")


def test_a_legacy_anon_key_and_a_redis_with_a_password_are_fine() -> None:
    settings = load(shop.ENV | {
        "SUPABASE_PUBLISHABLE_KEY": token_of("anon"),
        "RATELIMIT_STORAGE_URI": "rediss://u:p@h:6379/0",
    })  # fmt: skip
    assert settings.supabase_publishable_key == token_of("anon")


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("STRIPE_API_BASE", "http://127.0.0.1:8002"),
        ("STRIPE_API_BASE", "https://stripe.example"),
        ("STRIPE_JS_URL", "http://127.0.0.1:8002/endive/stripe.js"),
        ("STRIPE_JS_URL", "https://js.stripe.com.example/endive/stripe.js"),
        ("SUPABASE_URL", "http://127.0.0.1:8001"),
        ("SUPABASE_URL", "http://localhost:8001"),
        ("SUPABASE_JWKS_URL", "http://[::1]:8001/jwks.json"),
    ],
)
def test_a_live_key_never_meets_a_sandbox_address(name: str, address: str) -> None:
    sentence = refusal(shop.LIVE_ENV, **{name: address})
    assert name in sentence
    assert "live" in sentence


def test_a_live_shop_with_real_addresses_starts() -> None:
    settings = load(shop.LIVE_ENV)
    assert settings.livemode
    assert settings.stripe_api_base == "https://api.stripe.com"
    assert settings.stripe_js_url == "https://js.stripe.com/endive/stripe.js"


BOTH_MODES = shop.LIVE_ENV | {
    "STRIPE_SECRET_KEY": "",
    "STRIPE_PUBLISHABLE_KEY": "",
    "STRIPE_WEBHOOK_SECRET": "",
    "STRIPE_SECRET_KEY_TEST": "sk_test_a",
    "STRIPE_SECRET_KEY_LIVE": "sk_live_a",
    "STRIPE_PUBLISHABLE_KEY_TEST": "pk_test_a",
    "STRIPE_PUBLISHABLE_KEY_LIVE": "pk_live_a",
    "STRIPE_WEBHOOK_SECRET_TEST": "whsec_test",
    "STRIPE_WEBHOOK_SECRET_LIVE": "whsec_live",
}


@pytest.mark.parametrize("mode", ["test", "live"])
def test_payment_env_chooses_between_the_keys(mode: str) -> None:
    settings = load(BOTH_MODES | {"PAYMENT_ENV": mode})
    assert settings.payment_env == mode
    assert settings.stripe_secret_key == f"sk_{mode}_a"
    assert settings.stripe_publishable_key == f"pk_{mode}_a"
    assert settings.stripe_webhook_secrets == (f"whsec_{mode}",)


def test_without_payment_env_two_sets_of_keys_mean_test() -> None:
    assert load(BOTH_MODES).payment_env == "test"


@pytest.mark.parametrize(
    ("key", "mode"), [("sk_test_a", "test"), ("rk_live_a", "live"), ("sk_live_a", "live")]
)
def test_without_payment_env_a_plain_key_says_which_mode_it_is(key: str, mode: str) -> None:
    published = f"pk_{mode}_a"
    env = shop.LIVE_ENV | {"STRIPE_SECRET_KEY": key, "STRIPE_PUBLISHABLE_KEY": published}
    assert load(env).payment_env == mode


def test_new_keys_win_over_legacy_ones_and_either_is_enough() -> None:
    legacy = {"SUPABASE_ANON_KEY": "eyJ.anon", "SUPABASE_SERVICE_KEY": "eyJ.service"}
    both = load(shop.ENV | legacy)
    assert both.supabase_publishable_key.startswith("sb_publishable_")
    assert both.supabase_secret_key.startswith("sb_secret_")
    new = {"SUPABASE_PUBLISHABLE_KEY": "", "SUPABASE_SECRET_KEY": ""}
    old = load(shop.ENV | legacy | new)
    assert old.supabase_publishable_key == "eyJ.anon"
    assert old.supabase_secret_key == "eyJ.service"


def test_a_closed_shop_needs_no_stripe_keys() -> None:
    without = {name: "" for name in shop.ENV if name.startswith("STRIPE_")}
    assert load(shop.ENV | without | {"PAYMENTS_ENABLED": "false"}).payments_enabled is False


@pytest.mark.parametrize(
    ("written", "meant"), [("true", True), ("False", False), ("0", False), ("1", True)]
)
def test_truth_is_written_in_four_ways(written: str, meant: bool) -> None:
    assert shop.settings(PAYMENTS_ENABLED=written).payments_enabled is meant


def test_lists_are_separated_by_commas_and_may_have_spaces() -> None:
    settings = shop.settings(
        STRIPE_WEBHOOK_SECRET="whsec_new, whsec_old,", ALLOWED_ORIGINS="https://a.example/ ,"
    )
    assert settings.stripe_webhook_secrets == ("whsec_new", "whsec_old")
    assert settings.allowed_origins == ("https://shop.example", "https://a.example")


def test_no_secret_is_in_what_the_settings_print() -> None:
    printed = repr(shop.settings(PROXY_API_KEY="proxy-key"))
    secrets = [*(shop.ENV[name] for name in SECRETS), shop.JWT_SECRET, "service-key", "proxy-key"]
    assert [secret for secret in secrets if secret in printed] == []
