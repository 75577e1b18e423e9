/** From how few credits on their owner wants to be told. */
import { put } from "../lib/api.js";
import { el } from "../lib/dom.js";
import { credits, t } from "../lib/i18n.js";
import { account, refreshAccount } from "../state/account.js";
import { attempt } from "./attempt.js";

/** @param {{signal: AbortSignal}} context */
export function lowBalance({ signal }) {
  const problem = el("div");
  const saved = el("p", { class: "state good", role: "status" });
  const count = el("input", {
    type: "number", name: "threshold", min: 0, step: 1, required: true, inputmode: "numeric",
  });

  /** @param {Event} event */
  const send = (event) => attempt(event, problem, async () => {
    const wanted = count.valueAsNumber;
    saved.textContent = "";
    await put("/api/credits/low-balance-threshold", { threshold: wanted });
    saved.textContent = t("low.saved", { count: credits(wanted) });
    await refreshAccount();
  });

  let known = "";
  account.subscribe(({ credits: found }) => {
    const isEdited = count.value !== known;
    known = String(found?.low_balance_threshold ?? "");
    if (!isEdited) count.value = known;
  }, signal);
  return el(
    "form",
    { class: "low", onsubmit: send },
    el("label", { class: "low-row" }, el("span", {}, t("low.label")), count),
    el("button", { type: "submit", class: "button" }, t("low.save")),
    problem,
    saved,
  );
}
