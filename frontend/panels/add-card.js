/** Saves a card without buying: Stripe's form, and a SetupIntent that Stripe.js confirms. */
import { pageAddress } from "../lib/address.js";
import { ApiError } from "../lib/api-error.js";
import { declineCodeOf, declineSentence } from "../lib/declines.js";
import { el } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { within } from "../lib/limit.js";
import { loadStripe } from "../lib/stripe-js.js";
import { OFFERED_AGAIN, beginSavingCard, cards, refreshCards } from "../state/cards.js";
import { catalog } from "../state/catalog.js";
import { loadConfig } from "../state/config.js";
import { attempt } from "./attempt.js";
import { bones } from "./bones.js";
import { cardForm } from "./card-form.js";
import { notice } from "./notice.js";

/** Confirming with a bank takes as long as its buyer does. */
const CONFIRM_TIMEOUT_MS = 600_000;

/**
 * @param {import("./wallet.js").WalletContext & {done: (added: import("../lib/contract.js").Card | null) => void}} context
 *   done: with the new card, or null where it was thought better of
 */
export function addCard({ signal, host, announce, aside, close, done }) {
  const place = el("div");
  const problem = el("div");
  const save = el("button", { type: "submit", class: "button primary", hidden: true }, t("cards.save"));
  const before = new Set((cards.value ?? []).map((card) => card.id));

  /** Stripe keeps the card; only the list may still have to be asked for. */
  let isSaved = false;
  let formLife = new AbortController();
  /** @type {import("@stripe/stripe-js").Stripe} */ let stripe;
  /** @type {ReturnType<typeof cardForm>} */ let form;

  async function start() {
    place.replaceChildren(bones(2, "bone-line", t("checkout.loading")));
    try {
      stripe = await loadStripe((await loadConfig()).stripe);
      if (signal.aborted) return;
      const options = /** @type {const} */ ({ mode: "setup", currency: catalog.value.currency });
      formLife.abort();
      formLife = new AbortController();
      const life = AbortSignal.any([signal, formLife.signal]);
      form = cardForm({ signal: life, host, stripe, options, escape: close, retry: start });
      place.replaceChildren(form.node);
      save.hidden = false;
    } catch (error) {
      if (!signal.aborted) place.replaceChildren(notice(error, start));
    }
  }

  /** @param {Event} event */
  const send = (event) => attempt(event, problem, async () => {
    isSaved ||= await saveCard();
    if (!isSaved) return;
    await refreshCards();
    done((cards.value ?? []).find((card) => !before.has(card.id)) ?? null);
  });

  /** @returns {Promise<boolean>} false: it is said why not */
  async function saveCard() {
    if ((await form.submit()).error) {
      announce(t("pay.incomplete"));
      return false;
    }
    announce(t("cards.saving"));
    const clientSecret = await beginSavingCard();
    const { error } = await aside(() => within(stripe.confirmSetup({
      elements: form.elements,
      clientSecret,
      confirmParams: { return_url: pageAddress(), ...OFFERED_AGAIN },
      redirect: "if_required",
    }), CONFIRM_TIMEOUT_MS));
    if (error) sayRefused(error);
    return !error;
  }

  /** @param {import("@stripe/stripe-js").StripeError} error */
  function sayRefused(error) {
    announce("");
    if (error.type === "validation_error") return;
    const code = declineCodeOf(error);
    if (code === null) throw new ApiError({ code: "stripe_error" });
    problem.replaceChildren(notice(null, null, declineSentence(code)));
  }

  void start();
  return el(
    "form",
    { class: "add-card", novalidate: true, onsubmit: send },
    el("h4", { tabindex: "-1" }, t("cards.add")),
    place,
    el("p", { class: "small" }, t("cards.consent")),
    problem,
    el(
      "div",
      { class: "form-ways" },
      save,
      el("button", { type: "button", class: "button quiet", onclick: () => done(null) }, t("form.cancel")),
    ),
  );
}
