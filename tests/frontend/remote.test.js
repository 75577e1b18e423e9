import assert from "node:assert/strict";
import { test } from "node:test";

import { Remote } from "../../frontend/state/remote.js";
import { session } from "../../frontend/state/session.js";

const signIn = (user) => session.patch({ status: "signed-in", user });

test("what was changed is known by its answer", async () => {
  signIn("ada");
  const cards = new Remote(async () => []);
  await cards.take(Promise.resolve(["visa"]));
  assert.deepEqual(cards.value, ["visa"]);
});

test("the answer to a change that somebody else has made is not shown", async () => {
  signIn("ada");
  const cards = new Remote(async () => []);
  const taken = cards.take(new Promise((resolve) => setTimeout(resolve, 1, ["ada's"])));
  signIn("bob");
  await taken;
  assert.equal(cards.value, null);
});

test("somebody else starts with nothing", async () => {
  signIn("ada");
  const cards = new Remote(async () => ["ada's"]);
  await cards.load();
  signIn("bob");
  assert.equal(cards.value, null);
});
