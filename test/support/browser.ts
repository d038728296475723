/** The part of a browser that signing in takes: it keeps cookies and goes where it is sent. */

export interface Page {
  status: number;
  url: string;
  headers: Headers;
  text: string;
}

export interface Browser {
  /** Cookies by name, of all hosts and paths. */
  readonly cookies: Map<string, string>;
  /** Sends one request with the cookies, and keeps those of the answer. */
  ask(url: string, init?: RequestInit): Promise<Response>;
  /** Follows redirects until there is a page. */
  visit(url: string, init?: RequestInit): Promise<Page>;
}

/** @param send how requests are sent; `fetch` unless given */
export function createBrowser(
  send: (url: string, init: RequestInit) => Promise<Response> = (url, init) => fetch(url, init),
): Browser {
  const cookies = new Map<string, string>();
  async function ask(url: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    const all = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    if (all !== '' && !headers.has('cookie')) headers.set('cookie', all);
    const response = await send(url, { ...init, headers, redirect: 'manual' });
    for (const line of response.headers.getSetCookie()) {
      const [pair = '', ...attributes] = line.split('; ');
      const [name = '', value = ''] = [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)];
      const gone = value === '' || attributes.some((attribute) => attribute.toLowerCase() === 'max-age=0');
      if (gone) cookies.delete(name);
      else cookies.set(name, value);
    }
    return response;
  }
  return {
    cookies,
    ask,
    async visit(url, init = {}) {
      let at = url;
      let with_ = init;
      for (let hops = 0; hops < 10; hops++) {
        const response = await ask(at, with_);
        const location = response.headers.get('location');
        if (location === null) {
          return { status: response.status, url: at, headers: response.headers, text: await response.text() };
        }
        at = new URL(location, at).href;
        with_ = { headers: new Headers(init.headers) };
        new Headers(with_.headers).delete('content-type');
      }
      throw new Error(`Too many redirects, the last to ${at}`);
    },
  };
}

/** The address that the form of a page is sent to. */
export const formAction = ({ text, url }: Page): string => {
  const action = /<form[^>]* action="([^"]*)"/.exec(text)?.[1];
  if (action === undefined) throw new Error(`There is no form in:\n${text}`);
  return new URL(action.replaceAll('&amp;', '&'), url).href;
};

/** Fields that the form of a page holds already. */
export const hiddenFields = ({ text }: Page): Record<string, string> =>
  Object.fromEntries(
    [...text.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)].map(([, name, value]) => [
      name,
      value,
    ]),
  );
