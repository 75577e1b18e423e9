/** One state of a payment, filling page or dialog: a sign, a title, a sentence, figures, and ways on. */
import { el } from "../lib/dom.js";
import { icon } from "./icons.js";

/** @typedef {"good" | "waiting" | "bad" | "neutral"} Tone */

/** @type {Record<Tone, Parameters<typeof icon>[0]>} */
const SIGNS = { good: "check", waiting: "clock", bad: "alert", neutral: "minus" };

/**
 * @typedef {object} Shown
 * @property {Tone} tone
 * @property {string} title
 * @property {string} text
 * @property {"h1" | "h3"} [heading] h3 inside the dialog
 * @property {Node | null} [picture]
 * @property {[label: string, value: string][]} [figures]
 * @property {(Node | null | false)[]} [ways] buttons, links or a form
 */

/** @param {Shown} shown */
export function screen(shown) {
  return show(el("section", {}, el("div", { role: "status" })), shown);
}

/**
 * Another state in its place. What says it stays: screen readers read out what changes in there, not
 * what comes with it.
 * @param {HTMLElement} section
 * @param {Shown} shown
 */
export function show(section, { tone, title, text, heading = "h1", picture = null, figures = [], ways = [] }) {
  const status = /** @type {Element} */ (section.querySelector("[role=status]"));
  const parts = el(
    "div",
    {},
    picture,
    figures.length > 0 && el(
      "dl",
      {},
      figures.map(([label, value]) =>
        el("div", {}, el("dt", {}, label), el("dd", { class: "number" }, value)),
      ),
    ),
    el("div", { class: "ways" }, ways),
  );
  section.className = `screen ${tone}`;
  for (const part of [...section.children]) if (part !== status) part.remove();
  status.before(el("span", { class: "sign" }, icon(SIGNS[tone], 28)));
  status.replaceChildren(el(heading, { class: "screen-title", tabindex: "-1" }, title), el("p", { class: "text" }, text));
  status.after(...parts.children);
  return section;
}
