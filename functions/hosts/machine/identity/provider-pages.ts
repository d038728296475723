/** The few pages of the identity provider: plain HTML that needs no script. */
import { createHash } from 'node:crypto';
import { escapeHtml } from '../../../core/html.ts';
import type { DemoPerson } from './demo-people.ts';

const STYLE = `
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
body { max-width: 26rem; margin: 10vh auto; padding: 0 1.25rem; }
h1 { font-size: 1.5rem; line-height: 1.25; }
form { margin: 1.5rem 0; }
label, input, button { display: block; box-sizing: border-box; width: 100%; font: inherit; }
input, button { padding: .6rem .8rem; margin: .25rem 0 .75rem; border: 1px solid GrayText; border-radius: .4rem; }
button { text-align: start; cursor: pointer; }
button:hover { border-color: CanvasText; }
button span { display: block; font-size: .9rem; }
:focus-visible { outline: 3px solid Highlight; outline-offset: 2px; }
code { font-size: 1.5rem; letter-spacing: .1em; }
`;

const styleHash = createHash('sha256').update(STYLE).digest('base64');

/**
 * The policy of every page of the provider. Its library adds the hash of its own script to pages that send themselves
 * on.
 */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${styleHash}'`,
  "script-src 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join('; ');

const page = (title: string, content: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${escapeHtml(title)}</h1>
${content}
</main>
</body>
</html>
`;

export interface ChoosePage {
  action: string;
  people: readonly DemoPerson[];
  /** The page asks for the password in the data directory. */
  withPassword: boolean;
  /** The password that was entered is wrong. */
  refused?: boolean;
}

export const choosePage = ({ action, people, withPassword, refused }: ChoosePage): string =>
  page(
    'Sign in to Berth',
    `<p>Berth on one machine brings people to try it with. Who are you?</p>
${refused ? '<p role="alert">That is not the password of this installation.</p>' : ''}
<form method="post" action="${escapeHtml(action)}">
${
  withPassword
    ? `<label for="password">Password, from the file <kbd>identity-password</kbd> of the data directory</label>
<input id="password" name="password" type="password" autocomplete="current-password" required>`
    : ''
}
${people
  .map(
    ({ subject, name, role }) =>
      `<button name="person" value="${escapeHtml(subject)}">${escapeHtml(name)}<span>${escapeHtml(role)}</span></button>`,
  )
  .join('\n')}
</form>`,
  );

/** @param form the provider's own, with the values that it checks */
export const signOutPage = (form: string): string =>
  page(
    'Sign out',
    `<p>Berth has ended your session. The identity provider still knows you.</p>
${form}
<button type="submit" form="op.logoutForm" value="yes" name="logout">Sign out here too</button>
<button type="submit" form="op.logoutForm">Stay signed in here</button>`,
  );

export const signedOutPage = (): string =>
  page('You are signed out', '<p><a href="/">Go to the console</a>.</p>');

export const codePage = (form: string, problem?: string): string =>
  page(
    'Sign in a terminal',
    `${problem === undefined ? '' : `<p role="alert">${escapeHtml(problem)}</p>`}
<p>Enter the code that the terminal shows.</p>
${withLabel(form)}
<button type="submit" form="op.deviceInputForm">Continue</button>`,
  );

/** The field belongs to the provider, and comes without a name that a screen reader could say. */
const withLabel = (form: string): string =>
  form
    .replaceAll(/\son\w+="[^"]*"/g, '')
    .replace(' placeholder="Enter code"', ' aria-label="Code"')
    .replace('</input>', '');

export const confirmPage = (form: string, code: string): string =>
  page(
    'Is this your terminal?',
    `<p>It shows this code:</p>
<p><code>${escapeHtml(code)}</code></p>
<p>Go on only if you have just started this yourself: whoever shows the code will be signed in as you.</p>
${form}
<button type="submit" form="op.deviceConfirmForm">Yes, sign it in</button>
<button type="submit" form="op.deviceConfirmForm" value="yes" name="abort">No</button>`,
  );

export const confirmedPage = (): string =>
  page('The terminal is signed in', '<p>You can close this page and go back to it.</p>');

export const errorPage = (code: string, detail: string): string =>
  page(
    'This did not work',
    `<p>${escapeHtml(detail)} (${escapeHtml(code)})</p>
<p><a href="/v1/sign-in">Sign in again</a> or go to <a href="/">the console</a>.</p>`,
  );
