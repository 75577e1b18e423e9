/** What happened while nobody was looking and still matters, until it is put away. */
import { el, keepFocus, stepOut } from "../lib/dom.js";
import { day, t } from "../lib/i18n.js";
import { sameOr } from "../lib/same.js";
import { account } from "../state/account.js";
import { accountEvents, readEvents, unreadEvents } from "../state/account-events.js";
import { icon } from "./icons.js";

/** @typedef {import("../lib/contract.js").AccountEvent} AccountEvent */
/** @typedef {"buy" | "wallet"} Place where more is said */

/**
 * @param {object} context
 * @param {AbortSignal} context.signal
 * @param {(place: Place) => void} context.goTo
 * @param {boolean} context.besideOpenPayments what waits to be paid is listed there already
 */
export function accountNotices({ signal, goTo, besideOpenPayments }) {
  const area = el("div", { class: "account-notices", hidden: true });
  /** @type {AccountEvent[]} */
  let shown = [];

  function show() {
    const said = onePerType(unreadEvents().filter((event) =>
      besideOpenPayments ? matters(event) && !openPaymentOf(event) : matters(event)));
    if (sameOr(shown, said) === shown) return;
    shown = said;
    keepFocus(area, () => draw(said), () => area.querySelector("button"));
  }

  /** @param {AccountEvent[]} said */
  function draw(said) {
    const place = said.every(({ type }) => type === "payment_requires_action") ? "buy" : "wallet";
    area.hidden = said.length === 0;
    area.replaceChildren(
      el("ul", {}, said.map((event) => el(
        "li",
        {},
        icon("alert"),
        el("p", {}, sentence(event), " ", el("span", { class: "small" }, day(event.created_at))),
      ))),
      el(
        "span",
        { class: "row-ways" },
        el("button", { type: "button", class: "button", onclick: () => goTo(place) }, t("notices.look")),
        el("button", { type: "button", class: "button quiet", onclick: putAway }, t("notices.read")),
      ),
    );
  }

  function putAway() {
    stepOut(area);
    readEvents();
  }

  accountEvents.subscribe(show, signal);
  account.subscribe(show, signal);
  void accountEvents.load();
  return area;
}

/** A payment that was finished meanwhile is no news; running low is told beside the balance. @param {AccountEvent} event */
function matters(event) {
  if (event.type === "payment_requires_action") return openPaymentOf(event) !== undefined;
  return sentences()[event.type] !== undefined;
}

/** @param {AccountEvent} event */
function openPaymentOf({ data }) {
  return account.value.openPayments.find((payment) =>
    payment.payment_id === data.payment_id
    || (data.subscription_id !== undefined && payment.subscription_id === data.subscription_id));
}

/** @param {AccountEvent[]} events newest first */
function onePerType(events) {
  return events.filter((event, at) => events.findIndex(({ type }) => type === event.type) === at);
}

/** @param {AccountEvent} event */
function sentence({ type }) {
  return sentences()[type] ?? "";
}

/** @returns {Record<string, string>} */
function sentences() {
  return {
    auto_recharge_off: t("notices.auto_recharge_off"),
    payment_requires_action: t("notices.payment_requires_action"),
    subscription_past_due: t("notices.subscription_past_due"),
    subscription_ended: t("notices.subscription_ended"),
  };
}
