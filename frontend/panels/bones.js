/** Grey shapes in the place of what is still loading; screen readers hear the status text instead. */
import { el } from "../lib/dom.js";

/**
 * @param {number} count
 * @param {string} kind class that gives their size
 * @param {string} label what is loading, in words
 */
export function bones(count, kind, label) {
  return el(
    "div",
    { class: "bones" },
    el("p", { class: "visually-hidden", role: "status" }, label),
    Array.from({ length: count }, () => el("span", { class: `bone ${kind}`, "aria-hidden": "true" })),
  );
}
