import assert from "node:assert/strict";
import { test } from "node:test";

import { appearance } from "../../frontend/lib/appearance.js";

test("Stripe's form wears our colours, corners and size of letters", () => {
  const asked = [];
  const look = appearance((token) => (asked.push(token), `rgb(${token.length}, 0, 0)`), "Inter", "13px", "32px");
  assert.equal(look.variables.colorPrimary, "rgb(6, 0, 0)"); // accent
  assert.equal(look.variables.colorBackground, "rgb(7, 0, 0)"); // surface
  assert.equal(look.variables.fontFamily, "Inter");
  assert.equal(look.variables.borderRadius, "13px");
  assert.equal(look.variables.fontSizeBase, "32px");
  assert.deepEqual([...new Set(asked)].sort(), ["accent", "danger", "edge", "ink", "muted", "on-accent", "surface"]);
});
