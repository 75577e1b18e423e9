/** The balance: what is available, what is set aside, and what expires when. */
import { el } from "../lib/dom.js";
import { credits, day, t } from "../lib/i18n.js";
import { account, refreshAccount } from "../state/account.js";
import { accountNotices } from "./account-notices.js";
import { bones } from "./bones.js";
import { lowBalance } from "./low-balance.js";
import { notice } from "./notice.js";
import { outlook } from "./outlook.js";

/** @typedef {import("../lib/contract.js").Credits} Credits */

/**
 * @param {object} context
 * @param {AbortSignal} context.signal
 * @param {(text: string) => void} context.announce
 * @param {(place: import("./account-notices.js").Place) => void} context.goTo
 */
export function balancePanel({ signal, announce, goTo }) {
  const panel = el("div", { class: "balance" });
  account.subscribe(({ credits: known, error }) => {
    panel.replaceChildren(
      ...(error && !known
        ? [notice(error, refreshAccount)]
        : known
          ? balance(known, { signal, announce })
          : [bones(3, "bone-line", t("balance.loading"))]),
    );
  }, signal);
  return el("div", { class: "stack" }, accountNotices({ signal, goTo, besideOpenPayments: false }), panel);
}

/**
 * @param {Credits} known
 * @param {{signal: AbortSignal, announce: (text: string) => void}} context
 */
function balance(known, { signal, announce }) {
  const threshold = known.low_balance_threshold;
  const lasting = known.available - known.expiring.reduce((sum, lot) => sum + lot.credits, 0);
  return [
    el(
      "dl",
      { class: "figures" },
      known.held > 0 && figure(t("balance.held"), known.held),
      figure(t("balance.granted"), known.lifetime_granted),
      figure(t("balance.spent"), known.lifetime_spent),
    ),
    known.balance < 0 && el("p", {}, t("balance.debt")),
    outlook({ isLow: known.low_balance, signal }),
    ...expiry(known.expiring, lasting),
    lowBalance({ threshold, announce }),
  ].filter((part) => part !== false);
}

/**
 * @param {string} label
 * @param {number} count
 */
function figure(label, count) {
  return el("div", {}, el("dt", {}, label), el("dd", { class: "number" }, credits(count)));
}

/**
 * @param {Credits["expiring"]} lots earliest first
 * @param {number} lasting credits that never expire
 */
function expiry(lots, lasting) {
  if (lots.length === 0) return [el("p", { class: "small" }, t("balance.no_expiry"))];
  const parts = [
    ...lots.map((lot) => ({ count: lot.credits, when: t("balance.expires_on", { day: day(lot.expires_at) }) })),
    ...(lasting > 0 ? [{ count: lasting, when: t("expiry.never") }] : []),
  ];
  return [
    el("h3", {}, t("balance.expiring")),
    strip(parts.map((part) => part.count)),
    el("ol", { class: "lots" }, parts.map(({ count, when }) =>
      el(
        "li",
        {},
        el("span", { class: "swatch", "aria-hidden": "true" }),
        el("span", { class: "number" }, t("buy.credits", { count })),
        el("span", { class: "small" }, when),
      ),
    )),
    el("p", { class: "small" }, t("balance.first_out")),
  ];
}

/** @param {number[]} counts drawn side by side, each as long as its credits */
function strip(counts) {
  return el("div", { class: "strip", "aria-hidden": "true" }, counts.map((count) => {
    const part = el("span");
    part.style.flexGrow = String(count);
    return part;
  }));
}
