/** What there is to do in an empty project, one step after the other. */

import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import { type ReactNode, useState } from 'react';
import type { Action } from '../../../../client/permissions.generated.ts';
import { createEnvironment, createService } from '../../api/create.ts';
import { Guarded } from '../../components/access/guarded.tsx';
import { Command } from '../../components/command.tsx';
import { curl } from '../../components/curl.ts';
import { useAction } from '../../components/dialogs/use-action.ts';

interface CreateProps {
  label: string;
  /** What is proposed. */
  name: string;
  create(name: string): Promise<string>;
  /** What making it is. */
  action: Action;
}

/** A name and a button. */
export function CreateForm({ label, name: proposed, create, action }: CreateProps) {
  const [name, setName] = useState(proposed);
  const { busy, run } = useAction(() => create(name.trim()), 'It was not created');
  return (
    <form
      className="row create-form"
      onSubmit={(event) => {
        event.preventDefault();
        run();
      }}
    >
      <FormField label={label}>
        <Input
          value={name}
          onChange={({ detail }) => setName(detail.value)}
          spellcheck={false}
          autoComplete={false}
        />
      </FormField>
      <Guarded action={action} variant="primary" formAction="submit" loading={busy}>
        Create
      </Guarded>
    </form>
  );
}

/** The same by the API. */
export const ByCurl = ({ children }: { children: ReactNode }) => (
  <details>
    <summary>The same with curl</summary>
    {children}
  </details>
);

export function FirstEnvironment({ project }: { project: string }) {
  return (
    <section className="empty" aria-labelledby="first">
      <h2 id="first">No environments yet</h2>
      <p>
        An environment is a place to deploy to: its services, databases and secrets are its own. Begin with
        dev.
      </p>
      <CreateForm
        label="Name"
        name="dev"
        action="environment.create"
        create={(name) => createEnvironment(project, { name })}
      />
      <ByCurl>
        <Command text={curl('POST', `/v1/projects/${project}/environments`, { name: 'dev' })} />
      </ByCurl>
    </section>
  );
}

export function FirstService({ project }: { project: string }) {
  return (
    <section className="empty" aria-labelledby="first">
      <h2 id="first">No services yet</h2>
      <p>A service is something that you deploy: a program with a score.yaml. Name the first one.</p>
      <CreateForm
        label="Name"
        name="hello"
        action="service.create"
        create={(name) => createService(project, name)}
      />
      <ByCurl>
        <Command text={curl('POST', `/v1/projects/${project}/services`, { name: 'hello' })} />
      </ByCurl>
    </section>
  );
}

/** How a version is made of a directory. */
export const FirstVersion = ({ project, service }: { project: string; service: string }) => (
  <section className="empty" aria-labelledby="first">
    <h2 id="first">No versions of {service} yet</h2>
    <p>A version is built from source. In a directory with a score.yaml:</p>
    <Command
      text={[
        `tar czf - --exclude node_modules . | curl -H "Authorization: Bearer $(cat .berth/admin-token)" \\`,
        `  -H 'Content-Type: application/gzip' --data-binary @- \\`,
        `  '${location.origin}/v1/projects/${project}/services/${service}/builds?tag=1.0.0'`,
      ].join('\n')}
    />
  </section>
);
