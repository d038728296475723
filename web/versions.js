/** Versions have an id and, most often, a tag that says more. */
import { get } from './client.js';
import { el } from './dom.js';

/** Tags by project, service and version id. */
const tags = new Map();

const keyOf = ({ project, service, version }) => `${project}/${service}/${version}`;

/** Reads the tags of versions that are not known yet. While they can not be read, a version is shown by its id. */
export async function learnTags(versions, signal) {
  const missing = versions.filter((version) => !tags.has(keyOf(version)));
  const services = new Set(missing.map(({ project, service }) => `${project}/services/${service}`));
  await Promise.all(
    [...services].map(async (service) => {
      const { items } = await get(`/v1/projects/${service}/versions?limit=200`, signal).catch(() => ({
        items: [],
      }));
      for (const { project, service, id, tags: names } of items) {
        tags.set(keyOf({ project, service, version: id }), names);
      }
    }),
  );
}

/** A deployment's version: its tag, with the id. */
export function versionName(deployment) {
  const [tag] = tags.get(keyOf(deployment)) ?? [];
  return tag === undefined
    ? el('code', {}, deployment.version)
    : el('span', {}, tag, ' ', el('code', { class: 'soft' }, deployment.version));
}
