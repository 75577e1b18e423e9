/** Rules about our own source that a reader could overlook. */
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { test } from "node:test";

const FRONTEND = new URL("../../frontend/", import.meta.url);
const files = (await readdir(FRONTEND, { recursive: true }))
  .map((name) => name.replaceAll("\\", "/"))
  .filter((name) => !name.startsWith("vendor/"));
const read = (name) => readFile(new URL(name, FRONTEND), "utf8");
const scripts = files.filter((name) => name.endsWith(".js"));

const withoutComments = (code) => code.replace(/\/\*[\s\S]*?\*\//g, "").replace(/\/\/.*$/gm, "");

test("data is never parsed as markup, and no string is run", async () => {
  for (const name of scripts) {
    const code = withoutComments(await read(name));
    assert.doesNotMatch(code, /innerHTML|outerHTML|insertAdjacentHTML|setHTMLUnsafe|document\.write/, name);
    assert.doesNotMatch(code, /\beval\(|new Function\(|DOMParser|createContextualFragment/, name);
  }
});

test("only api.js fetches", async () => {
  for (const name of scripts.filter((file) => file !== "lib/api.js")) {
    assert.doesNotMatch(withoutComments(await read(name)), /\bfetch\(|XMLHttpRequest|sendBeacon/, name);
  }
});

test("no error is swallowed in silence", async () => {
  for (const name of scripts) {
    assert.doesNotMatch(await read(name), /catch\s*(\([^)]*\))?\s*\{\s*\}/, name);
    assert.doesNotMatch(await read(name), /\.catch\(\(\)\s*=>\s*(undefined|\{\s*\})\)/, name);
  }
});

test("pages have no inline script or style, which the content policy forbids", async () => {
  for (const name of files.filter((file) => file.endsWith(".html"))) {
    const page = await read(name);
    assert.doesNotMatch(page, /<style|\sstyle=|\son\w+=|javascript:/i, name);
    assert.doesNotMatch(page, /<script(?![^>]*\ssrc=)/i, name);
  }
});

test("imports point down: elements, panels, state, lib", async () => {
  const rank = { lib: 0, locales: 0, vendor: 0, styles: 1, state: 1, panels: 2, elements: 3, pages: 4 };
  for (const name of scripts.filter((file) => file.includes("/"))) {
    const folder = name.split("/")[0];
    const code = await read(name);
    for (const [, to] of code.matchAll(/from "\.\.\/(\w+)\//g)) {
      assert.ok(rank[to] <= rank[folder], `${name} imports from ${to}`);
    }
  }
});

test("Stripe.js is never part of what we serve", async () => {
  for (const name of files) assert.doesNotMatch(name, /stripe\.js$|stripe.*\.min\.js$/);
});
