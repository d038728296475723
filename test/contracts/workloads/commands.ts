/** What release commands, runs and programs beside a replica guarantee. */
import { describe, expect } from 'vitest';
import type { InstanceRef } from '../../../functions/core/model/index.ts';
import type { LogLine } from '../../../functions/ports/logs.ts';
import type { ContainerSpec } from '../../../functions/ports/workloads.ts';
import type { WorkloadsBench } from './workloads-bench.ts';
import { codeOf, containerSpec, eventually, variable, workloadSpec } from './workloads-spec.ts';

export function commandGuarantees(bench: WorkloadsBench): void {
  const { place, deploy, answers, left, answering, itRuns, inPods } = bench;

  describe('release command', () => {
    itRuns('runs with variables, files and volumes, and leaves what serves alone', async () => {
      const ref = await place();
      await deploy(workloadSpec(ref, 1, answering('one')));
      const source = await bench.workloads.ensureVolume(ref, 'data', 1);
      const spec = workloadSpec(
        ref,
        2,
        containerSpec(bench.server, {
          variables: [variable('NAME', 'x')],
          files: [{ target: '/app/config.txt', content: Buffer.from('configured'), mode: 0o600 }],
          volumes: [{ source, target: '/app/data', readOnly: false }],
        }),
      );
      const program =
        'const fs = require("fs"); fs.writeFileSync("data/mark", "m"); console.log(fs.readFileSync("config.txt", "utf8"), process.env.NAME, process.argv[1])';
      const result = await bench.workloads.runRelease(
        spec,
        ['node', '-e', program, '$(NAME)-$(OTHER)'],
        AbortSignal.timeout(60_000),
      );
      expect(result).toEqual({ exitCode: 0, tail: ['configured x x-$(OTHER)'] });
      await answers(ref, 'one');
      // The volume keeps its files for the deployment that mounts it.
      await deploy({ ...spec, containers: spec.containers.map((container) => ({ ...container })) });
      await answers(ref, 'm', '/file?path=data/mark');
      await answers(ref, 'configured', '/file?path=config.txt');
      await bench.workloads.removeEnvironment(ref);
    });

    itRuns('is killed when the caller aborts', async () => {
      const ref = await place();
      const abort = new AbortController();
      const running = bench.workloads.runRelease(
        workloadSpec(ref, 1, containerSpec(bench.server)),
        ['node', '-e', 'console.log("up"); setInterval(() => {}, 1000)'],
        abort.signal,
      );
      await eventually(
        () => bench.subject.logs(ref),
        (lines) => lines.some((line) => line.message === 'up'),
      );
      abort.abort();
      expect((await running)?.exitCode).not.toBe(0);
      expect((await bench.workloads.inventory(ref)).filter((item) => item.startsWith('process'))).toEqual([]);
      await bench.workloads.removeEnvironment(ref);
    });
  });

  describe('command of a run', () => {
    const running = (ref: InstanceRef, operation: string, extra: Partial<ContainerSpec> = {}) => ({
      ...workloadSpec(ref, 1, containerSpec(bench.server, extra)),
      operation,
    });
    /** What a run is asked for with, and the lines that it has printed. */
    function asking(program: string, again = false) {
      const lines: LogLine[] = [];
      const onLine = (line: LogLine): void => void lines.push(line);
      return {
        lines,
        run: { command: ['node', '-e', program], timeoutSeconds: 60, again, onLine },
      };
    }
    const soon = (): AbortSignal => AbortSignal.timeout(60_000);

    itRuns('its output goes to whoever asked, masked, and not into the log of its service', async () => {
      const ref = await place();
      const spec = running(ref, 'run-output', { variables: [variable('SECRET', 'hunter2-horse', true)] });
      const { run, lines } = asking(
        'console.log("one"); console.log("it is " + process.env.SECRET); process.exitCode = 4',
      );
      expect(await bench.workloads.runCommand(spec, run, soon())).toEqual({ exitCode: 4 });
      expect(lines.map(({ message }) => message)).toEqual(['one', 'it is ••••']);
      expect(lines[0]).toMatchObject({ source: 'stdout', deployment: 1, at: expect.stringMatching(/Z$/) });
      await bench.workloads.endCommand(ref, 'run-output');
      expect(await bench.subject.logs(ref)).toEqual([]);
      await bench.workloads.removeEnvironment(ref);
    });

    itRuns('it runs once: who asks again joins it, and it outlasts whoever waits for it', async () => {
      const ref = await place();
      const spec = running(ref, 'run-once');
      const program = `console.log("begins"); setTimeout(() => { console.log("ends"); process.exitCode = 3 }, ${inPods ? 1500 : 250})`;
      const first = asking(program);
      const wait = new AbortController();
      const waiting = bench.workloads.runCommand(spec, first.run, wait.signal);
      await eventually(
        async () => first.lines,
        (lines) => lines.length > 0,
      );
      wait.abort();
      expect(await waiting).toBeUndefined();
      const second = asking(program, true);
      expect(await bench.workloads.runCommand(spec, second.run, soon())).toEqual({ exitCode: 3 });
      const printed = [...first.lines, ...second.lines].map(({ message }) => message);
      expect(new Set(printed)).toEqual(new Set(['begins', 'ends']));
      expect(printed.filter((message) => message === 'ends')).toHaveLength(1);
      await bench.workloads.endCommand(ref, 'run-once');
      await bench.workloads.removeEnvironment(ref);
    });

    itRuns('it ends when it is told to, and leaves nothing; told again, nothing happens', async () => {
      const ref = await place();
      const { run, lines } = asking('console.log("up"); setInterval(() => {}, 1000)');
      const waiting = bench.workloads.runCommand(running(ref, 'run-endless'), run, soon());
      waiting.catch(() => undefined);
      await eventually(
        async () => lines,
        (all) => all.length > 0,
      );
      for (let time = 0; time < 2; time++) await bench.workloads.endCommand(ref, 'run-endless');
      expect(await codeOf(waiting)).toBe('run_interrupted');
      expect(await left(ref, /^(?:process|files|pod|job) /)).toEqual([]);
      await bench.workloads.removeEnvironment(ref);
    });

    itRuns('it is interrupted where its service is removed', async () => {
      const ref = await place();
      const { run, lines } = asking('console.log("up"); setInterval(() => {}, 1000)');
      const waiting = bench.workloads.runCommand(running(ref, 'run-removed'), run, soon());
      waiting.catch(() => undefined);
      await eventually(
        async () => lines,
        (all) => all.length > 0,
      );
      await bench.workloads.remove(ref, 2);
      expect(await codeOf(waiting)).toBe('run_interrupted');
      expect(await codeOf(bench.workloads.runCommand(running(ref, 'run-late'), asking('').run, soon()))).toBe(
        'fenced',
      );
      await bench.workloads.removeEnvironment(ref);
    });
  });

  describe('program beside a replica', () => {
    async function session(ref: InstanceRef, command: string[], tty = false) {
      if (!bench.workloads.exec) throw new Error('There is none.');
      const opened = await bench.workloads.exec(ref, { command, tty });
      const printed: Buffer[] = [];
      opened.stdout.on('data', (data: Buffer) => printed.push(data));
      opened.stderr.resume();
      return { opened, text: () => Buffer.concat(printed).toString() };
    }

    itRuns(
      'it has the variables and files of the replica, reads what is typed, and tells its exit code',
      async ({ skip }) => {
        if (!bench.workloads.exec) skip();
        const ref = await place();
        await deploy(workloadSpec(ref, 1, answering('here')));
        const program =
          'process.stdin.on("data", (data) => { console.log(process.env.ANSWER, require("fs").readdirSync(".").join(), String(data).trim()); process.exit(7); })';
        const { opened, text } = await session(ref, ['node', '-e', program]);
        opened.stdin.write('typed\n');
        expect(await opened.ended).toEqual({ exitCode: 7 });
        expect(text()).toMatch(/^here .*main\.mjs.* typed\n$/);
        await answers(ref, 'here');
        const unknown = await session(ref, ['no-such-program']);
        expect((await unknown.opened.ended).exitCode).not.toBe(0);
        await bench.workloads.removeEnvironment(ref);
      },
    );

    itRuns('it has a terminal of a given size where it has one, and pipes where not', async ({ skip }) => {
      if (!bench.workloads.exec) skip();
      const ref = await place();
      await deploy(workloadSpec(ref, 1, answering('here')));
      const program =
        'if (!process.stdin.isTTY) { console.log("pipes"); process.exit(); } setInterval(() => { if (process.stdout.columns === 97) { console.log("wide"); process.exit(); } }, 20)';
      const { opened, text } = await session(ref, ['node', '-e', program], true);
      opened.resize?.(97, 31);
      expect(await opened.ended).toEqual({ exitCode: 0 });
      expect(text().trim()).toBe(opened.tty ? 'wide' : 'pipes');
      await bench.workloads.removeEnvironment(ref);
    });

    itRuns('what reads what is typed at a terminal ends when that is closed', async ({ skip }) => {
      if (!bench.workloads.exec) skip();
      const ref = await place();
      await deploy(workloadSpec(ref, 1, answering('here')));
      const { opened, text } = await session(ref, ['node', '-i'], true);
      if (!opened.tty) skip();
      await eventually(text, (prompt) => prompt.includes('>'));
      opened.close();
      // In a pod it ends by itself, and elsewhere it is ended.
      expect((await opened.ended).exitCode).toBe(inPods ? 0 : 137);
      await bench.workloads.removeEnvironment(ref);
    });

    itRuns(
      'it ends when it is closed, and with its replica; where no replica is ready there is none',
      async ({ skip }) => {
        if (!bench.workloads.exec) skip();
        const ref = await place();
        await deploy(workloadSpec(ref, 1, answering('here')));
        const beat = `require("os").tmpdir() + "/${ref.environment}"`;
        const endless = [
          'node',
          '-e',
          `setInterval(() => { require("fs").writeFileSync(${beat}, ""); console.log("beat"); }, 50)`,
        ];
        const isBeating = async (): Promise<boolean> => {
          const changed = `require("fs").statSync(${beat}).mtimeMs`;
          const watch = `const before = ${changed}; setTimeout(() => console.log(${changed} > before), 500)`;
          const { opened, text } = await session(ref, ['node', '-e', watch]);
          await opened.ended;
          return text().trim() === 'true';
        };
        // What has no terminal and reads nothing goes on in a pod: nobody can end it there.
        const first = await session(ref, endless, inPods);
        await eventually(first.text, (text) => text !== '');
        expect(await isBeating()).toBe(true);
        first.opened.close();
        expect((await first.opened.ended).exitCode).not.toBe(0);
        expect(await isBeating()).toBe(false);
        const second = await session(ref, endless);
        await bench.workloads.scale(ref, 0, 1);
        expect((await second.opened.ended).exitCode).not.toBe(0);
        expect(await codeOf(session(ref, endless))).toBe('conflict');
        expect(await left(ref, /^(?:process|pod) /)).toEqual([]);
        await bench.workloads.removeEnvironment(ref);
      },
    );
  });
}
