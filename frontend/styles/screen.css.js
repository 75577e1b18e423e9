/** A payment's state, filling the success page, the cancel page or the dialog. */
import { css } from "../lib/css.js";

export const screenStyle = css`
  :host { display: block; }
  .screen { display: grid; justify-items: center; gap: 24px; max-width: 480px; margin-inline: auto; text-align: center; }
  .sign {
    display: grid; place-items: center; width: 64px; height: 64px; border-radius: 50%;
    background: var(--surface); color: var(--muted); box-shadow: inset 0 0 0 1px var(--line);
  }
  .good .sign, .bad .sign { box-shadow: none; }
  .good .sign { background: var(--accent); color: var(--on-accent); animation: arrive 420ms var(--ease); }
  .waiting .sign > svg { animation: breathe 2s ease-in-out infinite; }
  .bad .sign { background: color-mix(in srgb, var(--danger) 10%, var(--surface)); color: var(--danger); }
  @keyframes arrive { from { scale: 0.6; opacity: 0; } }
  @keyframes breathe { 50% { opacity: 0.4; } }
  .screen-title { font-size: clamp(1.625em, 5.5vw, 2.125em); font-weight: 650; line-height: 1.15; letter-spacing: -0.025em; text-wrap: balance; }
  .screen .text { margin-top: 10px; color: var(--muted); text-wrap: pretty; }
  .screen dl { width: 100%; border-block: 1px solid var(--line); text-align: left; }
  .screen dl > div { display: flex; justify-content: space-between; gap: 16px; padding-block: 12px; }
  .screen dl > div + div { border-top: 1px solid var(--line); }
  .screen dt { color: var(--muted); }
  .screen dd { font-weight: 600; }
  .ways { display: flex; flex-wrap: wrap; justify-content: center; gap: 10px; width: 100%; }
  .ways > .button { min-height: 52px; flex: 1 1 160px; }
  @media (max-width: 600px) { .ways > .button { flex-basis: 100%; } }
  .ways > .form { width: 100%; }
  .ways .sign-in > h3 { display: none; }
`;
