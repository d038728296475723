/** The repository that a service is connected to: what was delivered, and previews of pull requests. */
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import { Link } from 'wouter';
import type { Connection, Delivery, Preview } from '../../../../client/types.generated.ts';
import { api, body } from '../../api/client.ts';
import { useQuery } from '../../api/query.ts';
import { environmentPath, operationPath, type Place } from '../../app/paths.ts';
import { Guarded } from '../../components/access/guarded.tsx';
import { Command } from '../../components/command.tsx';
import { useAction } from '../../components/dialogs/use-action.ts';
import { ExternalLink } from '../../components/external-link.tsx';
import { Facts } from '../../components/facts.tsx';
import { Loading } from '../../components/page/loading.tsx';
import { plain } from '../../components/plain.ts';
import { Status } from '../../components/status.tsx';
import { Ago } from '../../components/time.tsx';
import type { ServiceTabProps } from '../service.tsx';
import '../builds/builds.css';

const SERVICE = '/v1/projects/{project}/services/{service}';
const SHOWN = '20';

export default function RepositoryTab({ place }: ServiceTabProps) {
  const path = { project: place.project, service: place.service };
  const { data, error } = useQuery(
    `/v1/projects/${path.project}/services/${path.service}/connection`,
    (signal) => body(api.GET(`${SERVICE}/connection`, { params: { path }, signal })),
  );
  if (error?.status === 404) return <NotConnected place={place} />;
  if (!data) return <Loading />;
  return (
    <div className="stack">
      <About connection={data} />
      <Deliveries place={place} />
      {data.previews && <Previews place={place} />}
    </div>
  );
}

function NotConnected({ place: { project, environment, service } }: { place: Place }) {
  return (
    <div className="stack">
      <p className="soft">
        It is connected to no repository. In a folder that was cloned from one, this has each push built and
        deployed:
      </p>
      <Command
        text={`berth connect --project ${project} --service ${service} --rule main=${environment} --token`}
      />
      <p className="soft">
        With <code>--app</code> in place of <code>--token</code> GitHub is asked as the App of this Berth,
        where it has one that your project may use.
      </p>
    </div>
  );
}

function About({ connection }: { connection: Connection }) {
  const { repository, provider, rules, previews, hook, failure, path, deploymentsRefused, appTrouble } =
    connection;
  return (
    <Container header={<Header variant="h2">Repository</Header>}>
      <Facts
        of={[
          ['Repository', <ExternalLink key="url" href={repository} />],
          ['Provider', provider],
          ['Folder', path !== undefined && plain(path)],
          [
            'Deploys',
            rules.map((rule) => `${plain(rule.branch)} to ${rule.environment}`).join(', ') || 'nothing',
          ],
          [
            'Previews',
            previews &&
              `as ${previews.base}${previews.withData ? ' with its data' : ''}, for ${previews.ttl}`,
          ],
          ['Webhook', <code key="hook">{new URL(hook, location.origin).href}</code>],
          ['Statuses', statusesOf(connection)],
          ['GitHub App', appTrouble && `can not be used: ${plain(appTrouble)}`],
          ['Not told', failure && `${plain(failure.reason)}, tried ${failure.attempts} times`],
          ['Deployments', deploymentsRefused && `are not told: ${plain(deploymentsRefused)}`],
        ]}
      />
    </Container>
  );
}

function statusesOf({ app, hasToken }: Connection): string {
  if (app) return 'are sent as the GitHub App';
  return hasToken ? 'are sent' : 'are not sent: it has no token';
}

function Deliveries({ place }: { place: Place }) {
  const path = { project: place.project, service: place.service };
  const { data } = useQuery(
    `/v1/projects/${path.project}/services/${path.service}/deliveries?limit=${SHOWN}`,
    (signal) => body(api.GET(`${SERVICE}/deliveries`, { params: { path, query: { limit: SHOWN } }, signal })),
  );
  if (!data) return <Loading />;
  return (
    <Container header={<Header variant="h2">Deliveries</Header>}>
      {data.items.length === 0 ? (
        <p className="soft">Nothing was delivered yet. The webhook is set up at the provider.</p>
      ) : (
        <table className="builds">
          <thead>
            <tr>
              <th scope="col">Delivery</th>
              <th scope="col">State</th>
              <th scope="col">Commit</th>
              <th scope="col">When</th>
              <th scope="col">
                <span className="soft">Once more</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {data.items.map((delivery) => (
              <DeliveryRow key={delivery.number} place={place} delivery={delivery} />
            ))}
          </tbody>
        </table>
      )}
    </Container>
  );
}

function DeliveryRow({ place, delivery }: { place: Place; delivery: Delivery }) {
  const { project, service } = place;
  const { number, event, state, reason, error, commit, message, at, ref, build, operation } = delivery;
  const { busy, run } = useAction(async () => {
    const params = { path: { project, service, delivery: String(number) } };
    const { number: next } = await body(api.POST(`${SERVICE}/deliveries/{delivery}/redeliver`, { params }));
    return `It is done once more, as delivery ${next}.`;
  }, 'It was not delivered once more');
  const follows = operation ?? build;
  const name = `#${number} ${plain(ref?.replace('refs/heads/', '') ?? event)}`;
  return (
    <tr>
      <th scope="row">
        {follows === undefined ? name : <Link href={operationPath(project, follows)}>{name}</Link>}
      </th>
      <td>
        <Status of={state} />
        {(reason ?? error?.cause) !== undefined && (
          <span className="soft"> {plain(reason ?? error?.cause ?? '')}</span>
        )}
      </td>
      <td>
        {commit !== undefined && <code>{commit.slice(0, 12)}</code>} {message !== undefined && plain(message)}
      </td>
      <td>
        <Ago at={at} />
      </td>
      <td>
        {commit !== undefined && (
          <Guarded
            action="connection.redeliver"
            variant="inline-link"
            loading={busy}
            onClick={run}
            ariaLabel={`Redeliver ${number}`}
          >
            Redeliver
          </Guarded>
        )}
      </td>
    </tr>
  );
}

function Previews({ place: { project, service } }: { place: Place }) {
  const { data } = useQuery(`/v1/projects/${project}/previews?limit=200`, (signal) =>
    body(
      api.GET('/v1/projects/{project}/previews', {
        params: { path: { project }, query: { limit: '200' } },
        signal,
      }),
    ),
  );
  const own = data?.items.filter((preview) => preview.service === service && preview.state !== 'closed');
  if (!own) return <Loading />;
  return (
    <Container header={<Header variant="h2">Previews</Header>}>
      {own.length === 0 && <p className="soft">No pull request has one now.</p>}
      <ul className="plain-list">
        {own.map((preview) => (
          <PreviewRow key={preview.number} project={project} preview={preview} />
        ))}
      </ul>
    </Container>
  );
}

function PreviewRow({ project, preview }: { project: string; preview: Preview }) {
  const { service, number, title, url, commit, state, environment, error } = preview;
  const { busy, run } = useAction(async () => {
    const params = { path: { project, service, pullRequest: String(number) } };
    await body(api.POST(`${SERVICE}/previews/{pullRequest}/approve`, { params, body: { commit } }));
    return `Commit ${commit.slice(0, 12)} was let in.`;
  }, 'It was not let in');
  return (
    <li className="row">
      <Status of={state} />
      <span>
        #{number} {plain(title)} <code>{commit.slice(0, 12)}</code>
      </span>
      {url !== undefined && <ExternalLink href={url} />}
      {state === 'ready' && <Link href={environmentPath({ project, environment })}>{environment}</Link>}
      {state === 'held' && (
        <Guarded action="preview.approve" loading={busy} onClick={run}>
          Let in commit {commit.slice(0, 12)}
        </Guarded>
      )}
      {error && <span className="soft">{plain(error.cause)}</span>}
    </li>
  );
}
