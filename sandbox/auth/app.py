"""The routes of Supabase Auth that Topup and its tests use (github.com/supabase/auth)."""

from typing import Any

import psycopg
from flask import Flask, Response, jsonify, request

from sandbox.auth import admin, callers, sessions, tokens, users
from sandbox.auth.database import transaction
from sandbox.auth.errors import AuthError, invalid_credentials, render

app = Flask(__name__)
app.register_blueprint(admin.blueprint)
app.register_error_handler(AuthError, render)


@app.post("/signup")
def sign_up() -> dict[str, Any]:
    """A new user, signed in at once; without e-mail an anonymous one."""
    given = callers.json_object(email=str, password=str, data=dict)
    email, password = given.get("email"), given.get("password")
    if email and not password:
        raise AuthError(400, "validation_failed", "Signup requires a valid password")
    with transaction() as database:
        user = users.create(database, email, password if email else None, given.get("data", {}))
        return sessions.start(database, user)


@app.post("/token")
def token() -> dict[str, Any]:
    grant = request.args.get("grant_type")
    with transaction() as database:
        if grant == "password":
            given = callers.json_object(email=str, password=str)
            user = users.by_email(database, given.get("email", ""))
            if user is None or not users.password_fits(user, given.get("password", "")):
                raise invalid_credentials()
            return sessions.start(database, user)
        if grant == "refresh_token":
            given = callers.json_object(refresh_token=str)
            return sessions.refresh(database, given.get("refresh_token", ""))
    raise AuthError(400, "invalid_grant", "unsupported_grant_type")


@app.get("/user")
def show_user() -> dict[str, Any]:
    with transaction() as database:
        user, _ = callers.signed_in(database)
        return users.as_json(user)


@app.put("/user")
def change_user() -> dict[str, Any]:
    given = callers.json_object(email=str, password=str, data=dict)
    wanted = {**given, "user_metadata": given.pop("data", {})}
    with transaction() as database:
        user, _ = callers.signed_in(database)
        return users.as_json(users.change(database, user, wanted))


@app.post("/logout")
def log_out() -> tuple[str, int]:
    scope = request.args.get("scope", "global")
    if scope not in ("global", "local", "others"):
        raise AuthError(400, "validation_failed", f'Unsupported logout scope "{scope}"')
    with transaction() as database:
        user, session_id = callers.signed_in(database)
        sessions.end(database, session_id, user["id"], scope)
    return "", 204


@app.get("/.well-known/jwks.json")
def key_server() -> Response:
    response = jsonify(tokens.key_set())
    response.headers["Cache-Control"] = "public, max-age=600"
    return response


@app.get("/settings")
def settings() -> dict[str, Any]:
    return {
        "external": {"email": True, "phone": False, "anonymous_users": True},
        "disable_signup": False,
        "mailer_autoconfirm": True,
        "phone_autoconfirm": False,
        "sms_provider": "",
        "saml_enabled": False,
    }


@app.get("/health")
def health() -> dict[str, str]:
    return {"name": "GoTrue", "version": "sandbox", "description": "stands in for Supabase Auth"}


@app.errorhandler(404)
def unknown_route(_: Exception) -> Response:
    return render(AuthError(404, "not_found", "404 page not found"))


@app.errorhandler(psycopg.OperationalError)
def database_is_away(_: Exception) -> Response:
    return render(AuthError(500, "unexpected_failure", "Database error"))
