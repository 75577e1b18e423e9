import assert from "node:assert/strict";
import { afterEach, mock, test } from "node:test";

import { authenticateWith } from "../../frontend/lib/api.js";
import { account } from "../../frontend/state/account.js";
import { createHostedCheckout, openEmbeddedCheckout } from "../../frontend/state/checkout.js";
import { session } from "../../frontend/state/session.js";

globalThis.location = { href: "https://shop.example/page" };
authenticateWith({ current: async () => "token", renew: async () => null, refused: () => undefined });
const PRICE = { credits: 500, amount: 499, currency: "usd" };
const OFFER = { id: "starter", kind: "one_time", ...PRICE };
const json = (status, body) =>
  new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json" } });

function backend(status = "pending", knows = true) {
  const orders = [];
  mock.method(globalThis, "fetch", async (address, { headers }) => {
    if (`${address}`.endsWith("/refresh")) return json(200, { status, client_secret: "secret-begun" });
    if (!knows && !`${address}`.includes("/stripe/")) return json(503, { code: "database_unavailable" });
    if (`${address}`.endsWith("/cart/count")) return json(200, { count: 1, items: [BEGUN] });
    if (`${address}`.endsWith("/credits")) return json(200, {});
    orders.push(headers.get("Idempotency-Key"));
    return json(201, { payment_id: `payment-${orders.length}`, url: "https://x", client_secret: `secret-${orders.length}`, ...PRICE });
  });
  return orders;
}

afterEach(() => mock.restoreAll());

test("who takes over the page shares no order with who was there", async () => {
  const orders = backend();
  const answers = await Promise.all(["ada", "bob"].map((user) => {
    session.patch({ user });
    return createHostedCheckout(OFFER, null);
  }));
  assert.equal(new Set(orders).size, 2);
  assert.notEqual(answers[0].payment_id, answers[1].payment_id);
});

const BEGUN = { payment_id: "begun", ui_mode: "embedded", package_id: "starter", ...PRICE };

test("an embedded form that is drawn anew goes on, though the account does not know of it yet", async () => {
  session.patch({ user: "eve", status: "signed-in" });
  const orders = backend("pending", false);
  const { signal } = new AbortController();
  const secrets = [];
  for (const _ of [1, 2]) secrets.push((await openEmbeddedCheckout(OFFER, null, signal)).client_secret);
  assert.deepEqual([secrets, orders.length], [["secret-1", "secret-begun"], 1]);
  session.patch({ user: "mallory" });
  assert.equal((await openEmbeddedCheckout(OFFER, null, signal)).client_secret, "secret-2");
});

/** @param {object} payment that waits to be finished @param {string} status as the backend knows it */
async function secretBeside(payment, status = "pending") {
  backend(status);
  session.patch({ user: crypto.randomUUID() });
  account.patch({ openPayments: [{ ...BEGUN, ...payment }] });
  return (await openEmbeddedCheckout(OFFER, null, new AbortController().signal)).client_secret;
}

test("an embedded form that was left is gone on with", async () => {
  assert.equal(await secretBeside({}), "secret-begun");
});

test("an embedded form that was left for another price, in another way, or is over, is not", async () => {
  for (const other of [{ amount: 399 }, { credits: 600 }, { currency: "eur" }, { package_id: "pro" }, { ui_mode: "hosted" }]) {
    assert.equal(await secretBeside(other), "secret-1", JSON.stringify(other));
    mock.restoreAll();
  }
  assert.equal(await secretBeside({}, "expired"), "secret-1");
});

test("nobody is shown the embedded form that somebody else has begun", async () => {
  session.patch({ user: "ada" });
  account.patch({ openPayments: [BEGUN] });
  session.patch({ user: "bob" });
  backend();
  assert.equal((await openEmbeddedCheckout(OFFER, null, new AbortController().signal)).client_secret, "secret-1");
});

test("an embedded form that has just been begun is known as one that waits to be finished", async () => {
  session.patch({ user: "ada", status: "signed-in" });
  account.patch({ openPayments: [] });
  backend();
  await openEmbeddedCheckout(OFFER, null, new AbortController().signal);
  await new Promise((resolve) => account.subscribe(({ openPayments }) => openPayments.length && resolve(), new AbortController().signal));
  assert.deepEqual(account.value.openPayments, [BEGUN]);
});
