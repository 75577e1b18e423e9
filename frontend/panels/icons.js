/** Line icons, 24 units wide, drawn in the text's colour: `icon("close")`. Always decorative. */
import { svg } from "../lib/dom.js";

const PATHS = {
  mark: ["M5 19v-4", "M12 19V10", "M19 19V5"],
  close: ["M6 6l12 12", "M18 6L6 18"],
  back: ["M15 5l-7 7 7 7"],
  down: ["M6 9l6 6 6-6"],
  check: ["M5 12.5l4.5 4.5L19 7.5"],
  clock: ["M12 3a9 9 0 100 18 9 9 0 000-18z", "M12 7.5V12l3 2"],
  alert: ["M12 3a9 9 0 100 18 9 9 0 000-18z", "M12 7.5v5.5", "M12 16.4v.1"],
  minus: ["M6 12h12"],
  plus: ["M12 6v12", "M6 12h12"],
  card: ["M4.5 5.5h15A1.5 1.5 0 0121 7v10a1.5 1.5 0 01-1.5 1.5h-15A1.5 1.5 0 013 17V7a1.5 1.5 0 011.5-1.5z", "M3 10h18", "M6.5 15h3.5"],
  repeat: ["M17 4l3 3-3 3", "M4 11V9.5A2.5 2.5 0 016.5 7H20", "M7 20l-3-3 3-3", "M20 13v1.5a2.5 2.5 0 01-2.5 2.5H4"],
  out: ["M9 6H6v12h12v-3", "M13 5h6v6", "M19 5l-8 8"],
  lock: ["M6 11h12v9H6z", "M8.5 11V8a3.5 3.5 0 017 0v3"],
  download: ["M12 4v11", "M7.5 11l4.5 4.5 4.5-4.5", "M5 20h14"],
};

/**
 * @param {keyof typeof PATHS} name
 * @param {number} [size] in CSS pixels
 */
export function icon(name, size = 20) {
  return svg(
    "svg",
    {
      viewBox: "0 0 24 24",
      width: size,
      height: size,
      fill: "none",
      stroke: "currentColor",
      "stroke-width": name === "mark" ? 2.6 : 1.8,
      "stroke-linecap": "round",
      "stroke-linejoin": "round",
      "aria-hidden": "true",
    },
    PATHS[name].map((d) => svg("path", { d })),
  );
}
