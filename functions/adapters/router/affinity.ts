/**
 * Keeps a client with the replica that answered it first, by a cookie. Whoever has none, or one that leads nowhere any
 * more, is led as anybody else.
 */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { InstanceRef } from '../../core/model/index.ts';
import type { Backend, Track } from '../../ports/traffic.ts';

/** Where a client was answered: a deployment, and a replica of it by a name that says nothing. */
export interface Session {
  deployment: number;
  replica: string;
}

/** Services that share a host have one each. */
const nameOf = ({ service }: InstanceRef): string => `berth-affinity-${service}`;

/** What a client says of it; nothing is trusted about it but that it wants to go there. */
export function sessionOf({ headers }: IncomingMessage, instance: InstanceRef): Session | undefined {
  const start = `${nameOf(instance)}=`;
  const found = headers.cookie?.split(/; */).find((pair) => pair.startsWith(start));
  const [, deployment, replica] = /^(\d{1,9})\.([0-9a-f]{16})$/.exec(found?.slice(start.length) ?? '') ?? [];
  return deployment !== undefined && replica !== undefined
    ? { deployment: Number(deployment), replica }
    : undefined;
}

/** Of a replica as long as it runs. */
const names = new WeakMap<AbortSignal, string>();

function nameOfReplica({ closed }: Backend): string {
  const present = names.get(closed);
  if (present !== undefined) return present;
  const made = randomBytes(8).toString('hex');
  names.set(closed, made);
  return made;
}

/** What a session may go on with: its replica, or another one of its deployment where that is gone. */
export function ofSession(
  tracks: readonly Pick<Track, 'backends'>[],
  { deployment, replica }: Session,
): Backend[] {
  const same = tracks.flatMap(({ backends }) => backends.filter((each) => each.deployment === deployment));
  const own = same.find((backend) => nameOfReplica(backend) === replica);
  return own ? [own] : same;
}

/** The field of an answer that keeps the client with a replica, as a flat list; empty where it is kept there already. */
export function affinityField(request: IncomingMessage, instance: InstanceRef, backend: Backend): string[] {
  const replica = nameOfReplica(backend);
  const session = sessionOf(request, instance);
  if (session?.replica === replica && session.deployment === backend.deployment) return [];
  const secure = 'encrypted' in request.socket ? '; Secure' : '';
  const value = `${backend.deployment}.${replica}`;
  return ['Set-Cookie', `${nameOf(instance)}=${value}; Path=/; HttpOnly; SameSite=Lax${secure}`];
}
