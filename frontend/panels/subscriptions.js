/** Subscriptions: what renews when, cancel at the end of the period, go on, and Stripe's own portal. */
import { leaveFor } from "../lib/address.js";
import { el, keepFocus } from "../lib/dom.js";
import { credits, day, isKey, money, t } from "../lib/i18n.js";
import { sameOr } from "../lib/same.js";
import { account } from "../state/account.js";
import { catalog } from "../state/catalog.js";
import { cancelSubscription, isOver, openPortal, resumeSubscription, subscriptions } from "../state/subscriptions.js";
import { attempt } from "./attempt.js";
import { bones } from "./bones.js";
import { notice } from "./notice.js";

/** @typedef {import("../lib/contract.js").Subscription} Subscription */

/** @param {{signal: AbortSignal, announce: (text: string) => void}} context */
export function subscriptionsPanel({ signal, announce }) {
  const title = el("h3", { id: "subscriptions-title", tabindex: "-1" }, t("plans.title"));
  const list = el("div", {}, bones(1, "bone-line", t("plans.loading")));
  const problem = el("div");
  const portal = el("button", {
    type: "button", class: "button", hidden: true,
    onclick: (/** @type {Event} */ event) => attempt(event, problem, async () => leaveFor(await openPortal())),
  }, t("plans.portal"));

  /** @param {Subscription} plan */
  const actions = (plan) => ({
    /** @param {Event} event */
    cancel: (event) => attempt(event, problem, async () => {
      await cancelSubscription(plan);
      announce(t("plans.canceled"));
      title.focus();
    }),
    /** @param {Event} event */
    resume: (event) => attempt(event, problem, async () => {
      await resumeSubscription(plan);
      announce(t("plans.resumed"));
      title.focus();
    }),
    /** @param {Event} event */
    pay: (event) => attempt(event, problem, () => leaveFor(unpaid(plan)?.payment_url)),
  });

  /** @type {object[] | null} */
  let shown = null;
  function show() {
    const plans = subscriptions.value;
    if (!plans) return;
    const found = plans.map((plan) => ({ plan, name: nameOf(plan), unpaid: unpaid(plan) ?? null }));
    if (sameOr(shown, found) === shown) return;
    shown = found;
    portal.hidden = plans.length === 0;
    keepFocus(list, () => list.replaceChildren(
      plans.length === 0
        ? el("p", { class: "small" }, t("plans.none"))
        : el("ul", { class: "rows" }, plans.map((plan) => planRow(plan, actions(plan)))),
    ), () => title);
  }

  subscriptions.subscribe(({ value, error }) => {
    if (value) show();
    else if (error) list.replaceChildren(notice(error, () => subscriptions.load()));
  }, signal);
  account.subscribe(show, signal);
  catalog.subscribe(show, signal); // A plan is named after its package.
  void subscriptions.load();
  return el("section", { class: "wallet-part", "aria-labelledby": "subscriptions-title" },
    title, list, problem, portal);
}

/** The renewal that waits to be paid. @param {Subscription} plan */
function unpaid({ subscription_id }) {
  return account.value.openPayments.find((payment) => payment.subscription_id === subscription_id);
}

/**
 * @typedef {(event: Event) => Promise<void>} Action
 * @param {Subscription} plan
 * @param {{cancel: Action, resume: Action, pay: Action}} actions
 */
function planRow(plan, { cancel, resume, pay }) {
  const row = el("li", { class: "plan" });
  const { tone, text, when } = standing(plan);
  const cancelLabel = `${t("plans.cancel")}: ${nameOf(plan)}`; // Two plans may stand below each other.

  function show() {
    row.replaceChildren(
      el(
        "p",
        { class: "plan-head" },
        el("span", { class: "plan-name" }, nameOf(plan)),
        el("span", { class: `tag ${tone}` }, text),
      ),
      el("p", { class: "small number" }, price(plan)),
      el("p", { class: "small" }, when),
      ...(plan.status === "past_due" || plan.status === "unpaid" ? [el("p", { class: "hint" }, t("plans.past_due.text"))] : []),
      el("span", { class: "row-ways" }, ways()),
    );
  }

  function ways() {
    if (isOver(plan)) return [];
    return [
      unpaid(plan)?.payment_url && el("button", { type: "button", class: "button", onclick: pay }, t("plans.pay")),
      plan.cancel_at_period_end
        ? el("button", { type: "button", class: "button", onclick: resume }, t("plans.resume"))
        : el("button", { type: "button", class: "button quiet", "aria-label": cancelLabel, onclick: ask }, t("plans.cancel")),
    ];
  }

  function ask() {
    const keep = el("button", { type: "button", class: "button quiet", onclick: keepIt }, t("plans.keep"));
    const until = plan.current_period_end ? day(plan.current_period_end) : "";
    row.replaceChildren(
      el("p", { role: "alert" }, t("plans.sure", { plan: nameOf(plan), day: until })),
      el("span", { class: "row-ways" }, keep, el("button", { type: "button", class: "button danger", "aria-label": cancelLabel, onclick: cancel }, t("plans.cancel"))),
    );
    keep.focus();
  }

  function keepIt() {
    show();
    row.querySelector("button")?.focus();
  }

  show();
  return row;
}

/** @param {Subscription} plan */
function nameOf({ package_id, credits: count }) {
  const offer = catalog.value.packages?.find(({ id }) => id === package_id);
  return offer?.name ?? t("buy.credits", { count });
}

/** @param {Subscription} plan */
function price({ credits: count, amount, currency, interval }) {
  return t(`plans.price_${interval}`, { credits: credits(count), price: money(amount, currency) });
}

/**
 * @param {Subscription} plan
 * @returns {{tone: string, text: string, when: string}}
 */
function standing(plan) {
  const end = plan.current_period_end ? day(plan.current_period_end) : "";
  const key = `plans.status.${plan.status}`;
  const text = isKey(key) ? t(key) : plan.status;
  if (isOver(plan)) {
    return { tone: "quiet", text, when: plan.ended_at ? t("plans.ended", { day: day(plan.ended_at) }) : "" };
  }
  if (plan.status === "past_due" || plan.status === "unpaid") return { tone: "warn", text, when: "" };
  if (plan.cancel_at_period_end) return { tone: "quiet", text: t("plans.ending"), when: t("plans.ends", { day: end }) };
  return { tone: "", text, when: end && t("plans.renews", { day: end }) };
}
