/** Every payment, newest first: what was paid, what became of it, and Stripe's receipt or invoice. */
import { get } from "../lib/api.js";
import { el } from "../lib/dom.js";
import { dayAndTime, money, t } from "../lib/i18n.js";
import { amountOf, outcome } from "../lib/outcome.js";
import { catalog } from "../state/catalog.js";
import { icon } from "./icons.js";
import { pagedList } from "./paged-list.js";

/** @typedef {import("../lib/contract.js").Payment} Payment */

/** @param {{signal: AbortSignal}} context */
export function paymentsPanel({ signal }) {
  return pagedList({
    signal,
    ask: async (query, asked) => {
      const page = await get(`/api/payments?${query}`, { signal: asked });
      return { items: page.payments, next: page.next_cursor };
    },
    row: paymentRow,
    loading: t("payments.loading"),
    nothing: { title: t("payments.empty"), text: t("payments.empty.hint") },
  });
}

/** @param {Payment} payment */
function paymentRow(payment) {
  const { name, tone } = outcome(payment);
  return el(
    "li",
    { tabindex: "-1" },
    el(
      "span",
      { class: "transaction-what" },
      el("span", {}, t(`payments.kind.${payment.kind}`), el("span", { class: "about" }, what(payment))),
      el("time", { class: "small", datetime: payment.created_at }, dayAndTime(payment.created_at)),
      el("span", { class: "small number" }, details(payment).join(" · ")),
      papers(payment),
    ),
    el(
      "span",
      { class: "transaction-amount number" },
      el("span", {}, money(amountOf(payment), payment.currency)),
      el("span", { class: `state ${tone}` }, t(`payments.status.${name}`)),
    ),
  );
}

/** @param {Payment} payment */
function what({ package_id, credits }) {
  const offer = catalog.value.packages?.find(({ id }) => id === package_id);
  const amount = t("buy.credits", { count: credits });
  return offer ? `${offer.name}, ${amount}` : amount;
}

/** @param {Payment} payment */
function details({ currency, amount_discount, amount_tax, amount_refunded }) {
  return [
    amount_discount ? t("payments.discount", { amount: money(amount_discount, currency) }) : "",
    amount_tax ? t("payments.tax", { amount: money(amount_tax, currency) }) : "",
    amount_refunded ? t("payments.refunded", { amount: money(amount_refunded, currency) }) : "",
  ].filter((line) => line !== "");
}

/** @param {Payment} payment */
function papers({ receipt_url, invoice_url }) {
  const links = [
    receipt_url && paper(receipt_url, t("payment.receipt")),
    invoice_url && paper(invoice_url, t("payments.invoice")),
  ];
  return links.some(Boolean) && el("span", { class: "papers" }, links);
}

/**
 * @param {string} href
 * @param {string} text
 */
function paper(href, text) {
  return el("a", { href, target: "_blank", rel: "noopener noreferrer" }, text, icon("out", 14));
}
