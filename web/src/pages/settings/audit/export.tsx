/** The whole audit trail as a file. */

import { Guarded } from '../../../components/access/guarded.tsx';
import { useAction } from '../../../components/dialogs/use-action.ts';
import { saveFile } from '../../../components/save-file.ts';
import { apiFetch } from '../../../session.ts';

/** The trail comes in parts, each behind the last event of the one before. */
async function readTrail(project: string): Promise<{ parts: string[]; events: number }> {
  const parts: string[] = [];
  let events = 0;
  for (let after = '0'; ; ) {
    const response = await apiFetch(`/v1/projects/${project}/audit/export?after=${after}`);
    const text = await response.text();
    const lines = text.split('\n').filter((line) => line !== '');
    const last = lines.at(-1);
    if (last === undefined) return { parts, events };
    parts.push(text);
    events += lines.length;
    after = (JSON.parse(last) as { id: string }).id;
  }
}

export function Export({ project }: { project: string }) {
  const { busy, run } = useAction(async () => {
    const { parts, events } = await readTrail(project);
    saveFile(`${project}-audit.ndjson`, parts, 'application/x-ndjson');
    return `${events} events were exported. npm run verify-audit checks the file without Berth.`;
  }, 'It was not exported');
  return (
    <Guarded action="audit.read" loading={busy} onClick={run}>
      Export
    </Guarded>
  );
}
