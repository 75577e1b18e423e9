/**
 * Something of the user's that is asked for when it is first shown, and shared by all who show it.
 * Another user starts with nothing.
 *
 *     const cards = new Remote((signal) => get("/api/payment-methods", { signal }));
 *     cards.subscribe(({ value, error }) => …, signal);
 *     await cards.load();
 */
import { ApiError } from "../lib/api-error.js";
import { Store } from "../lib/store.js";
import { session } from "./session.js";

/** @template T @typedef {{value: T | null, error: ApiError | null}} Known value null: not known (yet) */

/** @template T */
export class Remote {
  /** @type {Store<Known<T>>} */ #known = new Store(/** @type {Known<T>} */ ({ value: null, error: null }));
  /** @type {(signal: AbortSignal) => Promise<T>} */ #ask;
  #loading = new AbortController();
  #user = "";

  /** @param {(signal: AbortSignal) => Promise<T>} ask */
  constructor(ask) {
    this.#ask = ask;
    session.subscribe(({ user }) => {
      if (user !== this.#user) this.forget();
      this.#user = user;
    }, new AbortController().signal);
  }

  get value() {
    return this.#known.value.value;
  }

  /**
   * @param {(known: Known<T>) => void} listener
   * @param {AbortSignal} signal
   */
  subscribe(listener, signal) {
    this.#known.subscribe(listener, signal);
  }

  /**
   * The answer to a change; nothing if somebody else has signed in while it was made.
   * @param {Promise<T>} answer
   */
  async take(answer) {
    const user = this.#user;
    const value = await answer;
    if (user === this.#user) this.set(value);
  }

  /** What is known another way. @param {T} value */
  set(value) {
    this.#loading.abort();
    this.#known.set({ value, error: null });
  }

  forget() {
    this.#loading.abort();
    this.#known.set({ value: null, error: null });
  }

  /** Asks anew; what is under way for an earlier call is dropped. */
  async load() {
    this.#loading.abort();
    if (session.value.status !== "signed-in") return;
    this.#loading = new AbortController();
    const { signal } = this.#loading;
    try {
      const value = await this.#ask(signal);
      if (!signal.aborted) this.#known.set({ value, error: null });
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      this.#known.patch({ error });
    }
  }
}
