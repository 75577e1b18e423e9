/** One state of a payment, filling page or dialog: a sign, a title, a sentence, figures, and ways on. */
import { el } from "../lib/dom.js";
import { icon } from "./icons.js";

/** @typedef {"good" | "waiting" | "bad" | "neutral"} Tone */

/** @type {Record<Tone, Parameters<typeof icon>[0]>} */
const SIGNS = { good: "check", waiting: "clock", bad: "alert", neutral: "minus" };

/**
 * @param {object} shown
 * @param {Tone} shown.tone
 * @param {string} shown.title
 * @param {string} shown.text
 * @param {"h1" | "h3"} [shown.heading] h3 inside the dialog
 * @param {Node | null} [shown.picture]
 * @param {[label: string, value: string][]} [shown.figures]
 * @param {(Node | null | false)[]} [shown.ways] buttons, links or a form
 */
export function screen({ tone, title, text, heading = "h1", picture = null, figures = [], ways = [] }) {
  return el(
    "section",
    { class: `screen ${tone}` },
    el("span", { class: "sign" }, icon(SIGNS[tone], 28)),
    el(
      "div",
      { role: "status" },
      el(heading, { class: "screen-title", tabindex: "-1" }, title),
      el("p", { class: "text" }, text),
    ),
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
}
