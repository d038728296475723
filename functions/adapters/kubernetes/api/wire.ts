/** The official types rename fields that are words of JavaScript; the API has the plain names. */
import type { KubernetesObject } from '../manifests/objects.ts';

const renamed: Partial<Record<KubernetesObject['kind'], Record<string, string>>> = {
  NetworkPolicy: { _from: 'from' },
  LimitRange: { _default: 'default' },
};

function rename(value: unknown, names: Record<string, string>): unknown {
  if (Array.isArray(value)) return value.map((item) => rename(item, names));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [names[key] ?? key, rename(inner, names)]),
  );
}

/** The object as the API takes it. */
export function toWire(object: KubernetesObject): unknown {
  const names = renamed[object.kind];
  return names ? rename(object, names) : object;
}
