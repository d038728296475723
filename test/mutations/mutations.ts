/**
 * Small faults, each of which a test has to notice: `npm run mutate` puts them one by one into a copy of Berth and
 * runs the tests that should fail.
 */
export interface Mutation {
  /** The fault, in words. */
  name: string;
  file: string;
  /** Occurs once in the file. */
  from: string;
  to: string;
  /** Files or folders of tests, at least one of which has to fail. */
  tests: readonly string[];
}

export const mutations: readonly Mutation[] = [
  // Authorization
  {
    name: 'a limited token of an administrator skips the protection of environments',
    file: 'functions/api/admission/admit.ts',
    from: 'principal.administrator && !principal.limits',
    to: 'principal.administrator',
    tests: ['test/api/access/tokens.test.ts'],
  },
  {
    name: 'a token that is limited to an environment reaches others',
    file: 'functions/core/authorization/decide.ts',
    from: 'if (limits?.environments && environment !== undefined && !limits.environments.includes(environment)) {',
    to: 'if (limits?.environments?.length === 0 && environment !== undefined) {',
    tests: ['test/api/access/tokens.test.ts'],
  },
  {
    name: 'the role of a token is not lowered to its limit',
    file: 'functions/core/authorization/decide.ts',
    from: 'return role !== undefined && limits?.role !== undefined ? lowerRole(role, limits.role) : role;',
    to: 'return role;',
    tests: ['test/api/access/tokens.test.ts'],
  },
  {
    name: 'a protected environment asks for no higher role',
    file: 'functions/core/authorization/decide.ts',
    from: 'target.protected && inProtected ? inProtected : least',
    to: 'inProtected && !least ? inProtected : least',
    tests: ['test/api/access/tokens.test.ts'],
  },
  {
    name: 'every token may make tokens',
    file: 'functions/core/authorization/decide.ts',
    from: "kind === 'token' && limits?.createsTokens === true",
    to: "kind === 'token'",
    tests: ['test/api/access/tokens.test.ts'],
  },
  {
    name: 'a limited token of an administrator runs the platform',
    file: 'functions/core/authorization/decide.ts',
    from: 'return administrator && !limits\n        ?',
    to: 'return administrator\n        ?',
    tests: ['test/api/access/tokens.test.ts'],
  },
  {
    name: 'who asked for a deployment approves it',
    file: 'functions/commands/deployments/approvals.ts',
    from: 'if (one === other) return true;',
    to: 'if (one === `${other}!`) return true;',
    tests: ['test/api/deployments/approvals.test.ts'],
  },
  // The fence
  {
    name: 'processes let an older deployment in',
    file: 'functions/adapters/processes/fences.ts',
    from: 'if (fence >= newest) return;',
    to: 'if (fence >= 0 || newest < 0) return;',
    tests: ['test/adapters/processes/workloads.test.ts'],
  },
  {
    name: 'the fence of processes is forgotten by a restart',
    file: 'functions/adapters/processes/fences.ts',
    from: 'Object.hasOwn(stored, ref.service) ? Number(stored[ref.service]) : 0',
    to: "Object.hasOwn(stored, '') ? 1 : 0",
    tests: ['test/adapters/processes'],
  },
  {
    name: 'a deployment gets the number of one that waits for approval',
    file: 'functions/commands/deployments/approvals.ts',
    from: 'Math.max(instance?.newest ?? 0, instance?.highest ?? 0) + 1',
    to: '(instance?.newest ?? 0) + 1',
    tests: ['test/api/deployments/approvals.test.ts'],
  },
  {
    name: 'a deployment goes on when a newer one was accepted',
    file: 'functions/commands/deployments/deployments.ts',
    from: 'if (newest === ref.number) return undefined;',
    to: 'if (newest >= ref.number) return undefined;',
    tests: ['test/workflows/deploy', 'test/commands/deployments'],
  },
  {
    name: 'an older deployment becomes the current one',
    file: 'functions/workflows/deploy/deploy-steps.ts',
    from: 'if (newest !== number) {',
    to: 'if (newest < number) {',
    tests: ['test/workflows/deploy', 'test/commands/deployments'],
  },
  {
    name: 'a deployment is accepted for a service that was deleted meanwhile',
    file: 'functions/commands/deployments/deployments.ts',
    from: "...(instance ? [] : [{ check: serviceKey(ref), if: 'present' as const }]),",
    to: '',
    tests: ['test/api/deployments/deployments.test.ts'],
  },
  // The sweep
  {
    name: 'an environment is idle since its last request, though it was deployed to after it',
    file: 'functions/sweep/sweep.ts',
    from: 'Math.max(known, last ?? known)',
    to: 'last ?? known',
    tests: ['test/sweep'],
  },
  {
    name: 'an expired environment is destroyed though it changed since',
    file: 'functions/commands/environments/transitions.ts',
    from: 'data.generation === expired.generation',
    to: 'expired.generation >= 0',
    tests: ['test/sweep'],
  },
  {
    name: 'an idle environment sleeps though it was changed since',
    file: 'functions/commands/environments/transitions.ts',
    from: '(data.generation !== expected.generation || data.lastActivityAt !== expected.lastActivityAt)',
    to: 'data.lastActivityAt !== expected.lastActivityAt',
    tests: ['test/sweep'],
  },
  {
    name: 'an idle environment sleeps though it was used since',
    file: 'functions/commands/environments/transitions.ts',
    from: '(data.generation !== expected.generation || data.lastActivityAt !== expected.lastActivityAt)',
    to: 'data.generation !== expected.generation',
    tests: ['test/sweep'],
  },
  {
    name: 'an operation that is past its bound goes on',
    file: 'functions/sweep/sweep.ts',
    from: 'if (ports.effects.now() >= Date.parse(operation.deadline)) {',
    to: 'if (ports.effects.now() < 0) {',
    tests: ['test/sweep'],
  },
  {
    name: 'where requests are not seen, everything is idle',
    file: 'functions/sweep/sweep.ts',
    from: "if (last === 'unknown') return lookLater(ports, item, now + environment.idleAfterSeconds * 1000);",
    to: "if (last === 'unknown') return void (await hibernateEnvironment(ports, system, ref, environment));",
    tests: ['test/sweep'],
  },
  // Idempotency
  {
    name: 'another request with the same key gets the answer of the first',
    file: 'functions/api/http/idempotency.ts',
    from: 'if (item.data.fingerprint === fingerprint) return',
    to: 'if (item.data.fingerprint) return',
    tests: ['test/api/http'],
  },
  {
    name: 'two requests with one key, sent at once, are done twice',
    file: 'functions/records/commit.ts',
    from: "return { put: { ...idempotencyKey(caller.actor, key), data: record, due }, if: 'absent' };",
    to: 'return { put: { ...idempotencyKey(caller.actor, key), data: record, due } };',
    tests: ['test/api/http/requests.test.ts'],
  },
  {
    name: 'the key of one person answers another',
    file: 'functions/core/keys.ts',
    from: 'shortHash(`${principal}\\u001f${key}`, 64)',
    to: "shortHash(`${principal === '' ? '' : 'all'}\\u001f${key}`, 64)",
    tests: ['test/api/http', 'test/abuse/permissions'],
  },
  {
    name: 'an event takes the place of another in the chain',
    file: 'functions/records/commit.ts',
    from: "return { put: { ...eventKey(project, head.number), data: next.event }, if: 'absent' };",
    to: 'return { put: { ...eventKey(project, head.number), data: next.event } };',
    tests: ['test/records'],
  },
  // Pins
  {
    name: 'a rollback takes a secret that was revoked',
    file: 'functions/resources/environment.ts',
    from: "stage === 'revoked'",
    to: "stage === 'pending'",
    tests: ['test/system/rotation.test.ts'],
  },
  {
    name: 'a workload reads the newest version of a secret in place of the pinned one',
    file: 'functions/workflows/workload-spec.ts',
    from: 'await ports.secrets.get(secret, version)',
    to: 'await ports.secrets.get(secret)',
    tests: ['test/workflows/workload-spec.test.ts'],
  },
  // Masks
  {
    name: 'what is said of a container is not masked',
    file: 'functions/adapters/processes/container.ts',
    from: 'message: options.mask(message),',
    to: 'message,',
    tests: ['test/adapters/processes/processes.test.ts'],
  },
  {
    name: 'the password of a connection string is shown',
    file: 'functions/core/secrets/mask.ts',
    from: 'const wholes = [value, ...passwordOf(value)];',
    to: 'const wholes = [value];',
    tests: ['test/adapters/processes/text.test.ts'],
  },
  {
    name: 'secrets in files are not masked',
    file: 'functions/adapters/processes/spec-mask.ts',
    from: '    ...secrets,\n',
    to: '',
    tests: ['test/adapters/processes/text.test.ts'],
  },
  {
    name: 'short secrets are shown',
    file: 'functions/core/secrets/mask.ts',
    from: 'const SHORTEST = 6;',
    to: 'const SHORTEST = 12;',
    tests: ['test/adapters/processes/text.test.ts'],
  },
  // Kubernetes
  {
    name: 'a container in a cluster keeps the capabilities of root',
    file: 'functions/adapters/kubernetes/manifests/container-manifest.ts',
    from: "capabilities: { drop: ['ALL'] },",
    to: 'capabilities: {},',
    tests: ['test/adapters/kubernetes/manifests.test.ts'],
  },
  {
    name: 'a pod gets a token of the cluster',
    file: 'functions/adapters/kubernetes/manifests/pod-manifest.ts',
    from: 'automountServiceAccountToken: false,',
    to: 'automountServiceAccountToken: true,',
    tests: ['test/adapters/kubernetes/manifests.test.ts'],
  },
  {
    name: 'a cluster lets an older deployment in',
    file: 'functions/adapters/kubernetes/fence-object.ts',
    from: 'if (newest > fence) throw fenced(ref.service, fence, newest);',
    to: '',
    tests: ['test/adapters/kubernetes/fence-object.test.ts'],
  },
  {
    name: 'the fence of a cluster is written over the one that came in between',
    file: 'functions/adapters/kubernetes/fence-object.ts',
    from: 'metadata: { ...object.metadata, resourceVersion }',
    to: 'metadata: object.metadata',
    tests: ['test/adapters/kubernetes/fence-object.test.ts'],
  },
  {
    name: 'an idle environment sleeps though a request came before its workloads were stopped',
    file: 'functions/workflows/hibernate/hibernate-steps.ts',
    from: 'last > Date.parse(operation.createdAt)',
    to: 'last < 0',
    tests: ['test/workflows/environment-state.test.ts'],
  },
  // Retention
  {
    name: 'a record is forgotten though it was renewed since',
    file: 'functions/sweep/sweep.ts',
    from: '{ delete: { pk, sk }, if: { version } },',
    to: '{ delete: { pk, sk } },',
    tests: ['test/sweep'],
  },
  {
    name: 'an operation that is forgotten stays in the lists',
    file: 'functions/sweep/sweep.ts',
    from: '...lines.map((key) => ({ delete: key })),',
    to: '',
    tests: ['test/sweep'],
  },
  // Rotation
  {
    name: 'the old version of a secret is revoked while something serves with it',
    file: 'functions/workflows/rotate-secret/rotation-steps.ts',
    from: 'if (!isOutdated(current, wanted)) return true;',
    to: 'if (isOutdated(current, wanted) || newest) return true;',
    tests: ['test/workflows/rotate-secret'],
  },
  {
    name: 'a rotation that failed keeps the new version as the current one',
    file: 'functions/workflows/rotate-secret/rotation-steps.ts',
    from: 'versions: withRestored(data.versions, previous, version),',
    to: 'versions: withRestored(data.versions, version, previous),',
    tests: ['test/workflows/rotate-secret'],
  },
  {
    name: 'a rotation changes a secret that it does not hold',
    file: 'functions/workflows/rotate-secret/rotation-steps.ts',
    from: '({ rotation }) => rotation === id, change)',
    to: "() => id !== '', change)",
    tests: ['test/workflows/rotate-secret'],
  },
  // Webhooks
  {
    name: 'an event goes out though the receiver did not take the one before',
    file: 'functions/webhooks/deliver.ts',
    from: 'else if (!signal.aborted) held = await fail(held, outcome);',
    to: 'else if (!signal.aborted) await fail(held, outcome);',
    tests: ['test/api/webhooks'],
  },
  {
    name: 'the signature of a message does not hold its time',
    file: 'functions/core/events/webhook-message.ts',
    from: '`${id}.${timestamp}.${body}`',
    to: '`${id}.${timestamp.length}.${body}`',
    tests: ['test/api/webhooks'],
  },
  {
    name: 'a signing secret that was replaced is good for ever',
    file: 'functions/commands/webhooks/webhook-messages.ts',
    from: 'previous && Date.parse(previous.until) > now ?',
    to: 'previous && now > 0 ?',
    tests: ['test/api/webhooks'],
  },
  // Approval
  {
    name: 'a deployment is approved after its time',
    file: 'functions/commands/deployments/approvals.ts',
    from: 'if (now >= Date.parse(approval.expiresAt)) {',
    to: 'if (now < 0) {',
    tests: ['test/api/deployments/approvals.test.ts'],
  },
  {
    name: 'a deployment is approved though a newer one runs',
    file: 'functions/commands/deployments/approvals.ts',
    from: 'if (newest > ref.number) {',
    to: 'if (newest < 0) {',
    tests: ['test/api/deployments/approvals.test.ts'],
  },
  {
    name: 'what is said of a release command is not masked',
    file: 'functions/adapters/processes/release.ts',
    from: '        mask(\n          `The release command',
    to: '        String(\n          `The release command',
    tests: ['test/adapters/processes/processes.test.ts'],
  },
  {
    name: 'the output of a release command is not masked',
    file: 'functions/adapters/processes/release.ts',
    from: '      mask,\n',
    to: '      mask: Object.assign((text: string) => text, { longest: mask.longest }),\n',
    tests: ['test/adapters/processes/workloads.test.ts'],
  },
  // Images and archives
  {
    name: 'a registry gives another image than the digest names',
    file: 'functions/adapters/oci/registry.ts',
    from: "if (reference.startsWith('sha256:') && digest !== reference) throw unavailable('its manifest is damaged');",
    to: '',
    tests: ['test/adapters/oci'],
  },
  {
    name: 'the configuration of an image is another than its manifest names',
    file: 'functions/adapters/oci/image.ts',
    from: 'if (digestOf(data) !== digest) return undefined;',
    to: '',
    tests: ['test/adapters/oci'],
  },
  {
    name: 'a signature is taken with another text than was signed',
    file: 'functions/adapters/oci/image.ts',
    from: 'if (payload && digestOf(payload) === digest) found',
    to: 'if (payload) found',
    tests: ['test/adapters/oci'],
  },
  {
    name: 'the content of a layer is another than the configuration says',
    file: 'functions/adapters/local/registry/unpack.ts',
    from: 'if (plain.digest() !== diffId)',
    to: 'if (plain.digest() === diffId && plain.bytes() < 0)',
    tests: ['test/adapters/local/registry/registry.test.ts'],
  },
  {
    name: 'a layer of an image writes outside of its directory',
    file: 'functions/core/source/archive-path.ts',
    from: "if (segments.includes('..'))",
    to: "if (segments.includes('...'))",
    tests: ['test/adapters/local/registry/registry.test.ts'],
  },
  {
    name: 'a link in an image leads out of it',
    file: 'functions/core/source/archive-path.ts',
    from: "return climbs < path.split('/').length;",
    to: "return climbs <= path.split('/').length;",
    tests: ['test/adapters/local/registry/registry.test.ts'],
  },
  {
    name: 'the id of an upload names any file',
    file: 'functions/adapters/local/builder/uploads.ts',
    from: 'ID.test(id) ?',
    to: "id !== '' ?",
    tests: ['test/adapters/local/builder/uploads.test.ts'],
  },
  // Secrets at rest
  {
    name: 'the value of a secret is passed off as another',
    file: 'functions/adapters/local/secrets/secrets-format.ts',
    from: 'JSON.stringify([path, version])',
    to: 'JSON.stringify([path.length > 0, version.length > 0])',
    tests: ['test/adapters/local/secrets/secrets.test.ts'],
  },
  {
    name: 'a line of the secrets file that somebody else wrote is taken',
    file: 'functions/adapters/local/secrets/secrets-format.ts',
    from: 'if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;',
    to: 'if (given.length !== expected.length) return undefined;',
    tests: ['test/adapters/local/secrets/secrets.test.ts'],
  },
  {
    name: 'others on the machine may read the key of the secrets',
    file: 'functions/adapters/local/secrets/secrets-key.ts',
    from: 'if ((mode & 0o077) !== 0) {',
    to: 'if (mode === 0) {',
    tests: ['test/adapters/local/secrets/secrets.test.ts'],
  },
];
