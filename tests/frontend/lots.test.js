import assert from "node:assert/strict";
import { test } from "node:test";

import { day } from "../../frontend/lib/i18n.js";
import { byDay } from "../../frontend/lib/lots.js";

const MORNING = new Date(2027, 4, 24, 8).toISOString();
const EVENING = new Date(2027, 4, 24, 21).toISOString();
const DAY_AFTER = new Date(2027, 4, 25, 1).toISOString();

test("what expires on one day is counted together, earliest first", () => {
  const lots = [
    { credits: 500, expires_at: MORNING },
    { credits: 1500, expires_at: EVENING },
    { credits: 7, expires_at: DAY_AFTER },
  ];
  assert.deepEqual(byDay(lots), [{ count: 2000, day: day(MORNING) }, { count: 7, day: day(DAY_AFTER) }]);
  assert.deepEqual(byDay([]), []);
});
