/** Each budget of what people and programs send stands in one table, from which docs/explanation/limits.md is made. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { filesIn, root } from './source-tree.ts';

/** Bounds that are no budgets: each by its file and name, below what it is instead. */
const others: Readonly<Record<string, readonly string[]>> = {
  'set by AWS, Kubernetes, PostgreSQL, a file system or JavaScript': [
    'adapters/aws/keyed/key-rules.ts NAME_MAX',
    'adapters/aws/rds-instances.ts NAME_MAX',
    'adapters/kubernetes/manifests/pod-manifest.ts UID_MAX',
    'hosts/aws/custom-resource.ts REASON_MAX',
    'adapters/aws/logs/log-batches.ts BATCH_MAX_BYTES',
    'adapters/aws/logs/log-batches.ts BATCH_MAX_EVENTS',
    'adapters/aws/logs/log-events.ts NAME_MAX_LENGTH',
    'adapters/aws/logs/event-pages.ts PAGE_MAX',
    'adapters/aws/secrets/secrets-names.ts NAME_MAX_LENGTH',
    'adapters/aws/store/dynamodb-writes.ts TRANSACTION_MAX_BYTES',
    'adapters/aws/store/store-reads.ts BATCH_MAX',
    'adapters/aws/workflows/workflows.ts CAUSE_MAX_LENGTH',
    'adapters/kubernetes/object-names.ts LABEL_MAX',
    'adapters/local/store/store-changes.ts TIMEOUT_MAX',
    'adapters/source/lfs-pointers.ts POINTER_MAX_BYTES',
    'core/names.ts NAME_MAX',
    'core/source/archive-path.ts SEGMENT_MAX_BYTES',
    'ports/rules/secret-checks.ts NAME_MAX_LENGTH',
    'ports/rules/store/store-checks.ts KEY_MAX_BYTES',
    'ports/store.ts TRANSACTION_MAX',
    'resources/postgres/postgres-place.ts NAME_LIMIT',
  ],
  'what Berth or the platform team wrote, or a server that they chose answers': [
    'adapters/aws/builder/buildspec.ts OUTCOME_MAX_BYTES',
    'adapters/aws/registry.ts DOWNLOAD_TIMEOUT_MS',
    'adapters/containers/engine.ts MESSAGE_MAX',
    'adapters/containers/network/firewall.ts TIMEOUT_MS',
    'adapters/kubernetes/api/client.ts BODY_MAX',
    'adapters/kubernetes/api/client.ts TIMEOUT_MS',
    'adapters/kubernetes/api/kubeconfig.ts SIZE_MAX',
    'adapters/local/postgres/databases.ts RECOVERY_TIMEOUT',
    'adapters/local/postgres/server.ts START_TIMEOUT',
    'adapters/local/kept-server.ts START_TIMEOUT',
    'adapters/local/kept-server.ts STOP_TIMEOUT',
    'adapters/oci/image.ts PAYLOAD_MAX_BYTES',
    'adapters/oci/registry-http.ts TIMEOUT_MS',
    'adapters/postgres/connections.ts STATEMENT_TIMEOUT',
    'adapters/postgres/postgres-server.ts CONNECT_TIMEOUT_MS',
    'adapters/vault/vault-client.ts ANSWER_MAX',
    'adapters/vault/vault-client.ts TIMEOUT_MS',
    'hosts/machine/identity/provider.ts FORM_MAX_BYTES',
    'hosts/aws/ports/kept-masks.ts PART_MAX',
    'hosts/aws/ports/kept-masks.ts VALUE_MAX',
  ],
  'how much is remembered or kept; what is older is made or read again': [
    'core/git/lane.ts OVERTAKEN_MAX',
    'adapters/aws/logs/log-batches.ts BUFFER_MAX_LINES',
    'adapters/aws/logs/log-events.ts SEGMENTS_MAX',
    'adapters/kubernetes/activator/token-review.ts KNOWN_MAX',
    'adapters/kubernetes/activity/figures.ts ROUTES_MAX',
    'adapters/kubernetes/samples.ts INSTANCES_MAX',
    'adapters/kubernetes/samples.ts SAMPLES_MAX',
    'adapters/local/logs/logs-names.ts SEGMENTS_MAX',
    'adapters/local/traces/span-rates.ts KNOWN_MAX',
    'adapters/placement/by-place.ts KNOWN_MAX',
    'adapters/router/tracer.ts SERVICES_MAX',
    'api/access/federation.ts KEPT_MAX',
    'api/admission/rates.ts BUCKETS_MAX',
    'api/admission/refused-attempts.ts REMEMBERED_MAX',
    'api/identity/attempt.ts ATTEMPTS_MAX',
    'core/schedule/schedule.ts KNOWN_MAX',
    'hosts/activator/ask-berth.ts KNOWN_MAX',
    'hosts/activator/sleepers.ts SLEEPERS_MAX',
    'records/chain-append.ts KNOWN_MAX',
    'records/operation-summaries.ts REF_MAX',
    'records/recipes/recipes.ts KNOWN_MAX',
    'records/workloads.ts KNOWN_MAX',
    'workflows/step-cost.ts FAILED_MAX',
    'workflows/step.ts STEPS_MAX',
  ],
  'the part in which work is done, or its pace': [
    'core/git/push-rules.ts STEPS_MAX',
    'resources/postgres/postgres-disturbance.ts LOCK_TIMEOUT_MS',
    'api/environments/instance-facts.ts STATUS_MAX',
    'api/events/events.ts READ_MAX',
    'api/http/sse.ts BURST_MAX',
    'commands/events/crash-events.ts WINDOW_MAX_MS',
    'core/events/webhook-message.ts DELAY_MAX_MS',
    'ports/store.ts PAGE_LIMIT_MAX',
    'ports/store.ts PAGE_MAX_BYTES',
    'records/clock.ts BACK_MAX_MS',
    'records/clock.ts GAP_MAX_MS',
    'records/commit.ts PAUSE_MAX_MS',
    'records/operation-summaries.ts READ_MAX',
    'records/read-all.ts READ_MAX',
  ],
  'how much is shown of what is longer': [
    'adapters/router/tracer.ts PATH_MAX',
    'api/http/pipeline.ts AGENT_MAX',
    'api/http/problems.ts ERRORS_MAX',
    'api/identity/return-path.ts MAX',
    'commands/events/crash-events.ts WHY_MAX',
    'core/authorization/trust.ts SUBJECT_MAX',
    'core/diff/change.ts TEXT_MAX',
    'core/events/audit-verification.ts FAULTS_MAX',
    'core/score/file/issues.ts MISSPELLED_MAX',
    'core/recipes/check-recipe.ts ERRORS_MAX',
    'core/score/file/score-faults.ts ERRORS_MAX',
    'core/score/file/score-faults.ts KEY_SHOWN_MAX',
    'core/score/file/suggest.ts LENGTH_MAX',
    'core/score/references.ts ERRORS_MAX',
    'core/source/revision.ts MESSAGE_MAX',
  ],
};

/** Constants that bound something, by their name, and have their number beside them. */
const BOUND =
  /^\s*(?:export )?const (\w*(?:MAX|LIMIT|TIMEOUT)\w*|\w*(?:MAX|LIMIT|TIMEOUT))(?:: [^=]+)? = [(\d]/gm;

it('no budget is declared outside of the table of limits', () => {
  const found = filesIn('functions')
    .filter((file) => !file.startsWith('functions/core/limits'))
    .flatMap((file) =>
      [...readFileSync(join(root, file), 'utf8').matchAll(BOUND)].map(
        ([, name]) => `${file.replace('functions/', '')} ${name}`,
      ),
    )
    .filter((one) => !one.endsWith('LIMIT_DEFAULT'));
  const known = Object.values(others).flat();
  expect(found.filter((one) => !known.includes(one))).toEqual([]);
  // What is gone is struck from the list.
  expect(known.filter((one) => !found.includes(one))).toEqual([]);
});
