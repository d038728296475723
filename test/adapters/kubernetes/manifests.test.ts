import { describe, expect, it } from 'vitest';
import { toWire } from '../../../functions/adapters/kubernetes/api/wire.ts';
import {
  releaseJob,
  renderCommand,
  runJob,
} from '../../../functions/adapters/kubernetes/manifests/command-manifest.ts';
import {
  defaultRenderOptions,
  type KubernetesObject,
  type RenderImages,
  renderEnvironment,
  renderVolumeClaim,
} from '../../../functions/adapters/kubernetes/manifests/index.ts';
import {
  namespaceName,
  numberedName,
  serviceName,
} from '../../../functions/adapters/kubernetes/object-names.ts';
import { expandVariables } from '../../../functions/core/score/variable-expansion.ts';
import { createMask } from '../../../functions/core/secrets/mask.ts';
import { repositoryOf, specsApart } from '../../../functions/ports/rules/workloads/specs-apart.ts';
import type { ContainerSpec, WorkloadSpec } from '../../../functions/ports/workloads.ts';
import { containerSpec, port, variable, workloadSpec } from '../../contracts/workloads/workloads-spec.ts';
import { manifestsOf } from './all-manifests.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const images: RenderImages = {
  [digest]: { reference: `registry.test/web@${digest}`, entrypoint: ['node'], cmd: ['main.mjs', '$(PORT)'] },
};
const options = { ...defaultRenderOptions, domain: 'apps.example.com:8443' };
const ref = { project: 'demo', environment: 'dev' };

const container = (extra: Partial<ContainerSpec> = {}): ContainerSpec => containerSpec(digest, extra);
const spec = (extra: Partial<WorkloadSpec> = {}, containers = [container()]): WorkloadSpec =>
  workloadSpec(ref, 3, containers, extra);
const render = (given: WorkloadSpec): KubernetesObject[] => manifestsOf(given, images, options);

type Of<K> = Extract<KubernetesObject, { kind: K }>;
const all = <K extends KubernetesObject['kind']>(objects: KubernetesObject[], kind: K): Of<K>[] =>
  objects.filter((object): object is Of<K> => object.kind === kind);
function one<K extends KubernetesObject['kind']>(objects: KubernetesObject[], kind: K): Of<K> {
  const [first, ...rest] = all(objects, kind);
  if (!first || rest.length > 0) throw new Error(`Expected one ${kind}`);
  return first;
}
/** Hosts with their paths and ports. */
const routesOf = (given: WorkloadSpec) =>
  all(render(given), 'HTTPRoute').map(({ spec: { hostnames, rules } }) => [
    ...hostnames,
    rules
      .flatMap(({ matches, backendRefs }) =>
        matches.map(({ path }) => `${path.value} to ${backendRefs[0]!.port}`),
      )
      .sort(),
  ]);
const podOf = (given: WorkloadSpec) => one(render(given), 'Deployment').spec!.template.spec!;

it('A process of a service is a Deployment of its own with the image of the service, and nothing leads to it', () => {
  const given = spec({ processes: { worker: { replicas: 2 } }, replicas: 3, ports: [port] }, [
    container(),
    { ...container(), name: 'worker' },
  ]);
  const { web, processes } = specsApart(given);
  const own = processes.get('worker')!;
  const deployments = [render(web), render(own)].map((objects) => one(objects, 'Deployment'));
  expect(deployments.map(({ spec }) => [spec!.replicas, spec!.template.spec!.containers.length])).toEqual([
    [3, 1],
    [2, 1],
  ]);
  expect(new Set(deployments.map(({ metadata }) => metadata!.name)).size).toBe(2);
  expect([all(render(own), 'Service'), all(render(own), 'HTTPRoute')]).toEqual([[], []]);
  expect(repositoryOf(own)).toEqual({ project: web.project, service: web.service });
});

describe('The pod of an image', () => {
  const podOfImage = (more: Partial<RenderImages[string]>, mixedNodes = false) => {
    const given = { [digest]: { ...images[digest]!, ...more } };
    const objects = manifestsOf(spec(), given, { ...options, mixedNodes });
    return one(objects, 'Deployment').spec!.template.spec!;
  };

  it.each([
    ['10001', 10001, 10001],
    ['10001:20', 10001, 20],
    ['1001:0', 1001, 0],
    [undefined, 1000, 1000],
    ['0', 1000, 1000],
    ['0:0', 1000, 1000],
    ['root', 1000, 1000],
    ['node', 1000, 1000],
    ['99999999999', 1000, 1000],
  ])('that names the user %s runs as %d, and never as root', (user, uid, gid) => {
    const { securityContext } = podOfImage(user === undefined ? {} : { user });
    expect(securityContext).toMatchObject({
      runAsNonRoot: true,
      runAsUser: uid,
      runAsGroup: gid,
      fsGroup: gid,
    });
  });

  it('says which nodes it is for where there are several kinds, and nothing where there is one', () => {
    expect(podOfImage({ architecture: 'amd64' }, true).nodeSelector).toEqual({
      'kubernetes.io/arch': 'amd64',
    });
    expect(podOfImage({ architecture: 'amd64' })).not.toHaveProperty('nodeSelector');
    expect(podOfImage({}, true)).not.toHaveProperty('nodeSelector');
  });
});

describe('Names', () => {
  it('are resolved also where no pod answers, at the address that the platform team’s cluster has', () => {
    const network = { ...options.network, resolverCidrs: ['172.20.0.10/32'] };
    const [, egress] = all(renderEnvironment(ref, 'op', { ...options, network }), 'NetworkPolicy');
    const rule = egress!.spec!.egress!.find(({ to }) =>
      to?.some((peer) => peer.ipBlock?.cidr === '172.20.0.10/32'),
    );
    expect(rule?.ports?.map(({ port }) => port)).toEqual([53, 53]);
  });
});

describe('Deployment', () => {
  it('carries number, fence and operation, and its pods only what the number decides', () => {
    const { metadata, spec: body } = one(render(spec({ fence: 7, operation: 'op-x' })), 'Deployment');
    expect(metadata).toMatchObject({
      name: 'web',
      annotations: { 'berth.dev/number': '3', 'berth.dev/fence': '7', 'berth.dev/operation': 'op-x' },
      labels: { 'app.kubernetes.io/managed-by': 'berth', 'app.kubernetes.io/name': 'web' },
    });
    const later = one(render(spec({ fence: 9, operation: 'op-y' })), 'Deployment');
    expect(later.spec!.template).toEqual(body!.template);
    expect(body!.template.metadata!.labels).toMatchObject(body!.selector.matchLabels!);
  });

  it('keeps what serves until the new one is ready', () => {
    expect(one(render(spec()), 'Deployment').spec!.strategy).toMatchObject({
      type: 'RollingUpdate',
      rollingUpdate: { maxUnavailable: 0 },
    });
    expect(one(render(spec({ strategy: 'recreate' })), 'Deployment').spec!.strategy).toEqual({
      type: 'Recreate',
    });
  });

  it('writes the command out, since only there $(PORT) expands', () => {
    expect(podOf(spec()).containers[0]).toMatchObject({ command: ['node'], args: ['main.mjs', '$(PORT)'] });
    const own = podOf(spec({}, [container({ command: ['sh', '-c', 'x'] })])).containers[0];
    expect(own).toMatchObject({ command: ['sh', '-c', 'x'] });
    expect(own).not.toHaveProperty('args');
    expect(podOf(spec({}, [container({ args: ['y'] })])).containers[0]).toMatchObject({
      command: ['node'],
      args: ['y'],
    });
  });

  it('PORT comes first and is nobody else’s; other values are meant as they are', () => {
    const variables = [variable('PORT', '1'), variable('A', 'costs $(PORT) and $$(X), pa$$word, $')];
    const metrics = { ...port, name: 'metrics-2', port: 81, targetPort: 9090 };
    const pod = podOf(spec({ ports: [port, metrics] }, [container({ variables })]));
    expect(pod.containers[0]!.env).toEqual([
      { name: 'PORT', value: '8080' },
      { name: 'PORT_METRICS_2', value: '9090' },
      { name: 'A', value: 'costs $$(PORT) and $$$$(X), pa$$$$word, $$' },
    ]);
  });

  it('every value reaches the program as it is on one machine, whatever Kubernetes makes of dollars', () => {
    const values = ['plain', 'a$b', 'pa$$word', '$$', '$(PORT)', '$$(PORT)', 'x$$$y', '$2a$12$abc', '$(OPEN'];
    const variables = values.map((value, index) => variable(`V${index}`, value));
    const { env = [] } = podOf(spec({}, [container({ variables })])).containers[0]!;
    const seen: Record<string, string> = {};
    for (const { name, value = '' } of env) seen[name] = expandVariables(value, seen);
    expect(values.map((_, index) => seen[`V${index}`])).toEqual(values);
  });

  it('a request above what the namespace gives as limit brings its own limit', () => {
    const of = (requests: object, limits = {}) =>
      podOf(spec({}, [container({ requests, limits })])).containers[0]!.resources;
    const [limitRange] = all(renderEnvironment(ref, 'op', options), 'LimitRange');
    const given = Number(limitRange!.spec!.limits[0]!._default!.memory);
    expect(of({ memoryBytes: given + 1 })).toEqual({
      requests: { memory: String(given + 1) },
      limits: { memory: String(given + 1) },
    });
    expect(of({ memoryBytes: given })).toEqual({ requests: { memory: String(given) } });
    expect(of({ memoryBytes: 5 }, { memoryBytes: 9 })).toMatchObject({ limits: { memory: '9' } });
    expect(limitRange!.spec!.limits[0]).not.toHaveProperty('_default.cpu');
  });

  it('a pod drains as long as its workload says before it hears of its end', () => {
    const pod = podOf(spec({ drainSeconds: 45 }));
    expect(pod.containers[0]!.lifecycle).toEqual({ preStop: { sleep: { seconds: 45 } } });
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(45);
    expect(podOf(spec({ drainSeconds: 0 })).containers[0]).not.toHaveProperty('lifecycle');
  });

  it('a new pod counts when it has stayed ready for as long as its workload says', () => {
    expect(one(render(spec({ minReadySeconds: 7 })), 'Deployment').spec!.minReadySeconds).toBe(7);
  });

  it('an image that was not resolved is refused', () => {
    expect(() => manifestsOf(spec(), {}, options)).toThrow(/can not be had/);
  });
});

describe('probes', () => {
  it('something has to listen, unless the workload says otherwise', () => {
    expect(podOf(spec()).containers[0]!.readinessProbe).toMatchObject({ tcpSocket: { port: 8080 } });
    expect(podOf(spec({ ports: [] })).containers[0]).not.toHaveProperty('readinessProbe');
    const udp = { ...port, protocol: 'UDP' as const };
    expect(podOf(spec({ ports: [udp] })).containers[0]).not.toHaveProperty('readinessProbe');
  });

  it('no probe goes to a host of the developer’s choice', () => {
    const httpGet = {
      path: '/up',
      port: 8080,
      scheme: 'HTTP' as const,
      host: '169.254.169.254',
      headers: [],
    };
    const [main] = podOf(spec({}, [container({ readinessProbe: { httpGet } })])).containers;
    expect(main!.readinessProbe!.httpGet).toEqual({
      path: '/up',
      port: 8080,
      scheme: 'HTTP',
      httpHeaders: [{ name: 'Host', value: '169.254.169.254' }],
    });
  });

  it('a probe with a header that the API refuses is refused in words', () => {
    const headers = [{ name: 'X_Probe', value: 'x' }];
    const httpGet = { path: '/up', port: 8080, scheme: 'HTTP' as const, headers };
    expect(() => podOf(spec({}, [container({ readinessProbe: { httpGet } })]))).toThrow(/X_Probe/);
  });

  it('a liveness probe leaves the start its time', () => {
    const livenessProbe = { exec: { command: ['true'] } };
    const [main] = podOf(spec({ progressDeadlineSeconds: 100 }, [container({ livenessProbe })])).containers;
    const { periodSeconds = 0, failureThreshold = 0 } = main!.startupProbe!;
    expect(periodSeconds * failureThreshold).toBeGreaterThanOrEqual(100);
  });
});

describe('before', () => {
  it('what has to be complete is an init container, what has to run is a sidecar, in order', () => {
    const containers = [
      container({ name: 'main' }),
      container({
        name: 'proxy',
        before: { main: 'healthy' },
        readinessProbe: { exec: { command: ['up'] } },
      }),
      container({ name: 'migrate', before: { proxy: 'complete' } }),
    ];
    const pod = podOf(spec({}, containers));
    expect(pod.containers.map(({ name }) => name)).toEqual(['main']);
    expect(pod.initContainers!.map(({ name, restartPolicy }) => [name, restartPolicy])).toEqual([
      ['migrate', undefined],
      ['proxy', 'Always'],
    ]);
    expect(pod.initContainers![0]).not.toHaveProperty('readinessProbe');
    expect(pod.initContainers![1]!.startupProbe).toMatchObject({ exec: { command: ['up'] } });
  });

  it('a circle ends, and is refused', () => {
    const circle = [
      container({ name: 'a', before: { b: 'started' } }),
      container({ name: 'b', before: { a: 'started' } }),
    ];
    expect(() => render(spec({}, circle))).toThrow(/Nothing would run/);
  });
});

describe('secrets and files', () => {
  const secret = 'hunter2-correct-horse';
  const given = spec({}, [
    container({
      variables: [variable('TOKEN', secret, true), variable('ODD NAME', secret, true)],
      files: [{ target: '/etc/app.conf', content: Buffer.from(`key=${secret}`), mode: 0o600 }],
    }),
  ]);

  it('sensitive values are in Secrets alone, which are named by the number and never change', () => {
    const objects = render(given);
    const secrets = all(objects, 'Secret');
    expect(secrets.map(({ metadata, immutable }) => [metadata.name, immutable])).toEqual([
      [numberedName(given, 'v', 3), true],
      [numberedName(given, 'files-v', 3), true],
    ]);
    expect(JSON.stringify(objects.filter(({ kind }) => kind !== 'Secret'))).not.toContain(secret);
    expect(Buffer.from(secrets[0]!.data!['main.TOKEN']!, 'base64').toString()).toBe(secret);
  });

  it('every key that the pod asks for is there', () => {
    const objects = render(given);
    const pod = podOf(given);
    const keys = all(objects, 'Secret').flatMap(({ data }) => Object.keys(data ?? {}));
    const asked = pod.containers[0]!.env!.flatMap(({ valueFrom }) => valueFrom?.secretKeyRef?.key ?? []);
    const mounted = pod.volumes![0]!.secret!.items!.map(({ key }) => key);
    expect(keys.sort()).toEqual([...asked, ...mounted].sort());
    expect(keys.every((key) => /^[-._a-zA-Z0-9]+$/.test(key))).toBe(true);
    expect(pod.volumes![0]!.secret!.items![0]!.mode).toBe(0o600);
  });

  it('secrets that are in no variable are there for the mask alone', () => {
    const secret = all(render(spec({ secrets: ['in-a-file', 'in-a-file-too'] })), 'Secret').find(
      ({ metadata }) => metadata.name?.includes('web'),
    );
    expect(JSON.stringify(secret)).toContain(Buffer.from('in-a-file-too').toString('base64'));
    expect(JSON.stringify(all(render(spec({ secrets: ['in-a-file'] })), 'Deployment'))).not.toContain('".0"');
  });

  it('masks hide values, their lines, and the password of a URL', () => {
    const mask = createMask(['postgres://app:s3cr%20et@db/x', 'short', 'line one\nline two']);
    expect(mask('s3cr%20et s3cr et short line two')).toBe('•••• •••• short ••••');
  });
});

describe('scaling', () => {
  it('an autoscaler only where there is room, a disruption budget only where there are several', () => {
    expect(all(render(spec()), 'HorizontalPodAutoscaler')).toEqual([]);
    expect(all(render(spec({ maxReplicas: 1 })), 'HorizontalPodAutoscaler')).toEqual([]);
    expect(all(render(spec()), 'PodDisruptionBudget')).toEqual([]);
    const objects = render(spec({ replicas: 2, maxReplicas: 5 }));
    expect(one(objects, 'HorizontalPodAutoscaler').spec).toMatchObject({ minReplicas: 2, maxReplicas: 5 });
    expect(one(objects, 'PodDisruptionBudget').spec).toMatchObject({ maxUnavailable: 1 });
  });
});

describe('network', () => {
  it('the default URL and the routes, by host', () => {
    const host = 'shop.dns.example.com';
    const routes = [
      { host, path: '/a', port: 80 },
      { host: `${host}:8443`, path: '/b', port: 80 },
    ];
    expect(routesOf(spec({ routes }))).toEqual([
      ['web-dev-demo.apps.example.com', ['/ to 80']],
      [host, ['/a to 80', '/b to 80']],
    ]);
  });

  it('of two routes for one path the first counts, which for the default URL is the service itself', () => {
    const host = 'web-dev-demo.apps.example.com';
    const ports = [port, { ...port, name: 'admin', port: 81 }];
    const routes = [
      { host, path: '/', port: 81 },
      { host, path: '/admin', port: 81 },
      { host, path: '/admin', port: 80 },
    ];
    expect(routesOf(spec({ ports, routes }))).toEqual([[host, ['/ to 80', '/admin to 81']]]);
  });

  it('more paths than one route holds are in several, each within the limits of Gateway API', () => {
    const host = 'shop.dns.example.com';
    const many = Array.from({ length: 300 }, (_, at) => ({ host, path: `/p${at}`, port: 80 }));
    const made = all(render(spec({ routes: many })), 'HTTPRoute');
    const names = new Set(made.map(({ metadata }) => metadata.name));
    expect([made.length, names.size]).toEqual([4, 4]);
    for (const { rules } of made.map(({ spec }) => spec)) {
      expect(rules.every(({ matches }) => matches.length <= 64)).toBe(true);
      expect(rules.flatMap(({ matches }) => matches).length).toBeLessThanOrEqual(128);
    }
    const paths = made.flatMap(({ spec }) => spec.rules.flatMap(({ matches }) => matches));
    expect(paths).toHaveLength(301);
  });

  it('routes are attached to the Gateway of the platform, and tell workloads the scheme that people use', () => {
    const gateway = { namespace: 'edge', name: 'front' };
    const rendered = (scheme: 'http' | 'https') =>
      one(manifestsOf(spec(), images, { ...options, scheme, gateway }), 'HTTPRoute').spec;
    expect(rendered('https').parentRefs).toEqual([
      { group: 'gateway.networking.k8s.io', kind: 'Gateway', ...gateway },
    ]);
    expect(JSON.stringify(rendered('https').rules)).toContain('{"name":"X-Forwarded-Proto","value":"https"}');
    expect(JSON.stringify(rendered('http'))).not.toContain('filters');
  });

  it('no two routes of a cluster have the same end of their names, however names are put together', () => {
    const named = (environment: string, service: string) =>
      one(render({ ...spec(), environment, service }), 'HTTPRoute').metadata.name;
    const ends = [named('a', 'b-c'), named('a-b', 'c'), named('a', 'c')].map((name) => name.slice(-16));
    expect(new Set(ends).size).toBe(3);
    expect(named('a', 's'.repeat(63))).toHaveLength(63);
  });

  it.each([
    ['a wildcard', { host: '*.example.com', path: '/', port: 80 }],
    ['a line break', { host: 'a.example.com\nserver_name x', path: '/', port: 80 }],
    ['Berth’s own host', { host: 'apps.example.com', path: '/', port: 80 }],
    ['the same in capitals and with a port', { host: 'APPS.example.com:1', path: '/', port: 80 }],
    ['a single label', { host: 'localhost', path: '/', port: 80 }],
    ['a pattern in the path', { host: 'a.example.com', path: '/(.*)', port: 80 }],
    ['configuration in the path', { host: 'a.example.com', path: '/;}alias /etc;{', port: 80 }],
    ['a traversal', { host: 'a.example.com', path: '/a/../b', port: 80 }],
    ['an encoded path', { host: 'a.example.com', path: '/%2e%2e', port: 80 }],
    ['a trailing line break', { host: 'a.example.com', path: '/a\n', port: 80 }],
    ['a port of nobody', { host: 'a.example.com', path: '/', port: 22 }],
  ])('ABUSE 7: %s is refused', (_, route) => {
    expect(() => render(spec({ routes: [route] }))).toThrow(/can not be made/);
  });

  it('nothing listens: no Service, no route, no way in', () => {
    const kinds = render(spec({ ports: [] })).map(({ kind }) => kind);
    expect(kinds).not.toContain('Service');
    expect(kinds).not.toContain('HTTPRoute');
    expect(kinds).not.toContain('NetworkPolicy');
  });

  it('only service ports are open, and to nobody by an empty list', () => {
    const [neighbours, outside] = one(render(spec()), 'NetworkPolicy').spec!.ingress!;
    expect(neighbours).toMatchObject({ _from: [{ podSelector: {} }], ports: [{ port: 8080 }] });
    expect(outside!._from!.length).toBeGreaterThan(0);
    const network = { ...options.network, gatewayNamespaces: [], gatewayCidrs: [] };
    const closed = manifestsOf(spec(), images, { ...options, network });
    expect(one(closed, 'NetworkPolicy').spec!.ingress).toHaveLength(1);
  });
});

describe('environment', () => {
  const objects = renderEnvironment(ref, 'op', options);

  it('Pod Security restricted is enforced', () => {
    expect(one(objects, 'Namespace').metadata.labels).toMatchObject({
      'pod-security.kubernetes.io/enforce': 'restricted',
      'app.kubernetes.io/managed-by': 'berth',
      'berth.dev/project': 'demo',
      'berth.dev/environment': 'dev',
    });
  });

  it('all traffic is denied that is not allowed; the metadata address never is', () => {
    const [deny, egress] = all(objects, 'NetworkPolicy');
    expect(deny!.spec).toEqual({ podSelector: {}, policyTypes: ['Ingress', 'Egress'] });
    const open = egress!.spec!.egress!.flatMap(({ to }) => to ?? []).flatMap(({ ipBlock }) => ipBlock ?? []);
    expect(open.find(({ cidr }) => cidr === '0.0.0.0/0')!.except).toContain('169.254.0.0/16');
    // Addresses of a cloud's own networks are global in IPv6.
    expect(open.filter(({ cidr }) => cidr?.includes(':'))).toEqual([]);
    expect(egress!.spec!.egress!.every(({ to }) => to && to.length > 0)).toBe(true);
    const shut = renderEnvironment(ref, 'op', {
      ...options,
      network: { ...options.network, internet: false },
    });
    expect(JSON.stringify(shut)).not.toContain('0.0.0.0/0');
  });

  it('a quota, and no load balancers or node ports of one’s own', () => {
    expect(one(objects, 'ResourceQuota').spec!.hard).toMatchObject({
      'services.loadbalancers': '0',
      'services.nodeports': '0',
    });
  });

  it('the disk of a node is bounded for each container and for all of them', () => {
    const bytes = 2 * 1024 ** 3;
    expect(one(objects, 'LimitRange').spec!.limits[0]!._default).toMatchObject({
      'ephemeral-storage': String(bytes),
    });
    expect(one(objects, 'ResourceQuota').spec!.hard).toMatchObject({
      'limits.ephemeral-storage': String(60 * bytes),
      'requests.ephemeral-storage': String(60 * bytes),
    });
  });

  it('is sent with the names of the API', () => {
    const sent = JSON.stringify([...objects, ...render(spec())].map((object) => toWire(object)));
    expect(sent).toContain('"default":{"memory"');
    expect(sent).toContain('"from":');
    expect(sent).not.toMatch(/"_(from|default)"/);
  });
});

describe('every pod is allowed under restricted', () => {
  const hostile: ContainerSpec = container({
    name: 'x'.repeat(63),
    command: ['sh', '-c', 'x'],
    variables: [
      variable('LD_PRELOAD', '/x'),
      variable('', 'no name'),
      variable('A=B', 'x'),
      variable('é', 'x'),
    ],
    volumes: [{ source: 'data', target: '/', path: '../../etc', readOnly: false }],
    files: [{ target: '/etc/passwd', content: Buffer.from('x'), mode: 0o4755 }],
    limits: { cpu: 0.0001, memoryBytes: 1.5 },
  });
  const given = spec({}, [container(), { ...hostile, name: 'side', before: { main: 'started' } }, hostile]);
  const pods = {
    deployment: podOf(given),
    release: one(renderCommand(given, releaseJob(given, ['migrate']), images, options), 'Job').spec!.template
      .spec!,
  };

  it.each(Object.entries(pods))('%s', (_, pod) => {
    expect(pod).toMatchObject({
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    });
    expect(pod.securityContext!.runAsUser).toBeGreaterThan(0);
    for (const field of ['hostNetwork', 'hostPID', 'hostIPC', 'nodeName', 'hostAliases'])
      expect(pod).not.toHaveProperty(field);
    for (const each of [...pod.containers, ...(pod.initContainers ?? [])]) {
      expect(each.securityContext).toMatchObject({
        allowPrivilegeEscalation: false,
        privileged: false,
        capabilities: { drop: ['ALL'] },
      });
      expect(each.securityContext!.capabilities).not.toHaveProperty('add');
      expect(each.image).toMatch(/@sha256:[0-9a-f]{64}$/);
      for (const declared of each.ports ?? []) expect(declared).not.toHaveProperty('hostPort');
      for (const { name } of each.env ?? []) expect(name).toMatch(/^[\x20-\x3c\x3e-\x7e]+$/);
    }
    for (const volume of pod.volumes ?? [])
      expect(Object.keys(volume).sort()[1]).toMatch(/^(persistentVolumeClaim|secret)$/);
  });
});

describe('release', () => {
  it('a Job that runs once, with what the first container has', () => {
    const given = spec({}, [container({ variables: [variable('S', 'secret-value', true)] })]);
    const objects = renderCommand(given, releaseJob(given, ['migrate', '$(S)']), images, options);
    const job = one(objects, 'Job');
    expect(job.spec).toMatchObject({ backoffLimit: 0 });
    expect(job.spec!.template.spec).toMatchObject({
      restartPolicy: 'Never',
      containers: [{ name: 'main', command: ['migrate', '$(S)'] }],
    });
    expect(job.spec!.template.spec!.containers[0]).not.toHaveProperty('args');
    expect(all(objects, 'Secret')).toEqual(all(render(given), 'Secret'));
    // Neither requests nor counts of replicas are for it.
    const { matchLabels } = one(render(given), 'Deployment').spec!.selector;
    expect(job.spec!.template.metadata!.labels).not.toMatchObject(matchLabels!);
  });
});

it('A command beside a process has what its replicas have, and writes over nothing of the web', () => {
  const holding = (value: string): ContainerSpec => container({ variables: [variable('S', value, true)] });
  const given = spec({ processes: { worker: { replicas: 1 } } }, [
    holding('of the web'),
    { ...holding('of the worker'), name: 'worker' },
  ]);
  const { web, processes } = specsApart(given);
  const own = processes.get('worker')!;
  const job = runJob(own, { command: ['node'], timeoutSeconds: 60 });
  const objects = renderCommand(own, job, images, options);
  expect(one(objects, 'Job').spec!.template.spec!.containers).toMatchObject([{ name: 'worker' }]);
  expect(all(objects, 'Secret')).toEqual(all(render(own), 'Secret'));
  const namesOf = (some: KubernetesObject[]) => some.map(({ kind, metadata }) => `${kind} ${metadata!.name}`);
  const ofWeb = namesOf(render(web).filter(({ kind }) => kind !== 'Namespace'));
  expect(namesOf(objects).filter((name) => ofWeb.includes(name))).toEqual([]);
});

describe('names', () => {
  it('are within their limits, and different for different things', () => {
    const long = { project: 'p'.repeat(40), environment: 'e'.repeat(40), service: 's'.repeat(40) };
    const objects = manifestsOf({ ...spec(), ...long }, images, options);
    for (const { metadata } of [...objects, renderVolumeClaim(long, 'v'.repeat(80), 1, options)]) {
      expect(metadata.name.length).toBeLessThanOrEqual(63);
      expect(metadata.namespace!.length).toBeLessThanOrEqual(63);
      for (const [key, value] of Object.entries(metadata.labels ?? {})) {
        expect(value).toMatch(/^[a-z0-9A-Z._-]{0,63}$/);
        expect(key.length).toBeLessThanOrEqual(80);
      }
    }
    expect(namespaceName('berth', { project: 'a-b', environment: 'c' })).not.toBe(
      namespaceName('berth', { project: 'a', environment: 'b-c' }),
    );
  });

  it('a Service starts with a letter whatever the service is called', () => {
    expect(serviceName({ service: '1st' })).toMatch(/^s-1st-[0-9a-f]{8}$/);
    expect(serviceName({ service: 'web' })).toBe('web');
  });
});
