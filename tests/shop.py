"""A shop's environment in its most usual form, and the app made from it, in this process."""

import os
import time
import uuid
from typing import Any
from unittest import mock

import jwt
from flask import Flask
from flask.testing import FlaskClient

from backend import config

JWT_SECRET = "legacy-secret-of-the-example-shop-0123456789"
# Nothing listens there: what a request reaches beyond this process is answered with a 503.
NOWHERE = "http://127.0.0.1:9"
ENV = {
    "SUPABASE_URL": NOWHERE,
    "SUPABASE_PUBLISHABLE_KEY": "sb_publishable_example",
    "SUPABASE_SECRET_KEY": "sb_secret_example",
    "SUPABASE_JWT_SECRET": JWT_SECRET,
    "STRIPE_SECRET_KEY": "sk_test_example",
    "STRIPE_PUBLISHABLE_KEY": "pk_test_example",
    "STRIPE_WEBHOOK_SECRET": "whsec_example",
    "STRIPE_API_BASE": NOWHERE,
    "FRONTEND_URL": "https://shop.example",
    "SERVICE_API_KEYS": "service-key-old,service-key-new",
    "CRON_SECRET": "cron-secret",
}
LIVE_ENV = {
    **ENV,
    "SUPABASE_URL": "https://project.supabase.co",
    "STRIPE_SECRET_KEY": "sk_live_example",
    "STRIPE_PUBLISHABLE_KEY": "pk_live_example",
    "STRIPE_API_BASE": "",
}


def settings(env: dict[str, str] = ENV, **changed: str) -> config.Settings:
    """An empty string is a variable that is not set."""
    return config.load(env | changed)


def app(env: dict[str, str] = ENV, **changed: str) -> Flask:
    """The backend for this environment; importing it makes one more, which is not used."""
    with mock.patch.dict(os.environ, env):
        from backend.app import create_app
    return create_app(settings(env, **changed))


def client(env: dict[str, str] = ENV, **changed: str) -> FlaskClient:
    return app(env, **changed).test_client()


def claims(env: dict[str, str] = ENV, **changed: Any) -> dict[str, Any]:
    """What a user's access token says; None leaves a claim out."""
    usual = {
        "iss": f"{env['SUPABASE_URL']}/auth/v1",
        "aud": "authenticated",
        "sub": str(uuid.uuid4()),
        "role": "authenticated",
        "exp": int(time.time()) + 3600,
        "email": "buyer@example.com",
        "is_anonymous": False,
        "app_metadata": {"provider": "email"},
    }
    return {name: value for name, value in (usual | changed).items() if value is not None}


def legacy_token(env: dict[str, str] = ENV, **changed: Any) -> str:
    """A token signed with the shared secret, as older Supabase projects do."""
    return jwt.encode(claims(env, **changed), env["SUPABASE_JWT_SECRET"], algorithm="HS256")


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
