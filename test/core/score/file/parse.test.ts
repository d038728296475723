import { describe, expect, it } from 'vitest';
import { Problem } from '../../../../functions/core/problem.ts';
import { checkScore, parseScore } from '../../../../functions/core/score/file/parse.ts';
import type { ScoreError } from '../../../../functions/core/score/file/score-faults.ts';
import { everything, least } from '../fixtures.ts';

function problemOf(run: () => unknown): Problem & { errors: ScoreError[] } {
  try {
    run();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return Object.assign(error, { errors: error.extra.errors as ScoreError[] });
  }
  throw new Error('No problem was thrown');
}

const faultOf = (text: string): ScoreError | undefined => problemOf(() => parseScore(text)).errors[0];

/** A container's keys, given as lines. */
const main = (...lines: string[]): string => least + lines.map((line) => `    ${line}\n`).join('');

describe('a file that uses everything', () => {
  const workload = parseScore(everything);

  it('keeps what was written', () => {
    expect(workload.metadata).toMatchObject({ name: 'orders', team: { size: 4, tags: ['shop', '2024'] } });
    expect(workload.service?.ports?.web).toEqual({ port: 80, targetPort: 8080, protocol: 'TCP' });
    expect(workload.containers.migrate?.before).toEqual({
      main: { ready: 'complete' },
      tail: { ready: 'started' },
    });
    expect(workload.containers.main?.livenessProbe?.exec?.command).toEqual(['node', 'alive.js']);
    expect(workload.containers.main?.readinessProbe?.httpGet?.httpHeaders).toHaveLength(1);
    expect(workload.resources?.db).toEqual({
      type: 'postgres',
      class: 'large',
      id: 'shop.main-db',
      params: { version: '17' },
    });
  });

  it('expands nothing', () => {
    expect(workload.containers.main?.variables?.PRICE).toBe('5$$');
    expect(workload.containers.main?.files?.['/etc/orders/app.toml']?.content).toContain('${metadata.name}');
  });

  it('brings targets and sub paths to their shortest form', () => {
    expect(workload.containers.main?.volumes).toEqual({
      '/var/lib/orders': { source: '${resources.data}', path: 'sub/path', readOnly: true },
    });
  });

  it('reads the same from JSON text and as a JSON value', () => {
    expect(parseScore(JSON.stringify(workload))).toEqual(workload);
    expect(parseScore(JSON.stringify(workload, null, '\t'))).toEqual(workload);
    expect(checkScore(JSON.parse(JSON.stringify(workload)))).toEqual(workload);
  });

  it('is the same with a byte order mark, CRLF, and document markers', () => {
    expect(parseScore(`\uFEFF${everything}`)).toEqual(workload);
    expect(parseScore(everything.replaceAll('\n', '\r\n'))).toEqual(workload);
    expect(parseScore(`---\n${everything}...\n`)).toEqual(workload);
  });
});

describe('the deprecated lists of files and volumes', () => {
  it('become maps', () => {
    const { main: container } = parseScore(
      main(
        'files:',
        '- {target: /a/b, content: x, mode: "644"}',
        '- {target: /c//d, binaryContent: "AA=="}',
        'volumes:',
        '- {source: data, target: /v/}',
      ),
    ).containers;
    expect(container?.files).toEqual({
      '/a/b': { content: 'x', mode: '644' },
      '/c/d': { binaryContent: 'AA==' },
    });
    expect(container?.volumes).toEqual({ '/v': { source: 'data' } });
  });

  it('name the item at fault', () => {
    expect(
      faultOf(main('files:', '- {target: /a, content: x}', '- {target: /b, content: x, mod: "644"}')),
    ).toEqual({
      path: 'containers.main.files[1].mod',
      line: 9,
      column: 32,
      message: expect.stringContaining('did you mean "mode"'),
    });
  });
});

describe('where a fault is', () => {
  it('names an unknown key, the nearest known one, and its line', () => {
    const problem = problemOf(() => parseScore(least.replace('image:', 'imagee:')));
    expect(problem.code).toBe('invalid_score');
    expect(problem.status).toBe(422);
    expect(problem.message).toContain('line 6, column 5: containers.main.imagee is not a key of Score');
    expect(problem.message).toContain('did you mean "image"?');
    expect(problem.hint).toContain('line 6');
  });

  it('lists all faults in the order of the file', () => {
    const text = main('cpu: 1', 'variables: {PORT: 80}').replace('guestbook', 'Guestbook');
    const { errors } = problemOf(() => parseScore(text));
    expect(errors.map(({ path, line }) => [path, line])).toEqual([
      ['metadata.name', 3],
      ['containers.main.cpu', 7],
      ['containers.main.variables.PORT', 8],
    ]);
  });

  it('points to what should hold a missing key', () => {
    expect(faultOf('apiVersion: score.dev/v1b1\nmetadata: {name: aa}\ncontainers:\n  main: {}\n')).toEqual({
      path: 'containers.main.image',
      line: 4,
      column: 3,
      message: 'is required',
    });
  });

  it('counts lines and columns in JSON text too', () => {
    const fault = faultOf('{"apiVersion": "score.dev/v1b1",\n"metadata": {"name": "aa"},\n"containers": 4}');
    expect(fault).toMatchObject({ path: 'containers', line: 3, column: 15 });
  });

  it('has no line for a JSON value', () => {
    const { errors } = problemOf(() => checkScore({ apiVersion: 'score.dev/v1b1' }));
    expect(errors).toEqual([
      { path: 'metadata', message: 'is required' },
      { path: 'containers', message: 'is required' },
    ]);
  });

  it.each([
    ['a: b: c', 1, /quote/],
    ['a: 1\n b: 2', 1, /indentation/],
    ['a: [1, 2', 1, /closing bracket/],
    ['a: "x', 1, /lacks/],
    ['a: 1\n\tb: 2', 2, /./],
    ['a: "\\q"', 1, /escape/],
    ['a: @x', 1, /quoted/],
    ['? [a]\n: b', 1, /not text/],
  ])('%j fails in line %i', (text, line, message) => {
    expect(faultOf(text)).toMatchObject({ line, message: expect.stringMatching(message) });
  });

  it('never shows a value', () => {
    for (const text of [
      main('variables: {TOKEN: [hunter2]}'),
      main('variables: {TOKEN: &hunter2 x}'),
      main('variables: {TOKEN: "\\hunter2"}'),
      main('files: {/a: {content: hunter2, mode: hunter2}}'),
      main('image: hunter2'),
      `${least}\nhunter2`,
    ]) {
      const problem = problemOf(() => parseScore(text));
      expect(JSON.stringify([problem.message, problem.hint, problem.extra])).not.toContain('hunter2');
    }
  });
});

describe('what the schema refuses', () => {
  it.each<[path: string, ...lines: string[]]>([
    ['containers.main.command', 'command: node'],
    ['containers.main.command', 'command: [""]'],
    ['containers.main.args[0]', 'args: [1]'],
    ['containers.main.variables.A', 'variables: {A: true}'],
    ['containers.main.variables[""]', 'variables: {"": a}'],
    ['containers.main.variables["a=b"]', 'variables: {"a=b": a}'],
    ['containers.main.variables["a\\nb"]', 'variables: {"a\\nb": a}'],
    ['containers.main.files["/a"]', 'files: {/a: {}}'],
    ['containers.main.files["/a"]', 'files: {/a: {content: a, source: a}}'],
    ['containers.main.files["/a"]', 'files: {/a: {content: a, binaryContent: ""}}'],
    ['containers.main.files["/a"].target', 'files: {/a: {content: a, target: /a}}'],
    ['containers.main.files["/a"].mode', 'files: {/a: {content: a, mode: "0800"}}'],
    ['containers.main.files["/a"].mode', 'files: {/a: {content: a, mode: 0600}}'],
    ['containers.main.files["/a"].mode', 'files: {/a: {content: a, mode: "7777"}}'],
    ['containers.main.files["/a"].binaryContent', 'files: {/a: {binaryContent: "a_"}}'],
    ['containers.main.files["/a"].noExpand', 'files: {/a: {content: a, noExpand: "no"}}'],
    ['containers.main.files["/a"].source', 'files: {/a: {source: /etc/passwd}}'],
    ['containers.main.files["/a"].source', 'files: {/a: {source: a/../../b}}'],
    ['containers.main.files["/a"].source', 'files: {/a: {source: ""}}'],
    ['containers.main.files.a', 'files: {a: {content: a}}'],
    ['containers.main.files["/"]', 'files: {/: {content: a}}'],
    ['containers.main.files["/a/../b"]', 'files: {/a/../b: {content: a}}'],
    ['containers.main.files["/a:b"]', 'files: {"/a:b": {content: a}}'],
    ['containers.main.files["/a//b"]', 'files: {/a/b: {content: a}, /a//b: {content: a}}'],
    ['containers.main.files[1].target', 'files: [{target: /a, content: a}, {target: /a/., content: a}]'],
    ['containers.main.files[0].target', 'files: [{content: a}]'],
    ['containers.main.files', 'files: text'],
    ['containers.main.volumes["/a"].source', 'volumes: {/a: {}}'],
    ['containers.main.volumes["/a"].path', 'volumes: {/a: {source: a, path: ../b}}'],
    ['containers.main.volumes["/a"].read_only', 'volumes: {/a: {source: a, read_only: true}}'],
    ['containers.main.volumes["/a"]', 'files: {/a: {content: a}}', 'volumes: {/a: {source: a}}'],
    ['containers.main.volumes["/a/b"]', 'files: {/a: {content: a}}', 'volumes: {/a/b: {source: a}}'],
    ['containers.main.files["/a/b"]', 'files: {/a: {content: a}, /a/b: {content: a}}'],
    ['containers.main.resources.limits.cpu', 'resources: {limits: {cpu: 1}}'],
    ['containers.main.resources.limits.cpu', 'resources: {limits: {cpu: ""}}'],
    ['containers.main.resources.limits.cpu', 'resources: {limits: {cpu: m}}'],
    ['containers.main.resources.requests.cpu', 'resources: {requests: {cpu: 1.5m}}'],
    ['containers.main.resources.limits.memory', 'resources: {limits: {memory: 064M}}'],
    ['containers.main.resources.limits.memory', 'resources: {limits: {memory: 64MB}}'],
    ['containers.main.resources.limits.memory', 'resources: {limits: {memory: 99999999999T}}'],
    ['containers.main.resources.limit', 'resources: {limit: {}}'],
    ['containers.main.livenessProbe.tcpSocket', 'livenessProbe: {tcpSocket: {port: 1}}'],
    ['containers.main.livenessProbe.httpGet.path', 'livenessProbe: {httpGet: {port: 1}}'],
    ['containers.main.livenessProbe.httpGet.port', 'livenessProbe: {httpGet: {path: /, port: 0}}'],
    ['containers.main.livenessProbe.httpGet.port', 'livenessProbe: {httpGet: {path: /, port: 65536}}'],
    ['containers.main.livenessProbe.httpGet.port', 'livenessProbe: {httpGet: {path: /, port: 1.5}}'],
    [
      'containers.main.livenessProbe.httpGet.scheme',
      'livenessProbe: {httpGet: {path: /, port: 1, scheme: http}}',
    ],
    ['containers.main.livenessProbe.httpGet.host', 'livenessProbe: {httpGet: {path: /, port: 1, host: ""}}'],
    [
      'containers.main.livenessProbe.httpGet.path',
      'livenessProbe: {httpGet: {path: "/\\r\\nX: y", port: 1}}',
    ],
    [
      'containers.main.readinessProbe.httpGet.httpHeaders[0].name',
      'readinessProbe: {httpGet: {path: /, port: 1, httpHeaders: [{name: "a b", value: c}]}}',
    ],
    [
      'containers.main.readinessProbe.httpGet.httpHeaders[0].value',
      'readinessProbe: {httpGet: {path: /, port: 1, httpHeaders: [{name: a}]}}',
    ],
    ['containers.main.readinessProbe.exec.command', 'readinessProbe: {exec: {}}'],
    ['containers.main.readinessProbe.exec.command', 'readinessProbe: {exec: {command: []}}'],
    ['containers.main.readinessProbe.exec.command', 'readinessProbe: {exec: {command: [""]}}'],
    ['containers.main.before.main', 'before: {main: {ready: started}}'],
    ['containers.main.before.other', 'before: {other: {ready: started}}'],
    ['containers.main.before.main.ready', 'before: {main: {ready: done}}'],
    ['containers.main.before.main.ready', 'before: {main: {}}'],
    ['containers.main.before', 'before: [main]'],
  ])('%s of %s', (path, ...lines) => {
    expect(faultOf(main(...lines))?.path).toBe(path);
  });

  it.each<[path: string, text: string]>([
    ['apiVersion', least.replace('v1b1', 'v1b2')],
    ['apiVersion', least.replace('apiVersion: score.dev/v1b1\n', '')],
    ['metadata.name', least.replace('guestbook', 'g')],
    ['metadata.name', least.replace('guestbook', 'guest_book')],
    ['metadata.name', least.replace('guestbook', '-guestbook')],
    ['metadata.name', least.replace('guestbook', '"guestbook\\n"')],
    ['metadata.name', least.replace('guestbook', 'a'.repeat(64))],
    ['containers.Main', least.replace('main', 'Main')],
    ['containers.m', least.replace('main', 'm')],
    ['services', `${least}services: {}`],
    ['resources', `${least}resources:`],
    ['resources.db.type', `${least}resources: {db: {}}`],
    ['resources.db.type', `${least}resources: {db: {type: a/b}}`],
    ['resources.db.class', `${least}resources: {db: {type: postgres, class: "../x"}}`],
    ['resources.db.id', `${least}resources: {db: {type: postgres, id: a..b}}`],
    ['resources.db.id', `${least}resources: {db: {type: postgres, id: -ab}}`],
    ['resources.db.id', `${least}resources: {db: {type: postgres, id: ${'a'.repeat(64)}}}`],
    ['resources.db.id', `${least}resources: {db: {type: postgres, id: a}}`],
    ['resources.db.params', `${least}resources: {db: {type: postgres, params: []}}`],
    [
      'resources.db.metadata.annotations.-a',
      `${least}resources: {db: {type: pg, metadata: {annotations: {-a: b}}}}`,
    ],
    ['resources.d_b', `${least}resources: {d_b: {type: postgres}}`],
    ['service.ports.web.port', `${least}service: {ports: {web: {}}}`],
    ['service.ports.web.port', `${least}service: {ports: {web: {port: "80"}}}`],
    ['service.ports.web.protocol', `${least}service: {ports: {web: {port: 80, protocol: tcp}}}`],
    ['service.ports.web.targetPort', `${least}service: {ports: {web: {port: 80, targetPort: -1}}}`],
    ['service.ports.two.port', `${least}service: {ports: {one: {port: 80}, two: {port: 80, protocol: TCP}}}`],
    [
      'metadata.annotations["a/b/c"]',
      `${least}`.replace('name: guestbook', 'name: aa\n  annotations: {a/b/c: d}'),
    ],
    ['metadata.annotations.aa', `${least}`.replace('name: guestbook', 'name: aa\n  annotations: {aa: 1}')],
  ])('%s', (path, text) => {
    expect(faultOf(text)?.path).toBe(path);
  });

  it('names the circle of containers that wait for one another', () => {
    const text = `${least}    before: {two: {ready: started}}
  two: {image: ., before: {three: {ready: healthy}}}
  three: {image: ., before: {main: {ready: complete}}}
`;
    expect(faultOf(text)).toEqual({
      path: 'containers.main.before.two',
      line: 7,
      column: 14,
      message: 'goes in a circle: main before two before three before main',
    });
  });

  it('names a container that is to come before itself', () => {
    expect(faultOf(main('before: {main: {ready: started}}'))?.message).toBe('names its own container');
  });

  it('refuses settings of Berth that it does not know', () => {
    const text = least.replace('  name', '  annotations:\n    berth.dev/replica: "2"\n  name');
    expect(faultOf(text)).toMatchObject({ line: 4, message: expect.stringContaining('berth.dev/replicas?') });
  });
});

it('accepts names of Object.prototype that are no danger', () => {
  const workload = parseScore(main('variables: {toString: a, valueOf: b, hasOwnProperty: c}'));
  expect(Object.keys(workload.containers.main?.variables ?? {})).toEqual([
    'toString',
    'valueOf',
    'hasOwnProperty',
  ]);
});

it('shares nothing with the value that was checked', () => {
  const value = {
    ...JSON.parse(JSON.stringify(parseScore(least))),
    metadata: { name: 'aa', extra: { a: [1] } },
  };
  const workload = checkScore(value);
  value.metadata.extra.a.push(2);
  expect(workload.metadata.extra).toEqual({ a: [1] });
});
