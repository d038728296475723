/** What Berth itself has found when it last tried whether environments are apart: it is in the record of its health. */
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { createDynamoStore, dynamoOptions } from '../../functions/adapters/aws/store/store.ts';
import { CLOCK_KEY, type SeenClock } from '../../functions/records/clock.ts';
import type { Settings } from '../../stacks/support/settings.ts';
import { stackName } from '../../stacks/support/stack-name.ts';
import { type Finding, ok, unknown, unseen, wrong } from './check.ts';

const WHAT = 'Isolation of environments';
const LOOK = 'Look for Berth.Isolation in the log of the sweep. It is tried again within an hour.';

export async function checkIsolation(region: string, settings: Settings): Promise<Finding> {
  const client = new DynamoDBClient(dynamoOptions({ region }));
  try {
    const table = settings.restoredTable ?? (await findTable(client, settings.name));
    const item =
      table === undefined ? undefined : await createDynamoStore({ client, table }).get<SeenClock>(CLOCK_KEY);
    return findingOf(item?.data);
  } catch (error) {
    return unseen(WHAT, error, 'Allow yourself dynamodb:ListTables, and dynamodb:GetItem on its table.');
  } finally {
    client.destroy();
  }
}

/** By the name of the stack that made it, which begins its own. */
async function findTable(client: DynamoDBClient, name: string): Promise<string | undefined> {
  const begin = `${stackName(name, 'Data')}-Table`;
  let last: string | undefined;
  do {
    const page = await client.send(new ListTablesCommand({ ExclusiveStartTableName: last }));
    const found = page.TableNames?.find((one) => one.startsWith(begin));
    if (found !== undefined) return found;
    last = page.LastEvaluatedTableName;
  } while (last !== undefined);
  return undefined;
}

export function findingOf(seen: SeenClock | undefined): Finding {
  const last = seen?.isolation?.last;
  if (!last)
    return unknown(
      WHAT,
      'it was not tried yet',
      'Wait some minutes after npx cdk deploy --all, then look again.',
    );
  const { at, outcome } = last;
  if (outcome.state === 'in_force') return ok(WHAT, `in force; tried at ${at}`);
  if (outcome.state === 'unknown') return wrong(WHAT, `not known since ${at}: ${outcome.why}`, LOOK);
  const { open, shut } = outcome;
  if (open.length > 0)
    return wrong(
      WHAT,
      `not in force, tried at ${at}: workloads reach ${open.join(', ')}`,
      'Have policies enforced: see ConfigMap amazon-vpc-cni below, and that nodes are of the NodeClass "default". It is tried again within an hour.',
    );
  return wrong(
    WHAT,
    `tried at ${at}: workloads do not reach ${shut.join(', ')}`,
    'Compare berth:serviceCidr with the cluster, whose tenth address resolves names. It is tried again within an hour.',
  );
}
