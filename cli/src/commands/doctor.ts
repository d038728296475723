/** `doctor`: what could be in the way, each with what helps. */
import type { Command } from 'commander';
import { createApi } from '../api.ts';
import { configPath, linkOf, readConfig } from '../config.ts';
import { exitCodes, told } from '../failure.ts';
import { paint, say, sayJson } from '../output.ts';
import { openSession, serverOf } from '../session.ts';

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
        const config = readConfig();
        const server = serverOf(command.optsWithGlobals(), config, linkOf(config, process.cwd()));
        if (server === undefined) throw new Error('No Berth is known yet. Sign in: berth login <address>');
        await createApi({ server }).GET('/healthz');
        return `${server} answers`;
      });
      await check('sign-in', async () => {
        const { data } = await openSession(command).api.GET('/v1/me');
        return `you are ${data?.id}`;
      });
      await check('folder', () => {
        const { project, environment, service } = linkOf(readConfig(), process.cwd());
        return project === undefined
          ? 'not linked'
          : [project, environment, service].filter(Boolean).join(' / ');
      });
      if (command.optsWithGlobals().json) sayJson(findings);
      for (const { check: name, ok, found, hint } of command.optsWithGlobals().json ? [] : findings) {
        say(`${paint(ok ? 'green' : 'red', ok ? '✓' : '✗')} ${name.padEnd(10)} ${found}`);
        if (hint !== undefined) say(`             ${hint}`);
      }
      if (findings.some(({ ok }) => !ok)) process.exitCode = exitCodes.refused;
    });
}
