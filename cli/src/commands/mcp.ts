/**
 * `mcp`: the agents' door of the server (Model Context Protocol), for programs that start their servers themselves. A line
 * on standard input is a message, and is sent on as streamable HTTP has it; what is answered is a line on standard output.
 */
import { createInterface } from 'node:readline';
import type { Command } from 'commander';
import { readEvents } from '../../../client/event-stream.ts';
import { ApiError, problemOf } from '../../../client/problem.ts';
import type { Api } from '../api.ts';
import { told } from '../failure.ts';
import { note, plain } from '../output.ts';
import { openSession } from '../session.ts';

interface Message {
  id?: string | number | null;
  method?: string;
  params?: { name?: unknown; uri?: unknown; _meta?: Record<string, unknown> };
  result?: { protocolVersion?: unknown };
}

const PARSE_ERROR = -32_700;
/** Of what a server may define itself. */
const SERVER_ERROR = -32_000;
/** Where a message says itself which version of the protocol it is of. */
const VERSION_META = 'io.modelcontextprotocol/protocolVersion';
const PRINTABLE = /^[\x21-\x7e]+$/;

const isMessage = (value: unknown): value is Message => typeof value === 'object' && value !== null;

function write(message: unknown): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

function refuse(id: Message['id'], code: number, error: unknown): void {
  const { what, hint } = told(error);
  const message = hint === undefined ? what : `${what} ${hint}`;
  // Where nobody waits for an answer, it is for whoever reads the log.
  if (id === undefined) note(plain(message));
  else write({ jsonrpc: '2.0', id, error: { code, message } });
}

/** What streamable HTTP has in headers. @param negotiated the version of which all other messages are */
function headersOf({ method, params }: Message, negotiated: string | undefined): Headers {
  const headers = new Headers({
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
  });
  const own = params?._meta?.[VERSION_META];
  const version = typeof own === 'string' ? own : negotiated;
  if (version !== undefined) headers.set('mcp-protocol-version', version);
  if (typeof own !== 'string' || method === undefined) return headers;
  headers.set('mcp-method', method);
  const name = params?.name ?? params?.uri;
  if (typeof name !== 'string') return headers;
  const encoded = `=?base64?${Buffer.from(name).toString('base64')}?=`;
  headers.set('mcp-name', PRINTABLE.test(name) ? name : encoded);
  return headers;
}

async function relay(api: Api): Promise<void> {
  let negotiated: string | undefined;
  const answer = (message: unknown): void => {
    const version = isMessage(message) && message.result?.protocolVersion;
    if (typeof version === 'string') negotiated = version;
    write(message);
  };
  const send = async (message: Message, body: string): Promise<void> => {
    const response = await api.relay('/mcp', {
      method: 'POST',
      headers: headersOf(message, negotiated),
      body,
    });
    if (response.headers.get('content-type')?.startsWith('text/event-stream')) {
      await readEvents(response, { onEvent: ({ data }) => answer(data) });
      return;
    }
    const text = await response.clone().text();
    const isAnswer = text.includes('"jsonrpc"');
    if (isAnswer) answer(JSON.parse(text));
    else if (!response.ok) throw new ApiError(response.status, await problemOf(response));
  };
  const underWay = new Set<Promise<void>>();
  for await (const line of createInterface({ input: process.stdin })) {
    if (line.trim() === '') continue;
    let message: unknown;
    try {
      message = JSON.parse(line);
    } catch {
      refuse(null, PARSE_ERROR, new Error('The line is not JSON.'));
      continue;
    }
    if (!isMessage(message)) {
      refuse(null, PARSE_ERROR, new Error('The line is no message.'));
      continue;
    }
    const { id } = message;
    const sent = send(message, line).catch((error: unknown) => refuse(id, SERVER_ERROR, error));
    underWay.add(sent);
    void sent.finally(() => underWay.delete(sent));
    // What comes after depends on the version that is agreed on.
    if (message.method === 'initialize') await sent;
  }
  await Promise.all(underWay);
}

export function addMcp(program: Command): void {
  program
    .command('mcp')
    .description(
      'Let an agent in that starts its servers itself: the Model Context Protocol on standard input',
    )
    .addHelpText(
      'after',
      '\nIt may do what the token may, so sign in with less: berth login --role viewer, or set BERTH_TOKEN.\nExamples:\n  claude mcp add berth -- berth mcp\n  berth --server https://berth.example.com mcp',
    )
    .action(async (_: unknown, command: Command) => {
      await relay(openSession(command).api);
    });
}
