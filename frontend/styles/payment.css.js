/** Paying inside the dialog. */
import { css } from "../lib/css.js";

export const paymentStyle = css`
  .payment { display: flex; flex-direction: column; gap: 20px; min-height: 100%; padding-block: 6px; }
  .payment > div:empty { display: none; }
  .payment > .grow:not(:empty) { flex: 1; display: flex; flex-direction: column; }
  .payment > .grow > * { flex: 1; }
  .payment > .grow > .notice, .payment > .grow > p { flex: none; }

  .order { position: relative; padding: 14px 18px 22px; border-radius: var(--radius-small); background: var(--sunken); overflow: hidden; }
  .asked { display: flex; gap: 12px; margin-top: 12px; padding: 12px 18px; border-radius: var(--radius-small); background: var(--tint); text-wrap: pretty; }
  .asked > svg { margin-top: 1px; color: var(--accent); }
  .order-name { overflow-wrap: anywhere; font-size: 0.875em; font-weight: 500; color: var(--muted); }
  .order-deal { display: flex; flex-wrap: wrap; justify-content: space-between; column-gap: 12px; font-size: 1.25em; font-weight: 600; line-height: 1.35; letter-spacing: -0.015em; }
  .order > .gauge { --share: 1; --tick: var(--accent); }

  .payment-form { display: flex; flex-direction: column; gap: 4px; }
  .payment-form > .choices { flex: 1; display: grid; align-content: start; gap: 16px; transition: opacity 140ms; }
  .payment-form > .choices[inert] { opacity: 0.55; }
  .card-choice { min-width: 0; }
  .card-rows { --inner: calc(var(--radius-small) - 1px); display: grid; border: 1px solid var(--line); border-radius: var(--radius-small); }
  .card-choice > legend { margin-bottom: 8px; padding: 0; font-size: 0.9375em; font-weight: 600; }
  .card-row { display: flex; align-items: center; gap: 12px; min-height: 60px; padding: 8px 16px; }
  label.card-row { cursor: pointer; }
  label.card-row + label.card-row { border-top: 1px solid var(--line); }
  label.card-row:first-of-type { border-radius: var(--inner) var(--inner) 0 0; }
  label.card-row:last-of-type { border-radius: 0 0 var(--inner) var(--inner); }
  label.card-row:has(:checked) { background: var(--tint); }
  label.card-row:has(:focus-visible) { outline: 2px solid var(--accent); outline-offset: 2px; }
  label.card-row > input {
    appearance: none; flex: none; width: 20px; height: 20px; border: 1.5px solid var(--edge); border-radius: 50%;
    background: var(--surface); cursor: pointer; outline: none;
  }
  label.card-row > input:checked { border: 6px solid var(--accent); }
  .card-row > svg { color: var(--muted); }
  .card-name { display: grid; flex: 1; min-width: 0; font-weight: 550; overflow-wrap: anywhere; }
  .card-name > .small { font-weight: 400; }

  .new-card { display: grid; gap: 14px; }
  .card-form { display: grid; min-height: 188px; align-content: start; }
  .card-form > div:empty { display: none; }
  .check { display: flex; align-items: center; gap: 12px; min-height: 44px; cursor: pointer; }
  .check > input { flex: none; width: 20px; height: 20px; margin: 0; accent-color: var(--accent); }

  .hint { padding: 12px 16px; border-radius: var(--radius-small); background: color-mix(in srgb, var(--danger) 8%, var(--surface)); text-wrap: pretty; }
  .wrong { color: var(--danger); }
  .asking { display: flex; align-items: center; justify-content: center; gap: 10px; width: 100%; min-height: 52px; }

  .payment .screen { width: 100%; align-content: center; gap: 20px; padding-block: 16px 20px; }
  .gain-strip { width: 100%; }
  .strip.gain-strip > span { --part: var(--edge); }
  .strip.gain-strip > .added { --part: var(--accent); animation: pour 900ms var(--ease) 160ms backwards; }
  @keyframes pour { from { clip-path: inset(0 100% 0 0); } to { clip-path: inset(0); } }
`;
