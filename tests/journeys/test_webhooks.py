"""Webhooks that come late, never, twice, or ten at once: the credits are the same."""

from tests.browser import Windows
from tests.journeys.shop import Shop
from tests.people import Person
from tests.stripe_console import StripeConsole, eventually

COMPLETED = "checkout.session.completed"


def test_credits_do_not_wait_for_a_late_webhook_which_changes_nothing_then(
    shop: Shop, buyer: Person, stripe_console: StripeConsole
) -> None:
    stripe_console.deliver("hold")
    shop.buy()
    shop.expect_balance(500)

    stripe_console.release()
    assert stripe_console.deliveries(event_type=COMPLETED)[0]["status"] == "succeeded"
    shop.visit()
    shop.expect_balance(500)
    assert purchases(buyer) == [500]


def test_credits_come_even_if_no_webhook_ever_does(
    shop: Shop, buyer: Person, stripe_console: StripeConsole
) -> None:
    stripe_console.deliver("drop")
    shop.buy()
    shop.expect_balance(500)
    assert purchases(buyer) == [500]


def test_ten_webhooks_at_once_credit_once_though_the_buyer_never_comes_back(
    shop: Shop, windows: Windows, buyer: Person, stripe_console: StripeConsole
) -> None:
    windows.expect_complaint("ERR_FAILED")
    shop.page.route("**/success.html*", lambda route: route.abort())
    stripe_console.deliver(copies=10)
    shop.start_buying().pay_by_card()
    eventually(lambda: buyer.available, lambda available: available == 500)
    eventually(
        lambda: {
            delivery["status"] for delivery in stripe_console.deliveries(event_type=COMPLETED)[:10]
        },
        lambda found: found == {"succeeded"},
    )
    assert purchases(buyer) == [500]


def test_a_webhook_sent_again_and_then_ten_times_at_once_adds_nothing(
    shop: Shop, buyer: Person, stripe_console: StripeConsole
) -> None:
    shop.buy()
    delivery = stripe_console.deliveries(event_type=COMPLETED)[0]
    stripe_console.send_again(delivery["id"])
    sent = stripe_console.send_again(delivery["id"], times=10)
    assert {again["response_status"] for again in sent} == {200}
    shop.visit()
    shop.expect_balance(500)
    assert purchases(buyer) == [500]


def purchases(person: Person) -> list[int]:
    """The credits of each purchase in the ledger."""
    page = person.get("/api/credits/transactions?type=purchase").json()
    return [transaction["amount"] for transaction in page["transactions"]]
