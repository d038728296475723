/** What every view needs of the page around it: messages, actions, and being drawn again. */
import { ApiError } from './client.js';
import { byId, el, plain } from './dom.js';

/** The page sets these. */
export const page = { changed: () => {}, draw: () => {}, signedOut: () => {} };

let timer;

/** Tells something: good news goes away by itself, what failed stays until it was read. */
export function say(text, { failed = false } = {}) {
  clearTimeout(timer);
  byId('message-text').textContent = plain(text);
  const box = byId('message');
  box.hidden = text === '';
  box.classList.toggle('bad', failed);
  if (!failed && text !== '') timer = setTimeout(() => say(''), 8000);
}

/** Tells what went wrong. A lost connection has a place of its own; a token that is no longer valid ends it all. */
export function report(error) {
  if (!(error instanceof ApiError)) return;
  if (error.status === 401) page.signedOut('Your token is no longer valid. Sign in again.');
  else say(error.message, { failed: true });
}

const sending = new Set();

/**
 * A button that sends one request, however often it is pressed.
 * @param send resolves to what to tell
 */
export function action(id, label, send, attributes = {}) {
  const click = async () => {
    if (sending.has(id)) return;
    sending.add(id);
    page.draw();
    try {
      say(await send());
    } catch (error) {
      report(error);
      if (!(error instanceof ApiError)) {
        say('No answer came from Berth. Look whether it was done when the connection is back.', {
          failed: true,
        });
      }
    } finally {
      sending.delete(id);
      page.draw();
      page.changed();
    }
  };
  // Not `disabled`: that would take the focus away from who uses the keyboard.
  const busy = sending.has(id) || attributes['aria-disabled'] === 'true';
  return el(
    'button',
    {
      type: 'button',
      id,
      ...attributes,
      ...(busy && { 'aria-disabled': 'true' }),
      onclick: busy ? () => {} : click,
    },
    label,
  );
}

/** The path of an environment, or of a service in one. */
export const pathOf = ({ project, environment, service }) =>
  `/v1/projects/${project}/environments/${environment}${service === undefined ? '' : `/services/${service}`}`;

export const hashOf = ({ project, environment, service }) =>
  `#/${[project, environment, service].filter((part) => part !== undefined).join('/')}`;
