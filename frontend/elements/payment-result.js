/**
 * The page Stripe sends buyers to: asks whether the money has come, waits a bounded time, and says
 * every state in words.
 *
 *     <payment-result></payment-result>      on success.html?payment_id=…
 */
import { ApiError } from "../lib/api-error.js";
import { money, t } from "../lib/i18n.js";
import { outcome } from "../lib/outcome.js";
import { poll } from "../lib/poll.js";
import { homeWay, resumeWay, way } from "../panels/ways.js";
import { refreshAccount } from "../state/account.js";
import { getPayment, refreshPayment } from "../state/payments.js";
import { openDialog } from "./open-dialog.js";
import { PaymentPage } from "./payment-page.js";

/** @typedef {import("../lib/contract.js").Payment} Payment */

/** Every third time the backend asks Stripe; in between a webhook may have told it. */
const ROUNDS_PER_REFRESH = 3;
const PATIENT_ROUNDS = 3;

export class PaymentResult extends PaymentPage {
  /**
   * @override
   * @param {string} id
   * @param {AbortSignal} signal
   */
  async showPayment(id, signal) {
    /** @type {unknown} */
    let problem = null;
    const payment = await poll(
      async (round) => {
        try {
          return await (round % ROUNDS_PER_REFRESH === 0 ? refreshPayment : getPayment)(id, signal);
        } catch (error) {
          if (!(error instanceof ApiError) || error.isFinal) throw error;
          problem = error; // It may pass: keep asking.
          return null;
        }
      },
      (answer) => answer !== null && !outcome(answer).isOpen,
      signal,
      (answer, round) => (answer ? this.#sayWaiting(answer, round) : this.sayProblem(problem)),
    );
    if (signal.aborted) return;
    if (!payment) return this.sayProblem(problem);
    await this.#sayOutcome(payment, signal);
  }

  /**
   * Stripe sends here only who has paid, so an unpaid payment is believed late at first.
   * @param {Payment} payment
   * @param {number} round
   */
  #sayWaiting(payment, round) {
    if (payment.status === "processing") {
      if (round === 0) void refreshAccount(); // It is not to be finished any more.
      return this.#sayProcessing(payment);
    }
    if (round >= PATIENT_ROUNDS) return this.#sayOther(payment);
    this.say({ tone: "waiting", title: t("payment.checking"), text: t("payment.checking.text") });
  }

  /**
   * @param {Payment} payment
   * @param {AbortSignal} signal
   */
  async #sayOutcome(payment, signal) {
    if (payment.status === "succeeded") {
      await refreshAccount();
      if (!signal.aborted) this.sayPaid(payment);
    } else if (payment.status === "processing") this.#sayProcessing(payment);
    else this.#sayOther(payment);
  }

  /** @param {Payment} payment */
  #sayProcessing(payment) {
    this.say({
      tone: "waiting",
      title: t("payment.processing"),
      text: t("payment.processing.text"),
      figures: [[t("payment.amount"), money(payment.amount, payment.currency)]],
      ways: [way(t("payment.check_again"), () => this.restart()), homeWay()],
    });
  }

  /** @param {Payment} payment */
  #sayOther(payment) {
    const { name, tone, isOpen } = outcome(payment);
    this.say({
      tone,
      title: t(`payment.${name}`),
      text: t(`payment.${name}.text`),
      ways: isOpen
        ? [resumeWay(payment), way(t("payment.check_again"), () => this.restart()), homeWay()]
        : [way(t("payment.buy_again"), () => openDialog(), "primary"), homeWay()],
    });
  }
}
