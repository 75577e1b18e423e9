/**
 * The shop: open payments, packages, currency, and the button that leads to the payment page.
 *
 *     packagesPanel({ signal, pay, announce, finish, goTo })
 *
 * `pay(offer)` starts the purchase and throws ApiError; everything it says is shown here.
 */
import { el, keepFocus } from "../lib/dom.js";
import { explain } from "../lib/explain.js";
import { expiryInWords } from "../lib/expiry-words.js";
import { money, pricePerCredit, t, together } from "../lib/i18n.js";
import { account } from "../state/account.js";
import {
  catalog, choose, chooseCurrency, chooseRhythm, chosenPackage, rhythmOf, rhythmsOf,
} from "../state/catalog.js";
import { session } from "../state/session.js";
import { startOver } from "../state/start-over.js";
import { hasPlan, isOver, subscriptions } from "../state/subscriptions.js";
import { accountNotices } from "./account-notices.js";
import { bones } from "./bones.js";
import { setBusy, whileBusy } from "./busy.js";
import { choice } from "./choice.js";
import { icon } from "./icons.js";
import { notice } from "./notice.js";
import { openPayments } from "./open-payments.js";
import { segments } from "./segments.js";

/** @typedef {import("../lib/contract.js").Package} Package */
/** @typedef {import("../lib/contract.js").Config} Config */
/** @typedef {import("../state/catalog.js").Rhythm} Rhythm */

/**
 * @param {object} context
 * @param {AbortSignal} context.signal
 * @param {(offer: Package) => Promise<void>} context.pay
 * @param {(text: string) => void} context.announce
 * @param {boolean} context.payAtOnce the buyer chose before signing in: go on by yourself
 * @param {(paymentId: string) => void} context.finish takes up a payment inside the page
 * @param {(place: import("./account-notices.js").Place) => void} context.goTo
 */
export function packagesPanel({ signal, pay, announce, payAtOnce, finish, goTo }) {
  const rhythms = el("div");
  const list = el("div", { class: "package-list" });
  const problem = el("div");
  const onTop = el("div", { class: "on-top" });
  const foot = el("div", { class: "pay-foot" });
  const payButton = el("button", {
    type: "button", class: "button primary", "aria-describedby": "on-top", onclick: startPaying,
  });

  async function startPaying() {
    const offer = chosenPackage();
    if (!offer || payButton.getAttribute("aria-disabled") === "true") return;
    problem.replaceChildren();
    await whileBusy(payButton, async () => {
      showPrice();
      freeze(true);
      announce(t("buy.opening"));
      try {
        await pay(offer);
      } catch (error) {
        announce("");
        problem.replaceChildren(notice(error, tryAgain, together(explain(error), t("buy.not_charged"))));
      }
    });
    freeze(false);
    showPrice();
  }

  /** What is being ordered stays what is shown. @param {boolean} isFrozen */
  function freeze(isFrozen) {
    rhythms.inert = list.inert = isFrozen;
    const currencies = foot.querySelector("select");
    if (currencies) currencies.disabled = isFrozen;
  }

  function tryAgain() {
    payButton.focus();
    return startPaying();
  }

  function showPrice() {
    const offer = catalog.value.error ? null : chosenPackage();
    const isBusy = payButton.getAttribute("aria-busy") === "true";
    payButton.replaceChildren(
      ...(isBusy
        ? [el("span", { class: "spinner", "aria-hidden": "true" }), t("buy.opening")]
        : [offer ? payLabel(offer) : t("buy.choose")]),
    );
    if (!isBusy) payButton.setAttribute("aria-disabled", String(!offer));
    const about = offer ? aboutOrder(offer, { manage: () => goTo("wallet"), payIn }) : [];
    keepFocus(onTop, () => onTop.replaceChildren(...about), () => onTop.querySelector("button") ?? payButton);
  }

  /** @param {string} currency */
  function payIn(currency) {
    payButton.focus();
    return chooseCurrency(currency);
  }

  function toPackages() {
    const chosen = list.querySelector("input:checked");
    if (chosen instanceof HTMLElement) chosen.focus();
  }

  /** @type {Config | null} whose currencies the pay bar offers */
  let offering = null;

  /** Built once, so that whoever is choosing in it keeps his place. */
  function showPayBar() {
    const { config, currency } = catalog.value;
    foot.hidden = !config;
    if (config && config !== offering) foot.replaceChildren(...payBar(config, payButton));
    offering = config;
    const currencies = foot.querySelector("select");
    if (currencies) currencies.value = currency;
  }

  /** @type {{packages: Package[] | null, rhythm: Rhythm} | null} */
  let shown = null;
  catalog.subscribe(({ packages, rhythm, chosenId, error }) => {
    showPrice();
    showPayBar();
    if (error) {
      list.replaceChildren(notice(error, startOver));
      rhythms.replaceChildren();
      shown = null;
      return;
    }
    if (shown && packages === shown.packages && rhythm === shown.rhythm) return;
    if (packages !== shown?.packages) rhythms.replaceChildren(...rhythmChoice(packages ?? [], rhythm));
    shown = { packages, rhythm };
    list.replaceChildren(
      packages
        ? packageChoice(packages.filter((offer) => rhythmOf(offer) === rhythm), chosenId)
        : bones(3, "bone-package", t("buy.loading")),
    );
    if (packages?.some((offer) => offer.kind === "subscription") && !subscriptions.value) void subscriptions.load();
  }, signal);
  session.subscribe(showPrice, signal);
  subscriptions.subscribe(showPrice, signal);
  account.subscribe(showPrice, signal);

  // Coming back from Stripe with the Back button shows this very page, frozen as it was left.
  window.addEventListener("pageshow", () => {
    setBusy(payButton, false);
    freeze(false);
    showPrice();
  }, { signal });

  if (payAtOnce) queueMicrotask(startPaying);
  return el(
    "div",
    { class: "packages" },
    accountNotices({ signal, goTo, besideOpenPayments: true }),
    openPayments({ signal, announce, finish, goOn: toPackages }),
    rhythms,
    list,
    el("div", { class: "pay-bar" }, problem, onTop, foot),
  );
}

/**
 * Only where there is something to choose from.
 * @param {Package[]} packages
 * @param {Rhythm} chosen
 */
function rhythmChoice(packages, chosen) {
  const offered = rhythmsOf(packages);
  if (offered.length < 2) return [];
  const options = offered.map((rhythm) => /** @type {[Rhythm, string]} */ ([rhythm, t(`buy.rhythm_${rhythm}`)]));
  return [segments({ label: t("buy.rhythm"), options, chosen, onChoose: chooseRhythm })];
}

/** @param {Package} offer */
function payLabel(offer) {
  const price = money(offer.amount, offer.currency);
  if (offer.kind === "subscription") return subscribeLabel(offer, price);
  return session.value.status === "signed-in"
    ? t("buy.pay", { price })
    : t("buy.sign_in_and_pay", { price });
}

/**
 * @param {Package} offer
 * @param {string} price
 */
function subscribeLabel(offer, price) {
  if (session.value.status !== "signed-in") return t("buy.sign_in_and_subscribe");
  if (hasPlan(offer.id)) return t("buy.manage_plan");
  return t(offer.interval === "year" ? "buy.subscribe_year" : "buy.subscribe_month", { price });
}

/**
 * Who wants to change his plan would be charged for both. And below payments to be finished, what
 * the button pays for may be out of sight.
 * @typedef {{manage: () => void, payIn: (currency: string) => Promise<void>}} Ways
 * @param {Package} offer
 * @param {Ways} ways
 */
function aboutOrder(offer, ways) {
  const other = offer.kind === "subscription" && !hasPlan(offer.id) && subscriptions.value?.find((plan) => !isOver(plan));
  if (other) return besidePlan(offer, other, ways);
  if (account.value.openPayments.length === 0) return [];
  return [el("p", { id: "on-top" }, `${offer.name} · ${t("buy.credits", { count: offer.credits })}`)];
}

/**
 * @param {Package} offer
 * @param {import("../lib/contract.js").Subscription} other
 * @param {Ways} ways
 */
function besidePlan(offer, other, { manage, payIn }) {
  const named = catalog.value.packages?.find(({ id }) => id === other.package_id);
  const plan = named?.name ?? t("buy.credits", { count: other.credits });
  if (other.currency !== offer.currency) { // Stripe bills all of a customer's plans in one.
    const currency = other.currency.toUpperCase();
    const isOffered = catalog.value.config?.currencies.includes(other.currency);
    return [
      el("p", { id: "on-top" }, t("buy.one_currency", { plan, currency })),
      ...(isOffered
        ? [el("button", { type: "button", class: "button", onclick: () => payIn(other.currency) }, t("buy.change_currency", { currency }))]
        : []),
    ];
  }
  return [
    el("p", { id: "on-top" }, t("buy.on_top", { plan })),
    el("button", { type: "button", class: "button", onclick: manage }, t("buy.manage_other", { plan })),
  ];
}

/**
 * @param {Config} config
 * @param {HTMLButtonElement} payButton
 */
function payBar(config, payButton) {
  if (!config.payments_enabled) return [el("p", { class: "closed", role: "status" }, t("buy.closed"))];
  return [
    el(
      "div",
      { class: "pay-row" },
      choice({
        label: t("buy.currency"),
        options: config.currencies.map((code) => [code, code.toUpperCase()]),
        chosen: catalog.value.currency,
        onChoose: chooseCurrency,
      }),
      payButton,
    ),
    el("p", { class: "small pay-note" }, icon("lock", 14), t("buy.note")),
  ];
}

/**
 * @param {Package[]} packages
 * @param {string} chosenId
 */
function packageChoice(packages, chosenId) {
  if (packages.length === 0) return el("p", { class: "empty" }, t("buy.empty"));
  const most = Math.max(...packages.map((offer) => offer.credits));
  return el(
    "fieldset",
    {},
    el("legend", { class: "visually-hidden" }, t("buy.legend")),
    packages.map((offer) => packageRow(offer, offer.id === chosenId, offer.credits / most)),
    packages[0]?.kind === "subscription" && el("p", { class: "small renewal" }, icon("repeat", 16), t("buy.renewal")),
  );
}

/**
 * @param {Package} offer
 * @param {boolean} isChosen
 * @param {number} share of the largest package's credits
 */
function packageRow(offer, isChosen, share) {
  const gauge = el("span", { class: "gauge", "aria-hidden": "true" });
  gauge.style.setProperty("--share", String(share));
  return el(
    "label",
    { class: "package" },
    el("input", {
      type: "radio",
      name: "package",
      value: offer.id,
      checked: isChosen,
      onchange: () => choose(offer.id),
    }),
    el(
      "span",
      { class: "package-line package-name" },
      el("span", {}, offer.name),
      offer.best_value && el("span", { class: "tag" }, t("buy.best_value")),
    ),
    el(
      "span",
      { class: "package-line package-deal number" },
      el("span", {}, t("buy.credits", { count: offer.credits })),
      el("span", {}, money(offer.amount, offer.currency), interval(offer)),
    ),
    el(
      "span",
      { class: "package-line small number" },
      el("span", {}, lasting(offer)),
      el("span", {}, perCredit(offer)),
    ),
    gauge,
  );
}

/** @param {Package} offer */
function interval(offer) {
  if (offer.interval === null) return null;
  return el("span", { class: "small" }, " ", t(`buy.per_${offer.interval}`));
}

/** @param {Package} offer */
function lasting({ kind, rollover, expires_after_days }) {
  if (kind === "one_time") return expiryInWords(expires_after_days);
  return t(rollover ? "buy.rollover" : "buy.no_rollover");
}

/** @param {Package} offer */
function perCredit(offer) {
  return t("buy.per_credit", { price: pricePerCredit(offer.amount, offer.credits, offer.currency) });
}
