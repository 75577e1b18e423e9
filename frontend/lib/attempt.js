/**
 * One buyer's attempt at one purchase keeps one idempotency key, however often it is sent: a double
 * click shares the request under way, and a retry after silence or a 5xx repeats the key, so that
 * the backend finishes the order it may already have. An answer, or another choice, ends the attempt.
 *
 *     const attempts = new Attempts();
 *     const session = await attempts.run(body, (key) => post(path, body, { idempotencyKey: key }));
 */
import { ApiError } from "./api-error.js";

export class Attempts {
  #choice = "";
  #key = "";
  /** @type {Promise<any> | null} */ #underWay = null;

  /**
   * @template T
   * @param {object} body what is asked for; another body is another attempt
   * @param {(idempotencyKey: string) => Promise<T>} send
   * @returns {Promise<T>}
   */
  run(body, send) {
    const choice = JSON.stringify(body);
    if (choice === this.#choice && this.#underWay) return this.#underWay;
    if (choice !== this.#choice) this.#begin(choice);
    const request = this.#finish(choice, send(this.#key));
    this.#underWay = request;
    return request;
  }

  /** @param {string} choice */
  #begin(choice) {
    this.#choice = choice;
    this.#key = crypto.randomUUID();
  }

  /**
   * @template T
   * @param {string} choice
   * @param {Promise<T>} answer
   */
  async #finish(choice, answer) {
    let ended = true;
    try {
      return await answer;
    } catch (error) {
      ended = error instanceof ApiError && error.isFinal;
      throw error;
    } finally {
      if (choice === this.#choice) {
        this.#underWay = null;
        if (ended) this.#choice = "";
      }
    }
  }
}
