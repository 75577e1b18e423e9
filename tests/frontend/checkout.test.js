import assert from "node:assert/strict";
import { afterEach, mock, test } from "node:test";

import { authenticateWith } from "../../frontend/lib/api.js";
import { createEmbeddedCheckout, createHostedCheckout } from "../../frontend/state/checkout.js";
import { session } from "../../frontend/state/session.js";

globalThis.location = { href: "https://shop.example/page" };
authenticateWith({ current: async () => "token", renew: async () => null, refused: () => undefined });
const OFFER = { id: "starter", credits: 500, amount: 499, currency: "usd", kind: "one_time" };
const json = (status, body) =>
  new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json" } });

function backend() {
  const orders = [];
  mock.method(globalThis, "fetch", async (address, { method, headers }) => {
    if (method === "GET") return json(200, { status: "pending" });
    orders.push(headers.get("Idempotency-Key"));
    return json(201, { payment_id: `payment-${orders.length}`, url: "https://x", client_secret: `secret-${orders.length}` });
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

test("nobody is shown the embedded form that somebody else has begun", async () => {
  backend();
  const { signal } = new AbortController();
  const secrets = [];
  for (const user of ["ada", "ada", "bob"]) {
    session.patch({ user });
    secrets.push((await createEmbeddedCheckout(OFFER, null, signal)).client_secret);
  }
  assert.deepEqual([secrets[0] === secrets[1], secrets[1] === secrets[2]], [true, false]);
});
