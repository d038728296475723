/** Programs run to their end, and leave nothing behind. */
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { findProcess, sendSignal } from '../../../functions/adapters/system/marked-processes.ts';
import { type RunOptions, run } from '../../../functions/adapters/system/run-program.ts';

const node = (source: string, options: Partial<RunOptions> = {}) =>
  run(process.execPath, ['-e', source], {
    cwd: '/',
    env: {},
    signal: AbortSignal.timeout(10_000),
    timeoutMs: 10_000,
    ...options,
  });
const waits = 'setInterval(() => {}, 1000);';

describe('run', () => {
  it('gives exit code and last lines, and each line as it comes', async () => {
    const lines: string[] = [];
    const program =
      'for (let n = 0; n < 40; n++) console.log("line " + n); console.error("ö"); process.exitCode = 3';
    const result = await node(program, { onLine: (line) => lines.push(line) });
    expect(result).toMatchObject({ exitCode: 3, endedBy: null, timedOut: false });
    expect(result.tail).toHaveLength(41);
    expect(result.tail).toContain('line 39');
    expect(lines.toSorted()).toEqual(['ö', ...Array.from({ length: 40 }, (_, n) => `line ${n}`)].toSorted());
  });

  it('hands out standard output whole, and waits for whoever takes it', async () => {
    let taken = '';
    const { tail } = await node('console.error("said"); process.stdout.write("x".repeat(3_000_000))', {
      onStdout: async (output) => {
        await sleep(700);
        taken = await text(output);
      },
    });
    expect(taken).toHaveLength(3_000_000);
    expect(tail).toEqual(['said']);
  });

  it('kills it when whoever takes its output fails, and says why', async () => {
    const onStdout = async () => Promise.reject(new Error('no room'));
    await expect(node(waits, { onStdout })).rejects.toThrow('no room');
  });

  it('kills it when time is up, or the signal aborts', async () => {
    expect(await node(waits, { timeoutMs: 300 })).toMatchObject({ timedOut: true, endedBy: 'SIGKILL' });
    const abort = new AbortController();
    const running = node(waits, { signal: abort.signal });
    setTimeout(() => abort.abort(new Error('not wanted')), 200);
    await expect(running).rejects.toThrow('not wanted');
    await expect(node(waits, { signal: abort.signal })).rejects.toThrow('not wanted');
  });

  it.each([{}, { onStdout: async (output: NodeJS.ReadableStream) => void (await text(output)) }])(
    'throws what keeps it from starting %#',
    async (options) => {
      const { signal } = new AbortController();
      const running = run('/no/such/program', [], { cwd: '/', env: {}, signal, timeoutMs: 1000, ...options });
      await expect(running).rejects.toMatchObject({ code: 'ENOENT' });
    },
  );

  it('ends what it leaves in the background, in a session of its own as well', async () => {
    const child = (detached: boolean) =>
      `console.log(require("child_process").spawn(process.execPath, ["-e", ${JSON.stringify(waits)}], { detached: ${detached}, stdio: "inherit" }).pid);`;
    const { tail } = await node(`${child(false)}${child(true)}setTimeout(() => process.exit(0), 300)`);
    const [inGroup, apart] = tail.map(Number) as [number, number];
    await expect.poll(() => findProcess(inGroup)).toBeUndefined();
    // Other systems do not tell which processes have left the group.
    if (process.platform === 'linux') expect(await findProcess(apart)).toBeUndefined();
    else sendSignal(apart, 'SIGKILL');
  });
});
