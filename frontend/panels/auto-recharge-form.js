/** The terms of buying by itself: below how many credits, which package, how much a month at most. */
import { consentText } from "../lib/auto-recharge-words.js";
import { el } from "../lib/dom.js";
import { editMoney, money, readMoney, t } from "../lib/i18n.js";
import { switchOn } from "../state/auto-recharge.js";
import { cards, defaultCard } from "../state/cards.js";
import { catalog, offeredOnce } from "../state/catalog.js";
import { attempt } from "./attempt.js";
import { choice } from "./choice.js";

const THRESHOLD_DEFAULT = 100;
const PURCHASES_A_MONTH_DEFAULT = 3;

/**
 * @param {object} context
 * @param {AbortSignal} context.signal
 * @param {import("../lib/contract.js").AutoRecharge} context.known
 * @param {string} context.currency of what is on sale; what was agreed to before may be in another one
 * @param {() => void} context.done
 * @param {() => void} context.cancel
 */
export function autoRechargeForm({ signal, known, currency, done, cancel }) {
  const limitBefore = known.currency === currency ? known.monthly_limit : null;
  let offer = offerOf(known.package_id);
  /** @type {typeof catalog.value.packages} */
  let shown = null;
  let packages = el("span");
  const threshold = el("input", {
    type: "number", name: "threshold", min: 1, step: 1, required: true, inputmode: "numeric",
    value: known.threshold ?? THRESHOLD_DEFAULT, oninput: explainTerms,
  });
  const limit = el("input", {
    type: "text", name: "limit", required: true, inputmode: "decimal", autocomplete: "off",
    value: editMoney(limitBefore ?? roundedUp((offer?.amount ?? 0) * PURCHASES_A_MONTH_DEFAULT), currency),
    oninput: explainTerms, "aria-describedby": "limit-problem",
  });
  const limitProblem = el("span", { class: "small wrong", id: "limit-problem" });
  const consent = el("p", { class: "consent", "aria-live": "polite" });
  const problem = el("div");

  /** @returns {import("../state/auto-recharge.js").Terms | null} null: something is missing */
  function terms() {
    const count = threshold.valueAsNumber;
    const most = readMoney(limit.value, currency);
    if (!offer || !Number.isInteger(count) || count < 1 || most === null || most < offer.amount) return null;
    return {
      threshold: count, package_id: offer.id, monthly_limit: most, currency, expected_amount: offer.amount,
    };
  }

  /** @param {string | null | undefined} id */
  function chooseOffer(id) {
    offer = offerOf(id);
    explainTerms();
  }

  function explainTerms() {
    const agreed = terms();
    const card = defaultCard();
    sayLimit();
    consent.textContent = agreed && offer && card
      ? consentText({ ...agreed, card, limit: agreed.monthly_limit, amount: offer.amount, credits: offer.credits })
      : t("recharge.incomplete");
  }

  function sayLimit() {
    const most = readMoney(limit.value, currency);
    const wrong = most === null
      ? t("recharge.no_amount", { example: editMoney(offer?.amount ?? 0, currency) })
      : most < (offer?.amount ?? 0) ? t("recharge.limit_low", { price: money(offer?.amount ?? 0, currency) }) : "";
    limitProblem.textContent = wrong;
    limit.setAttribute("aria-invalid", String(wrong !== ""));
  }

  /** @param {Event} event */
  const send = (event) => attempt(event, problem, async () => {
    const agreed = terms();
    if (!agreed) return limit.focus();
    await switchOn(agreed);
    done();
  });

  cards.subscribe(explainTerms, signal); // Another card may be made the default meanwhile,
  catalog.subscribe((now) => { // or a price may change.
    if (!now.packages || now.packages === shown) return;
    shown = now.packages;
    chooseOffer(offer?.id);
    const before = packages;
    packages = choice({
      label: t("recharge.package"),
      options: offeredOnce().map(({ id, credits, amount }) => [id, t("open_payments.item", { credits, price: money(amount, currency) })]),
      chosen: offer?.id ?? "",
      onChoose: chooseOffer,
    });
    before.replaceWith(packages);
  }, signal);
  return el(
    "form",
    { class: "stack", onsubmit: send },
    el("label", { class: "field" }, el("span", {}, t("recharge.threshold")), affixed(threshold, t("recharge.credits"))),
    el(
      "div",
      { class: "field" },
      el("span", { "aria-hidden": "true" }, t("recharge.package")),
      packages,
    ),
    el(
      "label",
      { class: "field" },
      el("span", {}, t("recharge.limit")),
      affixed(limit, currency.toUpperCase()),
      limitProblem,
    ),
    consent,
    problem,
    el(
      "div",
      { class: "form-ways" },
      el("button", { type: "submit", class: "button primary" }, t(known.enabled ? "recharge.agree_change" : "recharge.agree")),
      el("button", { type: "button", class: "button quiet", onclick: cancel }, t("form.cancel")),
    ),
  );
}

/** It, or another one. @param {string | null | undefined} id */
function offerOf(id) {
  const offers = offeredOnce();
  return offers.find((offer) => offer.id === id) ?? offers[0];
}

/** To two digits that count, as people name limits. @param {number} amount */
function roundedUp(amount) {
  const unit = 10 ** Math.max(0, String(amount).length - 2);
  return Math.ceil(amount / unit) * unit;
}

/**
 * @param {HTMLInputElement} input
 * @param {string} unit shown behind it
 */
function affixed(input, unit) {
  return el("span", { class: "affixed" }, input, el("span", { class: "unit", "aria-hidden": "true" }, unit));
}
