import { describe, expect, it } from 'vitest';
import { serviceUnits } from '../../../functions/core/costs/service-use.ts';
import { isName, processService } from '../../../functions/core/names.ts';
import { parseScore } from '../../../functions/core/score/file/parse.ts';
import {
  containersApart,
  mainProcess,
  processesOf,
  scaledProcesses,
} from '../../../functions/core/score/processes.ts';

const score = (processes: string, containers = '{web: {image: .}, worker: {image: .}, clock: {image: .}}') =>
  parseScore(`apiVersion: score.dev/v1b1
metadata: {name: shop, annotations: {berth.dev/processes: ${JSON.stringify(processes)}}}
containers: ${containers}`);

describe('Processes of a workload', () => {
  it('have the replicas that the file says, 1 without a number', () => {
    expect(processesOf(score('worker=3, clock'))).toEqual({
      worker: { replicas: 3 },
      clock: { replicas: 1 },
    });
    expect(processesOf({ metadata: { name: 'shop' } })).toBeUndefined();
  });

  it('are beside web, or beside the one container that runs where no request is for it', () => {
    expect(mainProcess(score('clock', '{worker: {image: .}, clock: {image: .}}'))).toBe('worker');
    expect(mainProcess(score('clock'))).toBe('web');
    const ports = { www: { port: 80 } };
    expect(
      mainProcess({ ...score('clock', '{app: {image: .}, clock: {image: .}}'), service: { ports } }),
    ).toBe('web');
  });

  it('keep a number that people set, until it is set anew or given back', () => {
    const file = score('worker=3, clock');
    const set = scaledProcesses(undefined, { worker: 5 });
    expect(processesOf(file, set)).toEqual({
      worker: { replicas: 5, isScaled: true },
      clock: { replicas: 1 },
    });
    expect(processesOf(file, scaledProcesses(set, { worker: null }))?.worker).toEqual({ replicas: 3 });
    // A later file may say another number: what nobody set follows it.
    expect(processesOf(score('worker=2, clock=4'), processesOf(file, set))).toEqual({
      worker: { replicas: 5, isScaled: true },
      clock: { replicas: 4 },
    });
  });

  it.each([
    ['mail', 'no container of that name'],
    ['web, worker', 'names web'],
    ['worker=21', '0 to 20'],
    ['worker=-1', '0 to 20'],
    ['worker, worker=2', 'twice'],
    ['Worker', 'names of containers'],
    ['', 'names of containers'],
  ])('are refused as %j', (processes, why) => {
    expect(() => score(processes)).toThrow(why);
  });

  it('leave one container that is no process', () => {
    expect(() => score('worker, clock', '{worker: {image: .}, clock: {image: .}}')).toThrow('all containers');
  });

  it('wait for no container elsewhere, and none waits for them', () => {
    const containers =
      '{web: {image: .}, worker: {image: ., before: {web: {ready: started}}}, clock: {image: .}}';
    expect(() => score('worker', containers)).toThrow('runs apart');
    expect(() => score('clock', containers)).not.toThrow();
  });

  it('cost what their own replicas use', () => {
    const one = serviceUnits({ workload: score('worker=0, clock=0') }, 1)['eks.nodeHour'] ?? 0;
    const workload = score('worker=2, clock=1');
    expect(containersApart(workload).map(({ process }) => process)).toEqual([undefined, 'worker', 'clock']);
    expect(serviceUnits({ workload }, 1)['eks.nodeHour']).toBeCloseTo(one * 4);
    const processes = { worker: { replicas: 5, isScaled: true as const } };
    expect(serviceUnits({ workload, processes }, 1)['eks.nodeHour']).toBeCloseTo(one * 7);
  });
});

it('A process runs under a name of its own, whatever the names are', () => {
  const names = [
    ['shop', 'worker'],
    ['shop-worker', 'worker'],
    ['shop', 'worker-worker'],
    ['a'.repeat(40), 'worker'],
    ['a'.repeat(40), 'clock'],
  ].map(([service = '', process = '']) => processService(service, process));
  expect(new Set(names).size).toBe(names.length);
  for (const name of names) expect(isName(name), name).toBe(true);
});
