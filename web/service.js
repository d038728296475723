/** A service in an environment: how it does, its deployments, and its log. */
import { ApiError, follow, get, post } from './client.js';
import { ago, badge, duration, el, facts, link } from './dom.js';
import { liveLog } from './log.js';
import { failure, inWords } from './overview.js';
import { action, hashOf, page, pathOf, report } from './shell.js';
import { learnTags, versionName } from './versions.js';

const PAGE = 10;
const PAGE_MAX = 200;

/** @param signal aborts when another view takes its place */
export function serviceView(place, signal) {
  const path = pathOf(place);
  let instance;
  let deployments = [];
  let more = false;
  let limit = PAGE;
  let operation;
  let following;
  let log;

  /** Follows the work on the newest deployment, as it happens. */
  function followOperation(id) {
    if (id === undefined || following?.id === id) return;
    following?.stop.abort();
    const stop = new AbortController();
    following = { id, stop };
    const onEvent = ({ data }) => {
      operation = data;
      page.draw();
      if (!data.endedAt) return;
      stop.abort();
      page.changed();
    };
    follow(`/v1/operations/${id}`, { signal: AbortSignal.any([signal, stop.signal]), onEvent }).catch(
      (error) => {
        // Operations are kept for 30 days.
        if (error.status === 404) operation = undefined;
        else report(error);
      },
    );
  }

  async function rollBack(number) {
    const accepted = await post(`${path}/deployments`, { rollbackTo: number });
    operation = accepted;
    followOperation(accepted.id);
    return `Deployment ${accepted.number} goes back to ${number}.`;
  }

  function deploymentRow(deployment) {
    const { number, kind, status } = deployment;
    const serves = instance.current?.number === number;
    const details = [
      kind === 'rollback' && `Rollback to ${deployment.rollbackTo}, `,
      kind === 'promote' && `From ${deployment.fromEnvironment}, `,
      ago(deployment.createdAt),
      ` by ${deployment.createdBy}`,
      deployment.finishedAt &&
        `, took ${duration(Date.parse(deployment.finishedAt) - Date.parse(deployment.createdAt))}`,
    ];
    return el(
      'li',
      { id: `deployment-${number}` },
      el(
        'div',
        { class: 'row' },
        el('strong', {}, `#${number}`),
        versionName(deployment),
        badge(status),
        serves && el('span', { class: 'badge' }, instance.state === 'stopped' ? 'current' : 'serves'),
        status === 'succeeded' && !serves && el('span', { class: 'row end' }, rollBackButton(number)),
      ),
      el('p', { class: 'soft' }, details),
      status === 'failed' &&
        deployment.error &&
        number !== instance.newest?.number &&
        el('p', { class: 'soft' }, deployment.error.cause.split('\n')[0]),
    );
  }

  const rollBackButton = (number) =>
    action(`rollback-${number}`, `Roll back to ${number}`, () => rollBack(number));

  const deploymentList = () =>
    el(
      'section',
      { class: 'card', id: 'deployments', 'aria-labelledby': 'deployments-title' },
      el('h2', { id: 'deployments-title' }, 'Deployments'),
      el('ol', { class: 'list' }, deployments.map(deploymentRow)),
      more &&
        el(
          'button',
          {
            type: 'button',
            id: 'more',
            onclick: () => {
              limit = Math.min(limit * 2, PAGE_MAX);
              page.changed();
            },
          },
          'Show earlier ones',
        ),
    );

  return {
    title: `${place.service} in ${place.environment}`,
    async load(aborted) {
      try {
        const [is, list] = await Promise.all([
          get(path, aborted),
          get(`${path}/deployments?limit=${limit}`, aborted),
        ]);
        await learnTags(list.items, aborted);
        instance = is;
        deployments = list.items;
        more = list.nextCursor !== undefined && limit < PAGE_MAX;
        followOperation(instance.newest?.operation);
        log ??= liveLog(`${path}/logs`, `Log of ${place.service} in ${place.environment}`, {
          signal,
          onError: report,
        });
      } catch (error) {
        if (!(error instanceof ApiError) || error.status !== 404) throw error;
        instance = undefined;
        log = undefined;
      }
    },
    draw() {
      const crumbs = el(
        'nav',
        { class: 'crumbs', id: 'crumbs', 'aria-label': 'Where you are' },
        el('a', { href: hashOf({ project: place.project }) }, place.project),
        el('span', {}, ' / ', place.environment, ' /'),
      );
      if (!instance) return [crumbs, ...gone(place)];
      const { newest, current } = instance;
      return [
        crumbs,
        el('h1', { id: 'title', tabindex: '-1' }, place.service, ' ', badge(instance.state)),
        el(
          'section',
          { class: 'card', id: 'status', 'aria-label': 'Status' },
          el('p', {}, inWords(instance)),
          newest?.status === 'failed' && newest.error && failure(newest),
          facts(
            ['URL', link(instance.url)],
            ['Health', badge(instance.health)],
            [
              'Replicas',
              `${instance.replicas.ready} of ${instance.replicas.desired} ready`,
              restarts(instance),
            ],
            current && ['Current', `#${current.number} `, versionName(current)],
          ),
        ),
        operation ? operationCard(operation) : el('span', { id: 'operation', hidden: true }),
        deploymentList(),
        log,
      ];
    },
  };
}

const restarts = ({ replicas }) => {
  const count = replicas.items.reduce((sum, replica) => sum + replica.restarts, 0);
  return count > 0 && `, ${count} ${count === 1 ? 'restart' : 'restarts'}`;
};

const gone = ({ environment, service, project }) => [
  el('h1', { id: 'title', tabindex: '-1' }, service),
  el(
    'section',
    { class: 'card empty', id: 'gone' },
    el('p', {}, `There is no service ${service} in ${environment} now.`),
    el('p', {}, el('a', { href: hashOf({ project }) }, `See what there is in ${project}`)),
  ),
];

/** `awaitRollout` as people say it. */
const words = (name) => {
  const spaced = name.replace(/([A-Z])/g, ' $1').toLowerCase();
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
};

const operationCard = ({ kind, number, status, steps, durationMs }) =>
  el(
    'section',
    { class: 'card', id: 'operation', 'aria-labelledby': 'operation-title' },
    el(
      'div',
      { class: 'row' },
      el(
        'h2',
        { id: 'operation-title' },
        `${kind === 'rollback' ? 'Rollback' : 'Deployment'} ${number}, step by step`,
      ),
      badge(status),
      durationMs !== undefined && el('span', { class: 'soft' }, duration(durationMs)),
    ),
    el(
      'ol',
      { class: 'steps' },
      steps.map((step) =>
        el(
          'li',
          {},
          badge(step.status),
          el('span', {}, words(step.name), step.attempt > 1 && ` (try ${step.attempt})`),
          step.durationMs !== undefined && el('span', { class: 'soft' }, duration(step.durationMs)),
        ),
      ),
    ),
    steps.length === 0 && el('p', { class: 'soft' }, 'It waits to be started.'),
  );
