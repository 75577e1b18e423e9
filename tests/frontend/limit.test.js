import assert from "node:assert/strict";
import { test } from "node:test";

import { SILENCE, silence, within } from "../../frontend/lib/limit.js";

const never = () => new Promise(() => undefined);

test("an answer in time is the answer", async () => {
  assert.equal(await within(Promise.resolve(5), 1000), 5);
});

test("a refusal in time stays a refusal", async () => {
  await assert.rejects(within(Promise.reject(new TypeError("no")), 1000), TypeError);
});

test("no answer in time is the code timeout", async () => {
  await assert.rejects(within(never(), 5), { code: "timeout" });
});

test("silence is told apart from every answer", async () => {
  assert.equal(await Promise.race([never(), silence(5)]), SILENCE);
});
