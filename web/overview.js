/** The environments of a project with what runs in them. */
import { ApiError, all, post } from './client.js';
import { ago, badge, command, el, facts, link } from './dom.js';
import { action, hashOf, pathOf } from './shell.js';
import { learnTags, versionName } from './versions.js';

/** @returns a view: `load` reads, `draw` makes the nodes */
export function overview({ project }) {
  let shown = [];
  /** Whether nothing was deployed anywhere in the project yet. */
  const isFirst = () => shown.every(({ services }) => services.length === 0);
  return {
    title: project,
    async load(signal) {
      const environments = await all(`/v1/projects/${project}/environments`, signal);
      shown = await Promise.all(
        environments.map(async (environment) => {
          const place = { project, environment: environment.name };
          try {
            return { environment, services: await all(`${pathOf(place)}/services`, signal) };
          } catch (error) {
            // Destroyed between the two reads.
            if (error instanceof ApiError && error.status === 404) return { environment, services: [] };
            throw error;
          }
        }),
      );
      const deployed = shown.flatMap(({ services }) => services.filter(({ newest }) => newest));
      await learnTags(
        deployed.map(({ service, newest }) => ({ project, service, version: newest.version })),
        signal,
      );
    },
    draw: () => [
      el('h1', { id: 'title', tabindex: '-1' }, project),
      ...(shown.length === 0
        ? [noEnvironments(project)]
        : shown.map((each) => environmentCard(each, isFirst()))),
    ],
  };
}

const api = (path, body) =>
  `curl -H "Authorization: Bearer $(cat .berth/admin-token)" \\
  -H 'Content-Type: application/json' \\
  -d '${JSON.stringify(body)}' \\
  ${location.origin}${path}`;

const noEnvironments = (project) =>
  el(
    'section',
    { class: 'card empty' },
    el('h2', {}, 'No environments yet'),
    el(
      'p',
      {},
      'An environment is a place to deploy to, such as dev. Create the first one; it appears here by itself.',
    ),
    command(api(`/v1/projects/${project}/environments`, { name: 'dev' })),
  );

/** What someone does who sees an empty Berth. */
export const noProjects = () => [
  el('h1', { id: 'title', tabindex: '-1' }, 'Welcome to Berth'),
  el(
    'section',
    { class: 'card empty' },
    el('h2', {}, 'No projects yet'),
    el(
      'p',
      {},
      'A project holds the services and environments of one team. Create one; it appears here by itself.',
    ),
    command(api('/v1/projects', { name: 'demo' })),
  ),
];

function nothingDeployed({ project, name }, isFirst) {
  const how = command(
    `${api(`/v1/projects/${project}/services`, { name: 'hello' })}

tar czf - --exclude node_modules . | curl -H "Authorization: Bearer $(cat .berth/admin-token)" \\
  -H 'Content-Type: application/gzip' --data-binary @- \\
  '${location.origin}/v1/projects/${project}/services/hello/builds?tag=1.0.0'

${api(`/v1/projects/${project}/environments/${name}/services/hello/deployments`, { version: '1.0.0' })}`,
  );
  const what = 'Create a service, build a version from a directory with a score.yaml, and deploy it';
  return el(
    'div',
    { class: 'empty' },
    el('h3', {}, 'Nothing is deployed here yet'),
    // Who has done it once needs it less.
    isFirst ? [el('p', {}, `${what}:`), how] : el('details', {}, el('summary', {}, what), how),
  );
}

function environmentCard({ environment, services }, isFirst) {
  const { name, state, kind } = environment;
  const id = `environment-${name}`;
  return el(
    'section',
    { class: 'card', id: `card-${name}`, 'aria-labelledby': id },
    el(
      'div',
      { class: 'row' },
      el('h2', { id }, name),
      badge(state),
      el('span', { class: 'soft' }, kind),
      el('span', { class: 'row end' }, extendButton(environment), powerButton(environment)),
    ),
    el('p', { class: 'soft' }, rules(environment)),
    environment.leftovers &&
      el('p', { class: 'alert' }, 'Not removed yet, and tried again: ', environment.leftovers.join(', ')),
    services.map((instance) => serviceRow(instance, environment)),
    services.length === 0 && state === 'ready' && nothingDeployed(environment, isFirst),
  );
}

/** When it sleeps and when it goes. */
function rules({ state, hibernatesAt, idleAfter, expiresAt }) {
  const sleep = {
    ready: hibernatesAt
      ? ['Hibernates ', ago(hibernatesAt), ` unless it is used (idle for ${idleAfter}).`]
      : ['Never hibernates by itself.'],
    hibernated: ['Its workloads are stopped, its data is kept. A request to one of its services wakes it.'],
    hibernating: ['Its workloads are being stopped; its data is kept.'],
    waking: ['What ran before is being started.'],
    provisioning: ['It is being made ready.'],
    destroying: ['It is being removed with all that is in it.'],
    failed: ['Something failed: destroy it and create it again.'],
  };
  return [...(sleep[state] ?? []), ...(expiresAt ? [' Destroyed ', ago(expiresAt), '.'] : [])];
}

/** One button for both ways, so that the focus stays on it while the environment falls asleep or wakes up. */
function powerButton({ project, name, state }) {
  const path = pathOf({ project, environment: name });
  const id = `power-${name}`;
  const described = { 'aria-describedby': `environment-${name}` };
  if (state === 'ready') {
    const hibernate = async () => {
      await post(`${path}/hibernate`);
      return `${name} is going to hibernate.`;
    };
    return action(id, 'Hibernate', hibernate, described);
  }
  if (state === 'hibernated') {
    const wake = async () => {
      await post(`${path}/wake`);
      return `${name} is waking up.`;
    };
    return action(id, 'Wake', wake, described);
  }
  const labels = { hibernating: 'Hibernating …', waking: 'Waking …' };
  return labels[state] && action(id, labels[state], () => {}, { ...described, 'aria-disabled': 'true' });
}

function extendButton({ project, name, state, expiresAt }) {
  if (!expiresAt || state === 'destroying') return undefined;
  const extend = async () => {
    const { expiresAt: at } = await post(`${pathOf({ project, environment: name })}/extend`, { by: '1d' });
    return `${name} is now destroyed on ${new Date(at).toLocaleString()}.`;
  };
  return action(`extend-${name}`, 'Extend by 1 day', extend, { 'aria-describedby': `environment-${name}` });
}

function serviceRow(instance, environment) {
  const { project, service, newest } = instance;
  const place = { project, environment: environment.name, service };
  const id = `service-${environment.name}-${service}`;
  return el(
    'article',
    { class: 'service', id: `row-${environment.name}-${service}`, 'aria-labelledby': id },
    el(
      'div',
      { class: 'row' },
      el('h3', { id }, el('a', { href: hashOf(place) }, service)),
      badge(instance.state),
    ),
    (instance.state !== 'serving' || newest?.status === 'failed') && el('p', {}, inWords(instance)),
    facts(
      ['URL', link(instance.url)],
      ['Health', badge(instance.health), readiness(instance)],
      newest && [
        'Newest',
        `#${newest.number} `,
        versionName(newest),
        ' ',
        badge(newest.status),
        el('span', { class: 'soft' }, ' ', ago(newest.createdAt), ` by ${newest.createdBy}`),
      ],
    ),
    newest?.status === 'failed' && newest.error && failure(newest),
  );
}

const readiness = ({ health, replicas }) =>
  health !== 'stopped' && ` ${replicas.ready} of ${replicas.desired} replicas ready`;

/** Why a deployment failed, and what to do next; below its first line, a cause may have what was printed. */
export function failure({ number, error }) {
  const [cause, ...output] = error.cause.split('\n');
  return el(
    'div',
    { class: 'alert', id: `failure-${number}` },
    el('p', {}, el('strong', {}, `Deployment ${number} failed. `), cause),
    output.length > 0 &&
      el('pre', { tabindex: '0', role: 'group', 'aria-label': 'Its last output' }, output.join('\n')),
    el('p', {}, el('strong', {}, 'Next: '), error.hint),
  );
}

/** How a service does, without the reason of a failure, which has a place of its own. */
export function inWords({ newest, current, status }) {
  if (newest?.status !== 'failed' || newest.number === current?.number) return status;
  return current ? `Deployment ${current.number} goes on serving.` : 'Nothing serves yet.';
}
