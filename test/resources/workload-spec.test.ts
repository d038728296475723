import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSecretsFile } from '../../functions/adapters/local/secrets/secrets.ts';
import { createEffects } from '../../functions/adapters/system/effects.ts';
import type { DeploymentDetail } from '../../functions/core/model/index.ts';
import { parseScore } from '../../functions/core/score/file/parse.ts';
import { AUTHORITY_PATH } from '../../functions/ports/databases.ts';
import type { Ports } from '../../functions/ports/index.ts';
import { workloadSpec } from '../../functions/resources/score/workload-spec.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;
let directory: string;
let ports: Pick<Ports, 'secrets'> & { secrets: Awaited<ReturnType<typeof createSecretsFile>> };
let old: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'berth-spec-'));
  const effects = createEffects();
  const paths = { path: join(directory, 'secrets'), keyPath: join(directory, 'secrets.key') };
  ports = { secrets: await createSecretsFile({ ...paths, effects }) };
  old = await ports.secrets.put('shop/dev/env/KEY', 'the old key');
  await ports.secrets.put('shop/dev/env/KEY', 'the new key');
});

afterAll(async () => {
  await ports.secrets.close();
  await rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
});

const spec = (container: string, resources = '', outputs: DeploymentDetail['outputs'] = {}, image = '.') => {
  const workload = parseScore(`
apiVersion: score.dev/v1b1
metadata: { name: web, annotations: { team: blue, berth.dev/replicas: "2" } }
service:
  ports:
    www: { port: 80, targetPort: 8080 }
    admin: { port: 9000, protocol: UDP }
containers:
  main:
    image: "${image}"
${container.replace(/^/gm, '    ')}
${resources && `resources:\n${resources.replace(/^/gm, '  ')}`}
`);
  const deployment = {
    project: 'shop',
    environment: 'dev',
    service: 'web',
    number: 3,
    digest: DIGEST,
    operation: 'op',
    workload,
    outputs,
  };
  const endpoint = async () => ({
    host: 'db',
    port: 5433,
    sslmode: 'verify-full',
    authority: 'a certificate',
  });
  return workloadSpec(
    { ...ports, databases: { endpoint } } as unknown as Ports,
    deployment as unknown as DeploymentDetail,
    7,
  );
};

const database = () => ({ db: { values: { sslrootcert: AUTHORITY_PATH }, secrets: {} } });

describe('The authority of a database', () => {
  it('is in every container of a workload that has one, and libpq and Node.js find it', async () => {
    const { containers } = await spec('variables: { A: b }', 'db: { type: postgres }', database());
    expect(containers[0]).toMatchObject({
      variables: [
        { name: 'A', value: 'b' },
        { name: 'PGSSLROOTCERT', value: AUTHORITY_PATH },
        { name: 'NODE_EXTRA_CA_CERTS', value: AUTHORITY_PATH },
      ],
      files: [{ target: AUTHORITY_PATH, mode: 0o444, content: Buffer.from('a certificate') }],
    });
  });

  it('does not stand above what the workload says itself, nor is it where there is no database', async () => {
    const own = await spec(
      'variables: { NODE_EXTRA_CA_CERTS: /mine.pem }',
      'db: { type: postgres }',
      database(),
    );
    expect(own.containers[0]?.variables.filter(({ name }) => name === 'NODE_EXTRA_CA_CERTS')).toEqual([
      { name: 'NODE_EXTRA_CA_CERTS', value: '/mine.pem', sensitive: false },
    ]);
    const none = await spec('variables: { A: b }');
    expect(none.containers[0]?.files).toEqual([]);
  });
});

const env = () => ({ env: { values: {}, secrets: { KEY: { secret: 'shop/dev/env/KEY', version: old } } } });

describe('A spec', () => {
  it('carries number and fence, ports with their targets, and the settings', async () => {
    const made = await spec('');
    expect(made).toMatchObject({ number: 3, fence: 7, replicas: 2, routes: [] });
    expect(made.ports).toEqual([
      { name: 'www', port: 80, targetPort: 8080, protocol: 'TCP' },
      { name: 'admin', port: 9000, targetPort: 9000, protocol: 'UDP' },
    ]);
    expect(made.containers).toMatchObject([{ name: 'main', digest: DIGEST, before: {} }]);
  });

  it('expands placeholders in variables; a dollar and an escaped placeholder stay', async () => {
    const made = await spec(
      'variables:\n  A: "${metadata.name} of ${metadata.annotations.team}"\n  B: "$$5"\n  C: "$${x}"',
    );
    expect(made.containers[0]!.variables).toEqual([
      { name: 'A', value: 'web of blue', sensitive: false },
      { name: 'B', value: '$5', sensitive: false },
      { name: 'C', value: '${x}', sensitive: false },
    ]);
  });

  it('reads the version of a secret that was pinned, and marks what holds it as sensitive (I7)', async () => {
    const made = await spec(
      'variables:\n  WHOLE: ${resources.env.KEY}\n  PART: "key=${resources.env.KEY}"\n  NONE: plain',
      'env: { type: environment }',
      env(),
    );
    expect(made.containers[0]!.variables).toEqual([
      { name: 'WHOLE', value: 'the old key', sensitive: true },
      { name: 'PART', value: 'key=the old key', sensitive: true },
      { name: 'NONE', value: 'plain', sensitive: false },
    ]);
  });

  it('names the secrets that it holds, in files too, and takes none as the source of a volume', async () => {
    const file = 'files:\n  /etc/app.conf:\n    content: "key=${resources.env.KEY}"';
    expect((await spec(file, 'env: { type: environment }', env())).secrets).toEqual(['the old key']);
    const volume = 'volumes:\n  /data:\n    source: ${resources.env.KEY}';
    await expect(spec(volume, 'env: { type: environment }', env())).rejects.toMatchObject({
      code: 'unresolved_placeholder',
      message: expect.stringContaining('is a secret'),
    });
  });

  it('reads no secret that nothing names', async () => {
    const outputs = {
      env: { values: {}, secrets: { KEY: { secret: 'shop/dev/env/GONE', version: 'none' } } },
    };
    await expect(spec('', 'env: { type: environment }', outputs)).resolves.toBeDefined();
  });

  it('says which secret is gone, and how to put one that was never there', async () => {
    const gone = { env: { values: {}, secrets: { KEY: { secret: 'shop/dev/env/KEY', version: 'none' } } } };
    const wants = 'variables:\n  A: ${resources.env.KEY}';
    await expect(spec(wants, 'env: { type: environment }', gone)).rejects.toMatchObject({
      code: 'unresolved_placeholder',
      message: expect.stringContaining('"KEY" is gone'),
    });
    const other = 'variables:\n  A: ${resources.env.OTHER}';
    await expect(spec(other, 'env: { type: environment }', env())).rejects.toMatchObject({
      code: 'unresolved_placeholder',
      hint: expect.stringMatching(/^Put it with .*PUT .+[/]secrets[/]OTHER/),
    });
    for (const name of ['constructor', '__proto__', 'toString']) {
      const inherited = `variables:\n  A: \${resources.env.${name}}`;
      await expect(spec(inherited, 'env: { type: environment }', env())).rejects.toMatchObject({
        code: 'unresolved_placeholder',
      });
    }
  });

  it('places files: text expanded unless it says no, bytes as they are, with their mode', async () => {
    const made = await spec(
      `files:
  /etc/a.txt: { content: "\${metadata.name}", mode: "0600" }
  /etc/b.txt: { content: "\${metadata.name}", noExpand: true }
  /etc/c.bin: { binaryContent: AAEC/w== }`,
    );
    const files = made.containers[0]!.files.map(({ target, mode, content }) => [target, mode, [...content]]);
    expect(files).toEqual([
      ['/etc/a.txt', 0o600, [...Buffer.from('web')]],
      ['/etc/b.txt', 0o644, [...Buffer.from('${metadata.name}')]],
      ['/etc/c.bin', 0o644, [0, 1, 2, 255]],
    ]);
  });

  it('mounts a volume by the name of its resource or by its output', async () => {
    const outputs = { disk: { values: { source: 'disk-1f2e' }, secrets: {} } };
    const made = await spec(
      `volumes:
  /data: { source: "\${resources.disk}" }
  /logs: { source: "\${resources.disk.source}", path: logs, readOnly: true }`,
      'disk: { type: volume }',
      outputs,
    );
    expect(made.containers[0]!.volumes).toEqual([
      { target: '/data', source: 'disk-1f2e', readOnly: false },
      { target: '/logs', source: 'disk-1f2e', path: 'logs', readOnly: true },
    ]);
  });

  it('takes routes from the outputs of their resources', async () => {
    const outputs = {
      way: { values: { host: 'shop.example.test', path: '/api', port: '80' }, secrets: {} },
    };
    const made = await spec(
      '',
      'way: { type: route, params: { host: shop.example.test, path: /api, port: 80 } }\nlater: { type: route, params: { host: x.test, path: /, port: 80 } }',
      outputs,
    );
    expect(made.routes).toEqual([{ host: 'shop.example.test', path: '/api', port: 80 }]);
  });

  it('refuses another image than that of its version', async () => {
    await expect(spec('', '', {}, 'example.test/other:1')).rejects.toMatchObject({
      code: 'image_unavailable',
      hint: expect.stringContaining('image: .'),
    });
    await expect(spec('', '', {}, DIGEST)).resolves.toBeDefined();
  });
});

describe('A probe', () => {
  it.each([
    ['/health', '/health'],
    ['health?x=1', '/health?x=1'],
    ['', '/'],
    ['/a b/ü', '/a%20b/%C3%BC'],
  ])('asks for the path %j as %j, so that every place sends the same', async (path, sent) => {
    const { containers } = await spec(
      `readinessProbe: { httpGet: { path: "${path}", port: 8080 } }\nlivenessProbe: { httpGet: { path: "${path}", port: 8080 } }`,
    );
    expect(containers[0]?.readinessProbe?.httpGet?.path).toBe(sent);
    expect(containers[0]?.livenessProbe?.httpGet?.path).toBe(sent);
  });
});
