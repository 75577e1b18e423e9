/**
 * The form of a payment inside the page: a saved card or Stripe's own form, and the button. What the
 * bank says no to is said here, and another card can be tried at once.
 *
 *     paymentForm({ …, pay: (work) => verdict, done: (verdict) => … })
 */
import { ApiError } from "../lib/api-error.js";
import { declineSentence } from "../lib/declines.js";
import { el } from "../lib/dom.js";
import { explain } from "../lib/explain.js";
import { money, t, together } from "../lib/i18n.js";
import { isStillSaved } from "../state/cards.js";
import { whileBusy } from "./busy.js";
import { cardChoice, likelyCard } from "./card-choice.js";
import { cardForm } from "./card-form.js";
import { icon } from "./icons.js";
import { notice } from "./notice.js";

/**
 * @typedef {import("../lib/contract.js").Card} Card
 * @typedef {import("../state/in-page-payment.js").InPagePayment} InPagePayment
 * @typedef {import("../state/in-page-payment.js").Order} Order
 * @typedef {import("../state/in-page-payment.js").Verdict} Verdict
 */

/**
 * @param {object} context
 * @param {AbortSignal} context.signal
 * @param {HTMLElement} context.host
 * @param {import("@stripe/stripe-js").Stripe} context.stripe
 * @param {InPagePayment} context.payment
 * @param {Order} context.order
 * @param {Card[]} context.cards
 * @param {boolean} context.maySave
 * @param {string | null} context.returnUrl
 * @param {(work: () => Promise<Verdict>) => Promise<Verdict>} context.pay does the work in view of Stripe's windows
 * @param {(verdict: Verdict) => void} context.done neither declined nor incomplete
 * @param {ApiError | null} context.reason why the buyer is asked again
 * @param {(reason: ApiError) => Promise<void>} context.askAgain the price has changed, or a card is gone
 * @param {(text: string) => void} context.announce
 * @param {() => void} context.escape
 */
export function paymentForm(context) {
  const { signal, host, stripe, payment, order, cards, maySave, returnUrl, announce } = context;
  const price = money(order.amount, order.currency);
  const save = el("input", { type: "checkbox", name: "save", onchange: changeUsage });
  const saveRow = el("label", { class: "check" }, save, el("span", {}, t("pay.save")));
  const newCard = el("div", { class: "new-card" });
  const problem = el("div");
  const button = el("button", { type: "submit", class: "button primary" });
  const choices = el("div", { class: "choices" });

  /** @type {Card | null} */
  let chosen = likelyCard(cards);
  /** @type {ReturnType<typeof cardForm> | null} Stripe's form, made when it is first wanted */
  let form = null;
  let formLife = new AbortController();
  const isDeferred = !payment.id; // The form comes first, the payment when the button is pressed.

  /** @param {Card | null} card */
  function choose(card) {
    chosen = card;
    problem.replaceChildren();
    newCard.hidden = card !== null;
    if (card === null) form ??= mountForm();
  }

  function mountForm() {
    const options = isDeferred
      ? /** @type {const} */ ({ mode: "payment", amount: order.amount, currency: order.currency })
      : { clientSecret: payment.secret };
    formLife.abort();
    formLife = new AbortController();
    const life = AbortSignal.any([signal, formLife.signal]);
    const made = cardForm({ signal: life, host, stripe, options, escape: context.escape, retry: startOver });
    newCard.replaceChildren(made.node, ...(maySave && isDeferred ? [saveRow] : []));
    if (save.checked) applyUsage(made);
    return made;
  }

  function startOver() {
    form = mountForm();
  }

  function changeUsage() {
    if (form) applyUsage(form);
  }

  /**
   * Stripe's form shows the terms that saving asks for, and pays no order that says otherwise.
   * @param {ReturnType<typeof cardForm>} shown
   */
  function applyUsage({ elements }) {
    void elements.update({ setupFutureUsage: save.checked ? "off_session" : null });
  }

  /** @param {Event} event */
  async function send(event) {
    event.preventDefault();
    problem.replaceChildren();
    await whileBusy(button, async () => {
      nameButton();
      choices.inert = true;
      announce(t("pay.working"));
      const isSaved = chosen === null && save.checked;
      try {
        say(await carryOut());
      } catch (error) {
        announce("");
        const reason = await outdated(error);
        if (reason) return context.askAgain(reason);
        sayNotCharged(error);
      }
      choices.inert = false;
      settleSaving(isSaved);
    });
    nameButton();
  }

  /**
   * What was ordered can't be ordered otherwise: from then on the box only says whether its card is saved.
   * @param {boolean} isSaved by the order, if it was made just now
   */
  function settleSaving(isSaved) {
    const isOrdered = payment.id !== "" || payment.isUnanswered;
    if (isOrdered && !save.disabled && save.checked !== isSaved) {
      save.checked = isSaved;
      changeUsage();
    }
    save.disabled = isOrdered;
    saveRow.hidden = isOrdered && !save.checked;
  }

  /** @returns {Promise<Verdict>} */
  async function carryOut() {
    const card = chosen;
    if (card) return context.pay(() => payment.payWithCard(stripe, card, { returnUrl }));
    form ??= mountForm();
    const { elements, submit } = form;
    if ((await submit()).error) return { kind: "incomplete" };
    const how = { save: save.checked, returnUrl, isDeferred };
    return context.pay(() => payment.payWithForm(stripe, elements, how));
  }

  /** What is no longer as this form shows it; null: nothing. @param {unknown} error */
  async function outdated(error) {
    if (!(error instanceof ApiError)) return null;
    if (error.isPriceChange) return error;
    const isCardGone = error.code === "not_found" && chosen && !(await isStillSaved(chosen));
    return isCardGone ? new ApiError({ code: "card_gone" }) : null;
  }

  /** @param {unknown} error */
  function sayNotCharged(error) {
    problem.replaceChildren(notice(error, null, together(explain(error), t("buy.not_charged"))));
  }

  /** @param {Verdict} verdict */
  function say(verdict) {
    if (verdict.kind === "declined") {
      announce("");
      problem.replaceChildren(notice(null, null, together(declineSentence(verdict.code), t("buy.not_charged"))));
    } else if (verdict.kind === "incomplete") announce(t("pay.incomplete"));
    else if (verdict.kind === "unfinished") {
      announce("");
      problem.replaceChildren(notice(null, null, t("pay.unfinished")));
    } else context.done(verdict);
  }

  function nameButton() {
    const isBusy = button.getAttribute("aria-busy") === "true";
    button.replaceChildren(
      ...(isBusy
        ? [el("span", { class: "spinner", "aria-hidden": "true" }), t("pay.working")]
        : [t("buy.pay", { price })]),
    );
  }

  choices.append(
    ...(cards.length > 0 ? [cardChoice({ cards, chosen, onChoose: choose })] : []),
    newCard,
  );
  choose(chosen);
  nameButton();
  if (context.reason) sayNotCharged(context.reason);
  return el(
    "form",
    { class: "payment-form", novalidate: true, onsubmit: send },
    choices,
    el(
      "div",
      { class: "pay-bar" },
      problem,
      el("div", { class: "pay-foot" }, button, el("p", { class: "small pay-note" }, icon("lock", 14), t("buy.note"))),
    ),
  );
}
