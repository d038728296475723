/** Starts a build: from a folder or an archive of this computer, or from a git repository. */
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Input from '@cloudscape-design/components/input';
import RadioGroup from '@cloudscape-design/components/radio-group';
import Select from '@cloudscape-design/components/select';
import { type DragEvent, useEffect, useRef, useState } from 'react';
import { ApiError, inWords, problemOf } from '../../../../client/problem.ts';
import type { Operation } from '../../../../client/types.generated.ts';
import { api, body } from '../../api/client.ts';
import { invalidate } from '../../api/query.ts';
import { navigate } from '../../app/navigation.ts';
import { operationPath } from '../../app/paths.ts';
import { Guarded } from '../../components/access/guarded.tsx';
import { Command } from '../../components/command.tsx';
import { plain } from '../../components/plain.ts';
import { sizeWord } from '../../components/version.tsx';
import { type Chosen, readChosen, readDropped } from './dropped.ts';
import { packFiles, withoutRoot } from './tar.ts';

const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;

interface StartProps {
  project: string;
  services: readonly { name: string; repository?: string }[];
  service: string;
  onService(name: string): void;
}

/** Sends the archive to where the API says, which is another origin on AWS. @returns the upload's id */
async function upload(project: string, service: string, content: Blob): Promise<string> {
  const { id, url, method, headers } = await body(
    api.POST('/v1/projects/{project}/services/{service}/uploads', {
      params: { path: { project, service } },
      body: { bytes: content.size },
    }),
  );
  const response = await fetch(url, { method, headers, body: content, credentials: 'omit' });
  if (!response.ok) throw new ApiError(response.status, await problemOf(response));
  return id;
}

export function StartBuild({ project, services, service, onService }: StartProps) {
  const repository = services.find(({ name }) => name === service)?.repository ?? '';
  const [from, setFrom] = useState<'files' | 'git'>('files');
  const [chosen, setChosen] = useState<Chosen>();
  const [url, setUrl] = useState(repository);
  const [ref, setRef] = useState('main');
  const [tag, setTag] = useState('');
  const [folder, setFolder] = useState('');
  const [busy, setBusy] = useState<string>();
  const [trouble, setTrouble] = useState<string>();
  useEffect(() => setUrl(repository), [repository]);
  const wrongTag =
    tag !== '' && !TAG.test(tag) ? 'Letters, digits, "_", "." and "-", at most 128.' : undefined;

  async function start(): Promise<void> {
    if (busy !== undefined) return;
    if (wrongTag !== undefined) return;
    if (from === 'files' && !chosen) return setTrouble('Choose a folder or an archive first.');
    if (from === 'git' && (url === '' || ref === ''))
      return setTrouble('Name the repository and what of it to build.');
    setTrouble(undefined);
    const more = { ...(tag !== '' && { tag }), ...(folder !== '' && { path: folder }) };
    try {
      setBusy(from === 'git' ? 'Asking for it …' : 'Packing …');
      let operation: Operation;
      if (from === 'git') {
        operation = await body(
          api.POST('/v1/projects/{project}/services/{service}/builds', {
            params: { path: { project, service } },
            body: { git: { url, ref }, ...more },
          }),
        );
      } else {
        const content =
          chosen!.kind === 'archive' ? chosen!.content : await packFiles(withoutRoot(chosen!.files));
        setBusy(`Sending ${sizeWord(content.size)} …`);
        operation = await body(
          api.POST('/v1/projects/{project}/services/{service}/builds', {
            params: { path: { project, service } },
            body: { upload: await upload(project, service, content), ...more },
          }),
        );
      }
      invalidate();
      navigate(operationPath(project, operation.id));
    } catch (error) {
      const { what, hint } = inWords(error);
      setTrouble(hint === undefined ? what : `${what} ${hint}`);
    } finally {
      setBusy(undefined);
    }
  }

  return (
    <Container header={<Header variant="h2">Start a build</Header>}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void start();
        }}
      >
        <div className="pair">
          <FormField label="Service">
            <Select
              selectedOption={{ value: service, label: service }}
              options={services.map(({ name }) => ({ value: name, label: name }))}
              onChange={({ detail }) => onService(detail.selectedOption.value ?? '')}
            />
          </FormField>
          <FormField label="Source">
            <RadioGroup
              ariaLabel="Source"
              value={from}
              items={[
                { value: 'files', label: 'From this computer' },
                { value: 'git', label: 'From git' },
              ]}
              onChange={({ detail }) => setFrom(detail.value === 'git' ? 'git' : 'files')}
            />
          </FormField>
        </div>
        {from === 'files' ? (
          <Drop
            chosen={chosen}
            onChoose={(next) => {
              setTrouble(undefined);
              setChosen(next);
            }}
            onTrouble={setTrouble}
          />
        ) : (
          <div className="pair">
            <FormField label="Repository">
              <Input
                value={url}
                onChange={({ detail }) => setUrl(detail.value)}
                placeholder="https://git.example.com/team/service"
                inputMode="url"
                spellcheck={false}
              />
            </FormField>
            <FormField label="Branch, tag or commit">
              <Input value={ref} onChange={({ detail }) => setRef(detail.value)} spellcheck={false} />
            </FormField>
          </div>
        )}
        <div className="pair">
          <FormField
            label="Tag"
            description="To know the version by; it may stay empty."
            errorText={wrongTag}
          >
            <Input
              value={tag}
              onChange={({ detail }) => setTag(detail.value)}
              placeholder="v1.4.0"
              spellcheck={false}
            />
          </FormField>
          <FormField label="Folder" description="What to build of the source; empty for the whole.">
            <Input
              value={folder}
              onChange={({ detail }) => setFolder(detail.value)}
              placeholder="packages/api"
              spellcheck={false}
            />
          </FormField>
        </div>
        {trouble !== undefined && (
          <p role="alert" className="trouble">
            {plain(trouble)}
          </p>
        )}
        <div className="row">
          <Guarded
            action="build.create"
            variant="primary"
            formAction="submit"
            loading={busy !== undefined}
            loadingText={busy ?? ''}
          >
            Build {service}
          </Guarded>
          <span className="soft" role="status">
            {busy}
          </span>
        </div>
        <details>
          <summary>The same by curl</summary>
          <Command
            text={`tar -cz . | curl -H "Authorization: Bearer $(cat .berth/admin-token)" \\\n  -H 'Content-Type: application/gzip' --data-binary @- \\\n  '${location.origin}/v1/projects/${project}/services/${service}/builds'`}
          />
        </details>
      </form>
    </Container>
  );
}

interface DropProps {
  chosen: Chosen | undefined;
  onChoose(chosen: Chosen): void;
  onTrouble(text: string): void;
}

function Drop({ chosen, onChoose, onTrouble }: DropProps) {
  const [isOver, setOver] = useState(false);
  const folder = useRef<HTMLInputElement>(null);
  const archive = useRef<HTMLInputElement>(null);
  const take = (work: () => Chosen | Promise<Chosen>): void => {
    Promise.resolve()
      .then(work)
      .then(onChoose)
      .catch((error: Error) => onTrouble(error.message));
  };
  const onDrop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    const reading = readDropped(event.dataTransfer.items);
    take(() => reading);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the buttons inside do the same from the keyboard.
    <div
      className={isOver ? 'drop over' : 'drop'}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={onDrop}
    >
      <p className="lead">{chosen ? inShort(chosen) : 'Drop a folder or a .tar.gz here'}</p>
      <p className="soft">
        {chosen?.kind === 'files' && chosen.leftOut > 0
          ? 'Left out: node_modules, .git and the like.'
          : 'Its package.json or score.yaml says how it is built.'}
      </p>
      <div className="row">
        <Button formAction="none" iconName="folder" onClick={() => folder.current?.click()}>
          Choose a folder
        </Button>
        <Button formAction="none" iconName="upload" onClick={() => archive.current?.click()}>
          Choose an archive
        </Button>
      </div>
      <input
        ref={folder}
        type="file"
        hidden
        aria-label="Folder"
        multiple
        {...{ webkitdirectory: true }}
        onChange={({ target: { files } }) => files && files.length > 0 && take(() => readChosen(files))}
      />
      <input
        ref={archive}
        type="file"
        hidden
        aria-label="Archive"
        accept=".tgz,.gz,application/gzip"
        onChange={({ target: { files } }) => files && files.length > 0 && take(() => readChosen(files))}
      />
    </div>
  );
}

function inShort(chosen: Chosen): string {
  if (chosen.kind === 'archive') return `${plain(chosen.name)}, ${sizeWord(chosen.content.size)}`;
  const size = chosen.files.reduce((sum, { content }) => sum + content.size, 0);
  const [first] = chosen.files;
  const root = first?.path.split('/', 1)[0] ?? '';
  const count = chosen.files.length;
  return `${plain(root)}: ${count.toLocaleString('en')} ${count === 1 ? 'file' : 'files'}, ${sizeWord(size)}`;
}
