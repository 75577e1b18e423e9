import assert from "node:assert/strict";
import { test } from "node:test";

import { trustedAddress } from "../../frontend/lib/address.js";

test("payment pages are https, or on this machine", () => {
  for (const address of [
    "https://checkout.stripe.com/c/pay/cs_1#x",
    "http://127.0.0.1:8002/pay/cs_1",
    "http://localhost:8002/",
    "http://[::1]:8002/",
  ]) {
    assert.equal(trustedAddress(address), address);
  }
});

test("anything else is refused", () => {
  for (const address of [
    "http://checkout.stripe.com/",
    "http://127.0.0.1.evil.example/",
    "https://stripe.com@evil.example/",
    "javascript:alert(1)",
    "data:text/html,x",
    "//evil.example",
    "/relative",
    "",
    null,
    undefined,
    {},
  ]) {
    assert.throws(() => trustedAddress(address), { code: "unsafe_address" }, String(address));
  }
});
