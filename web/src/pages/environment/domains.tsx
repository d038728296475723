/** Domains of an environment: what the DNS has to say, and how their certificates do. */
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import { useState } from 'react';
import type { Where } from '../../../../client/refusal.ts';
import type { Domain } from '../../../../client/types.generated.ts';
import { api, body } from '../../api/client.ts';
import { useDomains, useOverview } from '../../api/read.ts';
import { notify } from '../../app/notifications.tsx';
import { Guarded } from '../../components/access/guarded.tsx';
import { Command } from '../../components/command.tsx';
import { ActionDialog } from '../../components/dialogs/action-dialog.tsx';
import { useAction } from '../../components/dialogs/use-action.ts';
import { ExternalLink } from '../../components/external-link.tsx';
import { ChoiceField, TextField } from '../../components/forms/fields.tsx';
import { plain } from '../../components/plain.ts';
import { Status } from '../../components/status.tsx';

const PATH = '/v1/projects/{project}/environments/{environment}/domains';
const DOMAIN = `${PATH}/{domain}` as const;

interface DomainsProps {
  project: string;
  environment: string;
  where: Where;
  /** Whether it takes new ones. */
  isReady: boolean;
}

/** What is open: a form for a new one, or the question before one goes. */
type Open = 'add' | { remove: string } | undefined;

export function Domains({ project, environment, where, isReady }: DomainsProps) {
  const place = { project, environment };
  const { data: domains = [] } = useDomains(place);
  const { data: overview } = useOverview(project);
  const [open, setOpen] = useState<Open>();
  const services =
    overview?.instances.filter((one) => one.environment === environment).map(({ service }) => service) ?? [];
  return (
    <Container
      header={
        <Header
          variant="h2"
          actions={
            isReady &&
            services.length > 0 && (
              <Guarded action="domain.write" where={where} onClick={() => setOpen('add')}>
                Add a domain
              </Guarded>
            )
          }
        >
          Domains
        </Header>
      }
    >
      {domains.length === 0 && (
        <p className="soft">None yet. A host of your own, such as www.example.com, can lead to a service.</p>
      )}
      <ul className="plain-list lines">
        {domains.map((domain) => (
          <DomainLine
            key={domain.name}
            domain={domain}
            where={where}
            onRemove={() => setOpen({ remove: domain.name })}
          />
        ))}
      </ul>
      {open === 'add' && <AddDomain place={place} services={services} onClose={() => setOpen(undefined)} />}
      {typeof open === 'object' && (
        <RemoveDomain place={place} name={open.remove} onClose={() => setOpen(undefined)} />
      )}
    </Container>
  );
}

interface DomainLineProps {
  domain: Domain;
  where: Where;
  onRemove(): void;
}

function DomainLine({ domain, where, onRemove }: DomainLineProps) {
  const { project, environment, service, name, state, message, records, provenAt, certificate } = domain;
  const check = useAction(async () => {
    const path = { project, environment, domain: name };
    const seen = await body(api.POST(`${DOMAIN}/check`, { params: { path } }));
    return plain(seen.message);
  }, 'It was not looked at');
  return (
    <li>
      <span className="row">
        {state === 'active' ? (
          <ExternalLink href={`${certificate ? 'https' : 'http'}://${name}`} />
        ) : (
          <strong>{name}</strong>
        )}
        <Status of={state} />
        <span className="soft">{service}</span>
        <span className="row row-end">
          <Guarded
            action="domain.write"
            where={where}
            variant="inline-link"
            loading={check.busy}
            onClick={check.run}
            ariaLabel={`Check ${name}`}
          >
            Check
          </Guarded>
          <Guarded
            action="domain.write"
            where={where}
            variant="inline-link"
            destroys
            onClick={onRemove}
            ariaLabel={`Remove ${name}`}
          >
            Remove
          </Guarded>
        </span>
      </span>
      <p className="soft">{plain(message)}</p>
      {provenAt === undefined &&
        records.map((record) => (
          <Command
            key={record.type}
            label={`${record.type} record that proves ${name}`}
            text={`${record.name}. ${record.type} ${record.type === 'TXT' ? `"${record.value}"` : `${record.value}.`}`}
          />
        ))}
    </li>
  );
}

interface DialogProps {
  place: { project: string; environment: string };
  onClose(): void;
}

function AddDomain({ place, services, onClose }: DialogProps & { services: readonly string[] }) {
  const [name, setName] = useState('');
  const [service, setService] = useState(services[0] ?? '');
  const add = async () => {
    const added = await body(
      api.POST(PATH, { params: { path: place }, body: { name: name.trim(), service } }),
    );
    notify({ type: 'success', content: `${added.name} was added. Set its DNS record next.` });
  };
  return (
    <ActionDialog header="Add a domain" act="Add" disabled={name.trim() === ''} run={add} onClose={onClose}>
      <TextField
        label="Domain"
        description="You prove by a DNS record that it is yours; the record is shown next."
        placeholder="www.example.com"
        value={name}
        onChange={setName}
        autoFocus
      />
      <ChoiceField
        label="Service"
        choices={services.map((value) => ({ value, label: value }))}
        value={service}
        onChange={setService}
      />
    </ActionDialog>
  );
}

function RemoveDomain({ place, name, onClose }: DialogProps & { name: string }) {
  const remove = async () => {
    await api.DELETE(DOMAIN, { params: { path: { ...place, domain: name } } });
    notify({ type: 'success', content: `${name} was removed.` });
  };
  return (
    <ActionDialog header={`Remove ${name}?`} act={`Remove ${name}`} destroys run={remove} onClose={onClose}>
      <p>It is served no more, its certificate goes, and it is free for whoever proves it next.</p>
    </ActionDialog>
  );
}
