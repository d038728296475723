/** What Berth gives Prometheus, read by the parser of Prometheus' own client library. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createActivity } from '../../../functions/adapters/local/activity/activity.ts';
import { createSubject, deploy, instance, type Subject, seed } from '../../api/support.ts';
import { run } from '../support/process.ts';
import { pythonWith, whyNoPython } from '../support/python.ts';

const why = await whyNoPython();
if (why) console.log(`Skipped: the figures for Prometheus, since ${why}.`);

const READ = `
import json, sys
from prometheus_client.parser import text_string_to_metric_families as families
found = families(sys.argv[1])
print(json.dumps([[f.name, f.type, [[s.name, s.labels, s.value] for s in f.samples]] for f in found]))`;

describe.skipIf(why)('The figures of a project', { timeout: 120_000 }, () => {
  let subject: Subject;
  beforeAll(async () => {
    subject = await createSubject();
    await seed(subject);
    await deploy(subject);
  });
  afterAll(() => subject.close());

  it('are what Prometheus understands, each family of its type', async () => {
    const activity = createActivity({ effects: subject.ports.effects });
    subject.ports.activity = activity;
    for (const took of [3, 40, 4_000]) activity.record(instance, 200, took, 1);
    const { text } = await subject.api('GET', '/v1/projects/demo/metrics');
    await activity.close();
    const python = await pythonWith(['prometheus-client==0.22.1']);
    const stdout = await run(python, ['-c', READ, text]);
    const read: [name: string, type: string, samples: [string, Record<string, string>, number][]][] =
      JSON.parse(stdout);
    const types = Object.fromEntries(read.map(([name, type]) => [name, type]));
    expect(types).toMatchObject({
      berth_environment_state: 'gauge',
      berth_service_replicas_ready: 'gauge',
      berth_service_memory_bytes: 'gauge',
      berth_service_requests: 'counter',
      berth_service_request_duration_seconds: 'histogram',
    });
    const samples = read.flatMap(([, , each]) => each);
    expect(samples).toContainEqual([
      'berth_service_requests_total',
      { environment: 'dev', service: 'guestbook', deployment: '1' },
      3,
    ]);
    expect(samples.filter(([, labels]) => labels.le === '+Inf')).toMatchObject([[expect.anything(), {}, 3]]);
  });
});

// A file without a test is an error.
it.runIf(why)('is skipped where there is no Python', () => undefined);
