/** The balance: what is available, what is set aside, and what expires when. */
import { el } from "../lib/dom.js";
import { credits, t } from "../lib/i18n.js";
import { byDay } from "../lib/lots.js";
import { account, refreshAccount } from "../state/account.js";
import { accountNotices } from "./account-notices.js";
import { bones } from "./bones.js";
import { lowBalance } from "./low-balance.js";
import { notice } from "./notice.js";
import { outlook } from "./outlook.js";

const PARTS_MAX = 12;

/** @typedef {import("../lib/contract.js").Credits} Credits */

/**
 * @param {object} context
 * @param {AbortSignal} context.signal
 * @param {(place: import("./account-notices.js").Place) => void} context.goTo
 */
export function balancePanel({ signal, goTo }) {
  const panel = el("div", { class: "balance" });
  const figures = el("div", { class: "stack" });
  const lots = el("div", { class: "stack" });
  // Once: somebody may be typing in the last of them while the balance changes.
  const parts = [figures, outlook({ signal }), lots, lowBalance({ signal })];

  account.subscribe(({ credits: known, error }) => {
    if (!known) {
      panel.replaceChildren(error ? notice(error, refreshAccount) : bones(3, "bone-line", t("balance.loading")));
      return;
    }
    figures.replaceChildren(counted(known));
    lots.replaceChildren(...expiry(known));
    if (figures.parentElement !== panel) panel.replaceChildren(...parts);
  }, signal);
  return el("div", { class: "stack" }, accountNotices({ signal, goTo, besideOpenPayments: false }), panel);
}

/** @param {Credits} known */
function counted({ held, lifetime_granted, lifetime_spent }) {
  return el(
    "dl",
    { class: "figures" },
    held > 0 && figure(t("balance.held"), held),
    figure(t("balance.granted"), lifetime_granted),
    figure(t("balance.spent"), lifetime_spent),
  );
}

/**
 * @param {string} label
 * @param {number} count
 */
function figure(label, count) {
  return el("div", {}, el("dt", {}, label), el("dd", { class: "number" }, credits(count)));
}

/** @param {Credits} known */
function expiry({ available, expiring: lots }) {
  const lasting = available - lots.reduce((sum, lot) => sum + lot.credits, 0); // never expires
  if (lots.length === 0) return available > 0 ? [el("p", { class: "small" }, t("balance.no_expiry"))] : [];
  const parts = [
    ...byDay(lots).map(({ count, day }) => ({ count, when: t("balance.expires_on", { day }) })),
    ...(lasting > 0 ? [{ count: lasting, when: t("expiry.never") }] : []),
  ];
  return [
    el("h3", {}, t("balance.expiring")),
    strip(drawn(parts.map((part) => part.count))),
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

/** As many as fit side by side on a phone; the rest together. @param {number[]} counts */
function drawn(counts) {
  const rest = counts.slice(PARTS_MAX - 1);
  return counts.length <= PARTS_MAX ? counts : [...counts.slice(0, PARTS_MAX - 1), rest.reduce((sum, count) => sum + count, 0)];
}

/** @param {number[]} counts drawn side by side, each as long as its credits */
function strip(counts) {
  return el("div", { class: "strip", "aria-hidden": "true" }, counts.map((count) => {
    const part = el("span");
    part.style.flexGrow = String(count);
    return part;
  }));
}
