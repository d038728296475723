/** Takes out of an object what is Berth's alone. What selects pods by it selects them by the rest. */
import type { PlainObject } from '../../../ports/manifests.ts';
import { toWire } from '../api/wire.ts';
import { MANAGED_BY } from '../manifests/labels.ts';
import type { KubernetesObject } from '../manifests/objects.ts';

/** Labels of volumes decide which pods share a node: they stay, by a name of their own. */
const VOLUME = /^volume\.berth\.dev\//;
const OWN = /^berth\.dev\//;

function strip(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(strip);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) => {
      if (OWN.test(key) || (key === MANAGED_BY && inner === 'berth')) return [];
      const stripped = strip(inner);
      const isEmptied = key === 'annotations' && Object.keys(stripped as object).length === 0;
      return isEmptied ? [] : [[key.replace(VOLUME, 'volume/'), stripped]];
    }),
  );
}

/** What is text stands as text, so that people can read it and fill it in. */
function readable({ data, immutable: _, ...secret }: PlainObject): PlainObject {
  const entries = Object.entries((data ?? {}) as Record<string, string>).map(([key, encoded]) => {
    const bytes = Buffer.from(encoded, 'base64');
    const text = bytes.toString();
    return { key, encoded, text: Buffer.from(text).equals(bytes) ? text : undefined };
  });
  const binary = entries.filter(({ text }) => text === undefined);
  const texts = entries.filter(({ text }) => text !== undefined);
  return {
    ...secret,
    ...(texts.length > 0 && { stringData: Object.fromEntries(texts.map(({ key, text }) => [key, text])) }),
    ...(binary.length > 0 && { data: Object.fromEntries(binary.map(({ key, encoded }) => [key, encoded])) }),
  };
}

/** @param namespace takes the place of the environment's own */
export function toPlain(object: KubernetesObject, namespace: string): PlainObject {
  const { metadata, ...rest } = strip(toWire(object)) as PlainObject & { metadata: PlainObject };
  const isNamespace = object.kind === 'Namespace';
  const placed = {
    apiVersion: object.apiVersion,
    kind: object.kind,
    metadata: { ...metadata, ...(isNamespace ? { name: namespace } : { namespace }) },
    ...rest,
  };
  return object.kind === 'Secret' ? readable(placed) : placed;
}
