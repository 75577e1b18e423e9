import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

import { ApiError } from "../../frontend/lib/api-error.js";
import { authenticateWith, download, get, post, timedFetch } from "../../frontend/lib/api.js";
import { settings } from "../../frontend/lib/settings.js";

const json = (status, body) =>
  new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json" } });

let tokens;

beforeEach(() => {
  settings.apiBase = "https://api.example";
  tokens = {
    current: mock.fn(async () => "old"),
    renew: mock.fn(async () => "new"),
    refused: mock.fn(),
  };
  authenticateWith(tokens);
});
afterEach(() => mock.restoreAll());

const answers = (...responses) =>
  mock.method(globalThis, "fetch", async () => {
    const next = responses.shift();
    if (next instanceof Error) throw next;
    return next;
  });
const sentToken = (fetched, call) =>
  fetched.mock.calls[call].arguments[1].headers.get("Authorization");

test("the token travels in a header, and in no address", async () => {
  const fetched = answers(json(200, { balance: 5 }));
  assert.deepEqual(await get("/api/credits"), { balance: 5 });
  assert.equal(fetched.mock.calls[0].arguments[0], "https://api.example/api/credits");
  assert.equal(sentToken(fetched, 0), "Bearer old");
});

test("open routes are asked without a token", async () => {
  const fetched = answers(json(200, {}));
  await get("/api/packages", { anonymous: true });
  assert.equal(sentToken(fetched, 0), null);
});

test("a 401 renews the session once and asks again, with the same idempotency key", async () => {
  const fetched = answers(json(401, { code: "unauthorized" }), json(201, { url: "u" }));
  await post("/api/x", { a: 1 }, { idempotencyKey: "k" });
  assert.equal(sentToken(fetched, 1), "Bearer new");
  assert.equal(fetched.mock.calls[1].arguments[1].headers.get("Idempotency-Key"), "k");
  assert.equal(tokens.refused.mock.callCount(), 0);
});

test("a second 401 ends the session", async () => {
  const fetched = answers(json(401, { code: "unauthorized" }), json(401, { code: "unauthorized" }));
  await assert.rejects(get("/api/credits"), { code: "unauthorized", status: 401 });
  assert.equal(fetched.mock.callCount(), 2);
  assert.equal(tokens.refused.mock.callCount(), 1);
});

test("no connection is the code network", async () => {
  answers(new TypeError("failed"));
  await assert.rejects(get("/api/credits"), (error) => error instanceof ApiError && error.code === "network");
});

test("silence is the code timeout", async () => {
  mock.method(globalThis, "fetch", (_, { signal }) =>
    new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))));
  const keepAwake = setTimeout(() => undefined, 1000);
  await assert.rejects(timedFetch("https://api.example/", {}, 20), { code: "timeout" });
  clearTimeout(keepAwake);
});

test("a caller's own abort is not dressed up as a failure", async () => {
  const caller = new AbortController();
  mock.method(globalThis, "fetch", async (_, { signal }) => signal.throwIfAborted());
  caller.abort();
  await assert.rejects(get("/api/credits", { signal: caller.signal }), { name: "AbortError" });
});

test("an answer that is not JSON is the code bad_response", async () => {
  answers(new Response("<html>", { status: 200 }));
  await assert.rejects(get("/api/credits"), { code: "bad_response" });
});

const broken = (error) => new Response(new ReadableStream({ start: (stream) => stream.error(error) }));

test("an answer that breaks off is no connection, in words as in a file", async () => {
  for (const ask of [get, download]) {
    answers(broken(new TypeError("network error")));
    await assert.rejects(ask("/api/credits"), (error) => error instanceof ApiError && error.code === "network");
  }
});

test("an answer that stops coming is the code timeout", async () => {
  answers(broken(new DOMException("late", "TimeoutError")));
  await assert.rejects(get("/api/credits"), { code: "timeout" });
});

test("a caller's own abort in the middle of an answer is his", async () => {
  answers(broken(new DOMException("over", "AbortError")));
  await assert.rejects(get("/api/credits"), { name: "AbortError" });
});

test("a request ends though its caller has a signal of his own", async () => {
  mock.method(globalThis, "fetch", (_, { signal }) =>
    new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))));
  const { signal } = new AbortController();
  const awake = setTimeout(() => undefined, 5000); // Node does not wait for the limit's own timer.
  await assert.rejects(timedFetch("https://x", { signal }, 5), { code: "timeout" });
  clearTimeout(awake);
});
