import { createHash } from 'node:crypto';
import { AUTHOR_MAX, MESSAGE_MAX } from './entry.js';

const STYLE = `
:root {
  color-scheme: light dark;
  --paper: #f6f4ef; --card: #fffdf8; --ink: #1d2733; --soft: #5a6675; --line: #d9d4c8; --accent: #0b5c7a; --on-accent: #fff; --wrong: #a3211b;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #10171f; --card: #18222c; --ink: #e8edf2; --soft: #a0adba; --line: #2c3945; --accent: #7cc7e3; --on-accent: #0c1a22; --wrong: #ff9d94;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.6 ui-serif, Georgia, "Times New Roman", serif; }
main { max-width: 40rem; margin: 0 auto; padding: clamp(1.5rem, 6vw, 4rem) 1.25rem; }
h1 { margin: 0 0 .25rem; font-size: clamp(2rem, 7vw, 3rem); line-height: 1.1; letter-spacing: -.02em; }
h2 { margin: 3rem 0 1rem; font-size: 1.25rem; }
p { margin: 0; }
.greeting, .empty, time { color: var(--soft); }
form, article { background: var(--card); border: 1px solid var(--line); border-radius: .75rem; padding: 1.25rem; }
form { display: grid; gap: .25rem; margin-top: 2rem; }
label { font-weight: 600; }
input, textarea { width: 100%; margin-bottom: .75rem; padding: .6rem .75rem; border: 1px solid var(--soft); border-radius: .5rem; background: var(--paper); color: inherit; font: inherit; }
textarea { min-height: 6rem; resize: vertical; }
button { justify-self: start; padding: .6rem 1.25rem; border: 0; border-radius: .5rem; background: var(--accent); color: var(--on-accent); font: inherit; font-weight: 600; cursor: pointer; }
button:hover { filter: brightness(1.1); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.wrong { margin-bottom: .75rem; color: var(--wrong); font-weight: 600; }
ol { display: grid; gap: 1rem; margin: 0; padding: 0; list-style: none; }
article header { display: flex; flex-wrap: wrap; gap: 0 .75rem; align-items: baseline; margin-bottom: .25rem; }
article h3 { margin: 0; font-size: 1rem; overflow-wrap: anywhere; }
time { font-size: .875rem; }
article p { white-space: pre-wrap; overflow-wrap: anywhere; }
`;

/** Nothing but this style, and forms to this site: text that got into the page could do nothing. */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  'img-src data:',
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

const ENTITIES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
export const escapeHtml = (text) => String(text).replace(/[&<>"']/g, (character) => ENTITIES[character]);

const formatTime = (date) => `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`;

const renderEntry = ({ author, message, createdAt }) => `
      <li><article>
        <header><h3>${escapeHtml(author)}</h3><time datetime="${createdAt.toISOString()}">${formatTime(createdAt)}</time></header>
        <p>${escapeHtml(message)}</p>
      </article></li>`;

/** The whole page. `draft` and `error` are of an entry that was not accepted. */
export function renderPage({ greeting, entries, draft = {}, error }) {
  const text = (value) => escapeHtml(typeof value === 'string' ? value : '');
  const wrong = error ? `<p class="wrong" id="wrong" role="alert">${escapeHtml(error)}</p>` : '';
  return `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>${error ? 'Not signed yet · ' : ''}Guestbook</title>
  <link rel="icon" href="data:,">
  <style>${STYLE}</style>
</head>
<body>
  <main>
    <h1>Guestbook</h1>
    <p class="greeting">${escapeHtml(greeting)}</p>
    <form method="post" action="/entries">
      ${wrong}
      <label for="author">Your name (optional)</label>
      <input id="author" name="author" maxlength="${AUTHOR_MAX}" autocomplete="name" value="${text(draft.author)}">
      <label for="message">Message</label>
      <textarea id="message" name="message" maxlength="${MESSAGE_MAX}" required${error ? ' aria-invalid="true" aria-describedby="wrong"' : ''}>
${text(draft.message)}</textarea>
      <button>Sign the guestbook</button>
    </form>
    <h2>Entries</h2>
    ${entries.length === 0 ? '<p class="empty">Nobody has signed yet. Be the first.</p>' : `<ol>${entries.map(renderEntry).join('')}\n    </ol>`}
  </main>
</body>
</html>
`;
}
