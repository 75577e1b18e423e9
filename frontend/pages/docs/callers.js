/** Who calls: the credentials, and the one line that says which of them an operation wants. */
import { el } from "../../lib/dom.js";
import { inline } from "./prose.js";

/**
 * @typedef {import("./specification.js").Specification} Specification
 * @typedef {import("./specification.js").Operation} Operation
 */

// Where a shop has set a proxy's key, it is asked for everywhere: said once, not on each operation.
const EVERYWHERE = "proxy";

/** @param {Specification} specification */
export function callers(specification) {
  const schemes = Object.entries(specification.document.components.securitySchemes);
  return el(
    "dl",
    { class: "callers" },
    schemes.map(([name, scheme]) => el("div", {}, el("dt", {}, name), el("dd", {}, inline(scheme.description)))),
  );
}

/**
 * `Anybody`, `user`, `Anybody, or user`
 * @param {Operation} operation
 */
export function who(operation) {
  if (operation.outgoing) return "We call, you answer";
  /** @type {Record<string, unknown>[]} */
  const ways = operation.node.security;
  const kinds = ways.map((way) => Object.keys(way).filter((name) => name !== EVERYWHERE)[0] ?? "anybody");
  const [first = "anybody", ...others] = new Set(kinds);
  return [first, ...others].join(" or ").replace(/^./, (letter) => letter.toUpperCase());
}
