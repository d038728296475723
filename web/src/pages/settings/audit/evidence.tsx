/** Signed evidence of a period, for an auditor: the days are taken as they are in UTC. */
import Container from '@cloudscape-design/components/container';
import { useState } from 'react';
import { Guarded } from '../../../components/access/guarded.tsx';
import { useAction } from '../../../components/dialogs/use-action.ts';
import { NativeField } from '../../../components/forms/native-field.tsx';
import { saveFile } from '../../../components/save-file.ts';
import { apiFetch } from '../../../session.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const dayOf = (time: number): string => new Date(time).toISOString().slice(0, 10);

/** A period with many events comes in several packs. */
async function savePacks(project: string, first: string, last: string): Promise<number> {
  const query = new URLSearchParams({
    from: `${first}T00:00:00Z`,
    to: new Date(Date.parse(last) + DAY_MS).toISOString(),
  });
  for (let packs = 1; ; packs += 1) {
    const response = await apiFetch(`/v1/projects/${project}/evidence?${query}`);
    const part = packs === 1 ? '' : `-${packs}`;
    saveFile(
      `${project}-evidence-${first}-${last}${part}.html`,
      [await response.text()],
      'text/html;charset=utf-8',
    );
    const next = response.headers.get('berth-evidence-next');
    if (next === null) return packs;
    query.set('after', next);
    query.set('to', response.headers.get('berth-evidence-to') ?? '');
  }
}

export function Evidence({ project }: { project: string }) {
  const [first, setFirst] = useState(() => dayOf(Date.now() - 89 * DAY_MS));
  const [last, setLast] = useState(() => dayOf(Date.now()));
  const { busy, run } = useAction(async () => {
    const packs = await savePacks(project, first, last);
    const files = packs === 1 ? 'One file was saved.' : `${packs} files were saved, which belong together.`;
    return `${files} It is signed; verify-evidence.mjs checks it without Berth.`;
  }, 'No evidence was taken');
  return (
    <Container header={<h2>Evidence for an auditor</h2>}>
      <p className="soft">
        Who changed, approved, restored and had access in a period, by the criteria of SOC 2: a signed page,
        with the same as JSON in it.
      </p>
      <div className="row">
        <NativeField type="date" label="First day" value={first} onChange={setFirst} />
        <NativeField type="date" label="Last day" value={last} onChange={setLast} />
        <Guarded action="audit.read" loading={busy} onClick={run}>
          Take evidence
        </Guarded>
      </div>
    </Container>
  );
}
