"""`flask refund`: for whoever runs the shop, in the currency as people write it."""

import os
import subprocess
import sys
from typing import Any

import pytest
from click.testing import Result
from flask.testing import FlaskCliRunner

from backend.commands.refund import refund
from tests import shop
from tests.backend.purchase import Purchase, Shop
from tests.people import Person
from tests.sandbox_process import ROOT
from tests.stripe_console import StripeConsole

UNKNOWN = "7f8de1a4-3f0c-4a4e-9a52-0f8e1c1f5a10"


@pytest.fixture(scope="module")
def runner(sandbox: dict[str, str]) -> FlaskCliRunner:
    return shop.app(sandbox).test_cli_runner()


class Shell:
    """Somebody at a terminal; `answers` is what he types when he is asked."""

    def __init__(self, runner: FlaskCliRunner) -> None:
        self._runner = runner

    def refund(self, *arguments: str, answers: str = "") -> Result:
        return self._runner.invoke(refund, arguments, input=answers)


@pytest.fixture
def shell(runner: FlaskCliRunner) -> Shell:
    return Shell(runner)


def refunds_of(stripe_console: StripeConsole, bought: Purchase) -> list[dict[str, Any]]:
    return stripe_console.api("refunds", payment_intent=bought.intent_id)["data"]


def test_a_payment_is_refunded_whole(
    shell: Shell, purchase: Purchase, stripe_console: StripeConsole
) -> None:
    done = shell.refund("--payment-id", purchase.payment_id, "--yes")
    assert done.exit_code == 0, done.output
    assert "4.99 USD" in done.output
    assert "500" in done.output
    [made] = refunds_of(stripe_console, purchase)
    assert made["id"] in done.output
    assert made["metadata"]["actor"].startswith("shell:")
    assert purchase.now["status"] == "refunded"


def test_a_payment_can_be_named_by_its_intent(shell: Shell, purchase: Purchase) -> None:
    done = shell.refund("--payment-intent-id", purchase.intent_id, "--yes")
    assert done.exit_code == 0, done.output
    assert purchase.payment_id in done.output
    assert purchase.now["status"] == "refunded"


def test_an_amount_is_written_as_people_write_it(
    shell: Shell, purchase: Purchase, stripe_console: StripeConsole
) -> None:
    done = shell.refund("--payment-id", purchase.payment_id, "--amount", "1.50", "--yes")
    assert done.exit_code == 0, done.output
    assert "1.50 USD of 4.99 USD" in done.output
    assert [made["amount"] for made in refunds_of(stripe_console, purchase)] == [150]


@pytest.mark.parametrize(
    ("currency", "amount", "minor_units"), [("jpy", "500", 500), ("kwd", "1.55", 1550)]
)
def test_every_currency_has_its_own_decimals(
    shell: Shell,
    buyer: Person,
    shop_floor: Shop,
    stripe_console: StripeConsole,
    currency: str,
    amount: str,
    minor_units: int,
) -> None:
    bought = shop_floor.sell(buyer, currency=currency)
    done = shell.refund("--payment-id", bought.payment_id, "--amount", amount, "--yes")
    assert done.exit_code == 0, done.output
    assert [made["amount"] for made in refunds_of(stripe_console, bought)] == [minor_units]


@pytest.mark.parametrize(
    "amount", ["0", "-1", "5.00", "1.234", "abc", "1,50", "NaN", "Infinity", "1e400", "", "$1"]
)
def test_an_amount_that_cannot_be_ends_with_a_sentence(
    shell: Shell, purchase: Purchase, stripe_console: StripeConsole, amount: str
) -> None:
    done = shell.refund("--payment-id", purchase.payment_id, f"--amount={amount}", "--yes")
    assert done.exit_code == 1
    assert done.output.startswith("Error: ")
    assert "amount" in done.output
    assert refunds_of(stripe_console, purchase) == []


def test_what_is_left_is_told_as_people_write_it(shell: Shell, purchase: Purchase) -> None:
    """500 was meant as cents."""
    done = shell.refund("--payment-id", purchase.payment_id, "--amount", "500", "--yes")
    assert done.exit_code == 1
    assert done.output.endswith("amount: No more than 4.99 USD is left.\n")


def test_yen_have_no_decimals(shell: Shell, buyer: Person, shop_floor: Shop) -> None:
    bought = shop_floor.sell(buyer, currency="jpy")
    done = shell.refund("--payment-id", bought.payment_id, "--amount", "5.5", "--yes")
    assert done.exit_code == 1
    assert bought.now["amount_refunded"] == 0


def test_a_dry_run_says_what_would_happen_and_does_nothing(
    shell: Shell, purchase: Purchase, stripe_console: StripeConsole
) -> None:
    stripe_console.forget_requests()
    done = shell.refund("--payment-id", purchase.payment_id, "--dry-run", "--yes")
    assert done.exit_code == 0
    assert "Nothing was done." in done.output
    assert "4.99 USD" in done.output
    assert stripe_console.requests() == []
    assert purchase.now["amount_refunded"] == 0


@pytest.mark.parametrize(("answers", "refunded"), [("y\n", 499), ("n\n", 0), ("\n", 0), ("", 0)])
def test_without_yes_a_person_is_asked(
    shell: Shell, purchase: Purchase, answers: str, refunded: int
) -> None:
    shell.refund("--payment-id", purchase.payment_id, answers=answers)
    assert purchase.now["amount_refunded"] == refunded


def test_what_becomes_debt_is_said_before(shell: Shell, purchase: Purchase, database: Any) -> None:
    database.execute(
        "select public.adjust_credits(%s, -450, 'a gift', null, 'tests', %s)",
        [purchase.buyer.id, purchase.payment_id],
    )
    done = shell.refund("--payment-id", purchase.payment_id, "--dry-run")
    assert "450 of these are spent" in done.output


def test_a_reason_goes_to_stripe(
    shell: Shell, purchase: Purchase, stripe_console: StripeConsole
) -> None:
    shell.refund("--payment-id", purchase.payment_id, "--reason", "duplicate", "--yes")
    [made] = refunds_of(stripe_console, purchase)
    assert (made["reason"], made["metadata"]["note"]) == ("duplicate", "duplicate")


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--payment-id", UNKNOWN, "--payment-intent-id", "pi_1"],
        ["--payment-id", "1"],
        ["--payment-id", UNKNOWN, "--colour", "red"],
    ],
)
def test_a_payment_is_named_in_one_way(shell: Shell, arguments: list[str]) -> None:
    done = shell.refund(*arguments, "--yes")
    assert done.exit_code == 2
    assert "Usage:" in done.output


@pytest.mark.parametrize(
    "arguments", [["--payment-id", UNKNOWN], ["--payment-intent-id", "pi_nobody_knows"]]
)
def test_an_unknown_payment_ends_with_a_sentence(shell: Shell, arguments: list[str]) -> None:
    done = shell.refund(*arguments, "--yes")
    assert (done.exit_code, done.output) == (1, "Error: There is no such payment.\n")


def test_what_was_refunded_already_ends_with_a_sentence(shell: Shell, purchase: Purchase) -> None:
    shell.refund("--payment-id", purchase.payment_id, "--yes")
    done = shell.refund("--payment-id", purchase.payment_id, "--yes")
    assert done.exit_code == 1
    assert "refunded already" in done.output
    assert "Traceback" not in done.output


def test_a_stripe_that_is_away_ends_with_a_sentence_and_asking_again_refunds_once(
    shell: Shell,
    purchase: Purchase,
    stripe_console: StripeConsole,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("stripe._http_client.HTTPClient._sleep_time_seconds", lambda *_: 0)
    stripe_console.deliver("drop")
    stripe_console.fault(method="POST", path="/v1/refunds", status=500, when="after", times=3)
    done = shell.refund("--payment-id", purchase.payment_id, "--amount", "1", "--yes")
    assert (done.exit_code, "Traceback" in done.output) == (1, False)
    again = shell.refund("--payment-id", purchase.payment_id, "--amount", "1", "--yes")
    assert again.exit_code == 0, again.output
    assert [made["amount"] for made in refunds_of(stripe_console, purchase)] == [100]


def test_a_key_that_stripe_does_not_know_ends_with_who_knows_more(
    sandbox: dict[str, str], purchase: Purchase
) -> None:
    wrong = shop.app(sandbox, STRIPE_SECRET_KEY="sk_test_of_another_account").test_cli_runner()
    done = Shell(wrong).refund("--payment-id", purchase.payment_id, "--yes")
    assert done.exit_code == 1
    assert done.output.endswith("not set up right.\n`flask doctor` says what is wrong.\n")


def test_flask_knows_the_command(sandbox: dict[str, str]) -> None:
    """As a person types it, in the checkout's root."""
    done = subprocess.run(
        [sys.executable, "-m", "flask", "refund", "--help"],
        cwd=ROOT,
        env=os.environ | sandbox,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    for option in ("--payment-id", "--payment-intent-id", "--amount", "--reason", "--dry-run"):
        assert option in done.stdout
