/** What nobody is told of for a time. */
import Container from '@cloudscape-design/components/container';
import type { Where } from '../../../../client/refusal.ts';
import type { AlertSilence } from '../../../../client/types.generated.ts';
import { api } from '../../api/client.ts';
import { Guarded } from '../../components/access/guarded.tsx';
import { Who } from '../../components/access/who.tsx';
import { useAction } from '../../components/dialogs/use-action.ts';
import { DataTable } from '../../components/page/data-table.tsx';
import { plain } from '../../components/plain.ts';
import { Ago } from '../../components/time.tsx';
import { silencesApi } from './read-alerts.ts';

interface SilencesProps {
  project: string;
  items: readonly AlertSilence[];
  whereOf(environment: string): Where;
}

export function Silences({ project, items, whereOf }: SilencesProps) {
  return (
    <Container header={<h2>Silenced</h2>}>
      <DataTable
        label="Silences"
        of={{ items, error: undefined, more: undefined }}
        keyOf={({ id }) => id}
        none="Nothing is silenced."
        columns={[
          { head: 'What', cell: (silence) => plain(chosenBy(silence)) },
          { head: 'Until', cell: ({ until }) => <Ago at={until} /> },
          { head: 'By', cell: ({ createdBy }) => <Who id={createdBy} /> },
          { head: 'Why', cell: ({ reason }) => plain(reason) },
          {
            head: 'Actions',
            isActions: true,
            cell: (silence) => (
              <EndSilence
                project={project}
                silence={silence}
                {...(silence.environment !== undefined && { where: whereOf(silence.environment) })}
              />
            ),
          },
        ]}
      />
    </Container>
  );
}

const chosenBy = ({ rule, subject, environment }: AlertSilence): string =>
  `${rule ?? 'all alerts'} of ${subject ?? 'everything'} in ${environment ?? 'all environments'}`;

function EndSilence({ project, silence, where }: { project: string; silence: AlertSilence; where?: Where }) {
  const end = useAction(async () => {
    await api.DELETE(`${silencesApi}/{silence}`, { params: { path: { project, silence: silence.id } } });
    return 'What fires still is told of now.';
  }, 'The silence was not ended');
  return (
    <Guarded
      action="alert.silence"
      {...(where && { where })}
      variant="inline-link"
      loading={end.busy}
      onClick={end.run}
      ariaLabel={`End the silence for ${chosenBy(silence)}`}
    >
      End it
    </Guarded>
  );
}
