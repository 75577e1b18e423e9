/** Loading anew, after an error: what failed may have been what the session needs too. */
import { loadCatalog } from "./catalog.js";
import { findSession } from "./session.js";

export function startOver() {
  void findSession();
  void loadCatalog();
}
