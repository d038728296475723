/** The demo's client of the API: it uses HTTP, as every other client does. */
export interface DemoClient {
  exists(path: string): Promise<boolean>;
  post(path: string, body: unknown): Promise<Record<string, unknown>>;
  put(path: string, body: unknown): Promise<Record<string, unknown>>;
  /** Posts and waits for the operation; resolves to its result. */
  operation(path: string, body: unknown): Promise<Record<string, unknown>>;
  /** Posts a tar.gz and waits for the build; resolves to its result. */
  upload(path: string, archive: Uint8Array<ArrayBuffer>): Promise<Record<string, unknown>>;
}

interface OperationBody {
  id: string;
  status: string;
  error?: { code: string; cause: string };
  result?: Record<string, unknown>;
}

export function createClient({ url, token }: { url: string; token: string }): DemoClient {
  const headers = { authorization: `Bearer ${token}` };

  async function send(
    path: string,
    body: string | Uint8Array<ArrayBuffer>,
    type: string,
    method = 'POST',
  ): Promise<Record<string, unknown>> {
    const response = await fetch(url + path, {
      method,
      headers: { ...headers, 'content-type': type },
      body,
    });
    const answer = (await response.json()) as Record<string, unknown>;
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${String(answer.detail)}`);
    return answer;
  }

  /** Follows the operation's event stream to its end. */
  async function finished(accepted: Record<string, unknown>): Promise<Record<string, unknown>> {
    const { id } = ((accepted.operation as OperationBody | undefined) ?? accepted) as OperationBody;
    const path = `${url}/v1/operations/${id}`;
    const stream = await fetch(path, { headers: { ...headers, accept: 'text/event-stream' } });
    // The stream ends with the operation, whose result is then read as a whole.
    await stream.text();
    const operation = (await (await fetch(path, { headers })).json()) as OperationBody;
    if (operation.status !== 'succeeded') {
      throw new Error(`Operation ${id} ${operation.status}: ${operation.error?.cause}`);
    }
    return operation.result ?? {};
  }

  const json = (path: string, body: unknown) => send(path, JSON.stringify(body), 'application/json');
  return {
    exists: async (path) => (await fetch(url + path, { headers })).ok,
    post: json,
    put: (path, body) => send(path, JSON.stringify(body), 'application/json', 'PUT'),
    operation: async (path, body) => finished(await json(path, body)),
    upload: async (path, archive) => finished(await send(path, archive, 'application/gzip')),
  };
}
