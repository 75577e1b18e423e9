/** An error said aloud, with a way on and the reference that support will ask for. */
import { ApiError } from "../lib/api-error.js";
import { el, stepOut } from "../lib/dom.js";
import { explain } from "../lib/explain.js";
import { t } from "../lib/i18n.js";
import { icon } from "./icons.js";

/**
 * @param {unknown} error
 * @param {(() => void) | null} [retry]
 * @param {string} [sentence] in place of our own
 */
export function notice(error, retry = null, sentence = explain(error)) {
  const reference = error instanceof ApiError ? error.requestId : "";

  function tryAgain() {
    stepOut(box);
    retry?.();
  }

  const box = el(
    "div",
    { class: "notice", role: "alert" },
    icon("alert"),
    el("p", {}, sentence),
    reference && el("p", { class: "small" }, t("error.reference", { id: reference })),
    retry && el("button", { type: "button", class: "button", onclick: tryAgain }, t("error.retry")),
  );
  return box;
}
