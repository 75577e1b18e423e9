import assert from "node:assert/strict";
import { test } from "node:test";

import { ApiError } from "../../frontend/lib/api-error.js";
import { Attempts } from "../../frontend/lib/attempt.js";

const CHOICE = { package_id: "p1", currency: "usd" };
const failing = (keys, problem) => async (key) => {
  keys.push(key);
  throw new ApiError(problem);
};
const answering = (keys) => async (key) => keys.push(key);

test("a double click is one request", async () => {
  const attempts = new Attempts();
  const keys = [];
  await Promise.all([attempts.run(CHOICE, answering(keys)), attempts.run(CHOICE, answering(keys))]);
  assert.equal(keys.length, 1);
});

test("a retry after silence or a server's failure repeats the key", async () => {
  const attempts = new Attempts();
  const keys = [];
  for (const problem of [
    { code: "network" },
    { code: "timeout" },
    { code: "stripe_unavailable", status: 503 },
    { code: "rate_limited", status: 429 },
    { code: "unauthorized", status: 401 },
  ]) {
    await assert.rejects(attempts.run(CHOICE, failing(keys, problem)));
  }
  await attempts.run(CHOICE, answering(keys));
  assert.equal(new Set(keys).size, 1);
});

test("an answer ends the attempt", async () => {
  const attempts = new Attempts();
  const keys = [];
  await attempts.run(CHOICE, answering(keys));
  await attempts.run(CHOICE, answering(keys));
  await assert.rejects(attempts.run(CHOICE, failing(keys, { code: "validation_error", status: 422 })));
  await attempts.run(CHOICE, answering(keys));
  assert.equal(new Set(keys).size, 4);
});

test("another choice is another attempt", async () => {
  const attempts = new Attempts();
  const keys = [];
  await assert.rejects(attempts.run(CHOICE, failing(keys, { code: "network" })));
  await attempts.run({ ...CHOICE, currency: "eur" }, answering(keys));
  assert.notEqual(keys[0], keys[1]);
});

test("a late answer to an earlier choice does not end the present attempt", async () => {
  const attempts = new Attempts();
  const keys = [];
  let answerFirst;
  const first = attempts.run(CHOICE, () => new Promise((resolve) => (answerFirst = resolve)));
  const other = { ...CHOICE, currency: "eur" };
  await assert.rejects(attempts.run(other, failing(keys, { code: "network" })));
  answerFirst();
  await first;
  await attempts.run(other, answering(keys));
  assert.equal(keys[0], keys[1]);
});
