/** Why a program could not be started, from the errno and from what is there. */

import { closeSync, existsSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { limits } from '../../../core/limits.ts';

/** What was to be started. */
export interface Start {
  command: string;
  args: readonly string[];
  directory: string;
  variables: Record<string, string>;
}

interface Explained {
  why: string;
  hint: string;
}

/** Linux takes no longer text as a variable or as a word of a command, in bytes with the name. */
const TEXT_MAX = limits.variableText.value;

/** Where the system finds the program; undefined where it does not. */
function locate({ command, directory, variables }: Start): string | undefined {
  const candidates = command.includes('/')
    ? [resolve(directory, command)]
    : (variables.PATH ?? '').split(':').map((entry) => resolve(directory, entry, command));
  return candidates.find((path) => existsSync(path));
}

/** The interpreter that the first line of a script names, with the carriage return if there is one. */
function interpreterOf(path: string): string | undefined {
  try {
    const file = openSync(path, 'r');
    try {
      const bytes = Buffer.alloc(256);
      const head = bytes.toString('utf8', 0, readSync(file, bytes, 0, bytes.length, 0));
      const [, interpreter] = /^#![ \t]*([^ \t\n]+)/.exec(head) ?? [];
      return interpreter;
    } finally {
      closeSync(file);
    }
  } catch {
    return undefined;
  }
}

/** Whether package.json names it as needed for the build alone. */
export function isDevDependency(name: string, directory: string): boolean {
  try {
    const manifest = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as Record<
      string,
      unknown
    >;
    const declared = manifest.devDependencies;
    return typeof declared === 'object' && declared !== null && Object.hasOwn(declared, name);
  } catch {
    return false;
  }
}

export const moveDependency = (name: string): string =>
  `Move ${name} from devDependencies to dependencies in package.json: devDependencies are removed after the build. Then build again.`;

function missing(start: Start, shown: string): Explained {
  const path = locate(start);
  if (path === undefined) {
    const why = `there is no program ${shown} in the image or on the PATH`;
    if (!start.command.includes('/') && isDevDependency(start.command, start.directory))
      return { why, hint: moveDependency(start.command) };
    return {
      why,
      hint: 'Correct `command` in the Score file, or the entrypoint of the image; a program that comes with a package needs that package in dependencies. Then build again.',
    };
  }
  const interpreter = interpreterOf(path);
  const name = basename(path);
  if (interpreter?.endsWith('\r'))
    return {
      why: `${shown} has Windows line ends (CRLF), so that its first line names an interpreter that does not exist`,
      hint: `Save ${name} with line ends of LF alone, and put "*.sh text eol=lf" into .gitattributes. Then build again.`,
    };
  if (interpreter !== undefined)
    return {
      why: `${shown} is there, but the interpreter that its first line names, ${JSON.stringify(interpreter)}, is not`,
      hint: `Name an interpreter that is there in the first line of ${name}, such as #!/bin/sh or #!/usr/bin/env node. Then build again.`,
    };
  return {
    why: `${shown} is there, but what it is linked with or its working directory is not`,
    hint: `Put a program for this machine into the image: ${name} was made for another system.`,
  };
}

function denied(start: Start, shown: string): Explained {
  const path = locate(start);
  const name = path === undefined ? start.command : basename(path);
  if (path !== undefined && statSync(path, { throwIfNoEntry: false })?.isDirectory())
    return {
      why: `${shown} is a directory, no program`,
      hint: 'Name a program in `command` of the Score file, then build again.',
    };
  return {
    why: `${shown} may not be executed`,
    hint: `Make it executable with "git update-index --chmod=+x ${name}" (or "chmod +x ${name}"), then build again.`,
  };
}

function tooLong({ args, variables }: Start): Explained {
  const texts = [
    ...Object.entries(variables).map(([name, value]) => ({
      what: `the variable ${name}`,
      bytes: Buffer.byteLength(name) + 1 + Buffer.byteLength(value),
    })),
    ...args.map((text, index) => ({ what: `argument ${index + 1}`, bytes: Buffer.byteLength(text) })),
  ].sort((one, other) => other.bytes - one.bytes);
  const [largest] = texts;
  const hint = 'Put long values into a file (`files` of the container in the Score file), then deploy again.';
  if (largest !== undefined && largest.bytes > TEXT_MAX)
    return { why: `${largest.what} has ${largest.bytes} bytes, and the system takes ${TEXT_MAX}`, hint };
  const total = texts.reduce((sum, { bytes }) => sum + bytes, 0);
  return {
    why: `its variables and arguments have ${total} bytes together, more than the system takes; ${largest?.what ?? 'none'} is the longest`,
    hint,
  };
}

const CROWDED =
  'Stop what is not needed on the machine, or give it more memory and processes, then deploy again.';

/** @param start what was to be started; less can be said without it */
export function explainStart(error: NodeJS.ErrnoException, command: string, start?: Start): Explained {
  const shown = JSON.stringify(command);
  const explained = ((): Explained => {
    const at = start ?? { command, args: [], directory: '/', variables: {} };
    switch (error.code) {
      case 'ENOENT':
        return missing(at, shown);
      case 'EACCES':
      case 'EPERM':
        return denied(at, shown);
      case 'E2BIG':
        return tooLong(at);
      case 'ENOEXEC':
        return {
          why: `${shown} is no program for this machine`,
          hint: `Build it for ${process.platform} on ${process.arch}, or begin a script with a line such as #!/bin/sh. Then build again.`,
        };
      case 'EAGAIN':
      case 'ENOMEM':
      case 'EMFILE':
      case 'ENFILE':
        return { why: `the machine has no room for another process (${error.code})`, hint: CROWDED };
      case 'ECONTAINER':
        return {
          why: `${shown} could not be run in a container: ${error.message}`,
          hint: 'Correct `command` in the Score file, or the entrypoint of the image, if the cause names it; else look at the container engine. Then deploy again.',
        };
      case 'ENOTDIR':
      case 'ELOOP':
      case 'ENAMETOOLONG':
        return {
          why: `the path ${shown} leads nowhere (${error.code})`,
          hint: 'Correct the path in `command` of the Score file, then build again.',
        };
      default:
        return {
          why: `${shown} gave ${error.code ?? error.message}`,
          hint: 'Correct `command` in the Score file, or the entrypoint of the image, then deploy again.',
        };
    }
  })();
  return { why: `could not be started: ${explained.why}`, hint: explained.hint };
}
