/** What a browser shows when a sign-in did not succeed. */
import { escapeHtml } from '../../core/html.ts';
import type { Problem } from '../../core/problem.ts';

export function signInPage(problem: Problem): Response {
  const body = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>Sign in to Berth</title>
</head>
<body>
<main>
<h1>${escapeHtml(problem.title)}</h1>
<p>${escapeHtml(problem.message)}</p>
<p>${escapeHtml(problem.hint)}</p>
<p><a href="/v1/sign-in">Sign in again</a> or go to <a href="/">the console</a>.</p>
</main>
</body>
</html>
`;
  return new Response(body, {
    status: problem.status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'content-security-policy':
        "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    },
  });
}
