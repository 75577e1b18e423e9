/** A labelled native select with our arrow: `choice({ label, options, chosen, onChoose })`. */
import { el } from "../lib/dom.js";
import { icon } from "./icons.js";

/**
 * @param {object} wanted
 * @param {string} wanted.label for screen readers
 * @param {[value: string, text: string][]} wanted.options
 * @param {string} wanted.chosen
 * @param {(value: string) => void} wanted.onChoose
 * @param {string} [wanted.id]
 */
export function choice({ label, options, chosen, onChoose, id }) {
  const select = el(
    "select",
    { "aria-label": label, id, onchange: () => onChoose(select.value) },
    options.map(([value, text]) => el("option", { value, selected: value === chosen }, text)),
  );
  return el("span", { class: "select" }, select, icon("down", 16));
}
