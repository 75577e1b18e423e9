/** What has happened: every movement of credits, or every payment. */
import { el } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { paymentsPanel } from "./payments.js";
import { segments } from "./segments.js";
import { transactionsPanel } from "./transactions.js";

/** @type {"credits" | "payments"} what was looked at last, and is looked at in another language too */
let chosen = "credits";

/**
 * @param {object} context
 * @param {AbortSignal} context.signal
 * @param {(text: string) => void} context.announce
 */
export function historyPanel(context) {
  const list = el("div");
  let shown = new AbortController();

  /** @param {typeof chosen} what */
  function show(what) {
    chosen = what;
    shown.abort();
    shown = new AbortController();
    const asked = { ...context, signal: AbortSignal.any([context.signal, shown.signal]) };
    list.replaceChildren(what === "credits" ? transactionsPanel(asked) : paymentsPanel(asked));
  }

  show(chosen);
  return el(
    "div",
    {},
    segments({
      label: t("history.what"),
      options: [["credits", t("history.credits")], ["payments", t("history.payments")]],
      chosen,
      onChoose: show,
    }),
    list,
  );
}
