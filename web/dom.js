/** Makes and updates elements. Whatever comes from the API becomes text, never markup. */

export const byId = (id) => document.getElementById(id);

const ESCAPES = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-Z\\^_])/g;
const CONTROLS = /[\u0000-\u0008\u000b-\u001f]/g;
// They turn the reading direction around, so that a text reads as what it is not.
const DIRECTIONS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Text as it can be shown: no terminal colours, and control characters to be seen instead of obeyed. */
export const plain = (text) =>
  String(text)
    .replace(ESCAPES, '')
    .replace(/\r(?=\n|$)/g, '')
    .replace(CONTROLS, (character) => String.fromCharCode(0x2400 + character.charCodeAt(0)))
    .replace(DIRECTIONS, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** Makes an element. Children are elements, text, or nothing; an attribute `onclick` is a function. */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element[name] = value;
    else if (typeof value === 'boolean') element.toggleAttribute(name, value);
    else if (value !== undefined) element.setAttribute(name, value);
  }
  for (const child of children.flat(Number.POSITIVE_INFINITY)) {
    if (child !== undefined && child !== false && child !== null)
      element.append(child instanceof Node ? child : plain(child));
  }
  return element;
}

const handlers = ['onclick', 'oninput', 'onchange'];

const isSame = (a, b) =>
  a.nodeType === b.nodeType && a.nodeName === b.nodeName && (a.id ?? '') === (b.id ?? '');

/**
 * Makes the children of an element those that are given and keeps those that are the same, so that focus, scrolling,
 * selected text and a click that is under way live on. An element marked `data-own` is changed by its owner alone.
 */
export function patch(parent, next) {
  for (const [at, wanted] of next.entries()) {
    const there = parent.childNodes[at];
    if (there === wanted) continue;
    if (!there) parent.append(wanted);
    else if (!isSame(there, wanted) || wanted.dataset?.own !== undefined) there.replaceWith(wanted);
    else update(there, wanted);
  }
  while (parent.childNodes.length > next.length) parent.lastChild.remove();
}

function update(there, wanted) {
  if (there.nodeType === Node.TEXT_NODE) {
    if (there.data !== wanted.data) there.data = wanted.data;
    return;
  }
  for (const { name } of [...there.attributes]) {
    // Whether details are open is up to the reader.
    if (!wanted.hasAttribute(name) && name !== 'open') there.removeAttribute(name);
  }
  for (const { name, value } of wanted.attributes) {
    if (there.getAttribute(name) !== value) there.setAttribute(name, value);
  }
  for (const name of handlers) there[name] = wanted[name];
  patch(there, [...wanted.childNodes]);
}

const tones = {
  good: new Set(['ready', 'serving', 'healthy', 'succeeded']),
  bad: new Set(['failed', 'down', 'degraded']),
  busy: new Set(['provisioning', 'hibernating', 'waking', 'destroying', 'deploying', 'queued', 'running']),
};

/** A state in words, with a colour that only repeats it. */
export function badge(state) {
  const tone = Object.keys(tones).find((name) => tones[name].has(state)) ?? '';
  return el('span', { class: `badge ${tone}` }, state);
}

const units = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
];
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });

function relativeTime(text) {
  const seconds = (Date.parse(text) - Date.now()) / 1000;
  if (Number.isNaN(seconds)) return text;
  if (Math.abs(seconds) < 5) return 'just now';
  const [unit, size] = units.find(([, size]) => Math.abs(seconds) >= size) ?? units.at(-1);
  return relative.format(Math.round(seconds / size), unit);
}

/** How long ago, or how far away; the exact time is its title. */
export const ago = (text) =>
  el('time', { datetime: text, title: new Date(text).toLocaleString() }, relativeTime(text));

/** Times go on while nothing else changes. */
export function tickTimes() {
  for (const element of document.querySelectorAll('time')) {
    const text = relativeTime(element.dateTime);
    if (element.textContent !== text) element.firstChild.data = text;
  }
}

/** A number stays on one line with its unit. */
export function duration(milliseconds) {
  if (milliseconds < 1000) return `${milliseconds}\u00a0ms`;
  if (milliseconds < 60_000) return `${(milliseconds / 1000).toFixed(1)}\u00a0s`;
  const seconds = Math.round(milliseconds / 1000);
  return `${Math.floor(seconds / 60)}\u00a0min ${seconds % 60}\u00a0s`;
}

/** Terms with their values; entries that are nothing are left out. */
export const facts = (...entries) =>
  el(
    'dl',
    { class: 'facts' },
    entries.filter(Boolean).map(([term, ...value]) => el('div', {}, el('dt', {}, term), el('dd', {}, value))),
  );

/** A link, where it is one that a browser opens as a page; its text otherwise. */
export function link(url) {
  if (!/^https?:\/\//i.test(url)) return el('span', {}, url);
  return el('a', { href: url, rel: 'noopener noreferrer', target: '_blank' }, url);
}

/** A command to copy. */
export function command(text) {
  const copy = async ({ currentTarget }) => {
    await navigator.clipboard.writeText(text);
    currentTarget.textContent = 'Copied';
  };
  return el(
    'div',
    { class: 'command' },
    el('pre', { tabindex: '0', role: 'group', 'aria-label': 'Command' }, text),
    // Browsers give the clipboard to secure pages only, localhost among them.
    navigator.clipboard && el('button', { type: 'button', onclick: copy }, 'Copy'),
  );
}
