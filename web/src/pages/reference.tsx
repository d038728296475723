/** The API, from its OpenAPI document. */
import Alert from '@cloudscape-design/components/alert';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import { type ReactNode, useEffect, useState } from 'react';
import { Title } from '../app/title.tsx';
import { Loading } from '../components/page/loading.tsx';
import {
  type Media,
  type OpenApi,
  type Operation,
  type Parameter,
  readOpenApi,
  type Schema,
  typeOf,
} from './reference/openapi.ts';
import { Inline, Prose } from './reference/prose.tsx';

export default function Reference() {
  const [openapi, setOpenapi] = useState<OpenApi | 'unreadable'>();
  useEffect(() => {
    readOpenApi().then(setOpenapi, () => setOpenapi('unreadable'));
  }, []);
  useEffect(() => {
    if (openapi === undefined) return;
    reveal();
    addEventListener('hashchange', reveal);
    return () => removeEventListener('hashchange', reveal);
  }, [openapi]);
  return (
    <div className="stack reference">
      <Title text="API reference" />
      <p>
        <a href="/v1/openapi.json">OpenAPI document</a>
      </p>
      {openapi === undefined && <Loading />}
      {openapi === 'unreadable' && (
        <Alert type="error">The OpenAPI document can not be read. Load the page again.</Alert>
      )}
      {typeof openapi === 'object' && <Content openapi={openapi} />}
    </div>
  );
}

/** Opens what the address names. */
function reveal(): void {
  const named = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!(named instanceof HTMLDetailsElement)) return;
  named.open = true;
  named.scrollIntoView();
  named.querySelector('summary')?.focus({ preventScroll: true });
}

function Content({ openapi: { info, tags, paths, components } }: { openapi: OpenApi }) {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  return (
    <>
      <Prose text={info.description} />
      {tags.map(({ name }) => (
        <Container key={name} header={<Header variant="h2">{name}</Header>}>
          {operations
            .filter(({ operation }) => operation.tags?.includes(name))
            .map((each) => (
              <OperationDetails key={each.operation.operationId} {...each} />
            ))}
        </Container>
      ))}
      <Container header={<Header variant="h2">Schemas</Header>}>
        {Object.entries(components.schemas).map(([name, schema]) => (
          <details key={name} id={`schema-${name}`}>
            <summary>
              <code>{name}</code>
            </summary>
            <Members schema={schema} />
          </details>
        ))}
      </Container>
    </>
  );
}

function OperationDetails(props: { path: string; method: string; operation: Operation }) {
  const { operationId, summary, description, parameters = [], requestBody, responses } = props.operation;
  return (
    <details id={operationId}>
      <summary>
        <code>
          {props.method.toUpperCase()} {props.path}
        </code>
        <span className="soft">{summary}</span>
      </summary>
      <Prose text={description} />
      {parameters.length > 0 && <Parameters of={parameters} />}
      {Object.entries(requestBody?.content ?? {}).map(([type, media]) => (
        <Body key={type} type={type} media={media} />
      ))}
      <h3>Answers</h3>
      <Terms
        of={Object.entries(responses).map(([status, { description: what, content = {} }]) => {
          const [first] = Object.values(content);
          return [
            <code key="status">{status}</code>,
            <span key="what">
              <Inline text={what} />
              {first?.schema && (
                <>
                  {' ('}
                  <Type of={first.schema} />)
                </>
              )}
            </span>,
          ];
        })}
      />
    </details>
  );
}

function Parameters({ of }: { of: readonly Parameter[] }) {
  return (
    <>
      <h3>Parameters</h3>
      <Terms
        of={of.map(({ name, in: place, required, description, schema }) => {
          const what = description ?? schema?.description;
          return [
            <span key="name">
              <code>{name}</code> {place}
              {required ? ', required' : ''}
            </span>,
            what === undefined ? <Type key="what" of={schema} /> : <Inline key="what" text={what} />,
          ];
        })}
      />
    </>
  );
}

function Body({ type, media: { schema, examples = {} } }: { type: string; media: Media }) {
  return (
    <>
      <h3>Body: {type}</h3>
      <Members schema={schema} />
      {Object.entries(examples).map(([name, { value }]) => (
        <pre key={name} className="output" tabIndex={0} role="group" aria-label={`Example: ${name}`}>
          {JSON.stringify(value, null, 2)}
        </pre>
      ))}
    </>
  );
}

/** The members of an object schema, one a line. */
function Members({ schema = {} }: { schema?: Schema | undefined }) {
  if (!schema.properties) return <Type of={schema} />;
  const required = new Set(schema.required);
  return (
    <Terms
      of={Object.entries(schema.properties).map(([name, member]) => [
        <span key="name">
          <code>{name}</code>
          {required.has(name) ? ' required' : ''}
        </span>,
        <span key="what">
          <Type of={member} /> <Inline text={member.description} />
        </span>,
      ])}
    />
  );
}

/** The type of a schema in a few words; schemas that have a name link to it. */
const Type = ({ of }: { of: Schema | undefined }) => (
  <code>
    {typeOf(of).map((part, at) =>
      typeof part === 'string' ? (
        part
      ) : (
        // biome-ignore lint/suspicious/noArrayIndexKey: parts of one text.
        <a key={at} href={`#schema-${part.schema}`}>
          {part.schema}
        </a>
      ),
    )}
  </code>
);

const Terms = ({ of }: { of: readonly (readonly [ReactNode, ReactNode])[] }) => (
  <dl className="terms">
    {of.map(([term, meaning], at) => (
      // biome-ignore lint/suspicious/noArrayIndexKey: it never changes.
      <div key={at}>
        <dt>{term}</dt>
        <dd>{meaning}</dd>
      </div>
    ))}
  </dl>
);
