/** Payments that were begun and not finished: resume or cancel each. Empty when there are none. */
import { leaveFor } from "../lib/address.js";
import { ApiError } from "../lib/api-error.js";
import { el } from "../lib/dom.js";
import { dayAndTime, money, t } from "../lib/i18n.js";
import { account, refreshAccount } from "../state/account.js";
import { cancelPayment } from "../state/payments.js";
import { attempt } from "./attempt.js";

/**
 * @typedef {import("../lib/contract.js").Payment} Payment
 * @typedef {(event: Event) => Promise<void>} Press
 */

/**
 * @param {object} context
 * @param {AbortSignal} context.signal
 * @param {(text: string) => void} context.announce
 * @param {(paymentId: string) => void} context.finish takes up one that has no page of Stripe's, or
 *   shows how it has ended
 * @param {() => void} context.goOn takes the focus when none is left here
 */
export function openPayments({ signal, announce, finish, goOn }) {
  const title = el("h3", { id: "open-payments-title", tabindex: "-1" });
  const list = el("ul");
  const problem = el("div");
  const section = el(
    "section",
    { class: "open-payments", "aria-labelledby": "open-payments-title", hidden: true },
    title,
    list,
    problem,
  );

  /** @param {Payment} payment */
  function resume(payment) {
    return hasOwnPage(payment) ? leaveFor(payment.payment_url) : finish(payment.payment_id);
  }

  /** @param {Payment} payment */
  async function cancel({ payment_id: id }) {
    try {
      await cancelPayment(id);
    } catch (error) {
      if (await hasEnded(id, error)) return finish(id); // which shows how
      throw error;
    }
    await refreshAccount();
    announce(t("open_payments.canceled"));
    if (section.hidden) goOn();
    else title.focus();
  }

  /** @type {Payment[]} */
  let shown = [];
  account.subscribe(({ openPayments: payments }) => {
    if (payments === shown) return;
    shown = payments;
    section.hidden = payments.length === 0;
    title.textContent = t("open_payments.count", { count: payments.length });
    list.replaceChildren(
      ...payments.map((payment) =>
        openPayment(payment, {
          resume: (event) => attempt(event, problem, () => resume(payment)),
          cancel: (event) => attempt(event, problem, () => cancel(payment)),
        }),
      ),
    );
  }, signal);
  return section;
}

/**
 * It may have been paid meanwhile, in another tab.
 * @param {string} id
 * @param {unknown} error that canceling it came to
 */
async function hasEnded(id, error) {
  if (!(error instanceof ApiError && ["invalid_state", "not_found"].includes(error.code))) return false;
  await refreshAccount();
  return account.value.openPayments.every((payment) => payment.payment_id !== id);
}

/** Of one whose page was never heard of, the backend finds it again. @param {Payment} payment */
function hasOwnPage({ ui_mode, payment_url }) {
  return ui_mode === "invoice" || (ui_mode === "hosted" && payment_url !== null);
}

/**
 * @param {Payment} payment
 * @param {{resume: Press, cancel: Press}} actions
 */
function openPayment(payment, { resume, cancel }) {
  const price = money(payment.amount, payment.currency);
  return el(
    "li",
    {},
    el(
      "p",
      { class: "open-payment-what" },
      el("span", { class: "number" }, t("open_payments.item", { credits: payment.credits, price })),
      el("span", { class: "small" }, t("open_payments.started", { time: dayAndTime(payment.created_at) })),
      payment.requires_action && el("span", { class: "small wrong" }, t(reasonOf(payment))),
    ),
    el(
      "span",
      { class: "open-payment-ways" },
      payment.ui_mode === "invoice" && !payment.payment_url ? null : resumeButton(price, resume),
      // A renewal is ended with its subscription.
      payment.ui_mode === "invoice" ? null : cancelButton(price, cancel),
    ),
  );
}

/** @param {Payment} payment */
function reasonOf({ ui_mode }) {
  return ui_mode === "invoice" ? "open_payments.renewal" : "open_payments.bank";
}

/**
 * @param {string} price
 * @param {Press} resume
 */
function resumeButton(price, resume) {
  return el("button", {
    type: "button",
    class: "button",
    "aria-label": t("open_payments.resume_label", { price }),
    onclick: resume,
  }, t("open_payments.resume"));
}

/**
 * @param {string} price
 * @param {Press} cancel
 */
function cancelButton(price, cancel) {
  return el("button", {
    type: "button",
    class: "button quiet",
    "aria-label": t("open_payments.cancel_label", { price }),
    onclick: cancel,
  }, t("open_payments.cancel"));
}
