/**
 * The workloads of this machine as senders of spans: each deployment has a token, which says whose spans they are whatever is
 * written in them. Tokens are in memory alone, as are the workloads: both end with this process.
 */
import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { environmentName, instanceName } from '../../../core/keys.ts';
import type { EnvironmentRef } from '../../../core/model/index.ts';
import { createMask, type Mask } from '../../../core/secrets/mask.ts';
import { sensitiveValues } from '../../../ports/rules/sensitive-values.ts';
import type { SpanSource } from '../../../ports/traces.ts';
import type { WorkloadSpec } from '../../../ports/workloads.ts';

export interface Sender {
  token: string;
  source: SpanSource;
  /** Hides the secrets of the workload in its spans, as in its output. */
  mask(): Mask;
}

export interface Senders {
  /** The sender that a deployment is; the same one each time, which hides what is secret in the latest specification. */
  of(spec: WorkloadSpec): Sender;
  find(token: string): Sender | undefined;
  /** An environment is gone. */
  forget(environment: EnvironmentRef): void;
}

/** More deployments of a service do not run side by side. */
const KEPT_EACH = 8;

interface Known extends Sender {
  specified(spec: WorkloadSpec): void;
}

export function createSenders(): Senders {
  const byToken = new Map<string, Sender>();
  /** By instance and number, the oldest first. */
  const deployments = new Map<string, Map<number, Known>>();

  function make(spec: WorkloadSpec): Known {
    const { project, environment, service, number } = spec;
    const token = randomBytes(24).toString('base64url');
    let secrets: string[] = [];
    let mask: Mask | undefined;
    return {
      token,
      source: { project, environment, service, deployment: number, from: 'workload' },
      mask: () => (mask ??= createMask([...secrets, token])),
      specified(latest) {
        const values = sensitiveValues(latest);
        if (isDeepStrictEqual(values, secrets)) return;
        secrets = values;
        mask = undefined;
      },
    };
  }

  return {
    of(spec) {
      const name = instanceName(spec);
      const each = deployments.get(name) ?? new Map<number, Known>();
      deployments.set(name, each);
      const present = each.get(spec.number);
      present?.specified(spec);
      if (present) return present;
      const sender = make(spec);
      sender.specified(spec);
      each.set(spec.number, sender);
      byToken.set(sender.token, sender);
      for (const [number, { token }] of each) {
        if (each.size <= KEPT_EACH) break;
        each.delete(number);
        byToken.delete(token);
      }
      return sender;
    },
    find: (token) => byToken.get(token),
    forget(environment) {
      const prefix = `${environmentName(environment)}/`;
      for (const [name, each] of deployments) {
        if (!name.startsWith(prefix)) continue;
        deployments.delete(name);
        for (const { token } of each.values()) byToken.delete(token);
      }
    },
  };
}
