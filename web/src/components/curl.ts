/** The call of the API behind what one sees, to copy. */

const quote = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;

/** @example curl('POST', '/v1/projects', { name: 'demo' }) */
export function curl(method: string, path: string, body?: unknown): string {
  const lines = [`curl -H "Authorization: Bearer $(cat .berth/admin-token)"`];
  if (body !== undefined) {
    lines.push(`-H 'Content-Type: application/json'`, `-d ${quote(JSON.stringify(body))}`);
  }
  // curl posts what has data, and gets what has none.
  if (method !== (body === undefined ? 'GET' : 'POST')) lines.push(`-X ${method}`);
  lines.push(quote(location.origin + path));
  return lines.join(' \\\n  ');
}
