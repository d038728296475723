/** `doctor`: what could be in the way, each with what helps. */
import type { Command } from 'commander';
import { createApi } from '../api.ts';
import { configPath, linkOf, readConfig } from '../config.ts';
import { exitCodes, Failure, told } from '../failure.ts';
import { newerAt, toHave } from '../origin.ts';
import { paint, say, sayJson } from '../output.ts';
import { knownServer, openSession } from '../session.ts';

interface Finding {
  check: string;
  ok: boolean;
  found: string;
  hint?: string | undefined;
}

export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description('Check the connection, the sign-in and what this folder is')
    .action(async (_: unknown, command: Command) => {
      const findings: Finding[] = [];
      const check = async (name: string, look: () => Promise<string> | string): Promise<void> => {
        try {
          findings.push({ check: name, ok: true, found: await look() });
        } catch (error) {
          const { what, hint } = told(error);
          findings.push({ check: name, ok: false, found: what, hint });
        }
      };
      await check('Node.js', () => process.version);
      await check('settings', () => {
        readConfig();
        return configPath();
      });
      await check('server', async () => {
        const server = knownServer(command);
        if (server === undefined) throw new Error('No Berth is known yet. Sign in: berth login <address>');
        await createApi({ server }).GET('/healthz');
        return `${server} answers`;
      });
      await check('version', async () => {
        const version = command.parent?.version() ?? '';
        const server = knownServer(command);
        const address = server === undefined ? undefined : await newerAt(server, version);
        if (address === undefined) return version;
        throw new Failure(
          `${version} is another one than this Berth brings.`,
          `Take its own: ${toHave(address)}`,
        );
      });
      await check('sign-in', async () => {
        const { data } = await openSession(command).api.GET('/v1/me');
        return `you are ${data?.id}`;
      });
      await check('folder', async () => {
        const { project, environment, service } = linkOf(readConfig(), process.cwd());
        if (project === undefined) return 'not linked';
        if (findings.every(({ ok }) => ok)) {
          const { api } = openSession(command);
          await api.GET('/v1/projects/{project}', { params: { path: { project } } });
          if (environment !== undefined)
            await api.GET('/v1/projects/{project}/environments/{environment}', {
              params: { path: { project, environment } },
            });
        }
        return [project, environment, service].filter(Boolean).join(' / ');
      });
      if (command.optsWithGlobals().json) sayJson(findings);
      for (const { check: name, ok, found, hint } of command.optsWithGlobals().json ? [] : findings) {
        say(`${paint(ok ? 'green' : 'red', ok ? '✓' : '✗')} ${name.padEnd(10)} ${found}`);
        if (hint !== undefined) say(`             ${hint}`);
      }
      if (findings.some(({ ok }) => !ok)) process.exitCode = exitCodes.refused;
    });
}
