/** Tabs by the ARIA pattern: arrow keys move, the chosen one is in the tab order. */
import { el } from "../lib/dom.js";

/**
 * @template {string} Name
 * @param {object} context
 * @param {string} context.label
 * @param {[name: Name, text: string][]} context.tabs
 * @param {Name} context.chosen
 * @param {string} context.controls id of the panel
 * @param {(name: Name) => void} context.onChoose
 */
export function tabs({ label, tabs: names, chosen, controls, onChoose }) {
  const buttons = names.map(([name, text]) =>
    el("button", {
      type: "button",
      role: "tab",
      id: `tab-${name}`,
      "aria-selected": String(name === chosen),
      "aria-controls": controls,
      tabindex: name === chosen ? "0" : "-1",
      onclick: () => onChoose(name),
    }, text),
  );

  /** @param {Event} event */
  function move(event) {
    const { key } = /** @type {KeyboardEvent} */ (event);
    const at = names.findIndex(([name]) => name === chosen);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: names.length - 1 }[key];
    const target = to === undefined ? undefined : names[(to + names.length) % names.length];
    if (!target) return;
    event.preventDefault();
    onChoose(target[0]);
  }

  return el("div", { role: "tablist", class: "tabs", "aria-label": label, onkeydown: move }, buttons);
}
