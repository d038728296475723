/**
 * Hosts and paths that a developer chooses and that some proxy writes into its configuration. More of them are in
 * test/adapters/kubernetes/manifests.test.ts and, for the router of one machine, test/adapters/router/router.test.ts.
 */
import { describe, expect, it } from 'vitest';
import { defaultRenderOptions } from '../../../functions/adapters/kubernetes/manifests/index.ts';
import { mayClaim } from '../../../functions/adapters/router/hosts.ts';
import { route } from '../../../functions/resources/route.ts';
import { manifestsOf } from '../../adapters/kubernetes/all-manifests.ts';
import { containerSpec, workloadSpec } from '../../contracts/workloads/workloads-spec.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const images = { [digest]: { reference: `registry.test/web@${digest}`, entrypoint: ['node'], cmd: [] } };
const options = { ...defaultRenderOptions, domain: 'apps.example.com' };
const ref = { project: 'demo', environment: 'dev' };
const render = (host: string, path: string) =>
  manifestsOf(
    workloadSpec(ref, 1, [containerSpec(digest)], { routes: [{ host, path, port: 80 }] }),
    images,
    options,
  );
const good = 'web.dns.apps.example.com';

const HOSTS = [
  '',
  '.',
  '*',
  '*.apps.example.com',
  'a.example.com.',
  '-a.example.com',
  'a..example.com',
  'a_b.example.com',
  'a.example.com/x',
  'a.example.com#',
  'a.example.com?',
  'a.example.com;',
  'a.example.com{}',
  'a.example.com"',
  "a.example.com'",
  'a.example.com\\',
  'a.example.com\n',
  'a.example.com\r\nX: y',
  'a.example.com\u0000',
  'a.example.com ',
  '{{ .Values.x }}.example.com',
  '$host.example.com',
  '~^(.*)$',
  'user@a.example.com',
  '[::1]',
  'ａ.example.com',
  `${'a'.repeat(64)}.example.com`,
];

const PATHS = [
  '',
  'a',
  '/a b',
  '/a;b',
  '/a#b',
  '/a?b',
  '/a"b',
  "/a'b",
  '/a\\b',
  '/a{b}',
  '/a$b',
  '/$(id)',
  '/a*',
  '/[a-z]',
  '/a|b',
  '/^a$',
  '//a',
  '/a//b',
  '/./a',
  '/..',
  '/a%2fb',
  '/a\n',
  '/a\r\n}',
  '/a\u0000',
  '/a\u2028',
  '/é',
  '/{{x}}',
  '/a`b`',
];

describe('A route', () => {
  it.each(HOSTS)('for the host %j is made nowhere', (host) => {
    expect(() => render(host, '/')).toThrow(/can not be made/);
    expect(route.params.safeParse({ host, path: '/', port: 80 }).success).toBe(false);
    expect(mayClaim(ref, host, 'localhost')).toBe(false);
  });

  it.each(PATHS)('for the path %j is made nowhere', (path) => {
    expect(() => render(good, path)).toThrow(/can not be made/);
    expect(route.params.safeParse({ host: good, path, port: 80 }).success).toBe(false);
  });

  it('is made for what is plain, word for word, and as a prefix alone', () => {
    const routes = render(good, '/a/b-c_d.e~f').filter((object) => object.kind === 'HTTPRoute');
    const made = routes.find(({ spec }) => spec.hostnames[0] === good);
    expect(made!.spec.rules.flatMap(({ matches }) => matches)).toEqual([
      { path: { type: 'PathPrefix', value: '/a/b-c_d.e~f' } },
    ]);
    expect(JSON.stringify(routes)).not.toContain('RegularExpression');
    for (const { metadata } of routes) expect(metadata).not.toHaveProperty('annotations');
  });

  it('has no word on the gateway, the filters or the backend of its route beside host, path and port', () => {
    const more = {
      host: good,
      path: '/',
      port: 80,
      annotations: { 'traefik.io/router.middlewares': 'evil' },
      parentRefs: [{ name: 'other' }],
      filters: [{ type: 'URLRewrite' }],
      backendRefs: [{ name: 'kubernetes', namespace: 'default', port: 443 }],
    };
    expect(route.params.safeParse(more).success).toBe(false);
    for (const key of ['annotations', 'parentRefs', 'filters', 'backendRefs'] as const) {
      expect(route.params.safeParse({ host: good, path: '/', port: 80, [key]: more[key] }).success, key).toBe(
        false,
      );
    }
    const spec = workloadSpec(ref, 1, [containerSpec(digest)], { routes: [more] });
    const text = JSON.stringify(manifestsOf(spec, images, options));
    for (const word of ['middlewares', '"other"', 'URLRewrite', '"kubernetes"']) {
      expect(text).not.toContain(word);
    }
  });
});
