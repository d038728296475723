/** Makes a project, from wherever one is. */
import Button from '@cloudscape-design/components/button';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import { useState } from 'react';
import { api, body } from '../../api/client.ts';
import { followLink, navigate } from '../../app/navigation.ts';
import { projectPath } from '../../app/paths.ts';
import { Title } from '../../app/title.tsx';
import { Guarded } from '../../components/access/guarded.tsx';
import { Command } from '../../components/command.tsx';
import { curl } from '../../components/curl.ts';
import { useAction } from '../../components/dialogs/use-action.ts';

export default function NewProjectPage() {
  const [name, setName] = useState('');
  const [displayName, setDisplayName] = useState('');
  const wanted = {
    name: name.trim(),
    ...(displayName.trim() !== '' && { displayName: displayName.trim() }),
  };
  const { busy, run } = useAction(async () => {
    const made = await body(api.POST('/v1/projects', { body: wanted }));
    navigate(projectPath(made.name));
    return `The project ${made.name} was created, and you are its administrator.`;
  }, 'It was not created');
  return (
    <div className="stack narrow-form">
      <Title text="New project" />
      <p className="soft">
        A project holds the services and environments of one team, and who may do what there.
      </p>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          run();
        }}
      >
        <FormField
          label="Name"
          constraintText="1 to 40 of a-z, 0-9 and -. It stands in addresses and stays as it is."
        >
          <Input
            value={name}
            onChange={({ detail }) => setName(detail.value)}
            spellcheck={false}
            autoComplete={false}
            autoFocus
          />
        </FormField>
        <FormField label="Display name" description="Optional; it can be changed later.">
          <Input value={displayName} onChange={({ detail }) => setDisplayName(detail.value)} />
        </FormField>
        <span className="row">
          <Guarded action="project.create" variant="primary" formAction="submit" loading={busy}>
            Create
          </Guarded>
          <Button variant="link" href="/" onFollow={followLink}>
            Cancel
          </Button>
        </span>
      </form>
      <details>
        <summary>The same with curl</summary>
        <Command text={curl('POST', '/v1/projects', { ...wanted, name: wanted.name || 'demo' })} />
      </details>
    </div>
  );
}
