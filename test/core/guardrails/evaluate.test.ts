import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type DeploymentFacts, evaluatePolicy } from '../../../functions/core/guardrails/evaluate.ts';
import { isFrozen } from '../../../functions/core/guardrails/freeze.ts';
import type { Policy, PolicyRule } from '../../../functions/core/guardrails/policy-types.ts';
import { isSignedBy, readPublicKey } from '../../../functions/core/guardrails/signatures.ts';
import type { ScoreWorkload } from '../../../functions/core/score/workload.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const workload: ScoreWorkload = {
  apiVersion: 'score.dev/v1b1',
  metadata: { name: 'web' },
  containers: { main: { image: '.' } },
};
const facts = (more: Partial<DeploymentFacts> = {}): DeploymentFacts => ({
  environment: 'production',
  kind: 'deploy',
  at: Date.parse('2026-11-20T12:00:00Z'),
  digest: DIGEST,
  source: { kind: 'upload', sha256: 'x', bytes: 1 },
  workload,
  findings: undefined,
  signatures: [],
  ...more,
});
const policy = (rule: PolicyRule, more: Partial<Policy> = {}): Policy => ({
  name: 'rule',
  rollbacks: false,
  rule,
  updatedAt: '2026-01-01T00:00:00.000Z',
  updatedBy: 'user:ada',
  ...more,
});
const factOf = (rule: PolicyRule, more: Partial<DeploymentFacts> = {}): string | undefined =>
  evaluatePolicy(policy(rule), 'project', facts(more))?.fact;
const image = (reference: string) => ({ source: { kind: 'image' as const, reference } });
const git = (ref: string, url = 'https://git.example/acme/web.git') => ({
  source: { kind: 'git' as const, url, ref, commit: 'c'.repeat(40) },
});

describe('A policy', () => {
  const never: PolicyRule = { kind: 'branches', branches: ['none'] };
  const concerned = (more: Partial<Policy>, given: Partial<DeploymentFacts> = {}) =>
    evaluatePolicy(policy(never, more), 'project', facts(given)) !== undefined;

  it('is about all environments, or those that it names', () => {
    expect(concerned({})).toBe(true);
    expect(concerned({ environments: ['production'] })).toBe(true);
    expect(concerned({ environments: ['prod*'] })).toBe(true);
    expect(concerned({ environments: ['staging', 'dev'] })).toBe(false);
  });

  it('leaves rollbacks alone unless it says otherwise; promotions are deployments', () => {
    expect(concerned({}, { kind: 'rollback' })).toBe(false);
    expect(concerned({ rollbacks: true }, { kind: 'rollback' })).toBe(true);
    expect(concerned({}, { kind: 'promote' })).toBe(true);
  });

  it('that is not met names itself, what was found and what to do', () => {
    expect(evaluatePolicy(policy(never), 'platform', facts(git('refs/heads/x')))).toEqual({
      policy: 'rule',
      scope: 'platform',
      fact: 'the version was built from "x"',
      remedy: 'Build it with Berth from none.',
    });
  });
});

describe('Allowed registries', () => {
  const rule: PolicyRule = {
    kind: 'allowed-registries',
    registries: ['ghcr.io/acme', 'registry.acme.example:5000'],
  };
  it.each([
    ['ghcr.io/acme/web:1', true],
    [`ghcr.io/acme/web@${DIGEST}`, true],
    ['GHCR.IO/acme/web:1', true],
    ['registry.acme.example:5000/web', true],
    ['ghcr.io/acme-fork/web:1', false],
    ['ghcr.io/other/acme/web', false],
    ['ghcr.io.evil.example/acme/web', false],
    ['registry.acme.example/web', false],
    ['localhost/web', false],
    ['evil.example/ghcr.io/acme/web', false],
    // Without a host it is of the installation's own registry.
    ['demo/web:1', true],
    ['v1', true],
  ])('%s: %s', (reference, fits) => expect(factOf(rule, image(reference)) === undefined).toBe(fits));

  it('let in what Berth built', () => {
    expect(factOf(rule)).toBeUndefined();
    expect(factOf(rule, git('x'))).toBeUndefined();
  });
});

it('digest only refuses what was registered by a tag', () => {
  const rule: PolicyRule = { kind: 'digest-only' };
  expect(factOf(rule, image('v1'))).toBe('the version was registered by the tag "v1"');
  expect(factOf(rule, image(`ghcr.io/acme/web:v1@${DIGEST}`))).toBeUndefined();
  expect(factOf(rule, image(DIGEST))).toBeUndefined();
  expect(factOf(rule, image(`${DIGEST}x`))).toBeDefined();
  // What a Score file names is registered by that name, from wherever the file is.
  const named = (name: string) => ({
    source: { kind: 'upload' as const, sha256: '0', bytes: 1, image: name },
  });
  expect(factOf(rule, named('docker.io/library/nginx:1.27'))).toContain('docker.io/library/nginx:1.27');
  expect(factOf(rule, named(`docker.io/library/nginx@${DIGEST}`))).toBeUndefined();
  expect(factOf(rule)).toBeUndefined();
});

it('a scan is refused for findings of its severity or worse, and when there is none', () => {
  const rule: PolicyRule = { kind: 'scan', severity: 'high' };
  const scan = (counts: object) => ({ findings: { scannedAt: '2026-11-01T00:00:00.000Z', counts } });
  expect(factOf(rule)).toBe('the image has not been scanned');
  expect(factOf(rule, scan({ critical: 0, high: 0, medium: 9, low: 9 }))).toBeUndefined();
  expect(factOf(rule, scan({ critical: 1, high: 2 }))).toBe(
    'the scan of 2026-11-01T00:00:00.000Z found 1 critical and 2 high',
  );
  expect(factOf(rule, scan({ critical: 1 }))).toContain('1 critical');
});

describe('A ceiling', () => {
  const limited = (cpu?: string, memory?: string): Partial<DeploymentFacts> => ({
    workload: {
      ...workload,
      containers: {
        main: { image: '.', resources: { limits: { ...(cpu && { cpu }), ...(memory && { memory }) } } },
        side: { image: '.', resources: { limits: { cpu: '250m', memory: '128Mi' } } },
      },
    },
  });
  const rule: PolicyRule = { kind: 'ceiling', cpu: '1', memory: '1Gi', replicas: 3 };

  it('is of all containers together', () => {
    expect(factOf(rule, limited('750m', '896Mi'))).toBeUndefined();
    expect(factOf(rule, limited('751m', '896Mi'))).toBe('its limits of cpu are over 1');
    expect(factOf(rule, limited('0.75', '897Mi'))).toBe('its limits of memory are over 1Gi');
  });

  it('is not met by a container without a limit', () => {
    expect(factOf(rule, limited(undefined, '1Mi'))).toBe('container main has no limit of cpu');
    expect(factOf(rule, limited('100m'))).toBe('container main has no limit of memory');
    expect(factOf({ kind: 'ceiling', replicas: 3 }, limited())).toBeUndefined();
  });

  it('holds for what it may scale to', () => {
    const scaled = (annotations: Record<string, string>) => ({
      workload: { ...workload, metadata: { name: 'web', annotations } },
    });
    const three: PolicyRule = { kind: 'ceiling', replicas: 3 };
    expect(factOf(three, scaled({ 'berth.dev/replicas': '3' }))).toBeUndefined();
    expect(factOf(three, scaled({ 'berth.dev/replicas': '4' }))).toBe('it asks for up to 4 replicas');
    expect(factOf(three, scaled({ 'berth.dev/max-replicas': '9' }))).toBe('it asks for up to 9 replicas');
  });

  it('holds for web and all its processes together, with the numbers that people set', () => {
    const three: PolicyRule = { kind: 'ceiling', replicas: 3 };
    const scaled = (worker: string, processes = {}) => ({
      workload: {
        ...workload,
        metadata: { name: 'web', annotations: { 'berth.dev/processes': `worker=${worker}` } },
      },
      processes,
    });
    expect(factOf(three, scaled('2'))).toBeUndefined();
    const fact = 'it asks for up to 4 replicas, 3 of them of processes beside web';
    expect(factOf(three, scaled('3'))).toBe(fact);
    expect(factOf(three, scaled('1', { worker: { replicas: 3, isScaled: true } }))).toBe(fact);
  });
});

describe('Branches', () => {
  const rule: PolicyRule = { kind: 'branches', branches: ['main', 'release/*'] };
  it.each([
    ['main', false],
    ['refs/heads/main', true],
    ['refs/heads/release/2026', true],
    ['refs/heads/release/2026/x', false],
    ['refs/heads/feature/main', false],
    ['refs/tags/main', false],
    ['refs/heads/refs/heads/main', false],
    ['refs/heads/main ', false],
    ['HEAD', false],
    ['c'.repeat(40), false],
    ['abcdef1', false],
  ])('are known by the full name of a head alone: %s: %s', (ref, fits) =>
    expect(factOf(rule, git(ref)) === undefined).toBe(fits),
  );

  it('are known of builds from git alone', () => {
    expect(factOf(rule)).toContain('an upload');
    expect(factOf(rule, image('main'))).toContain('an image that was pushed');
  });

  it('of named repositories are no one else’s', () => {
    const own: PolicyRule = { ...rule, repositories: ['https://git.example/acme/web.git'] };
    expect(factOf(own, git('refs/heads/main'))).toBeUndefined();
    expect(factOf(own, git('refs/heads/main', 'https://git.example/fork/web.git'))).toContain('fork');
  });
});

describe('A freeze', () => {
  const at = (time: string) => Date.parse(time);
  it('once is from its first to before its last moment', () => {
    const window = { from: '2026-12-23T00:00:00+01:00', to: '2026-12-27T00:00:00+01:00' };
    expect(isFrozen(window, at('2026-12-22T22:59:59Z'))).toBe(false);
    expect(isFrozen(window, at('2026-12-22T23:00:00Z'))).toBe(true);
    expect(isFrozen(window, at('2026-12-26T22:59:59Z'))).toBe(true);
    expect(isFrozen(window, at('2026-12-26T23:00:00Z'))).toBe(false);
  });

  it('each week goes by the clocks of its time zone, also when they change', () => {
    const window = { days: ['fri' as const], start: '16:00', end: '24:00', timeZone: 'Europe/Berlin' };
    expect(isFrozen(window, at('2026-11-20T14:59:00Z'))).toBe(false);
    expect(isFrozen(window, at('2026-11-20T15:00:00Z'))).toBe(true);
    expect(isFrozen(window, at('2026-11-20T22:59:00Z'))).toBe(true);
    expect(isFrozen(window, at('2026-11-20T23:00:00Z'))).toBe(false);
    expect(isFrozen(window, at('2026-07-17T14:00:00Z'))).toBe(true);
    expect(isFrozen(window, at('2026-07-17T13:59:00Z'))).toBe(false);
  });

  it('over midnight belongs to the day on which it starts', () => {
    const window = { days: ['sun' as const], start: '22:00', end: '06:00', timeZone: 'UTC' };
    expect(isFrozen(window, at('2026-11-22T21:59:00Z'))).toBe(false);
    expect(isFrozen(window, at('2026-11-22T22:00:00Z'))).toBe(true);
    expect(isFrozen(window, at('2026-11-23T05:59:00Z'))).toBe(true);
    expect(isFrozen(window, at('2026-11-23T06:00:00Z'))).toBe(false);
    expect(isFrozen(window, at('2026-11-22T03:00:00Z'))).toBe(false);
  });

  it('refuses with its reason', () => {
    const rule: PolicyRule = {
      kind: 'freeze',
      windows: [{ from: '2026-11-20T00:00:00Z', to: '2026-11-21T00:00:00Z', reason: 'Sale' }],
    };
    expect(factOf(rule)).toContain('(Sale)');
    expect(factOf(rule, { at: at('2026-11-21T00:00:00Z') })).toBeUndefined();
  });
});

describe('A signature', () => {
  const pem = (key: KeyObject) => key.export({ type: 'spki', format: 'pem' }).toString();
  const payload = (digest: string, type = 'cosign container image signature') =>
    Buffer.from(
      JSON.stringify({ critical: { type, image: { 'docker-manifest-digest': digest } }, optional: null }),
    );
  const makers = {
    ec: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    ed25519: () => generateKeyPairSync('ed25519'),
    rsa: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  };
  const signed = (key: KeyObject, text: Uint8Array) => ({
    payload: text,
    signature: sign(key.asymmetricKeyType === 'ed25519' ? null : 'sha256', text, key).toString('base64'),
  });

  it.each(Object.entries(makers))('by a key of the type %s counts for its image alone', (_name, make) => {
    const { publicKey, privateKey } = make();
    const good = signed(privateKey, payload(DIGEST));
    expect(isSignedBy(pem(publicKey), DIGEST, [good])).toBe(true);
    expect(isSignedBy(pem(publicKey), DIGEST.replace('a', 'b'), [good])).toBe(false);
    expect(isSignedBy(pem(make().publicKey), DIGEST, [good])).toBe(false);
    expect(
      isSignedBy(pem(publicKey), DIGEST, [{ ...good, payload: payload(DIGEST.replace('a', 'b')) }]),
    ).toBe(false);
    expect(isSignedBy(pem(publicKey), DIGEST, [signed(privateKey, payload(DIGEST, 'other'))])).toBe(false);
    for (const signature of ['', 'AAAA', '%%%', good.signature.slice(4)])
      expect(isSignedBy(pem(publicKey), DIGEST, [{ ...good, signature }])).toBe(false);
    for (const text of ['', 'null', '[]', '{"critical":null}'])
      expect(isSignedBy(pem(publicKey), DIGEST, [signed(privateKey, Buffer.from(text))])).toBe(false);
  });

  it('is asked for by one of several keys', () => {
    const one = makers.ec();
    const keys = [one, makers.ec()].map(({ publicKey }, at) => ({
      name: `key-${at}`,
      publicKey: pem(publicKey),
    }));
    const rule: PolicyRule = { kind: 'signature', keys };
    expect(factOf(rule)).toBe('the image is not signed');
    expect(factOf(rule, { signatures: [signed(one.privateKey, payload(DIGEST))] })).toBeUndefined();
    expect(factOf(rule, { signatures: [signed(makers.ec().privateKey, payload(DIGEST))] })).toBe(
      'no signature of the image is by key-0 or key-1',
    );
  });

  it('takes public keys only', () => {
    const { publicKey, privateKey } = makers.ec();
    expect(readPublicKey(pem(publicKey))).toBeDefined();
    expect(readPublicKey(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString())).toBeUndefined();
    expect(readPublicKey('-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----')).toBeUndefined();
    const agreement = generateKeyPairSync('x25519').publicKey;
    expect(readPublicKey(pem(agreement))).toBeUndefined();
  });
});
