/**
 * Small wrongs, each of which a test has to notice: `npm run mutate` puts them one by one into a copy of Berth and
 * runs the tests that should fail.
 */
export interface Mutation {
  /** What is wrong with it. */
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
    tests: ['test/api/admission', 'test/api/access'],
  },
  {
    name: 'a token that is limited to an environment reaches others',
    file: 'functions/core/authorization/decide.ts',
    from: 'if (limits?.environments && environment !== undefined && !limits.environments.includes(environment)) {',
    to: 'if (limits?.environments?.length === 0 && environment !== undefined) {',
    tests: ['test/api/admission', 'test/api/access', 'test/core/authorization'],
  },
  {
    name: 'the role of a token is not lowered to its limit',
    file: 'functions/core/authorization/decide.ts',
    from: 'return role !== undefined && limits?.role !== undefined ? lowerRole(role, limits.role) : role;',
    to: 'return role;',
    tests: ['test/api/admission', 'test/api/access', 'test/core/authorization'],
  },
  {
    name: 'a protected environment asks for no higher role',
    file: 'functions/core/authorization/decide.ts',
    from: 'target.protected && inProtected ? inProtected : least',
    to: 'inProtected && !least ? inProtected : least',
    tests: ['test/api/admission', 'test/api/access', 'test/core/authorization'],
  },
  {
    name: 'every token may make tokens',
    file: 'functions/core/authorization/decide.ts',
    from: "kind === 'token' && limits?.createsTokens === true",
    to: "kind === 'token'",
    tests: ['test/api/admission', 'test/api/access', 'test/abuse/identity'],
  },
  {
    name: 'a limited token of an administrator runs the platform',
    file: 'functions/core/authorization/decide.ts',
    from: 'return administrator && !limits\n        ?',
    to: 'return administrator\n        ?',
    tests: ['test/api/admission', 'test/api/access', 'test/abuse/identity'],
  },
  {
    name: 'who asked for a deployment approves it',
    file: 'functions/commands/deployments/approvals.ts',
    from: 'if ((caller.person ?? caller.actor) === approval.requestedBy) {',
    to: 'if (caller.actor === `${approval.requestedBy}!`) {',
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
    tests: ['test/api/deployments/approvals.test.ts', 'test/commands/deployments'],
  },
  {
    name: 'a deployment goes on when a newer one was accepted',
    file: 'functions/commands/deployments/deployments.ts',
    from: 'if (newest === operation.number) return undefined;',
    to: 'if (newest >= operation.number) return undefined;',
    tests: ['test/workflows', 'test/system/deployments.test.ts'],
  },
  {
    name: 'an older deployment becomes the current one',
    file: 'functions/workflows/deploy/deploy-steps.ts',
    from: 'if (instance.data.newest !== ref.number) {',
    to: 'if (instance.data.newest < ref.number) {',
    tests: ['test/workflows', 'test/system/deployments.test.ts'],
  },
  {
    name: 'a deployment is accepted for a service that was deleted meanwhile',
    file: 'functions/commands/deployments/deployments.ts',
    from: "...(instance ? [] : [{ check: serviceKey(ref), if: 'present' as const }]),",
    to: '',
    tests: ['test/commands/deployments', 'test/api/deployments'],
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
    from: 'options.expectedGeneration === data.generation',
    to: 'options.expectedGeneration >= 0',
    tests: ['test/sweep', 'test/commands'],
  },
  {
    name: 'an idle environment sleeps though it was changed since',
    file: 'functions/commands/environments/transitions.ts',
    from: '(data.generation !== expected.generation || data.lastActivityAt !== expected.lastActivityAt)',
    to: 'data.lastActivityAt !== expected.lastActivityAt',
    tests: ['test/sweep', 'test/commands'],
  },
  {
    name: 'an idle environment sleeps though it was used since',
    file: 'functions/commands/environments/transitions.ts',
    from: '(data.generation !== expected.generation || data.lastActivityAt !== expected.lastActivityAt)',
    to: 'data.generation !== expected.generation',
    tests: ['test/sweep', 'test/commands'],
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
    tests: ['test/api/http', 'test/system/operations.test.ts'],
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
    tests: ['test/records', 'test/commands'],
  },
  // Pins
  {
    name: 'a rollback takes a secret that was revoked',
    file: 'functions/commands/deployments/rollback-pins.ts',
    from: "stage === 'revoked'",
    to: "stage === 'pending'",
    tests: ['test/commands', 'test/system/rotation.test.ts', 'test/workflows'],
  },
  {
    name: 'a workload reads the newest version of a secret in place of the pinned one',
    file: 'functions/workflows/workload-spec.ts',
    from: 'await ports.secrets.get(secret, version)',
    to: 'await ports.secrets.get(secret)',
    tests: ['test/workflows', 'test/system'],
  },
  // Masks
  {
    name: 'what is said of a container is not masked',
    file: 'functions/adapters/processes/container.ts',
    from: 'message: options.mask(message),',
    to: 'message,',
    tests: ['test/adapters/processes'],
  },
  {
    name: 'the password of a connection string is shown',
    file: 'functions/core/secrets/mask.ts',
    from: 'const wholes = [value, ...passwordOf(value)];',
    to: 'const wholes = [value];',
    tests: ['test/core', 'test/adapters/processes', 'test/abuse/leaks'],
  },
  {
    name: 'secrets in files are not masked',
    file: 'functions/adapters/processes/spec-mask.ts',
    from: '    ...secrets,\n',
    to: '',
    tests: ['test/adapters/processes', 'test/abuse/leaks'],
  },
  {
    name: 'short secrets are shown',
    file: 'functions/core/secrets/mask.ts',
    from: 'const SHORTEST = 6;',
    to: 'const SHORTEST = 12;',
    tests: ['test/core', 'test/adapters/processes', 'test/abuse/leaks'],
  },
];
