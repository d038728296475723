/** The part of an API server that logs are read from: pods with a label, and what their containers printed. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DEPLOYMENT_LABEL, SERVICE_LABEL } from '../../../functions/adapters/kubernetes/manifests/labels.ts';
import { defaultRenderOptions } from '../../../functions/adapters/kubernetes/manifests/options.ts';
import { namespaceName } from '../../../functions/adapters/kubernetes/object-names.ts';
import type { PrintedLine } from '../../../functions/ports/log-archive.ts';
import type { LogLine } from '../../../functions/ports/logs.ts';

interface Printed {
  /** Epoch milliseconds. */
  time: number;
  /** With nanoseconds, as the API writes it. */
  text: string;
}

interface Pod {
  metadata: { name: string; namespace: string; labels: Record<string, string> };
  spec: { containers: { name: string }[] };
  logs: Map<string, Printed[]>;
}

export interface PodLogs {
  url: string;
  /**
   * A container of the instance's pod prints a line; each deployment has one pod.
   * @param isKept false where its node has it no longer
   * @returns it as an agent would have kept it
   */
  write(stream: string, line: LogLine, isKept?: boolean): PrintedLine;
  /** From now on the node of an instance's pods answers a read of their output with this status; with 200 as ever. */
  fail(stream: string, status: number): void;
  /** The instance has a Secret. */
  addSecret(stream: string, value: string): void;
  close(): Promise<void>;
}

/** Answers come in pieces of this size, so that borders fall into characters. */
const PIECE = 1021;

export async function startPodLogs(): Promise<PodLogs> {
  const pods = new Map<string, Pod>();
  const secrets = new Map<string, { data: Record<string, string> }[]>();
  const failing = new Map<string, number>();
  let printed = 0;

  const place = (stream: string): { namespace: string; service: string } => {
    const [project = '', environment = '', service = ''] = stream.split('/');
    return {
      namespace: namespaceName(defaultRenderOptions.namespacePrefix, { project, environment }),
      service,
    };
  };

  const server = createServer((request, response) => {
    const { pathname, searchParams: query } = new URL(request.url ?? '/', 'http://api');
    const [, namespace, collection, name] =
      /^\/api\/v1\/namespaces\/([^/]+)\/(pods|secrets)(?:\/([^/]+)\/log)?$/.exec(pathname) ?? [];
    const service = query.get('labelSelector')?.match(`${SERVICE_LABEL}=([^,]+)`)?.[1];
    const list = (items: unknown[]): void =>
      void response.end(JSON.stringify({ metadata: { resourceVersion: '1' }, items }));
    if (collection === 'secrets') return list(secrets.get(`${namespace}/${service}`) ?? []);
    if (name === undefined) {
      const labelled = [...pods.values()].filter(
        ({ metadata }) => metadata.namespace === namespace && metadata.labels[SERVICE_LABEL] === service,
      );
      return list(labelled.map(({ metadata, spec }) => ({ metadata, spec })));
    }
    const status = failing.get(`${namespace}/${name.replace(/-\d+$/, '')}`) ?? 200;
    if (status !== 200) {
      response.statusCode = status;
      return void response.end(JSON.stringify({ kind: 'Status', code: status, message: 'the node said so' }));
    }
    const since = Date.parse(query.get('sinceTime') ?? '1970-01-01T00:00:00Z');
    const all = pods.get(`${namespace}/${name}`)?.logs.get(query.get('container') ?? '') ?? [];
    const lines = all
      .slice(-Number(query.get('tailLines')))
      // The API looks back by whole seconds.
      .filter(({ time }) => time >= Math.floor(since / 1000) * 1000);
    const body = Buffer.from(lines.map(({ text }) => `${text}\n`).join(''));
    for (let at = 0; at < body.length; at += PIECE) response.write(body.subarray(at, at + PIECE));
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    write(stream, { at, message, deployment = 1, container = 'main' }, isKept = true) {
      const { namespace, service } = place(stream);
      const name = `${service}-${deployment}`;
      const pod = pods.get(`${namespace}/${name}`) ?? {
        metadata: {
          name,
          namespace,
          labels: { [SERVICE_LABEL]: service, [DEPLOYMENT_LABEL]: String(deployment) },
        },
        spec: { containers: [] },
        logs: new Map<string, Printed[]>(),
      };
      pods.set(`${namespace}/${name}`, pod);
      const log = pod.logs.get(container) ?? [];
      if (!pod.logs.has(container)) pod.spec.containers.push({ name: container });
      const nanoseconds = String(printed++ % 1_000_000).padStart(6, '0');
      if (isKept) log.push({ time: Date.parse(at), text: `${at.slice(0, -1)}${nanoseconds}Z ${message}` });
      pod.logs.set(container, log);
      return { time: `${Date.parse(at)}${nanoseconds}`, pod: name, container, deployment, message };
    },
    fail(stream, status) {
      const { namespace, service } = place(stream);
      failing.set(`${namespace}/${service}`, status);
    },
    addSecret(stream, value) {
      const { namespace, service } = place(stream);
      secrets.set(`${namespace}/${service}`, [{ data: { KEY: Buffer.from(value).toString('base64') } }]);
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
