/**
 * The page Stripe sends those to who left without paying. It asks Stripe first, for they may have
 * paid in another tab, and cancels only on request.
 *
 *     <payment-canceled></payment-canceled>      on cancel.html?payment_id=…
 */
import { credits, money, t } from "../lib/i18n.js";
import { outcome } from "../lib/outcome.js";
import { whileBusy } from "../panels/busy.js";
import { homeWay, resumeWay, way } from "../panels/ways.js";
import { refreshAccount } from "../state/account.js";
import { cancelPayment, refreshPayment } from "../state/payments.js";
import { openDialog } from "./open-dialog.js";
import { PaymentPage } from "./payment-page.js";

/** @typedef {import("../lib/contract.js").Payment} Payment */

export class PaymentCanceled extends PaymentPage {
  /**
   * @override
   * @param {string} id
   * @param {AbortSignal} signal
   */
  async showPayment(id, signal) {
    const payment = await refreshPayment(id, signal);
    if (payment.status !== "pending") await refreshAccount(); // It is not to be finished any more.
    if (!signal.aborted) this.#show(payment);
  }

  /** @override */
  visitorTexts() {
    return { title: t("payment.left"), text: t("payment.left.signed_out") };
  }

  /** @param {Payment} payment */
  #show(payment) {
    if (payment.status === "pending") return this.#sayLeft(payment);
    if (payment.status === "succeeded") return this.sayPaid(payment);
    const { name, tone } = outcome(payment);
    this.say({
      tone,
      title: t(`payment.${name}`),
      text: t(`payment.${name}.text`, { count: payment.credits }),
      ways: [way(t("payment.buy_again"), () => openDialog(), "primary"), homeWay()],
    });
  }

  /** @param {Payment} payment */
  #sayLeft(payment) {
    const cancel = way(t("payment.cancel"), () => whileBusy(cancel, () => this.#cancel(payment)));
    this.say({
      tone: "neutral",
      title: t("payment.left"),
      text: t("payment.left.text"),
      figures: [
        [t("badge.credits"), credits(payment.credits)],
        [t("payment.amount"), money(payment.amount, payment.currency)],
      ],
      ways: [resumeWay(payment), cancel, homeWay()],
    });
  }

  /** @param {Payment} payment */
  async #cancel(payment) {
    try {
      this.#show(await cancelPayment(payment.payment_id));
      void refreshAccount();
    } catch (error) {
      this.sayProblem(error);
    }
  }
}
