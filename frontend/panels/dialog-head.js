/** The dialog's first line: back or our mark, the title, whether money is real, and close. */
import { el } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { catalog } from "../state/catalog.js";
import { icon } from "./icons.js";

/**
 * @param {object} context
 * @param {AbortSignal} context.signal
 * @param {string} context.title
 * @param {(() => void) | null} context.back null: there is nothing to go back to
 * @param {() => void} context.close
 */
export function dialogHead({ signal, title, back, close }) {
  return el(
    "div",
    { class: "head" },
    back ? iconButton("back", t("dialog.back"), back) : el("span", { class: "mark" }, icon("mark")),
    el("h2", { id: "title", tabindex: "-1", autofocus: true }, title),
    testMode(signal),
    iconButton("close", t("dialog.close"), close),
  );
}

/** @param {AbortSignal} signal */
function testMode(signal) {
  const tag = el("span", { class: "tag quiet", title: t("dialog.test_mode.hint") }, t("dialog.test_mode"));
  catalog.subscribe(({ config }) => {
    tag.hidden = config?.environment !== "test";
  }, signal);
  return tag;
}

/**
 * @param {"close" | "back"} name
 * @param {string} label
 * @param {() => void} onclick
 */
function iconButton(name, label, onclick) {
  return el("button", { type: "button", class: "button icon", "aria-label": label, onclick }, icon(name));
}
