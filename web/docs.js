/** Shows the OpenAPI document as a page. */
import { byId, el } from './dom.js';

/** Text with code in backticks. */
const inline = (text = '') => text.split('`').map((part, at) => (at % 2 === 0 ? part : el('code', {}, part)));

/** Paragraphs and lists, as descriptions have them; a long list is for those who open it. */
function prose(text) {
  if (!text) return undefined;
  const parts = [];
  let items = [];
  for (const line of text.split('\n').filter((each) => each !== '')) {
    if (!line.startsWith('- ')) {
      parts.push(el('p', {}, inline(line)));
      continue;
    }
    if (parts.at(-1)?.nodeName !== 'UL') {
      items = [];
      parts.push(el('ul', {}));
    }
    items.push(line);
    parts.at(-1).append(el('li', {}, inline(line.slice(2))));
  }
  if (items.length > 10) {
    const list = parts.pop();
    const title = parts.pop()?.textContent.replace(/:$/, '') ?? 'List';
    parts.push(el('details', {}, el('summary', {}, title), list));
  }
  return el('div', { class: 'prose' }, parts);
}

/** The type of a schema in a few words; schemas that have a name link to it. */
function typeOf(schema = {}) {
  if (schema.$ref) {
    const name = schema.$ref.split('/').at(-1);
    return [el('a', { href: `#schema-${name}` }, name)];
  }
  if (schema.enum) return [schema.enum.map((value) => JSON.stringify(value)).join(' | ')];
  if (schema.const !== undefined) return [JSON.stringify(schema.const)];
  const either = schema.anyOf ?? schema.oneOf ?? schema.allOf;
  if (either) {
    const separator = schema.allOf ? ' & ' : ' | ';
    return either.flatMap((one, at) => [...(at > 0 ? [separator] : []), ...typeOf(one)]);
  }
  if (schema.type === 'array') return [...typeOf(schema.items), '[]'];
  return [[schema.type].flat().filter(Boolean).join(' | ') || 'any'];
}

/** Terms with what they mean. */
const list = (entries) =>
  el(
    'dl',
    { class: 'facts' },
    entries.map(([term, ...meaning]) => el('div', {}, el('dt', {}, term), el('dd', {}, meaning))),
  );

/** The members of an object schema, one a line. */
function members(schema = {}) {
  if (!schema.properties) return el('p', {}, el('code', {}, typeOf(schema)));
  const required = new Set(schema.required);
  return list(
    Object.entries(schema.properties).map(([name, member]) => [
      [el('code', {}, name), required.has(name) ? ' required' : ''],
      el('code', {}, typeOf(member)),
      ' ',
      inline(member.description),
    ]),
  );
}

const parameters = (all = []) =>
  all.length > 0 && [
    el('h3', {}, 'Parameters'),
    list(
      all.map(({ name, in: place, required, description, schema }) => [
        [el('code', {}, name), ` ${place}${required ? ', required' : ''}`],
        (description ?? schema?.description) ? inline(description ?? schema.description) : typeOf(schema),
      ]),
    ),
  ];

const example = (value) =>
  el('pre', { tabindex: '0', role: 'group', 'aria-label': 'Example' }, JSON.stringify(value, null, 2));

const body = ({ content } = {}) =>
  Object.entries(content ?? {}).flatMap(([type, { schema, examples = {} }]) => [
    el('h3', {}, `Body: ${type}`),
    members(schema),
    ...Object.values(examples).map(({ value }) => example(value)),
  ]);

const responses = (all) => [
  el('h3', {}, 'Answers'),
  list(
    Object.entries(all).map(([status, { description, content = {} }]) => {
      const [first] = Object.values(content);
      return [
        el('code', {}, status),
        inline(description),
        first?.schema ? [' (', ...typeOf(first.schema), ')'] : '',
      ];
    }),
  ),
];

const operation = (method, path, { operationId, summary, description, ...rest }) =>
  el(
    'details',
    { id: operationId },
    el(
      'summary',
      {},
      el('code', {}, `${method.toUpperCase()} ${path}`),
      el('span', { class: 'soft' }, summary),
    ),
    prose(description),
    parameters(rest.parameters),
    body(rest.requestBody),
    responses(rest.responses),
  );

function render(openapi) {
  const sections = openapi.tags.map(({ name }) => {
    const found = Object.entries(openapi.paths).flatMap(([path, methods]) =>
      Object.entries(methods)
        .filter(([, { tags = [] }]) => tags.includes(name))
        .map(([method, spec]) => operation(method, path, spec)),
    );
    return el('section', { class: 'card' }, el('h2', {}, name), el('div', {}, found));
  });
  const schemas = Object.entries(openapi.components.schemas).map(([name, schema]) =>
    el('details', { id: `schema-${name}` }, el('summary', {}, el('code', {}, name)), members(schema)),
  );
  return [
    prose(openapi.info.description),
    ...sections,
    el('section', { class: 'card' }, el('h2', {}, 'Schemas'), el('div', {}, schemas)),
  ];
}

/** Opens what the address names. */
function reveal() {
  const named = byId(decodeURIComponent(location.hash.slice(1)));
  if (named?.nodeName !== 'DETAILS') return;
  named.open = true;
  named.scrollIntoView();
  named.firstElementChild.focus({ preventScroll: true });
}

const reference = byId('reference');
try {
  const response = await fetch('/v1/openapi.json');
  if (!response.ok) throw new Error(`It answered ${response.status}.`);
  reference.replaceChildren(...render(await response.json()));
  reveal();
  addEventListener('hashchange', reveal);
} catch {
  reference.replaceChildren(
    el('p', { class: 'alert' }, 'The OpenAPI document can not be read. Load the page again.'),
  );
}
reference.setAttribute('aria-busy', 'false');
