/** Manifests of other platforms as Score files, variables, and a list of what could not be carried over. Pure. */
import { Problem } from '../problem.ts';
import { importCompose } from './compose/compose.ts';
import { importCopilot, isCopilot } from './copilot/copilot.ts';
import { Draft, nameFor } from './draft.ts';
import { importHeroku } from './heroku.ts';
import type { Imported, ManifestFiles } from './import-types.ts';
import { dotenvOf, readManifest } from './manifest-text.ts';
import { inOrder, writeScore } from './write-score.ts';

const COMPOSE = ['compose.yaml', 'compose.yml', 'docker-compose.yaml', 'docker-compose.yml'];

/** The Compose file that Compose itself would take, at the top or in the one folder that has one. */
function composeIn(files: ManifestFiles): string | undefined {
  const top = COMPOSE.find((name) => files.has(name));
  return top ?? [...files.keys()].find((path) => COMPOSE.some((name) => path.endsWith(`/${name}`)));
}

/**
 * @param name of the service where the manifest does not say one
 * @param types outputs by the resource types that Berth has
 * @throws Problem invalid_request where a manifest can not be read, or there is none
 */
export function importManifests(
  name: string,
  files: ManifestFiles,
  types: ReadonlyMap<string, ReadonlySet<string>>,
): Imported {
  const typeNames = new Set(types.keys());
  const draft = new Draft(typeNames);
  const from: Imported['from'] = [];
  const made: { path: string; text: string }[] = [];
  const compose = composeIn(files);
  if ([...files.keys()].some(isCopilot)) {
    from.push('copilot');
    importCopilot(draft, files, typeNames);
  } else if (files.has('app.json') || files.has('Procfile')) {
    from.push('heroku');
    importHeroku(draft, files, name, types);
  } else if (compose !== undefined) {
    from.push('compose');
    made.push(
      ...importCompose(draft, files, compose, readManifest(compose, files.get(compose) ?? ''), types),
    );
  }
  if (from.length === 0 || draft.services.length === 0) throw nothingFound(from);
  const services = inOrder(draft).map((service) => ({
    name: service.name,
    folder: service.folder,
    score: service.folder === '' ? 'score.yaml' : `${service.folder}/score.yaml`,
    jobs: service.jobs,
    text: writeScore(draft, service),
  }));
  const settings = settingsOf(draft);
  return {
    from,
    services: services.map(({ text: _text, ...service }) => service),
    files: [
      ...made,
      ...services.map(({ score, text }) => ({ path: score, text })),
      ...settings.map(({ path, text }) => ({ path, text })),
    ],
    variables: settings.map(({ path, environment }) => ({
      path,
      ...(environment !== '' && { environment }),
    })),
    secrets: [...draft.secrets].map(([secret, was]) => ({ name: secret, was })),
    left: draft.left,
  };
}

/** A file of variables for each environment that has some of its own, whole; and one for all others. */
function settingsOf(draft: Draft): { environment: string; path: string; text: string }[] {
  const base = draft.settings.get('') ?? new Map<string, string>();
  return [...draft.settings].flatMap(([environment, own]) => {
    const all = new Map([...base, ...own]);
    const path = environment === '' ? 'berth.env' : `berth.${nameFor(environment)}.env`;
    return all.size === 0 ? [] : [{ environment, path, text: dotenvOf(all) }];
  });
}

function nothingFound(from: Imported['from']): Problem {
  const what =
    from.length === 0 ? 'There is nothing to import' : `The manifest of ${from.join()} has no service`;
  return new Problem(
    'invalid_request',
    `${what}: copilot/<name>/manifest.yml, app.json, Procfile and Compose files are what is read.`,
    { hint: 'Name the folder that has one of them, or begin with berth init.' },
  );
}
