import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createActivity } from '../../../functions/adapters/local/activity/activity.ts';
import { expositionOf } from '../../../functions/api/figures/exposition.ts';
import { createSubject, deploy, expectProblem, instance, type Subject, seed } from '../support.ts';

const PATH = '/v1/projects/demo/metrics';
let subject: Subject;
beforeEach(async () => {
  subject = await createSubject();
  await seed(subject);
});
afterEach(async () => {
  expect(subject.errors).toEqual([]);
  await subject.close();
});

const figures = async (): Promise<string[]> => {
  const { text, status } = await subject.api('GET', PATH);
  expect(status, text).toBe(200);
  return text.split('\n').filter((line) => !line.startsWith('#'));
};

describe('What Prometheus reads of a project', () => {
  it('has replicas, compute and requests by environment, service and deployment', async () => {
    await deploy(subject);
    const activity = createActivity({ effects: subject.ports.effects });
    subject.ports.activity = activity;
    for (const [status, ms] of [
      [200, 8],
      [200, 700],
      [503, 20],
    ] as const)
      activity.record(instance, status, ms, 1);
    const lines = await figures();
    const of = 'environment="dev",service="guestbook"';
    expect(lines).toEqual(
      expect.arrayContaining([
        'berth_environment_state{environment="dev",state="ready"} 1',
        expect.stringMatching(/^berth_service_replicas_ready\{.*\} [1-9]$/),
        `berth_service_deployment{${of}} 1`,
        `berth_service_cpu_cores{${of}} 0.5`,
        `berth_service_figures_complete{${of}} 1`,
        `berth_service_requests_total{${of},deployment="1"} 3`,
        `berth_service_request_errors_total{${of},deployment="1"} 1`,
        `berth_service_request_duration_seconds_bucket{${of},deployment="1",le="+Inf"} 3`,
        `berth_service_request_duration_seconds_count{${of},deployment="1"} 3`,
      ]),
    );
    await activity.close();
    const buckets = lines.flatMap((line) => /_bucket\{.*le="(.*)"\} (\d+)$/.exec(line)?.slice(1) ?? []);
    const counts = buckets.filter((_, index) => index % 2 === 1).map(Number);
    expect(counts).toEqual(counts.toSorted((left, right) => left - right));
  });

  it('says of which service it could not be read, and has all else', async () => {
    await deploy(subject);
    subject.ports.workloads.metrics = async () => {
      throw new Error('the node is away');
    };
    const lines = await figures();
    expect(lines).toContain('berth_service_figures_complete{environment="dev",service="guestbook"} 0');
    expect(lines.join()).not.toContain('cpu_cores');
    expect(lines.join()).toContain('replicas_ready');
  });

  it('is there before anything is deployed, and is nobody else’s', async () => {
    expect(await figures()).toEqual(['berth_environment_state{environment="dev",state="ready"} 1', '']);
    expectProblem(await subject.api('GET', '/v1/projects/none/metrics'), 404, 'not_found');
  });

  it('keeps what a label holds apart from the format', () => {
    const samples = [[{ name: 'a"b\\c\nd' }, 1]] as const;
    expect(expositionOf([{ name: 'x', type: 'gauge', help: 'X.', samples: [...samples] }])).toBe(
      '# HELP x X.\n# TYPE x gauge\nx{name="a\\"b\\\\c\\nd"} 1\n',
    );
  });
});
