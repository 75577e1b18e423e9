/** A few choices side by side, one of them pressed: `segments({ label, options, chosen, onChoose })`. */
import { el } from "../lib/dom.js";

/**
 * @template {string} Name
 * @param {object} wanted
 * @param {string} wanted.label for screen readers
 * @param {[name: Name, text: string][]} wanted.options
 * @param {Name} wanted.chosen
 * @param {(name: Name) => void} wanted.onChoose
 */
export function segments({ label, options, chosen, onChoose }) {
  const buttons = options.map(([name, text]) => {
    const button = el("button", {
      type: "button",
      "aria-pressed": String(name === chosen),
      onclick: () => {
        for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
        onChoose(name);
      },
    }, text);
    return button;
  });
  return el("div", { class: "segments", role: "group", "aria-label": label }, buttons);
}
