/** The console: what runs where, live. Everything from the API is shown as text, never as markup. */
import { ApiError, all, follow, get, post, signIn, signOut } from './client.js';

const byId = (id) => document.getElementById(id);

/** Makes an element; children are elements or text. */
function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (typeof value === 'boolean') element.toggleAttribute(name, value);
    else if (value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== undefined));
  return element;
}

const say = (text) => {
  byId('message').textContent = text;
};

/** Shows what went wrong; a token that is no longer valid ends the session. */
function report(error) {
  if (error?.name === 'AbortError') return;
  if (error instanceof ApiError && error.status === 401) leave();
  say(error instanceof ApiError ? error.message : 'Berth can not be reached. It is tried again.');
}

/** What belongs to the project on show; ends when another one is chosen. */
let session = new AbortController();
/** Open logs by environment and service: they live on while the rest is drawn anew. */
const logs = new Map();

const tones = {
  good: new Set(['ready', 'serving', 'healthy', 'succeeded']),
  bad: new Set(['failed', 'down', 'degraded']),
  busy: new Set(['provisioning', 'hibernating', 'waking', 'destroying', 'deploying', 'queued', 'running']),
};
const tone = (state) => Object.keys(tones).find((name) => tones[name].has(state)) ?? '';
const badge = (state) => el('span', { class: `state ${tone(state)}` }, state);
const time = (text) => el('time', { datetime: text }, new Date(text).toLocaleString());

/** A button that sends a request once, and says what came of it. */
function action(id, label, done, send) {
  const click = async ({ currentTarget }) => {
    currentTarget.disabled = true;
    try {
      await send();
      say(done);
    } catch (error) {
      report(error);
    }
    refreshSoon();
  };
  return el('button', { type: 'button', id, onclick: click }, label);
}

const base = ({ project, environment, service }) =>
  `/v1/projects/${project}/environments/${environment}/services/${service}`;

function link(url) {
  // Only what a browser opens as a page.
  if (!/^https?:\/\//.test(url)) return url;
  return el('a', { href: url, rel: 'noopener noreferrer', target: '_blank' }, url);
}

function environmentCard({ environment, services }) {
  const { project, name, state } = environment;
  const path = `/v1/projects/${project}/environments/${name}`;
  const facts = [
    environment.expiresAt && ['Destroyed at', time(environment.expiresAt)],
    environment.hibernatesAt && ['Hibernates at', time(environment.hibernatesAt)],
    environment.leftovers && ['Left over', environment.leftovers.join(', ')],
  ].filter(Boolean);
  return el(
    'section',
    { class: 'environment', 'aria-labelledby': `environment-${name}` },
    el(
      'div',
      { class: 'row' },
      el('h2', { id: `environment-${name}` }, name),
      badge(state),
      el('span', { class: 'hint' }, environment.kind),
      state === 'ready'
        ? action(`hibernate-${name}`, 'Hibernate', `${name} hibernates.`, () => post(`${path}/hibernate`))
        : undefined,
      state === 'hibernated'
        ? action(`wake-${name}`, 'Wake', `${name} wakes up.`, () => post(`${path}/wake`))
        : undefined,
    ),
    facts.length > 0 ? list(facts) : undefined,
    ...services.map(serviceCard),
    services.length === 0 ? el('p', { class: 'hint' }, 'Nothing is deployed here yet.') : undefined,
  );
}

const list = (facts) =>
  el('dl', {}, ...facts.flatMap(([term, value]) => [el('dt', {}, term), el('dd', {}, value)]));

function serviceCard(instance) {
  const { environment, service, newest } = instance;
  const key = `${environment}-${service}`;
  const deployment =
    newest && el('span', {}, `${newest.number} `, badge(newest.status), ` ${newest.version}`);
  return el(
    'article',
    { class: 'service', 'aria-labelledby': `service-${key}` },
    el('div', { class: 'row' }, el('h3', { id: `service-${key}` }, service), badge(instance.state)),
    el('p', {}, instance.status),
    list(
      [
        ['URL', link(instance.url)],
        ['Health', el('span', { class: tone(instance.health) }, instance.health)],
        ['Replicas', `${instance.replicas.ready} of ${instance.replicas.desired}`],
        deployment && ['Newest', deployment],
        newest?.error && ['Error', `${newest.error.cause} ${newest.error.hint}`],
      ].filter(Boolean),
    ),
    el(
      'div',
      { class: 'row' },
      action(`rollback-${key}`, 'Roll back', `${service} goes back.`, () => rollBack(instance)),
      el(
        'button',
        {
          type: 'button',
          id: `log-${key}`,
          'aria-expanded': String(logs.has(key)),
          onclick: () => toggleLog(key, instance),
        },
        logs.has(key) ? 'Hide log' : 'Show log',
      ),
    ),
    logs.get(key)?.element,
  );
}

/** Goes back to the last deployment that succeeded before the one that serves. */
async function rollBack(instance) {
  const path = `${base(instance)}/deployments`;
  const { items } = await get(`${path}?limit=200`);
  const serving = instance.current?.number ?? Number.POSITIVE_INFINITY;
  const earlier = items.find(({ number, status }) => status === 'succeeded' && number < serving);
  if (!earlier) throw new ApiError(409, { detail: 'There is no earlier deployment that succeeded.' });
  await post(path, { rollbackTo: earlier.number });
}

const LINES_MAX = 1000;

function toggleLog(key, instance) {
  const open = logs.get(key);
  if (open) {
    open.stop.abort();
    logs.delete(key);
  } else {
    const stop = new AbortController();
    const label = `Log of ${instance.service} in ${instance.environment}`;
    const element = el('div', { class: 'log', role: 'log', 'aria-label': label, tabindex: '0' });
    logs.set(key, { stop, element });
    const onEvent = ({ event, data }) => event === 'line' && addLine(element, data);
    follow(`${base(instance)}/logs?tail=200`, { signal: stop.signal, onEvent }).catch(report);
  }
  draw();
}

const COLOURS = /\u001b\[[0-9;]*m/g;

function addLine(element, { at, message, source }) {
  const atEnd = element.scrollTop + element.clientHeight >= element.scrollHeight - 8;
  element.append(el('div', { class: source, title: at }, message.replace(COLOURS, '')));
  while (element.childElementCount > LINES_MAX) element.firstElementChild.remove();
  if (atEnd) element.scrollTop = element.scrollHeight;
}

let shown = [];

/** Draws everything anew and keeps the focus and the scrolled logs where they were. */
function draw() {
  const focused = document.activeElement?.id;
  const scrolled = [...logs.values()].map(({ element }) => [element, element.scrollTop]);
  byId('environments').replaceChildren(
    ...shown.map(environmentCard),
    shown.length === 0 ? el('p', { class: 'hint' }, 'This project has no environments yet.') : '',
  );
  for (const [element, top] of scrolled) element.scrollTop = top;
  if (focused) byId(focused)?.focus({ preventScroll: true });
}

async function refresh(project, signal) {
  const environments = await all(`/v1/projects/${project}/environments`, signal);
  const next = await Promise.all(
    environments.map(async (environment) => ({
      environment,
      services: await all(`/v1/projects/${project}/environments/${environment.name}/services`, signal).catch(
        (error) => {
          // Destroyed between the two reads.
          if (error instanceof ApiError && error.status === 404) return [];
          throw error;
        },
      ),
    })),
  );
  if (signal.aborted) return;
  shown = next;
  draw();
}

let pending;

/** Events come in bursts: one refresh for all of them. */
function refreshSoon() {
  const { signal } = session;
  const project = byId('project').value;
  clearTimeout(pending);
  pending = setTimeout(() => {
    if (project && !signal.aborted) refresh(project, signal).catch(report);
  }, 200);
}

function closeLogs() {
  for (const { stop } of logs.values()) stop.abort();
  logs.clear();
}

async function show(project) {
  session.abort();
  session = new AbortController();
  const { signal } = session;
  closeLogs();
  shown = [];
  byId('project-title').textContent = project;
  try {
    const { items } = await get(`/v1/projects/${project}/events?limit=1`, signal);
    await refresh(project, signal);
    await follow(`/v1/projects/${project}/events`, {
      signal,
      lastEventId: items[0]?.id,
      onEvent: refreshSoon,
      onState: (connected) => {
        byId('live').textContent = connected ? 'Live' : 'The connection broke off; it is tried again.';
        if (connected) refreshSoon();
      },
    });
  } catch (error) {
    report(error);
  }
}

async function enter() {
  const projects = await all('/v1/projects');
  const select = byId('project');
  select.replaceChildren(
    ...projects.map(({ name, displayName }) =>
      el('option', { value: name }, displayName ? `${displayName} (${name})` : name),
    ),
  );
  byId('sign-in').hidden = true;
  byId('console').hidden = false;
  byId('sign-out').hidden = false;
  say(projects.length === 0 ? 'There are no projects yet. Create one with POST /v1/projects.' : '');
  select.focus();
  if (projects.length > 0) void show(select.value);
}

function leave() {
  session.abort();
  closeLogs();
  signOut();
  shown = [];
  byId('environments').replaceChildren();
  byId('console').hidden = true;
  byId('sign-out').hidden = true;
  byId('sign-in').hidden = false;
  byId('token').focus();
}

byId('sign-in-form').addEventListener('submit', async (event) => {
  event.preventDefault();
  const input = byId('token');
  signIn(input.value.trim());
  input.value = '';
  try {
    await enter();
  } catch (error) {
    report(error);
  }
});
byId('project').addEventListener('change', ({ currentTarget }) => void show(currentTarget.value));
byId('sign-out').addEventListener('click', () => {
  leave();
  say('You are signed out.');
});
