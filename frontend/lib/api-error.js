/**
 * What went wrong with a call, told by `code`: one of the backend's problem codes, or one of the
 * browser's own (`network`, `timeout`, `bad_response`, `unsafe_address`, `stripe_js_unavailable`,
 * `card_gone`).
 */

export class ApiError extends Error {
  /**
   * @param {object} problem
   * @param {string} problem.code
   * @param {number} [problem.status] HTTP status; 0 when there was no answer
   * @param {string} [problem.detail] the backend's sentence
   * @param {string} [problem.requestId]
   * @param {{field: string, message: string}[]} [problem.errors] of a 422
   * @param {number | null} [problem.retryAfterSeconds]
   * @param {string} [problem.declineCode] of a card_declined: why, in Stripe's word
   * @param {string} [problem.paymentId] of a card_declined: the payment, which stays open
   */
  constructor({
    code,
    status = 0,
    detail = "",
    requestId = "",
    errors = [],
    retryAfterSeconds = null,
    declineCode = "",
    paymentId = "",
  }) {
    super(detail || code);
    this.name = "ApiError";
    this.code = code;
    this.status = status;
    this.detail = detail;
    this.requestId = requestId;
    this.errors = errors;
    this.retryAfterSeconds = retryAfterSeconds;
    this.declineCode = declineCode;
    this.paymentId = paymentId;
  }

  /**
   * Whether the backend has decided about this request for good. Otherwise (no answer, 5xx, wait,
   * sign in again) the same request may be sent again, under the same idempotency key.
   */
  get isFinal() {
    if (this.code === "stripe_error") return true; // Stripe itself has said no.
    const mayPass = [401, 408, 425, 429].includes(this.status) || this.retryAfterSeconds !== null;
    return this.status >= 400 && this.status < 500 && !mayPass;
  }

  /** The catalog has another price by now than the one that was shown. */
  get isPriceChange() {
    return this.errors.some(({ field }) => field === "expected_amount");
  }

  /**
   * @param {Response} response one that is not ok
   * @returns {Promise<ApiError>}
   */
  static async from(response) {
    const problem = await readProblem(response);
    const retryAfter = Number.parseInt(response.headers.get("Retry-After") ?? "", 10);
    return new ApiError({
      status: response.status,
      code: typeof problem.code === "string" ? problem.code : "bad_response",
      detail: typeof problem.detail === "string" ? problem.detail : "",
      requestId: String(problem.request_id ?? response.headers.get("X-Request-Id") ?? ""),
      errors: Array.isArray(problem.errors) ? problem.errors : [],
      retryAfterSeconds: Number.isNaN(retryAfter) ? null : retryAfter,
      declineCode: String(problem.decline_code ?? ""),
      paymentId: String(problem.payment_id ?? ""),
    });
  }
}

/**
 * @param {Response} response
 * @returns {Promise<Record<string, any>>} empty when the body is not a problem
 */
async function readProblem(response) {
  if (!/^application\/(problem\+)?json/.test(response.headers.get("Content-Type") ?? "")) return {};
  try {
    return Object(await response.json());
  } catch {
    return {}; // Said to be JSON and isn't: the status alone must do.
  }
}
