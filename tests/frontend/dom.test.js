import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { el } from "../../frontend/lib/dom.js";

/** As much of a DOM as `el` may touch. It has no way to parse markup: using one would throw. */
class FakeElement {
  attributes = {};
  listeners = {};
  children = [];
  constructor(tag) {
    this.tag = tag;
  }
  setAttribute(name, value) {
    this.attributes[name] = value;
  }
  addEventListener(name, listener) {
    this.listeners[name] = listener;
  }
  append(child) {
    this.children.push(child);
  }
}

beforeEach(() => {
  globalThis.document = { createElement: (tag) => new FakeElement(tag) };
});

const MARKUP = `<img src=x onerror="alert(1)">`;

test("markup in data stays text", () => {
  assert.deepEqual(el("p", {}, MARKUP).children, [MARKUP]);
  assert.equal(el("p", { title: MARKUP }).attributes.title, MARKUP);
});

test("no attribute can carry code", () => {
  assert.throws(() => el("p", { onclick: "alert(1)" }), TypeError);
  assert.throws(() => el("p", { style: "color: red" }), TypeError);
  assert.throws(() => el("iframe", { srcdoc: MARKUP }), TypeError);
  for (const address of ["javascript:alert(1)", " JavaScript:alert(1)", "data:text/html,x"]) {
    assert.throws(() => el("a", { href: address }), TypeError);
  }
});

test("functions become listeners, absent values nothing, zero a text", () => {
  const listener = () => undefined;
  const button = el("button", { onclick: listener, hidden: false, disabled: true, id: null }, null, false, 0);
  assert.equal(button.listeners.click, listener);
  assert.deepEqual(button.attributes, { disabled: "" });
  assert.deepEqual(button.children, ["0"]);
});

test("relative and https addresses are fine", () => {
  assert.equal(el("a", { href: "./" }).attributes.href, "./");
  assert.equal(el("a", { href: "https://pay.example/x" }).attributes.href, "https://pay.example/x");
});
