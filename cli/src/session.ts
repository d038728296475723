/** What every command works with: the API, and which project, environment and service are meant. */
import type { Command } from 'commander';
import { type Api, createApi } from './api.ts';
import { type Config, type Link, linkOf, readConfig } from './config.ts';
import { exitCodes, Failure } from './failure.ts';
import { isFetched, originOfPackage } from './origin.ts';

export interface GlobalOptions {
  server?: string;
  project?: string;
  env?: string;
  service?: string;
  json?: boolean;
  yes?: boolean;
}

export interface Session {
  api: Api;
  json: boolean;
  yes: boolean;
  /** What is meant, as far as it was said. */
  link: Link;
  project(): string;
  environment(): { project: string; environment: string };
  service(): { project: string; service: string };
  instance(): { project: string; environment: string; service: string };
}

/** The server that is meant: by option, by environment, by the address that npx was given, by folder, by sign-in. */
export function serverOf(options: GlobalOptions, config: Config, link: Link): string | undefined {
  const typed = isFetched() ? originOfPackage() : undefined;
  const named = options.server ?? process.env.BERTH_SERVER ?? typed ?? link.server;
  const current = config.current === undefined ? undefined : config.contexts[config.current]?.server;
  const server = named ?? originOfPackage() ?? current;
  if (server === undefined) return undefined;
  const url = URL.canParse(server) ? new URL(server) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new Failure(
      `"${server}" is no address of a server.`,
      'Such as: --server https://berth.example.com',
    );
  }
  return url.origin;
}

/** The server that a command would talk to; undefined where none is known. */
export function knownServer(command: Command): string | undefined {
  const config = readConfig();
  return serverOf(command.optsWithGlobals<GlobalOptions>(), config, linkOf(config, process.cwd()));
}

/** @throws Failure when no server is known */
export function openSession(command: Command): Session {
  const options = command.optsWithGlobals<GlobalOptions>();
  const config = readConfig();
  const linked = linkOf(config, process.cwd());
  const server = serverOf(options, config, linked);
  // What a folder is on one server says nothing of another.
  const folder = linked.server === undefined || linked.server === server ? linked : {};
  if (server === undefined) {
    throw new Failure(
      'No Berth is known yet.',
      'Sign in to one: berth login https://berth.example.com',
      exitCodes.signedOut,
    );
  }
  // A token is sent to the server that gave it and to no other.
  const token =
    process.env.BERTH_TOKEN || Object.values(config.contexts).find((each) => each.server === server)?.token;
  const project = options.project ?? process.env.BERTH_PROJECT ?? folder.project;
  const environment = options.env ?? process.env.BERTH_ENVIRONMENT ?? folder.environment;
  const service = options.service ?? process.env.BERTH_SERVICE ?? folder.service;
  const link: Link = {
    server,
    ...(project !== undefined && { project }),
    ...(environment !== undefined && { environment }),
    ...(service !== undefined && { service }),
  };
  const needed = (value: string | undefined, noun: string, flag: string): string => {
    if (value !== undefined) return value;
    throw new Failure(
      `Which ${noun} is meant? This folder is not linked to one yet.`,
      `Deploy it: berth up makes what is missing and remembers it. Where it is there already, say it with ${flag}, or once for this folder: berth link --project P --env E --service S`,
    );
  };
  const ofProject = () => needed(project, 'project', '--project');
  const ofEnvironment = () => needed(environment, 'environment', '--env');
  const ofService = () => needed(service, 'service', '--service');
  return {
    api: createApi({ server, token }),
    json: options.json === true,
    yes: options.yes === true,
    link,
    project: ofProject,
    environment: () => ({ project: ofProject(), environment: ofEnvironment() }),
    service: () => ({ project: ofProject(), service: ofService() }),
    instance: () => ({ project: ofProject(), environment: ofEnvironment(), service: ofService() }),
  };
}
