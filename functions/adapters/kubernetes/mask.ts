/** Hides the values of a deployment's sensitive variables in text that people see (I7). */
import type { V1Secret } from '@kubernetes/client-node';

const HIDDEN = '••••';
/** Shorter values would hide half of every line. */
const SHORTEST = 6;

export type Mask = (text: string) => string;

/** The password of a connection string: drivers print it on its own. */
const passwords = (value: string): string[] => {
  const found = /^[a-z][a-z0-9+.-]{0,30}:\/\/[^:@/?#\s]{0,200}:([^@/?#\s]{1,500})@/i.exec(value)?.[1];
  if (!found) return [];
  try {
    return [found, decodeURIComponent(found)];
  } catch {
    return [found];
  }
};

export function maskValues(values: readonly string[]): Mask {
  const forms = values
    .flatMap((value) => [...value.split(/\r?\n/), ...passwords(value)])
    .flatMap((part) => [part, JSON.stringify(part).slice(1, -1), encodeURIComponent(part.toWellFormed())])
    .filter((form) => form.trim().length >= SHORTEST)
    .sort((a, b) => b.length - a.length);
  const unique = [...new Set(forms)];
  return (text) => unique.reduce((masked, form) => masked.replaceAll(form, HIDDEN), text);
}

/** A mask of what Secrets of deployments hold. */
export const maskSecrets = (secrets: readonly V1Secret[]): Mask =>
  maskValues(
    secrets.flatMap(({ data }) =>
      Object.values(data ?? {}).map((value) => Buffer.from(value, 'base64').toString('utf8')),
    ),
  );
