/** Buying by itself when credits run low: off until its owner has read what he agrees to. */
import { cardName } from "../lib/card.js";
import { el } from "../lib/dom.js";
import { credits, money, t } from "../lib/i18n.js";
import { autoRecharge, switchOff } from "../state/auto-recharge.js";
import { cards, defaultCard } from "../state/cards.js";
import { catalog, loadCatalog, offeredOnce } from "../state/catalog.js";
import { attempt } from "./attempt.js";
import { autoRechargeForm } from "./auto-recharge-form.js";
import { bones } from "./bones.js";
import { notice } from "./notice.js";

/** @typedef {import("../lib/contract.js").AutoRecharge} AutoRecharge */

/** @param {{signal: AbortSignal, announce: (text: string) => void}} context */
export function autoRechargePanel({ signal, announce }) {
  const body = el("div", { class: "stack" }, bones(1, "bone-line", t("recharge.loading")));
  const problem = el("div");
  const missing = el("div");
  const toggle = el("button", {
    type: "button", role: "switch", class: "switch", "aria-labelledby": "recharge-title", "aria-checked": "false",
    disabled: true, onclick: flip,
  }, el("span", { "aria-hidden": "true" }));
  /** @type {AbortController | null} the life of the form that asks for terms */
  let form = null;

  /** @param {Event} event */
  function flip(event) {
    const known = autoRecharge.value;
    if (!known) return;
    if (known.enabled) return attempt(event, problem, turnOff);
    if (form) stopEditing();
    else edit(known);
  }

  async function turnOff() {
    closeForm();
    await switchOff();
    announce(t("recharge.is_off"));
  }

  /** @param {AutoRecharge} known */
  function edit(known) {
    form = new AbortController();
    body.replaceChildren(autoRechargeForm({
      signal: AbortSignal.any([signal, form.signal]),
      known, currency: catalog.value.currency,
      cancel: stopEditing,
      done: () => {
        stopEditing();
        announce(t("recharge.is_on"));
      },
    }));
    body.querySelector("input")?.focus();
  }

  function stopEditing() {
    closeForm();
    toggle.focus();
  }

  function closeForm() {
    form?.abort();
    form = null;
    show();
  }

  function show() {
    const known = autoRecharge.value;
    const { packages, error } = catalog.value;
    if (!known || !(packages || error)) return;
    const hasCard = defaultCard() !== null;
    toggle.disabled = !known.enabled && !(hasCard && offeredOnce().length > 0); // Switching off needs neither.
    toggle.setAttribute("aria-checked", String(known.enabled)); // Not before it is agreed to.
    if (form && !hasCard) return closeForm();
    if (form) return; // What is typed there stays.
    body.replaceChildren(...(known.enabled ? running(known, () => edit(known)) : resting(known)));
  }

  autoRecharge.subscribe(({ value, error }) => {
    if (value) show();
    else if (error) body.replaceChildren(notice(error, () => autoRecharge.load()));
  }, signal);
  cards.subscribe(show, signal);
  catalog.subscribe(({ packages, error }) => {
    missing.replaceChildren(...(error && !packages ? [notice(error, loadCatalog)] : []));
    show();
  }, signal);
  void autoRecharge.load();
  return el(
    "section",
    { class: "wallet-part", "aria-labelledby": "recharge-title" },
    el("div", { class: "part-head" }, el("h3", { id: "recharge-title" }, t("recharge.title")), toggle),
    body,
    missing,
    problem,
  );
}

/**
 * @param {AutoRecharge} known
 * @param {() => void} edit
 */
function running({ threshold, package_id, amount, monthly_limit, spent_this_month, currency }, edit) {
  const offer = (catalog.value.packages ?? []).find(({ id }) => id === package_id);
  const unit = currency ?? "";
  const card = defaultCard();
  const share = Math.min(1, spent_this_month / (monthly_limit || 1));
  const meter = el("span", { class: "meter", "aria-hidden": "true" });
  meter.style.setProperty("--share", String(share));
  return [
    el("p", {}, t("recharge.summary", {
      threshold: credits(threshold ?? 0),
      what: offer ? t("buy.credits", { count: offer.credits }) : t("recharge.some_package"),
      price: money(amount ?? 0, unit),
      card: card ? cardName(card) : t("recharge.default_card"),
    })),
    el(
      "div",
      { class: "spent" },
      el("p", { class: "small number" }, t("recharge.spent", {
        spent: money(spent_this_month, unit), limit: money(monthly_limit ?? 0, unit),
      })),
      meter,
    ),
    ...(offeredOnce().length > 0
      ? [el("button", { type: "button", class: "button", onclick: edit }, t("recharge.change"))]
      : []),
  ];
}

/** @param {AutoRecharge} known */
function resting({ off_reason }) {
  return [
    ...(off_reason ? [el("p", { class: "hint" }, t(`recharge.off.${off_reason}`))] : []),
    el("p", { class: "small" }, about()),
  ];
}

/** What it does, or what it waits for. */
function about() {
  if (defaultCard()) return t("recharge.about");
  return cards.value?.length ? t("recharge.needs_default") : t("recharge.needs_card");
}
