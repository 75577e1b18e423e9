/** The head of the dialog: how many credits there are, and which of them go next. */
import { el } from "../lib/dom.js";
import { credits, t } from "../lib/i18n.js";
import { byDay } from "../lib/lots.js";
import { account } from "../state/account.js";
import { session } from "../state/session.js";

/** @param {{signal: AbortSignal}} context */
export function summary({ signal }) {
  const area = el("div", { class: "summary" });
  function show() {
    area.replaceChildren(...(session.value.status === "signed-out" ? [visitor()] : balance()));
  }
  account.subscribe(show, signal);
  session.subscribe(show, signal);
  return area;
}

function visitor() {
  return el("p", { class: "promise" }, t("dialog.signed_out"));
}

function balance() {
  const known = account.value.credits;
  const [next] = byDay(known?.expiring ?? []);
  return [
    el("p", { class: "small" }, t("dialog.available")),
    known
      ? el("p", { class: "amount number", "data-testid": "available" }, credits(known.available))
      : el("p", { class: "amount" }, account.value.error ?? session.value.error
          ? "—"
          : el("span", { class: "bone bone-amount", "aria-hidden": "true" })),
    next && el("p", { class: "small" }, t("balance.next_expiry", next)),
    known && known.balance < 0 && el("p", { class: "debt" }, t("balance.debt")),
  ].filter((part) => part instanceof Node);
}
