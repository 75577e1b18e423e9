"""The inbox keeps events, and of cards and their holders no more than the shop shows."""

import psycopg

from tests.backend.wallet import Wallet
from tests.stripe_console import eventually

Connection = psycopg.Connection[dict]


def test_of_what_stripe_tells_about_a_card_the_inbox_keeps_what_the_shop_shows(
    wallet: Wallet, database: Connection
) -> None:
    card_id = wallet.pay_and_save()
    told = eventually(lambda: payloads_about(database, card_id), bool)
    for payload in told:
        for private in ("fingerprint", "billing_details", "customer_details"):
            assert private not in payload
    assert "4242" in "".join(told)


def payloads_about(database: Connection, thing: str) -> list[str]:
    query = "select payload::text as told from stripe_events where payload::text like %s"
    return [row["told"] for row in database.execute(query, [f"%{thing}%"])]
