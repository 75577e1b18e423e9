import assert from "node:assert/strict";
import { test } from "node:test";

import { PAUSES_MS, poll } from "../../frontend/lib/poll.js";

const forEver = new AbortController().signal;

test("stops at the first answer that is enough", async () => {
  const answer = await poll(async (round) => round, (n) => n === 2, forEver, undefined, [1, 1, 1, 1]);
  assert.equal(answer, 2);
});

test("gives up after its pauses, with the last answer", async () => {
  const waiting = [];
  const answer = await poll(async (n) => n, () => false, forEver, (n) => waiting.push(n), [1, 1]);
  assert.equal(answer, 2);
  assert.deepEqual(waiting, [0, 1]);
});

test("ends when nobody looks any more", async () => {
  const page = new AbortController();
  setTimeout(() => page.abort(), 5);
  await assert.rejects(poll(async (n) => n, () => false, page.signal, undefined, [60_000]), {
    name: "AbortError",
  });
});

test("waits longer and longer, and under a minute in all", () => {
  assert.deepEqual(PAUSES_MS, [...PAUSES_MS].sort((a, b) => a - b));
  assert.ok(PAUSES_MS.reduce((sum, pause) => sum + pause, 0) < 60_000);
});
