/** The page's own controls. */
import { css } from "../lib/css.js";

export const controlsStyle = css`
  :host { display: inline-block; }
  .account-bar, .select { font-size: 0.9375em; }
  .account-bar, .sign-out { display: flex; align-items: center; gap: 4px; }
  .button { white-space: nowrap; }
  .email {
    max-width: 22ch; overflow: hidden; text-overflow: ellipsis; white-space: nowrap;
    color: var(--muted); font-size: 0.875em;
  }
  @media (max-width: 640px) { .email { display: none; } }
`;
