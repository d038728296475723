/** The text format of Prometheus, version 0.0.4. */

export const MEDIA_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

export type Labels = Readonly<Record<string, string | number>>;

export interface Family {
  name: string;
  type: 'gauge' | 'counter' | 'histogram';
  help: string;
  /** @param suffix of the name, as a histogram has it */
  samples: (readonly [labels: Labels, value: number, suffix?: '_bucket' | '_count'])[];
}

const escaped = (text: string): string =>
  text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');

const labelsOf = (labels: Labels): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}="${escaped(String(value))}"`)
    .join(',');

/** Families without a sample are left out. */
export const expositionOf = (families: readonly Family[]): string =>
  families
    .filter(({ samples }) => samples.length > 0)
    .flatMap(({ name, type, help, samples }) => [
      `# HELP ${name} ${help}`,
      `# TYPE ${name} ${type}`,
      ...samples.map(([labels, value, suffix = '']) => `${name}${suffix}{${labelsOf(labels)}} ${value}`),
    ])
    .map((line) => `${line}\n`)
    .join('');
