/** What became of a payment inside the dialog: paid, on its way, over, or not known yet. */
import { el } from "../lib/dom.js";
import { credits, money, t, together } from "../lib/i18n.js";
import { amountOf, outcome } from "../lib/outcome.js";
import { account } from "../state/account.js";
import { screen } from "./screen.js";
import { receiptWay, way } from "./ways.js";

/** @typedef {import("../lib/contract.js").Payment} Payment */

/**
 * @param {Payment} payment that is not pending any more
 * @param {{leave: () => void, close: () => void}} ways
 */
export function endedScreen(payment, { leave, close }) {
  const { name, tone } = outcome(payment);
  const shown = {
    heading: /** @type {const} */ ("h3"),
    tone,
    title: t(`payment.${name}`),
    text: t(`payment.${name}.text`, { count: payment.credits }),
  };
  if (name === "succeeded") {
    return screen({
      ...shown,
      text: paidText(payment),
      picture: gain(payment.credits),
      figures: paidFigures(payment),
      ways: [way(t("pay.done"), close, "primary"), receiptWay(payment)],
    });
  }
  if (name === "processing") return screen({ ...shown, ways: [way(t("pay.done"), close, "primary")] });
  return screen({ ...shown, ways: [way(t("payment.buy_again"), leave, "primary")] });
}

/**
 * @param {object} context
 * @param {boolean} context.isAsking
 * @param {boolean} context.needsBuyer the bank's own window may still be open
 * @param {() => void} context.checkAgain
 * @param {() => void} context.leave
 */
export function notKnownScreen({ isAsking, needsBuyer, checkAgain, leave }) {
  return screen({
    heading: "h3",
    tone: "waiting",
    title: t("pay.unknown"),
    text: t(needsBuyer ? "pay.unknown.bank" : "pay.unknown.text"),
    ways: isAsking
      ? [el("p", { class: "asking small" }, el("span", { class: "spinner", "aria-hidden": "true" }), t("pay.asking"))]
      : [way(t("payment.check_again"), checkAgain, "primary"), way(t("pay.later"), leave)],
  });
}

/**
 * What came of it, and that it does not suffice to spend anything where it only fills a debt.
 * @param {Payment} payment
 */
export function paidText({ credits: added }) {
  const isInDebt = (account.value.credits?.balance ?? 0) < 0;
  return together(t("payment.succeeded.text", { count: added }), ...(isInDebt ? [t("balance.debt")] : []));
}

/**
 * What was paid, what came of it, and the balance where it is known.
 * @param {Payment} payment
 * @returns {[string, string][]}
 */
export function paidFigures(payment) {
  const known = account.value.credits;
  return [
    [t("payment.paid"), money(amountOf(payment), payment.currency)],
    [t("payment.added"), `+${credits(payment.credits)}`],
    ...(known ? [/** @type {[string, string]} */ ([t("payment.new_balance"), credits(known.available)])] : []),
  ];
}

/** The new balance as a strip: what was there, and what has just come. @param {number} added */
function gain(added) {
  const before = Math.max(0, (account.value.credits?.available ?? added) - added);
  const [old, fresh] = [el("span"), el("span", { class: "added" })];
  old.style.flexGrow = String(before);
  fresh.style.flexGrow = String(added);
  return el("div", { class: "strip gain-strip", "aria-hidden": "true" }, before > 0 && old, fresh);
}
