/** `evidence`: signed evidence of a period, into files for an auditor. */
import type { Command } from 'commander';
import { body } from '../../api.ts';
import { Failure } from '../../failure.ts';
import { note, say, sayJson } from '../../output.ts';
import { openSession } from '../../session.ts';
import { writeFiles } from '../source/written-files.ts';

interface Options {
  from?: string;
  to?: string;
  out: string;
  platform?: boolean;
  key?: boolean;
  force?: boolean;
}

/** A day is its beginning, in UTC. */
const timeOf = (text: string): string => (/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text);

export function addEvidence(program: Command): void {
  program
    .command('evidence')
    .description(
      'Take signed evidence of a period for an auditor: who changed, approved, had access, restored',
    )
    .option('--from <time>', 'when the period begins, such as 2026-07-01')
    .option('--to <time>', 'before when it ends, such as 2026-10-01; now by default')
    .option('--out <folder>', 'where the files go', '.')
    .option('--platform', 'of what belongs to no project; for those who run the installation')
    .option('--key', 'print the public key that evidence is signed with, and take nothing')
    .option('--force', 'write over files that are there')
    .action(async (options: Options, command: Command) => {
      const { api, json, project } = openSession(command);
      if (options.key) {
        const key = await body(api.GET('/v1/evidence/key'));
        return json ? sayJson(key) : say(key.pem.trimEnd());
      }
      const { from, platform, out, force } = options;
      if (from === undefined)
        throw new Failure(
          'When does the period begin?',
          'Such as: berth evidence --from 2026-07-01 --to 2026-10-01',
        );
      let to = options.to === undefined ? undefined : timeOf(options.to);
      const of = platform ? 'platform' : project();
      const written: string[] = [];
      for (let after: string | undefined; ; ) {
        const query = { from: timeOf(from), ...(to && { to }), ...(after && { after }) };
        const { data, response } = platform
          ? await api.GET('/v1/evidence', { params: { query }, parseAs: 'text' })
          : await api.GET('/v1/projects/{project}/evidence', {
              params: { path: { project: of }, query },
              parseAs: 'text',
            });
        to = response.headers.get('berth-evidence-to') ?? to;
        const part = written.length === 0 ? '' : `-${written.length + 1}`;
        const path = `${of}-evidence-${from.slice(0, 10)}-${to?.slice(0, 10)}${part}.html`;
        writeFiles(out, [{ path, text: String(data) }], { force: force === true, command: 'berth evidence' });
        written.push(path);
        after = response.headers.get('berth-evidence-next') ?? undefined;
        if (after === undefined) break;
      }
      if (json) return sayJson({ files: written, to });
      for (const path of written) say(path);
      return note(
        'An auditor checks them offline, all together, with verify-evidence.mjs and the key that they fetched: berth evidence --key',
      );
    });
}
