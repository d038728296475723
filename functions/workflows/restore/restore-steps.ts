/** Steps of the workflow `restore`. What a restore replaces stays until another one has replaced what came then. */
import { getBackup, pathOf } from '../../commands/backups/backup-records.ts';
import { restoreFacts } from '../../commands/backups/backups.ts';
import { forgetImport, readImport } from '../../commands/backups/database-imports.ts';
import { resourceKey } from '../../core/keys.ts';
import type { Operation, Resource } from '../../core/model/index.ts';
import { Problem, type ProblemDetail } from '../../core/problem.ts';
import type { Ports } from '../../ports/index.ts';
import { discard, inTime, settled, subjectOf } from '../backup/subject.ts';
import { type Ending, endingOf, endOperation, errorOf, untilOverdue } from '../end-operation.ts';
import { environmentOf } from '../environment-state.ts';
import { keepResult } from '../keep-result.ts';
import type { Step } from '../step.ts';

type Restore = Operation<'restore'>;
type RestoreStep = Step<Restore>;

export const loadBackup: RestoreStep = {
  role: 'work',
  watched: true,
  async run({ ports, operation, signal }) {
    if (isUndo(operation)) return;
    const { copies, request, stillOwned } = await subjectOf(ports, operation);
    // An earlier run of the workflow came so far.
    if (await settled(() => copies.isSwapped(ports, request))) return;
    const content = await contentOf(ports, operation, signal);
    const load = () => copies.load(ports, request, content, signal, stillOwned);
    const summary = await settled(() => inTime(signal, load)).catch((error: unknown) => {
      throw operation.input.source === undefined ? error : asImport(error);
    });
    if (operation.input.source !== undefined) await keepResult(ports, operation.id, { ...summary });
  },
};

const isUndo = ({ input }: Restore): boolean => input.backup === undefined && input.source === undefined;

async function contentOf(
  ports: Ports,
  operation: Restore,
  signal: AbortSignal,
): Promise<AsyncIterable<Uint8Array>> {
  const { resource, backup, source } = operation.input;
  if (source !== undefined) return readImport(ports, importRef(operation), operation.input, signal);
  const ref = { ...environmentOf(operation), resource, backup: backup ?? '' };
  const { data } = await getBackup(ports.store, ref);
  const content = await ports.backups?.read(pathOf(data));
  if (content) return content;
  throw new Problem('backup_failed', `The content of backup "${backup}" is gone.`, {
    hint: 'Restore another backup.',
  });
}

const importRef = (operation: Restore) => ({
  ...environmentOf(operation),
  environmentId: operation.environmentId ?? '',
});

const asImport = (error: unknown): unknown =>
  error instanceof Problem && error.code === 'backup_failed'
    ? new Problem('import_failed', error.message, {
        hint: 'Nothing was changed. Change at its origin what the message names, or leave it out of a dump, and import again.',
        cause: error,
      })
    : error;

export const swapData: RestoreStep = {
  role: 'work',
  async run({ ports, operation }) {
    const { copies, request, stillOwned } = await subjectOf(ports, operation);
    const from = isUndo(operation) ? 'replaced' : 'copy';
    await settled(() => copies.swap(ports, request, from, stillOwned));
  },
};

function succeeded({ input, result }: Restore): Ending {
  const { import: _id, ...told } = input;
  return { status: 'succeeded', result: { ...result, ...told } };
}

async function end(ports: Ports, operation: Restore, ending: Ending): Promise<void> {
  const { resource: uid } = operation.input;
  const data = restoreFacts(operation.input);
  const key = resourceKey(environmentOf(operation), uid);
  await endOperation(ports, operation, {
    ending,
    event:
      ending.status === 'succeeded'
        ? { type: 'restore.succeeded', data }
        : { type: 'restore.failed', data: { ...data, code: ending.error.code, cause: ending.error.cause } },
    async writes() {
      const item = ending.status === 'succeeded' ? await ports.store.get<Resource>(key) : undefined;
      if (!item || item.data.state === 'removing') return [];
      const replaced = { operation: operation.id, at: new Date(ports.effects.now()).toISOString() };
      return [{ put: { ...key, data: { ...item.data, replaced } }, if: { version: item.version } }];
    },
  });
}

export const finishRestore: RestoreStep = {
  role: 'finish',
  async run({ ports, operation }) {
    await forgetImport(ports, importRef(operation), operation.input);
    await end(ports, operation, succeeded(operation));
  },
};

/** Where the swap was made there is nothing to go back from: the restore has succeeded, whatever came after it. */
export const recoverRestore: RestoreStep = {
  role: 'recover',
  async run(context) {
    const { ports, operation } = context;
    const isDone = await untilOverdue(ports, operation, async () => {
      await forgetImport(ports, importRef(operation), operation.input);
      if (await wasSwapped(ports, operation)) return true;
      await discard(ports, operation);
      return false;
    });
    const error = errorOf(context);
    await end(
      ports,
      operation,
      isDone ? succeeded(operation) : endingOf(isDone === false ? error : unseen(error)),
    );
  },
};

/** The database did not answer until the operation's bound was over. */
const unseen = (error: ProblemDetail): ProblemDetail => ({
  ...error,
  cause: `${error.cause} Whether the data were replaced before that could not be seen, since their database does not answer.`,
  hint: 'Look at the data once their database answers, and restore again where they are not those of the backup.',
});

async function wasSwapped(ports: Ports, operation: Restore): Promise<boolean> {
  try {
    const { copies, request, stillOwned } = await subjectOf(ports, operation);
    await stillOwned();
    return await settled(() => copies.isSwapped(ports, request));
  } catch (error) {
    if (error instanceof Problem && error.status < 500) return false;
    throw error;
  }
}
