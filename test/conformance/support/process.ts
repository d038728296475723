/** Programs that others wrote: found, run to their end, or kept running as servers. */
import { execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';

/** Runs a program to its end. @throws with its last lines when it fails */
export async function run(
  command: string,
  args: readonly string[],
  cwd?: string,
  timeout = 570_000,
): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(command, [...args], {
      cwd,
      maxBuffer: 32 * 1024 * 1024,
      timeout,
    });
    return stdout;
  } catch (error) {
    const { message, stdout = '', stderr = '' } = error as Error & { stdout?: string; stderr?: string };
    throw new Error(`${message}\n${`${stdout}\n${stderr}`.trim().slice(-2000)}`);
  }
}

/** The first of these programs that can not be run, in words; undefined when all are there. */
export async function missingProgram(
  programs: readonly [string, ...string[]][],
): Promise<string | undefined> {
  for (const [command, ...args] of programs) {
    const fault = await run(command, args).then(
      () => undefined,
      () => `${[command, ...args].join(' ')} does not run here`,
    );
    if (fault !== undefined) return fault;
  }
  return undefined;
}

export interface Server {
  /** What the pattern found in its output. */
  ready: RegExpMatchArray;
  stop(): Promise<void>;
}

/** Spawns a server and waits until its output matches. @throws with its output when it ends before */
export async function serve(
  command: string,
  args: readonly string[],
  ready: RegExp,
  options: { cwd?: string; env?: Record<string, string> } = {},
): Promise<Server> {
  const child = spawn(command, [...args], {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // Also when the tests end early, nothing stays behind.
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const exited = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const stop = async (): Promise<void> => {
    process.off('exit', kill);
    kill();
    await exited;
  };
  let output = '';
  const found = new Promise<RegExpMatchArray>((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      if (output.length > 100_000) return;
      output += chunk.toString();
      const match = output.match(ready);
      if (match) resolve(match);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('error', reject);
    child.once('close', (code) =>
      reject(new Error(`${command} ended with ${code}:\n${output.slice(-2000)}`)),
    );
    setTimeout(
      () => reject(new Error(`${command} is not ready after 60 s:\n${output.slice(-2000)}`)),
      60_000,
    ).unref();
  });
  try {
    return { ready: await found, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
