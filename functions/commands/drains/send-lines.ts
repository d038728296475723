/** Sends lines to the receiver of a log drain. */

import { type DrainLine, drainBody } from '../../core/drains/drain-line.ts';
import { type DrainOutcome, drainOutcome } from '../../core/drains/drain-rules.ts';
import { drainHeadersPath } from '../../core/keys.ts';
import type { Drain } from '../../core/model/index.ts';
import type { Ports } from '../../ports/index.ts';
import { type Caller, commit } from '../../records/commit.ts';
import type { DrainHeaders } from './drains.ts';

/** @param signal ends the attempt early; its outcome then says nothing about the receiver */
export async function sendLines(
  { receivers, secrets, effects }: Pick<Ports, 'receivers' | 'secrets' | 'effects'>,
  { project, id, url, format, headers }: Drain,
  lines: readonly DrainLine[],
  signal?: AbortSignal,
): Promise<DrainOutcome> {
  const kept = headers && (await secrets.get(drainHeadersPath(project, id), headers.version));
  if (headers && kept === undefined) return { kind: 'failed', reason: 'its headers are not there' };
  const own: DrainHeaders = kept === undefined ? {} : JSON.parse(kept);
  const { mediaType, body } = drainBody(format, lines, effects.now());
  const sent = { ...own, 'content-type': mediaType, 'user-agent': 'Berth' };
  return drainOutcome(await receivers.post(url, { headers: sent, body }, signal));
}

export interface DrainTest {
  delivered: boolean;
  /** The HTTP status of the answer. */
  status?: number;
  /** Why the line was not taken. */
  reason?: string;
}

/** Sends one line of Berth's own, once and without delay, also where the drain is paused. */
export async function testDrain(ports: Ports, caller: Caller, drain: Drain): Promise<DrainTest> {
  const { id, project } = drain;
  const line: DrainLine = {
    time: new Date(ports.effects.now()).toISOString(),
    message: 'This is a test of a log drain of Berth.',
    stream: 'berth',
    level: 'info',
    project,
  };
  const { kind, ...rest } = await sendLines(ports, drain, [line]);
  const outcome: DrainTest = {
    delivered: kind === 'delivered',
    ...(rest.status !== undefined && { status: rest.status }),
    ...('reason' in rest && { reason: rest.reason }),
  };
  await commit(ports, caller, {
    writes: [],
    events: [{ project, type: 'drain.tested', data: { id, ...outcome } }],
    result: outcome,
  });
  return outcome;
}
