import { describe, expect, it } from 'vitest';
import type { ScoreWorkload } from '../../../functions/core/score/workload.ts';
import { externalImage, readExternalImage } from '../../../functions/core/source/external-image.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;

describe('The name of an image', () => {
  it.each([
    ['nginx', 'docker.io', 'docker.io/library/nginx:latest'],
    ['nginx:1.27', 'docker.io', 'docker.io/library/nginx:1.27'],
    ['acme/web', 'docker.io', 'docker.io/acme/web:latest'],
    ['index.docker.io/library/nginx:1', 'docker.io', 'docker.io/library/nginx:1'],
    ['ghcr.io/acme/web:v1', 'ghcr.io', 'ghcr.io/acme/web:v1'],
    ['GHCR.io/acme/web:v1', 'ghcr.io', 'ghcr.io/acme/web:v1'],
    ['localhost:5000/web', 'localhost:5000', 'localhost:5000/web:latest'],
    [`nginx@${DIGEST}`, 'docker.io', `docker.io/library/nginx@${DIGEST}`],
    [`nginx:1.27@${DIGEST}`, 'docker.io', `docker.io/library/nginx@${DIGEST}`],
  ])('%s is of %s, in full %s', (text, registry, name) => {
    expect(readExternalImage(text)).toEqual({ registry, name });
    expect(readExternalImage(name)).toEqual({ registry, name });
  });

  it.each([
    '',
    '.',
    DIGEST,
    'dir:/etc',
    'docker-archive:/backup.tar',
    'containers-storage:abc/../x',
    'localhost/berth-51613ab291ba3f83:1f',
    'https://ghcr.io/acme/web',
    'user:password@ghcr.io/acme/web',
    'ghcr.io/acme/../web',
    'ghcr.io/',
    'ghcr.io//web',
    'Acme/web',
    'nginx:',
    'nginx:-1',
    'nginx@sha256:short',
    'nginx 1',
    'nginx\n',
    `a${'/a'.repeat(200)}`,
  ])('%j is none', (text) => expect(readExternalImage(text)).toBeUndefined());
});

describe('The image of a workload', () => {
  const workload = (images: Record<string, string>): ScoreWorkload => ({
    apiVersion: 'score.dev/v1b1',
    metadata: { name: 'web' },
    containers: Object.fromEntries(Object.entries(images).map(([name, image]) => [name, { image }])),
  });

  it('is its own where all containers say so', () => {
    const own = workload({ web: '.', side: DIGEST });
    expect(externalImage(own)).toEqual({ workload: own });
  });

  it('is the one of a registry that all containers name, however they write it', () => {
    expect(externalImage(workload({ web: 'nginx', side: 'docker.io/library/nginx:latest' }))).toEqual({
      image: { registry: 'docker.io', name: 'docker.io/library/nginx:latest' },
      workload: workload({ web: '.', side: '.' }),
    });
  });

  it.each([
    [{ web: 'nginx:1', side: 'nginx:2' }, /"nginx:1" in "web", "nginx:2" in "side"/],
    [{ web: '.', side: 'redis' }, /"\." in "web", "redis" in "side"/],
    [{ side: 'redis', web: '.' }, /A version has one/],
    [{ web: 'dir:/etc' }, /Container "web" asks for the image "dir:\/etc"/],
  ])('is refused as %j', (images, why) => {
    expect(() => externalImage(workload(images))).toThrow(
      expect.objectContaining({ code: 'image_unavailable', message: expect.stringMatching(why) }),
    );
  });
});
