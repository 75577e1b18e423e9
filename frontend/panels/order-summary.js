/** What is about to be paid. */
import { el } from "../lib/dom.js";
import { money, t } from "../lib/i18n.js";
import { catalog } from "../state/catalog.js";

/** @param {import("../state/in-page-payment.js").Order} order */
export function orderSummary({ package_id, credits, amount, currency }) {
  const name = catalog.value.packages?.find((offer) => offer.id === package_id)?.name;
  return el(
    "div",
    { class: "order" },
    name && el("p", { class: "order-name" }, name),
    el(
      "p",
      { class: "order-deal number" },
      el("span", {}, t("buy.credits", { count: credits })),
      el("span", {}, money(amount, currency)),
    ),
    el("span", { class: "gauge", "aria-hidden": "true" }),
  );
}
