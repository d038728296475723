/** Shows the OpenAPI document as a page. */

function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children.filter((child) => child !== undefined));
  return element;
}

const paragraphs = (text = '') => text.split('\n\n').map((part) => el('p', { class: 'hint' }, part));

/** The type of a schema in a few words. */
function typeOf(schema = {}) {
  if (schema.$ref) return schema.$ref.split('/').at(-1);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  const either = schema.anyOf ?? schema.oneOf ?? schema.allOf;
  if (either) return either.map(typeOf).join(schema.allOf ? ' & ' : ' | ');
  if (schema.type === 'array') return `${typeOf(schema.items)}[]`;
  return [schema.type].flat().filter(Boolean).join(' | ') || 'any';
}

/** The members of an object schema, one a line. */
function members(schema = {}) {
  if (!schema.properties) return [el('p', {}, el('code', {}, typeOf(schema)))];
  const required = new Set(schema.required);
  const rows = Object.entries(schema.properties).flatMap(([name, member]) => [
    el('dt', {}, el('code', {}, name), required.has(name) ? ' (required)' : ''),
    el('dd', {}, el('code', {}, typeOf(member)), member.description ? ` ${member.description}` : ''),
  ]);
  return [el('dl', {}, ...rows)];
}

function parameters(list = []) {
  if (list.length === 0) return [];
  const rows = list.flatMap(({ name, in: place, required, description, schema }) => [
    el('dt', {}, el('code', {}, name), ` in ${place}${required ? ' (required)' : ''}`),
    el('dd', {}, description ?? schema?.description ?? typeOf(schema)),
  ]);
  return [el('h4', {}, 'Parameters'), el('dl', {}, ...rows)];
}

function body({ content } = {}) {
  if (!content) return [];
  return Object.entries(content).flatMap(([type, { schema, examples = {} }]) => [
    el('h4', {}, `Body: ${type}`),
    ...members(schema),
    ...Object.entries(examples).map(([, { value }]) => el('pre', {}, JSON.stringify(value, null, 2))),
  ]);
}

function responses(all) {
  const rows = Object.entries(all).flatMap(([status, { description, content = {} }]) => {
    const types = Object.values(content).map(({ schema }) => typeOf(schema));
    return [el('dt', {}, status), el('dd', {}, description, types[0] ? ` (${types[0]})` : '')];
  });
  return [el('h4', {}, 'Answers'), el('dl', {}, ...rows)];
}

function operation(method, path, { operationId, summary, description, ...rest }) {
  return el(
    'details',
    { id: operationId },
    el('summary', {}, el('code', {}, `${method.toUpperCase()} ${path}`), ` ${summary}`),
    ...paragraphs(description),
    ...parameters(rest.parameters),
    ...body(rest.requestBody),
    ...responses(rest.responses),
  );
}

function render(document) {
  const sections = document.tags.map(({ name }) => {
    const found = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods)
        .filter(([, { tags = [] }]) => tags.includes(name))
        .map(([method, spec]) => operation(method, path, spec)),
    );
    return el('section', { class: 'environment' }, el('h2', {}, name), ...found);
  });
  const schemas = Object.entries(document.components.schemas).map(([name, schema]) =>
    el('details', { id: `schema-${name}` }, el('summary', {}, el('code', {}, name)), ...members(schema)),
  );
  return [
    el('pre', {}, document.info.description),
    ...sections,
    el('section', { class: 'environment' }, el('h2', {}, 'Schemas'), ...schemas),
  ];
}

const reference = globalThis.document.getElementById('reference');
try {
  const response = await fetch('/v1/openapi.json');
  reference.replaceChildren(...render(await response.json()));
} catch {
  reference.textContent = 'The OpenAPI document can not be read. Load the page again.';
}
reference.setAttribute('aria-busy', 'false');
