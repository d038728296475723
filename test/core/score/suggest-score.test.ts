import { describe, expect, it } from 'vitest';
import { parseScore } from '../../../functions/core/score/file/parse.ts';
import { suggestScore } from '../../../functions/core/score/suggest-score.ts';
import { detect, detectDockerfile } from '../../../functions/core/source/detect.ts';

function suggest(texts: Record<string, string>) {
  const files = new Map(Object.entries(texts));
  const plan = detectDockerfile(files) ?? detect(files);
  if (!plan) throw new Error('nothing to run');
  const { score, reasons } = suggestScore('shop', files, plan);
  return { workload: parseScore(score), reasons };
}

const manifest = (dependencies = {}) =>
  JSON.stringify({ scripts: { start: 'node server.js' }, dependencies });

describe('A suggested Score file', () => {
  it('is one that Berth takes, and tells the program where to listen', () => {
    const { workload } = suggest({ 'package.json': manifest() });
    expect(workload.containers.main?.variables).toEqual({ PORT: '8080' });
    expect(workload.resources).toBeUndefined();
  });

  it('has a database where a driver for one is there, by the name that the program reads', () => {
    const { workload, reasons } = suggest({
      'package.json': manifest({ pg: '^8.0.0' }),
      '.env.example': 'POSTGRES_URL=postgres://localhost/shop\nPORT=3000\nSTRIPE_KEY=\n',
    });
    expect(workload.resources).toMatchObject({ db: { type: 'postgres' }, env: { type: 'environment' } });
    expect(workload.containers.main?.variables).toEqual({
      PORT: '8080',
      POSTGRES_URL: '${resources.db.url}',
      STRIPE_KEY: '${resources.env.STRIPE_KEY}',
    });
    expect(reasons.join(' ')).toContain('pg');
  });

  it('serves the port that a Dockerfile exposes, with a database for a driver of another language', () => {
    const { workload } = suggest({
      Dockerfile: 'FROM python\nEXPOSE 5000/tcp\n',
      'requirements.txt': 'flask\npsycopg[binary]==3.2\n',
    });
    expect(workload.service?.ports).toEqual({ www: { port: 80, targetPort: 5000 } });
    expect(workload.containers.main?.variables).toEqual({
      PORT: '5000',
      DATABASE_URL: '${resources.db.url}',
    });
    expect(suggest({ Dockerfile: 'FROM x\nEXPOSE $PORT\n' }).workload.service?.ports).toEqual({
      www: { port: 80, targetPort: 8080 },
    });
  });

  it('runs before each deployment what the Procfile says', () => {
    const { workload } = suggest({
      'package.json': manifest(),
      Procfile: 'web: node server.js\nrelease: node migrate.js',
    });
    expect(workload.metadata.annotations).toEqual({ 'berth.dev/release-command': 'node migrate.js' });
  });

  it('has each process of the Procfile run apart, with the variables of web and no port', () => {
    const { workload } = suggest({
      'package.json': manifest({ pg: '8.0.0' }),
      Procfile: 'web: node server.js\nworker: node worker.js',
    });
    expect(workload.metadata.annotations).toEqual({ 'berth.dev/processes': 'worker=1' });
    expect(workload.containers.worker).toEqual({
      image: '.',
      command: ['node', 'worker.js'],
      variables: { DATABASE_URL: '${resources.db.url}' },
    });
  });

  it('has no port where the Procfile has no web, and calls what runs by its name', () => {
    const { workload, reasons } = suggest({ Procfile: 'worker: node w.js\nclock: node c.js' });
    expect(workload.service).toBeUndefined();
    expect(Object.entries(workload.containers)).toMatchObject([
      ['worker', { image: '.', variables: {} }],
      ['clock', { command: ['node', 'c.js'] }],
    ]);
    expect(workload.metadata.annotations).toEqual({ 'berth.dev/processes': 'clock=1' });
    expect(reasons[0]).toContain('worker');
  });

  it('heeds no example that is no list of variables', () => {
    const { workload } = suggest({ 'package.json': manifest(), '.env.example': '\0\u0001 = = "' });
    expect(workload.containers.main?.variables).toEqual({ PORT: '8080' });
  });
});
