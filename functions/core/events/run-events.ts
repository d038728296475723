/** Types of events: runs, the jobs that ask for them, and shells. */
import * as z from 'zod';
import { missReasons } from '../model/job.ts';
import { changesData, type EventDeclarations, failureData } from './event-declaration.ts';

const ofJob = { job: z.string().optional().describe('The job that asked for it.') };
const ofProcess = {
  process: z.string().optional().describe('The process that it is beside; absent for the web.'),
};
const jobData = { job: z.string() };
const exitCode = {
  exitCode: z.int().optional().describe('Of the command, where it came to its end.'),
};

export const runEvents = {
  'run.started': {
    data: z.object({
      command: z.string().describe('Its words; the first 200 characters.'),
      deployment: z.int().describe('Whose image, variables and secrets it has.'),
      ...ofProcess,
      ...ofJob,
    }),
    words: 'Run of {service} in {environment}: {command}',
  },
  'run.succeeded': { data: z.object(ofJob), words: 'A run of {service} in {environment} succeeded' },
  'run.failed': {
    data: z.object({ ...failureData, ...exitCode, ...ofJob }),
    words: 'A run of {service} in {environment} failed',
    tone: 'bad',
  },
  'run.canceled': {
    data: z.object({ ...failureData, ...exitCode, ...ofJob }),
    words: 'A run of {service} in {environment} was canceled',
  },
  'run.superseded': {
    data: z.object({ ...failureData, ...exitCode, ...ofJob }),
    words: 'A run of {service} in {environment} ended with what it ran in',
  },

  'shell.opened': {
    data: z.object({ command: z.string().describe('Its words; the first 200 characters.'), ...ofProcess }),
    words: 'A shell into {service} in {environment}: {command}',
  },
  'shell.closed': {
    data: z.object({
      seconds: z.int().describe('How long it was open.'),
      bytesIn: z.int().describe('How much was typed. What it was is nowhere.'),
      bytesOut: z.int().describe('How much was printed.'),
      ...exitCode,
    }),
    words: 'A shell into {service} in {environment} ended',
  },

  'job.created': { data: z.object(jobData), words: 'Job {job} of {service} set in {environment}' },
  'job.changed': {
    data: z.object({ ...jobData, ...changesData }),
    words: 'Job {job} of {service} changed in {environment}',
  },
  'job.deleted': { data: z.object(jobData), words: 'Job {job} of {service} deleted in {environment}' },
  'job.failed': {
    data: z.object({
      ...jobData,
      ...failureData,
      attempts: z.int().describe('How often it was tried; no retry is left.'),
    }),
    words: 'Job {job} of {service} failed in {environment}, for good after {attempts} tries',
    wordsFor: [{ member: 'attempts', value: 1, words: 'Job {job} of {service} failed in {environment}' }],
    tone: 'bad',
  },
  'job.missed': {
    data: z.object({
      ...jobData,
      scheduledFor: z.string().describe('When it was due.'),
      reason: z
        .enum(missReasons)
        .describe(
          'Why it did not begin: `late`, Berth did not run then; `overlap`, its last run goes on; `not_deployed`; `no_process`, what serves has no such one; ' +
            '`too_many_runs` in the environment. Told again when the reason changes, or a run began since.',
        ),
    }),
    words: 'Job {job} of {service} did not run in {environment} when it was due',
    wordsFor: [
      {
        member: 'reason',
        value: 'overlap',
        words: 'Job {job} of {service} did not run in {environment} when it was due: its last run goes on',
      },
    ],
    tone: 'bad',
  },
} as const satisfies EventDeclarations;
