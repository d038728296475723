/** Small programs without dependencies, packed as a developer would post them. */
import { buffer } from 'node:stream/consumers';
import { createGzip } from 'node:zlib';
import { pack } from 'tar-stream';

/** A tar.gz of some files. */
export async function archive(files: Record<string, string>): Promise<Uint8Array<ArrayBuffer>> {
  const tar = pack();
  const packed = buffer(tar.pipe(createGzip()));
  for (const [name, content] of Object.entries(files)) tar.entry({ name }, content);
  tar.finalize();
  return new Uint8Array(await packed);
}

/** Says its name, its environment on /env, and logs each request. */
const SERVER = `
import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
const name = readFileSync('name.txt', 'utf8');
createServer((request, response) => {
  console.log('request ' + request.url);
  if (request.url === '/env') return response.end(JSON.stringify(process.env));
  if (request.url === '/crash') process.exit(3);
  response.end(name);
}).listen(process.env.PORT, () => console.log(name + ' listens'));
process.on('SIGTERM', () => process.exit(0));
`;

export interface ProgramOptions {
  /** Lines under containers.main. */
  container?: string;
  /** Lines at the top level of the Score file. */
  score?: string;
  annotations?: string;
  server?: string;
  files?: Record<string, string>;
}

const indent = (text: string, by: string): string =>
  text
    .split('\n')
    .filter((line) => line.trim())
    .map((line) => `${by}${line}`)
    .join('\n');

/** A program that answers with \name. */
export function program(name: string, options: ProgramOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
  return archive({
    'name.txt': name,
    'package.json': JSON.stringify({
      name: 'program',
      version: '1.0.0',
      type: 'module',
      scripts: { start: 'node server.js' },
    }),
    'server.js': options.server ?? SERVER,
    'score.yaml': `apiVersion: score.dev/v1b1
metadata:
  name: program
${options.annotations ? `  annotations:\n${indent(options.annotations, '    ')}` : ''}
service:
  ports:
    www:
      port: 80
      targetPort: 8080
containers:
  main:
    image: .
${indent(options.container ?? '', '    ')}
${options.score ?? ''}
`,
    ...options.files,
  });
}

/** Ends at once with an error. */
export const crashing = (message: string): Promise<Uint8Array<ArrayBuffer>> =>
  program('broken', { server: `console.error(${JSON.stringify(message)}); process.exit(1);` });

/** Listens only after it was told to by a file, so that a rollout takes as long as a test wants. */
export const slow = (): Promise<Uint8Array<ArrayBuffer>> =>
  program('slow', {
    server: `setTimeout(() => {}, 600_000);`,
    annotations: 'berth.dev/progress-deadline-seconds: "60"',
  });
