/**
 * The page behind a dialog stays where it is: it does not scroll, nor move sideways by the width of its
 * scroll bar.
 * @returns {() => void} gives it back what its own style said
 */
export function lockPage() {
  const { style, clientWidth } = document.documentElement;
  const { overflow, scrollbarGutter } = style;
  if (innerWidth > clientWidth) style.scrollbarGutter = "stable";
  style.overflow = "hidden";
  return () => Object.assign(style, { overflow, scrollbarGutter });
}
