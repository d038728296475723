/** The console's page: signs in, chooses a view by the address, and keeps it up to date. */
import { ApiError, all, follow, get, signIn, signOut } from './client.js';
import { byId, el, patch, tickTimes } from './dom.js';
import { noProjects, overview } from './overview.js';
import { serviceView } from './service.js';
import { hashOf, page, report, say } from './shell.js';

/** What has no event of its own, such as health and idle times, is read again this often. */
const REFRESH_MS = 5_000;
const NAME = /^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/;

let projects = [];
let signedIn = false;
/** The project whose events are followed. */
let session = { stop: new AbortController() };
/** What is on show. */
let view;
let stopView = new AbortController();
let offlineSince;

/** `#/demo/dev/guestbook`: the names in the address, as far as they can be names. */
function placeOf(hash) {
  const [project, environment, service] = hash.replace(/^#\//, '').split('/');
  if (![project, environment, service].every((name) => name === undefined || NAME.test(name))) return {};
  return service === undefined ? { project } : { project, environment, service };
}

page.draw = () => {
  if (!signedIn) return;
  const focused = document.activeElement;
  patch(byId('content'), view ? view.draw() : noProjects());
  // Whatever had the focus is gone: whoever uses the keyboard goes on from the top of the content.
  if (focused !== document.activeElement && document.activeElement === document.body) byId('title')?.focus();
};

/** Whether Berth answers, in words. */
function connected(is) {
  if (!signedIn) return;
  if (is === (offlineSince === undefined) && !byId('live').hidden) return;
  if (is && offlineSince) say('The connection is back.');
  offlineSince = is ? undefined : new Date();
  const live = byId('live');
  live.hidden = false;
  live.classList.toggle('bad', !is);
  live.textContent = is ? 'Live' : 'Offline';
  const banner = byId('offline');
  banner.hidden = is;
  banner.textContent = is
    ? ''
    : `The connection to Berth is lost. What you see is from ${offlineSince.toLocaleTimeString()}; it is tried again by itself.`;
}

let loading;

/** Reads what is on show again; calls that come meanwhile wait for one more reading. */
async function load() {
  if (loading) {
    loading.again = true;
    return;
  }
  const mine = { again: false };
  loading = mine;
  const { signal } = stopView;
  try {
    if (!view) await openFirst();
    else await view.load(signal);
    if (signal.aborted) return;
    connected(true);
    page.draw();
  } catch (error) {
    if (signal.aborted) return;
    if (error instanceof ApiError) connected(true);
    else connected(false);
    if (error.status === 404) await forget().catch(report);
    else report(error);
  } finally {
    if (loading === mine) {
      loading = undefined;
      if (mine.again) void load();
    }
  }
}

let pending;

/** Events come in bursts: one reading for all of them. */
page.changed = () => {
  clearTimeout(pending);
  if (signedIn) pending = setTimeout(load, 150);
};

/** The project is gone: on with what there is. */
async function forget() {
  projects = await all('/v1/projects');
  drawProjects();
  say(`There is no project ${session.project} now.`, { failed: true });
  location.hash = projects.length > 0 ? hashOf({ project: projects[0].name }) : '#/';
}

/** Waits for the first project. */
async function openFirst() {
  projects = await all('/v1/projects');
  if (projects.length > 0) open();
}

function drawProjects() {
  const select = byId('project');
  byId('project-field').hidden = projects.length === 0;
  patch(
    select,
    projects.map(({ name, displayName }) =>
      el('option', { value: name }, displayName ? `${displayName} (${name})` : name),
    ),
  );
  if (session.project) select.value = session.project;
}

async function learnProjects() {
  const found = await all('/v1/projects').catch(() => projects);
  if (!signedIn) return;
  projects = found;
  drawProjects();
}

async function followEvents(project) {
  session.stop.abort();
  session = { project, stop: new AbortController() };
  const { signal } = session.stop;
  try {
    const { items } = await get(`/v1/projects/${project}/events?limit=1`, signal);
    await follow(`/v1/projects/${project}/events`, {
      signal,
      lastEventId: items[0]?.id,
      onEvent: page.changed,
      onState: (is) => {
        connected(is);
        if (is) page.changed();
      },
    });
  } catch (error) {
    if (signal.aborted || error.status === 404) return;
    report(error);
    if (error instanceof ApiError) return;
    // Lost before it began.
    connected(false);
    setTimeout(() => !signal.aborted && followEvents(project), 1000);
  }
}

/** Shows what the address names. */
function open({ focus = false } = {}) {
  const named = placeOf(location.hash);
  const place = named.project === undefined || named.project === '' ? { project: projects[0]?.name } : named;
  stopView.abort();
  stopView = new AbortController();
  loading = undefined;
  if (place.project === undefined) {
    view = undefined;
  } else {
    view = place.service === undefined ? overview(place) : serviceView(place, stopView.signal);
    if (session.project !== place.project) void followEvents(place.project);
    if (!projects.some(({ name }) => name === place.project)) void learnProjects();
  }
  document.title = view ? `${view.title} · Berth` : 'Berth';
  drawProjects();
  patch(byId('content'), [
    el('h1', { id: 'title', tabindex: '-1' }, view?.title ?? 'Berth'),
    el('p', { class: 'soft' }, 'Loading …'),
  ]);
  scrollTo(0, 0);
  if (focus) byId('title').focus({ preventScroll: true });
  void load();
}

function show(isSignedIn) {
  signedIn = isSignedIn;
  byId('sign-in').hidden = isSignedIn;
  for (const id of ['console', 'sign-out']) byId(id).hidden = !isSignedIn;
  // Shown once it is known.
  byId('live').hidden = true;
  byId('project-field').hidden = !isSignedIn || projects.length === 0;
}

/** What was wrong with the token, beside its field. */
function refuse(text) {
  byId('token-error').textContent = text;
  const input = byId('token');
  input.setAttribute('aria-invalid', String(text !== ''));
  if (text === '') return;
  input.focus();
  input.select();
}

function leave(reason) {
  session.stop.abort();
  session = { stop: new AbortController() };
  stopView.abort();
  clearTimeout(pending);
  signOut();
  projects = [];
  view = undefined;
  offlineSince = undefined;
  show(false);
  byId('offline').hidden = true;
  byId('content').replaceChildren();
  document.title = 'Berth';
  byId('token').focus();
  say(reason);
}
page.signedOut = leave;

byId('sign-in-form').addEventListener('submit', async (event) => {
  event.preventDefault();
  const input = byId('token');
  const value = input.value.trim();
  say('');
  if (value === '') return refuse('Enter the token.');
  if (!/^[A-Za-z0-9._~+/=-]+$/.test(value)) {
    return refuse('This is not a token: it has letters, digits and . _ ~ + / = - only.');
  }
  byId('sign-in-button').setAttribute('aria-busy', 'true');
  signIn(value);
  try {
    projects = await all('/v1/projects');
  } catch (error) {
    signOut();
    if (!(error instanceof ApiError)) refuse('Berth can not be reached. Check that it runs, then try again.');
    else
      refuse(
        error.status === 401 ? 'This token is not valid. Copy the whole line of the file.' : error.message,
      );
    return;
  } finally {
    byId('sign-in-button').removeAttribute('aria-busy');
  }
  input.value = '';
  refuse('');
  show(true);
  open({ focus: true });
});
byId('project').addEventListener('change', ({ currentTarget }) => {
  location.hash = hashOf({ project: currentTarget.value });
});
byId('sign-out').addEventListener('click', () => leave('You are signed out.'));
byId('message-close').addEventListener('click', () => {
  say('');
  byId('title')?.focus();
});
document.querySelector('.skip').addEventListener('click', (event) => {
  // The address names the view.
  event.preventDefault();
  byId('main').focus();
});
addEventListener('hashchange', () => {
  if (signedIn) open({ focus: true });
});
setInterval(() => {
  if (document.hidden) return;
  tickTimes();
  if (signedIn) void load();
}, REFRESH_MS);
// Someone may have made another one.
byId('project').addEventListener('focus', () => void learnProjects());
byId('token').focus();
