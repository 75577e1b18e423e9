/**
 * A payment inside the dialog, from the form to what became of it. After thirty seconds without
 * news the view says so and goes on asking for a bounded time; whatever Stripe says later still counts.
 *
 *     paymentPanel({ signal, host, payment, … })
 */
import { leaveFor } from "../lib/address.js";
import { ApiError } from "../lib/api-error.js";
import { el, stepOut } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { SILENCE, silence } from "../lib/limit.js";
import { isInPage } from "../lib/outcome.js";
import { loadStripe } from "../lib/stripe-js.js";
import { refreshAccount } from "../state/account.js";
import { cards, refreshCards } from "../state/cards.js";
import { catalog, loadCatalog } from "../state/catalog.js";
import { loadConfig } from "../state/config.js";
import { bones } from "./bones.js";
import { embeddedCheckout } from "./embedded-checkout.js";
import { payHostedInstead } from "./hosted-instead.js";
import { icon } from "./icons.js";
import { notice } from "./notice.js";
import { orderSummary } from "./order-summary.js";
import { paymentForm } from "./payment-form.js";
import { endedScreen, notKnownScreen } from "./payment-outcome.js";

/**
 * @typedef {import("../state/in-page-payment.js").InPagePayment} InPagePayment
 * @typedef {import("../state/in-page-payment.js").Verdict} Verdict
 */

const SILENCE_MS = 30_000;

/**
 * @param {object} context
 * @param {AbortSignal} context.signal
 * @param {HTMLElement} context.host
 * @param {InPagePayment} context.payment
 * @param {string | null} context.returnUrl
 * @param {(text: string) => void} context.announce
 * @param {<T>(work: () => Promise<T>) => Promise<T>} context.aside does what may open Stripe's own windows
 * @param {(() => Promise<void>) | null} context.payHosted where Stripe.js can't be had
 * @param {() => void} context.askSignIn
 * @param {() => void} context.leave to the shop
 * @param {() => void} context.close
 */
export function paymentPanel(context) {
  const { signal, host, payment, returnUrl, announce, aside, payHosted } = context;
  const summary = el("div");
  const form = el("div", { class: "grow" });
  const news = el("div", { class: "grow" });
  /** The form that is shown; what an earlier one hears late counts only if it ends the payment. */
  let formNumber = 0;
  let formLife = new AbortController();
  let isAsking = false;

  async function start() {
    clearForm();
    if (payment.isUnanswered) return findOut();
    form.hidden = false;
    news.replaceChildren(bones(3, "bone-line", t("checkout.loading")));
    try {
      if (!catalog.value.packages) await loadCatalog();
      const found = payment.id ? await payment.look(signal) : null;
      if (found && found.status !== "pending") await showEnded(found);
      else if (found && !isInPage(found)) showCheckout(found);
      else await showForm();
    } catch (error) {
      if (!signal.aborted) sayProblem(error);
    }
  }

  function clearForm() {
    formLife.abort();
    formLife = new AbortController();
    formNumber += 1;
    form.replaceChildren();
  }

  /**
   * It was begun in Stripe's checkout: on its own page, or inside the dialog.
   * @param {import("../lib/contract.js").RefreshedPayment} found
   */
  function showCheckout({ payment_url, client_secret }) {
    if (!client_secret) return leaveFor(payment_url);
    news.replaceChildren();
    form.replaceChildren(embeddedCheckout({
      host,
      signal: AbortSignal.any([signal, formLife.signal]),
      getSecret: async () => client_secret,
      payHosted: null,
    }));
  }

  /** @param {ApiError | null} reason why the buyer is asked again */
  async function showForm(reason = null) {
    const config = await loadConfig();
    const [stripe] = await Promise.all([loadStripe(config.stripe), cards.value ?? cards.load()]);
    const { order } = payment;
    if (signal.aborted || !order) return;
    news.replaceChildren();
    summary.replaceChildren(orderSummary(order), ...(payment.requiresAction ? [bankAsks()] : []));
    form.replaceChildren(paymentForm({
      host, stripe, payment, order, returnUrl, announce,
      signal: AbortSignal.any([signal, formLife.signal]),
      cards: cards.value ?? [],
      maySave: config.features["saved_cards"] === true,
      pay: (work) => settle(aside(work), formNumber),
      done: (verdict) => verdict.kind === "ended" ? void showEnded(verdict.payment) : void findOut(),
      reason,
      askAgain,
      escape: context.close,
    }));
  }

  /** With the price and the cards of now. @param {ApiError} reason */
  async function askAgain(reason) {
    clearForm();
    await showForm(reason);
    /** @type {HTMLElement | null} */ (form.querySelector("input:checked, .new-card input"))?.focus();
  }

  /**
   * @param {Promise<Verdict>} work
   * @param {number} number of the form that it came from
   * @returns {Promise<Verdict>}
   */
  async function settle(work, number) {
    const first = await Promise.race([work, silence(SILENCE_MS)]);
    if (first !== SILENCE) return first;
    void findOut();
    const late = await work;
    if (number === formNumber && !signal.aborted && late.kind !== "unknown") backToForm();
    return late;
  }

  function backToForm() {
    form.hidden = false;
    news.replaceChildren();
  }

  /** The form stays where it is, out of sight: Stripe may be working in it. */
  async function findOut() {
    if (signal.aborted || isAsking) return;
    isAsking = true;
    sayNotKnown();
    try {
      const verdict = await payment.findOut(signal);
      if (signal.aborted || !form.hidden) return; // Stripe has answered meanwhile.
      isAsking = false;
      if (verdict.kind === "ended") await showEnded(verdict.payment);
      else sayNotKnown();
    } catch (error) {
      if (!signal.aborted) sayProblem(error);
    } finally {
      isAsking = false;
    }
  }

  /** @param {import("../lib/contract.js").Payment} ended */
  async function showEnded(ended) {
    await refreshAccount();
    if (signal.aborted) return;
    summary.replaceChildren();
    clearForm();
    show(endedScreen(ended, context));
    if (payment.savesCard) void refreshCards().catch(unseen);
  }

  function sayNotKnown() {
    form.hidden = true;
    const needsBuyer = payment.requiresAction;
    show(notKnownScreen({ isAsking, needsBuyer, checkAgain, leave: context.leave }));
  }

  function checkAgain() {
    stepOut(news);
    return start();
  }

  /** @param {HTMLElement} screen */
  function show(screen) {
    announce("");
    news.replaceChildren(screen);
    screen.querySelector("h3")?.focus();
  }

  /** @param {unknown} error */
  function sayProblem(error) {
    const code = error instanceof ApiError ? error.code : "";
    if (code === "unauthorized") return context.askSignIn();
    if (code === "stripe_js_unavailable" && payHosted && !payment.id) return payHostedInstead(news, payHosted);
    news.replaceChildren(notice(error, start));
  }

  signal.addEventListener("abort", () => payment.id && void refreshAccount(), { once: true });
  void start();
  return el("div", { class: "payment" }, summary, form, news);
}

/** The list of cards says so itself when it is looked at. @param {unknown} error */
function unseen(error) {
  if (!(error instanceof ApiError)) throw error;
}

function bankAsks() {
  return el("p", { class: "asked" }, icon("lock"), el("span", {}, t("pay.bank_asks")));
}
