/**
 * Faults of the kind that people make, which schedules have to find: `npm run mutate -- --simulation` puts them one by
 * one into a copy of Berth, and runs schedules of seeds that nothing was tuned with until a promise is broken. They
 * were written before the simulation could find them.
 */
import type { Mutation } from './mutations.ts';

export type PlantedFault = Omit<Mutation, 'tests'>;

export const plantedFaults: readonly PlantedFault[] = [
  // The fence
  {
    name: 'what served is put back under its own, older fence',
    file: 'functions/workflows/deploy/put-back.ts',
    from: 'await workloadSpec(ports, data, fence)',
    to: 'await workloadSpec(ports, data, Math.min(data.number, fence))',
  },
  {
    name: 'a deployment goes on when a newer one was accepted',
    file: 'functions/commands/deployments/deployment-fence.ts',
    from: 'if (newest === ref.number) return undefined;',
    to: 'if (newest >= ref.number) return undefined;',
  },
  {
    name: 'an older deployment becomes the current one',
    file: 'functions/workflows/deploy/deploy-steps.ts',
    from: 'if (newest !== number) {',
    to: 'if (newest < number) {',
  },
  {
    name: 'a service that was removed begins again with the number one',
    file: 'functions/commands/deployments/accept-deployment.ts',
    from: 'const number = nextNumber(past);',
    to: 'const number = nextNumber(instance);',
  },
  // Owner records
  {
    name: 'the owner record is written after the resource was made',
    file: 'functions/workflows/deploy/ensure-resources.ts',
    from: `    const recorded = await recordOwner(ports, type.type, request);
    const provisioned = await provisionOwned(ports, type, request, signal);`,
    to: `    const provisioned = await type.provision(ports, request);
    const recorded = await recordOwner(ports, type.type, request);`,
  },
  {
    name: 'the owner record goes before the resource',
    file: 'functions/workflows/owned-resources.ts',
    from: '  await untilSettled(signal, () => type.deprovision(ports, request));\n',
    to: `  await ports.store.transact([{ delete: resourceKey(ref, uid) }]);
  await untilSettled(signal, () => type.deprovision(ports, request));\n`,
  },
  {
    name: 'a database is made though its owner record went while it waited for the lock',
    file: 'functions/resources/postgres/postgres.ts',
    from: '    await stillOwned?.();\n    if',
    to: '    if',
  },
  {
    name: 'a resource that was made while its environment was destroyed stays',
    file: 'functions/workflows/deploy/ensure-resources.ts',
    from: '    await takeBack(ports, type, request, signal);\n    throw gone(request);',
    to: '    throw gone(request);',
  },
  // One transaction
  {
    name: 'an event is written after the change that it tells of',
    file: 'functions/records/commit.ts',
    from: '    await ports.store.transact(writes);\n',
    to: `    await ports.store.transact(writes.filter((write) => !events.includes(write)));
    if (events.length > 0) await ports.store.transact(events);\n`,
  },
  {
    name: 'an accepted operation is in no queue of the sweep',
    file: 'functions/commands/operations/operations.ts',
    from: "data: operation, due }, if: 'absent' }",
    to: "data: operation }, if: 'absent' }",
  },
  // Idempotency
  {
    name: 'the idempotency key of what has an event is not kept',
    file: 'functions/records/commit.ts',
    from: 'if (caller.idempotency) writes.push',
    to: 'if (caller.idempotency && events.length === 0) writes.push',
  },
  {
    name: 'two requests with one key, sent at once, are done twice',
    file: 'functions/records/commit.ts',
    from: "return { put: { ...idempotencyKey(caller.actor, key), data: record, due }, if: 'absent' };",
    to: 'return { put: { ...idempotencyKey(caller.actor, key), data: record, due } };',
  },
  {
    name: 'the key of one person answers another',
    file: 'functions/core/keys.ts',
    from: 'shortHash(`${principal}\\u001f${key}`, 64)',
    to: 'shortHash(`${principal.length > 0}\\u001f${key}`, 64)',
  },
  // The sweep
  {
    name: 'an idle environment sleeps though it was changed or used since',
    file: 'functions/commands/environments/transitions.ts',
    from: 'data.generation !== expected.generation ||\n          data.lastActivityAt !== expected.lastActivityAt ||',
    to: 'data.generation < expected.generation ||',
  },
  {
    name: 'a protected environment is destroyed when it expires',
    file: 'functions/core/schedule/expiry-steps.ts',
    from: '  if (protection) return undefined;\n  if (destroyAt',
    to: '  if (destroyAt',
  },
  {
    name: 'an environment sleeps though a request came before its workloads were stopped',
    file: 'functions/workflows/hibernate/hibernate-steps.ts',
    from: 'last > Date.parse(operation.createdAt)',
    to: 'last < 0',
  },
  {
    name: 'leftovers of a destruction are not tried again',
    file: 'functions/workflows/destroy-environment/destroy-steps.ts',
    from: "writes.map((write) => ('put' in write ? { ...write, put: { ...write.put, due } } : write))",
    to: "writes.filter((write) => due.at > 0 && 'put' in write)",
  },
  // Cancel and retries
  {
    name: 'a request to cancel is ignored',
    file: 'functions/workflows/step.ts',
    from: '  if (operation.cancelRequested) {\n    return new Problem',
    to: '  if (operation.cancelRequested && !operation.id) {\n    return new Problem',
  },
  {
    name: 'a release command runs again after the workload was declared',
    file: 'functions/workflows/step.ts',
    from: 'if (item.data.steps.some((started) => started.name === step.doneWhenStarted)) return;',
    to: 'if (item.data.steps.length === 0) return;',
  },
  {
    name: 'a deployment does not wait until its environment is awake',
    file: 'functions/workflows/deploy/deploy-steps.ts',
    from: '    await untilAwake(ports, operation, signal);\n',
    to: '',
  },
  // Pins and secrets
  {
    name: 'a workload reads the newest version of a secret in place of the pinned one',
    file: 'functions/resources/kept-elsewhere.ts',
    from: 'await ports.secrets.get(secret, version)',
    to: 'await ports.secrets.get(secret)',
  },
  {
    name: 'a rollback takes a secret that was revoked',
    file: 'functions/resources/environment.ts',
    from: "stage === 'revoked'",
    to: "stage === 'pending'",
  },
  {
    name: 'only the first secret of a workload is masked',
    file: 'functions/resources/score/workload-spec.ts',
    from: '    secrets: [...new Set(secrets.values())],\n',
    to: '    secrets: [...secrets.values()].slice(0, 1),\n',
  },
  {
    name: 'the password of a database is among what is shown of it',
    file: 'functions/resources/postgres/postgres.ts',
    from: 'database: name, username, sslmode, sslrootcert },',
    to: 'database: name, username, sslmode, sslrootcert, password },',
  },
  {
    name: 'what follows from a look of a rotation does not refuse deployments accepted since',
    file: 'functions/workflows/rotate-secret/readers.ts',
    from: '[environmentUse(seen, seen.data), ...writes]',
    to: 'writes',
  },
  {
    name: 'a rotation goes back after it has decided to retire the old credentials',
    file: 'functions/workflows/rotate-secret/rotation-steps.ts',
    from: "!== 'retire') return goBack",
    to: '!== undefined) return goBack',
  },
  // Tenants and people
  {
    name: 'the records of an environment are found without the project',
    file: 'functions/core/keys.ts',
    from: '`environment#${project}#${environment}`',
    to: '`environment#${project.length > 0}#${environment}`',
  },
  {
    name: 'a viewer may do what a developer may',
    file: 'functions/core/authorization/decide.ts',
    from: "return isAtLeast(has, needs) ? { allowed: true } : { allowed: false, reason: 'role', needs, has };",
    to: "return isAtLeast(has, 'viewer') ? { allowed: true } : { allowed: false, reason: 'role', needs, has };",
  },
  {
    name: 'a token is still good when it was revoked',
    file: 'functions/commands/access/tokens.ts',
    from: '        { delete: tokenKey(pointer.data.hash) },\n      ],',
    to: '      ],',
  },
  // Approval, policies, quotas
  {
    name: 'a deployment that waits for approval is started',
    file: 'functions/commands/operations/operations.ts',
    from: "if (operation.approval?.state === 'pending') return;",
    to: '',
  },
  {
    name: 'who asked for a deployment approves it',
    file: 'functions/commands/approvals/approvals.ts',
    from: 'if (one === other) return true;',
    to: 'if (one === other) return false;',
  },
  {
    name: 'the policies of a project are not asked',
    file: 'functions/commands/guardrails/policies.ts',
    from: ", ...scoped('project', own)]",
    to: ", ...scoped('project', own && platform)]",
  },
  {
    name: 'the builds of a project that run at once are not counted',
    file: 'functions/core/source/build-queue.ts',
    from: 'if ((counts.get(build.project)?.length ?? 0) >= ceilings.project) continue;',
    to: 'if ((counts.get(build.project)?.length ?? 0) < 0) continue;',
  },
  // Running services
  {
    name: 'what was stopped runs again when its environment wakes',
    file: 'functions/workflows/environment-state.ts',
    from: 'current !== undefined && state === undefined)',
    to: "current !== undefined && state !== 'removing')",
  },
  {
    name: 'a deployment forgets the scale that people set',
    file: 'functions/commands/deployments/deployment-content.ts',
    from: '...(instance?.replicas !== undefined && { replicas: instance.replicas }),',
    to: '',
  },
  {
    name: 'requests in flight are not waited for',
    file: 'functions/resources/score/workload-spec.ts',
    from: 'drainSeconds: settings.drainSeconds,',
    to: 'drainSeconds: 0,',
  },
  // Promotions
  {
    name: 'a promotion goes on after it was canceled',
    file: 'functions/core/pipelines/promotion-step.ts',
    from: 'if (waiting && !failed && !cancelRequested)',
    to: 'if (waiting && !failed)',
  },
  {
    name: 'a promotion does not wait until a stage has the version',
    file: 'functions/core/pipelines/promotion-step.ts',
    from: 'const stage = stages.find(({ passedAt }) => passedAt === undefined);',
    to: "const stage = stages.findLast(({ targets }) => targets.some(({ state }) => state === 'waiting')) ?? stages.find(({ passedAt }) => passedAt === undefined);",
  },
  // Builds, variables, webhooks
  {
    name: 'the source of a build goes before its end',
    file: 'functions/workflows/build/build-steps.ts',
    from: '    await leaveQueue(ports, operation.id);\n    const version = operation.result?.version;\n    // The',
    to: '    await leaveQueue(ports, operation.id);\n    await removeSource(ports, operation);\n    const version = operation.result?.version;\n    // The',
  },
  {
    name: 'setting one variable drops the others',
    file: 'functions/commands/variables/variables.ts',
    from: "new Map('all' in change ? [] : before)",
    to: 'new Map([])',
  },
  {
    name: 'an event goes out though the receiver did not take the one before',
    file: 'functions/webhooks/deliver.ts',
    from: 'else if (!signal.aborted) held = await fail(held, outcome, recipient.giveUp, Number(sk));',
    to: 'else if (!signal.aborted) await fail(held, outcome, recipient.giveUp, Number(sk));',
  },
  // Places
  {
    name: 'an environment is removed from the place of the installation, wherever it is',
    file: 'functions/adapters/placement/by-place.ts',
    from: 'removeEnvironment: async (ref) => (await workloadsOf(ref, true))',
    to: 'removeEnvironment: async (ref) => home.workloads',
  },
  {
    name: 'a change is led by what was known of an earlier environment of the name',
    file: 'functions/adapters/placement/by-place.ts',
    from: `        ? !changes
        : before?.id !== undefined && before.id === ref.environmentId;
    if (before && isSame && effects.now() - before.at < KNOWN_MS) return before.placement;`,
    to: `        ? !changes
        : before?.id !== undefined && before.id === ref.environmentId;
    if (before && (isSame || changes)) return before.placement;`,
  },
  {
    name: 'what says that an environment is in a place outlives it',
    file: 'functions/workflows/destroy-environment/destroy-steps.ts',
    from: '        ...(placement === undefined ? [] : [{ delete: placedKey(placement, ref) }]),\n',
    to: '',
  },
  {
    name: 'a place is removed with the environments in it',
    file: 'functions/commands/places/places.ts',
    from: 'if (inside.length > 0) {',
    to: 'if (inside.length > TOLD) {',
  },
  {
    name: 'a place is looked into before it is closed for new environments',
    file: 'functions/commands/places/places.ts',
    from: '  if (!closing) await mark(true);\n',
    to: '  if (closing) await mark(true);\n',
  },
  {
    name: 'what is in a place that can not be asked counts as idle',
    file: 'functions/adapters/placement/by-place.ts',
    from: "asked.map(() => 'unknown' as const)",
    to: 'asked.map(() => undefined)',
  },
  {
    name: 'an environment is said to be in another place from now on',
    file: 'functions/commands/places/place-environment.ts',
    from: '  if (wish === at) return;\n',
    to: '  if (wish.length > 0) return;\n',
  },
  // Secrets that are kept elsewhere
  {
    name: 'a workload reads the newest version of an entry in place of the pinned one',
    file: 'functions/resources/kept-elsewhere.ts',
    from: '  const value = await keeperOf(ports, source).read(source);\n',
    to: `  const { version: _pinned, ...entry } = source;
  const keeper = keeperOf(ports, source);
  const value = await keeper.read({ ...entry, version: await keeper.pin(entry) });\n`,
  },
  {
    name: 'a deployment pins the version that an entry had when it was referred to',
    file: 'functions/commands/secrets/secrets.ts',
    from: `    await pinSource(ports, ref.project, input.source);
    const version = { version: versionId, source: input.source };`,
    to: `    const { source } = await pinSource(ports, ref.project, input.source);
    const version = { version: versionId, source };`,
  },
  {
    name: 'a project refers to what no rule lets it refer to',
    file: 'functions/resources/kept-elsewhere.ts',
    from: '  await requireAllowed(ports, project, [source]);\n',
    to: '  await requireAllowed(ports, project, []);\n',
  },
  {
    name: 'the value of an entry is kept with the pin',
    file: 'functions/resources/kept-elsewhere.ts',
    from: 'return { version: sourceText(pinned), source: pinned };',
    to: 'return { version: `${sourceText(pinned)} ${await keeper.read(pinned)}`, source: pinned };',
  },
  {
    name: 'the newest version takes the place of a pinned one that is gone',
    file: 'functions/resources/kept-elsewhere.ts',
    from: '  if (value === undefined) throw goneSource(source);\n  checkSecretValue',
    to: `  const { version: _gone, ...entry } = source;
  if (value === undefined)
    return readSource(ports, { ...entry, version: await keeperOf(ports, source).pin(entry) });
  checkSecretValue`,
  },
  // Versions
  {
    name: 'an image goes with one of the versions that have it',
    file: 'functions/sweep/versions.ts',
    from: 'const isNeeded = data.removedAt === undefined && used.has(data.digest);',
    to: 'const isNeeded = used.has(data.digest) && false;',
  },
  {
    name: 'a version that was half deleted by hand stays so',
    file: 'functions/sweep/versions.ts',
    from: 'const due = new Set(versions.filter(isMarked));',
    to: 'const due = new Set<Item<Version>>();',
  },
  // Recipes
  {
    name: 'a rollback takes the recipes as they are now',
    file: 'functions/commands/deployments/deployment-content.ts',
    from: '  const { version, digest, revision, recipes } = data;\n',
    to: `  const { version, digest, revision } = data;
  const { recipes } = await madeNow(ports, await workloadOfVersion(ports.store, data));\n`,
  },
  {
    name: 'what runs is made of the recipes as they are now, whatever its deployment has pinned',
    file: 'functions/records/recipes/recipes.ts',
    from: 'expandRecipes(workload, await recipesAt(store, pins))',
    to: 'expandRecipes(workload, await recipesNow(store, Object.values(pins).map(({ type }) => type)))',
  },
  {
    name: 'a roll passes over a service whose newest deployment is not what serves',
    file: 'functions/commands/recipes/recipe-uses.ts',
    from: 'const numbers = [...new Set([instance.current, instance.newest])];',
    to: 'const numbers = [instance.newest];',
  },
  // Log drains
  {
    name: 'the place of a drain is written before the receiver has taken the lines',
    file: 'functions/drains/turn.ts',
    from: '    const outcome = await sendLines(ports, drain, lines, signal);\n',
    to: `    moveTo(state, batch.places);
    await saveState(ports, state);
    const outcome = await sendLines(ports, drain, lines, signal);\n`,
  },
  {
    name: 'what became of a batch is forgotten when the store does not keep it',
    file: 'functions/drains/turn.ts',
    from: '  if (state.change && !(await saveState(ports, state))) return;\n',
    to: '  state.change = undefined;\n',
  },
  {
    name: 'a drain sends the output of operations of other projects',
    file: 'functions/drains/read-lines.ts',
    from: '  label?.project === drain.project &&\n',
    to: '  label !== undefined &&\n',
  },
];
