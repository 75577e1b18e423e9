/** What the backend tells every browser (GET /api/config), asked once a page. */
import { get } from "../lib/api.js";

/** @type {Promise<import("../lib/contract.js").Config> | null} */
let asked = null;

/** @returns {Promise<import("../lib/contract.js").Config>} */
export function loadConfig() {
  asked ??= get("/api/config", { anonymous: true }).catch((error) => {
    asked = null; // The next one who needs it asks again.
    throw error;
  });
  return asked;
}
