/** Services as they grow while manifests are read, and what all of them share: variables, secrets, what is left. */
import { maySecret } from '../diff/sensitive.ts';
import { limits } from '../limits.ts';
import { shortHash } from '../names.ts';
import { Problem } from '../problem.ts';
import type { ScoreFile, ScoreProbe, ScoreResource, ScoreVolume } from '../score/workload.ts';
import type { ImportedJob, Left } from './import-types.ts';

export interface ContainerDraft {
  command?: string[];
  args?: string[];
  variables: Record<string, string>;
  files: Record<string, ScoreFile>;
  volumes: Record<string, ScoreVolume>;
  cpu?: string;
  memory?: string;
  readiness?: ScoreProbe;
}

export interface ServiceDraft {
  name: string;
  folder: string;
  annotations: Record<string, string>;
  ports: { name: string; port: number; targetPort?: number; protocol?: 'UDP' }[];
  containers: Record<string, ContainerDraft>;
  resources: Record<string, ScoreResource>;
  jobs: ImportedJob[];
  /** Other services that it names: they are deployed before it. */
  needs: Set<string>;
}

export const newContainer = (): ContainerDraft => ({ variables: {}, files: {}, volumes: {} });

export const newService = (name: string, folder: string): ServiceDraft => ({
  ...{ name, folder, annotations: {}, ports: [], containers: {}, resources: {}, jobs: [] },
  needs: new Set(),
});

/** A text as a name of a service, a container or a resource: 2 to 40 characters. */
export function nameFor(text: string): string {
  const name = text
    .slice(0, 500)
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, '-')
    .replace(/^-+/, '');
  const whole = name.length > 40 ? `${name.slice(0, 31)}-${shortHash(text)}` : name;
  const end = /-*$/.exec(whole)?.index ?? whole.length;
  const trimmed = whole.slice(0, end);
  return trimmed.length > 1 ? trimmed : `${trimmed || 'app'}-service`;
}

/** Names that a variable of Score and of a process can have. */
export const isVariable = (name: string): boolean => /^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(name);

/** A text in which no dollar means anything to Score. */
export const literal = (text: string): string => text.replaceAll('$', '$$$$');

export class Draft {
  readonly services: ServiceDraft[] = [];
  readonly left: Left[] = [];
  readonly secrets = new Map<string, string>();
  /** Variables of environments by name; `''` holds what every environment has. */
  readonly settings = new Map<string, Map<string, string>>([['', new Map()]]);
  /** What each name of a variable or secret stands for, so that two services do not share one by chance. */
  private readonly meanings = new Map<string, string>();
  readonly types: ReadonlySet<string>;

  /** @param types the resource types that there are */
  constructor(types: ReadonlySet<string>) {
    this.types = types;
  }

  add(service: ServiceDraft): ServiceDraft {
    if (this.services.length >= limits.importedServices.value)
      throw new Problem('invalid_request', `There are more than ${limits.importedServices.value} services.`, {
        hint: 'Import some of them at a time.',
      });
    this.services.push(service);
    return service;
  }

  say(kind: Left['kind'], of: string, what: string, todo: string): void {
    const same = (each: Left) => each.of === of && each.what === what;
    if (this.left.length < limits.importedRemarks.value && !this.left.some(same))
      this.left.push({ kind, of, what, todo });
  }

  sayOutside(of: string): void {
    this.say(
      'edit',
      of,
      'it is built from a folder outside of this one',
      'Import from the top of the source.',
    );
  }

  /**
   * A variable of the environment that the service reads.
   * @param values by environment, `''` for all others; none where nobody knows them
   */
  variable(service: ServiceDraft, name: string, values: ReadonlyMap<string, string>): string {
    const isSecret = [...values.values()].some((value) => maySecret(name, value));
    if (isSecret) return this.secret(service, name, `a value in the manifest of ${service.name}`);
    const meaning = JSON.stringify([...values]);
    const own = this.ownName(service, name, meaning);
    for (const [environment, value] of values) {
      const kept = this.settings.get(environment) ?? new Map<string, string>();
      this.settings.set(environment, kept.set(own, value));
    }
    return this.reference(service, own);
  }

  /** @param was where its value is now, in words */
  secret(service: ServiceDraft, name: string, was: string): string {
    const own = this.ownName(service, name, was);
    this.secrets.set(own, was);
    return this.reference(service, own);
  }

  private reference(service: ServiceDraft, name: string): string {
    service.resources.env = { type: 'environment' };
    return `\${resources.env.${name}}`;
  }

  /** Variables are of the environment, and not of a service: two that mean different things get two names. */
  private ownName(service: ServiceDraft, name: string, meaning: string): string {
    const kept = this.meanings.get(name);
    const own =
      kept === undefined || kept === meaning
        ? name
        : `${service.name.toUpperCase().replaceAll('-', '_')}_${name}`.replace(/^(?=\d)/, '_').slice(0, 128);
    this.meanings.set(own, meaning);
    return own;
  }
}
