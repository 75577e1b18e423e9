/**
 * One observable value.
 *
 *     const count = new Store(0);
 *     count.subscribe((value) => show(value), controller.signal);   // called now and on each change
 *     count.set(1);
 */

/** @template T */
export class Store {
  /** @type {T} */ #value;
  /** @type {Set<(value: T) => void>} */ #listeners = new Set();

  /** @param {T} initial */
  constructor(initial) {
    this.#value = initial;
  }

  get value() {
    return this.#value;
  }

  /** @param {T} value */
  set(value) {
    if (Object.is(value, this.#value)) return;
    this.#value = value;
    for (const listener of [...this.#listeners]) listener(value);
  }

  /** @param {Partial<T>} change merged into an object value */
  patch(change) {
    this.set({ ...this.#value, ...change });
  }

  /**
   * @param {(value: T) => void} listener called at once, then on each change
   * @param {AbortSignal} signal ends the subscription
   */
  subscribe(listener, signal) {
    if (signal.aborted) return;
    this.#listeners.add(listener);
    signal.addEventListener("abort", () => this.#listeners.delete(listener), { once: true });
    listener(this.#value);
  }
}
