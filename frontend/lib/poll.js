/**
 * Asks again until the answer is good enough, less and less often, and gives up.
 *
 *     const payment = await poll(ask, isSettled, signal);   // the last answer, settled or not
 */

/** Waits between asking, in ms: eight questions over about 45 seconds. */
export const PAUSES_MS = [1000, 2000, 3000, 5000, 8000, 12_000, 15_000];

/**
 * @template T
 * @param {(round: number) => Promise<T>} ask round 0 is the first
 * @param {(answer: T) => boolean} isEnough
 * @param {AbortSignal} signal
 * @param {(answer: T, round: number) => void} [onWaiting] told of each answer that is not enough
 * @param {number[]} [pausesMs]
 * @returns {Promise<T>}
 */
export async function poll(ask, isEnough, signal, onWaiting = () => undefined, pausesMs = PAUSES_MS) {
  let answer = await ask(0);
  for (const [index, pause] of pausesMs.entries()) {
    if (isEnough(answer) || signal.aborted) break;
    onWaiting(answer, index);
    await sleep(pause, signal);
    answer = await ask(index + 1);
  }
  return answer;
}

/**
 * @param {number} ms
 * @param {AbortSignal} signal
 */
function sleep(ms, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    }, { once: true });
  });
}
