/**
 * Which processes are ours, so that a Berth that was killed leaves none behind: a marker in each one's
 * environment, and a small record of each that was started, since a program may overwrite its environment.
 */

import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { instanceName } from '../../../core/keys.ts';
import type { InstanceRef } from '../../../core/model/index.ts';
import { findMarked, findProcess, listProcesses, sendSignal } from '../../system/marked-processes.ts';

export interface RunRecord extends InstanceRef {
  pid: number;
  /** An opaque text that tells this process from a later one with the same id. */
  startedAt: string;
  number: number;
}

export interface RunRecords {
  /** Remembers a process just started. */
  add(pid: number, ref: InstanceRef, number: number): void;
  remove(pid: number): void;
  /** Live processes by marker prefix (`{instanceId}/…`) and by the records that the filter takes. */
  find(
    prefix: string,
    filter: (record: RunRecord) => boolean,
  ): Promise<{ pid: number; group: number; label: string }[]>;
  /** Kills all that `find` finds, again and again until there is nothing left or it is hopeless. */
  sweep(prefix: string, filter: (record: RunRecord) => boolean): Promise<void>;
  /** Forgets all records. */
  clear(): Promise<void>;
}

const ROUNDS = 10;

export function createRunRecords(directory: string): RunRecords {
  const path = (pid: number): string => join(directory, `${pid}.json`);

  async function read(): Promise<RunRecord[]> {
    const names = await readdir(directory).catch(() => []);
    return names.flatMap((name) => {
      try {
        const record = JSON.parse(readFileSync(join(directory, name), 'utf8')) as RunRecord;
        return Number.isSafeInteger(record.pid) && record.pid > 1 ? record : [];
      } catch {
        // The record was half written when the power went; the marker finds that process.
        return [];
      }
    });
  }

  const records: RunRecords = {
    add(pid, { project, environment, service }, number) {
      void findProcess(pid).then((info) => {
        if (!info) return;
        const record: RunRecord = { pid, startedAt: info.startedAt, project, environment, service, number };
        try {
          writeFileSync(path(pid), JSON.stringify(record), { mode: 0o600 });
        } catch {
          // A full disk must not stop a workload; its marker is still there.
        }
      });
    },
    remove(pid) {
      try {
        rmSync(path(pid), { force: true });
      } catch {
        // The record may stay when the disk is full: its start time tells it from a later process of that id.
      }
    },
    async find(prefix, filter) {
      const wanted = (await read()).filter(filter);
      const [marked, all] = await Promise.all([findMarked(prefix), listProcesses()]);
      const byPid = new Map(all.map((info) => [info.pid, info]));
      const found = new Map<number, string>(
        marked.map(({ pid, marker }) => [pid, marker.slice(marker.indexOf('/') + 1)]),
      );
      for (const record of wanted) {
        const leader = byPid.get(record.pid);
        // Another process has this id since, so that the old group is gone as well.
        if (leader && leader.startedAt !== record.startedAt) continue;
        for (const info of all) {
          if (info.group !== record.pid || found.has(info.pid)) continue;
          found.set(info.pid, `${instanceName(record)}/${record.number}`);
        }
      }
      return [...found].flatMap(([pid, label]) => {
        const info = byPid.get(pid);
        return info && pid !== process.pid ? { pid, group: info.group, label } : [];
      });
    },
    async sweep(prefix, filter) {
      for (let round = 0; round < ROUNDS; round++) {
        const found = await records.find(prefix, filter);
        if (found.length === 0) return;
        for (const { pid } of found) sendSignal(pid, 'SIGKILL');
        await sleep(5 * (round + 1));
      }
    },
    async clear() {
      for (const name of await readdir(directory).catch(() => []))
        await rm(join(directory, name), { force: true });
    },
  };
  return records;
}
