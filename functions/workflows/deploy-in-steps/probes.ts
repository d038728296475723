/** The checks of a rollout that are no figures: a path, a command and a webhook, each once a stage. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { DeploymentDetail } from '../../core/model/index.ts';
import type { RolloutPlan } from '../../core/rollout/rollout-plan.ts';
import type { CheckName, CheckResult, Verdict } from '../../core/rollout/verdict.ts';
import type { Ports } from '../../ports/index.ts';
import type { Tracks } from '../../ports/workloads.ts';
import { workloadSpec } from '../../resources/score/workload-spec.ts';

/** One failure may be that of the network. */
const TRIES = 3;
const PAUSE_MS = 1_000;
const ASK_MS = 10_000;

type Answer = { status: number } | { fault: string };

export interface Probes {
  /** How the checks of the stage do; those of its beginning are begun by it. */
  of(stage: number): CheckResult[];
  /** Begins what is asked at the end of a stage, once. */
  atEnd(stage: number, percent: number, verdict: Verdict): void;
  /** How they do when what is asked has been answered; a command goes on. */
  settled(stage: number): Promise<CheckResult[]>;
}

/** @param signal ends what is under way */
export function createProbes(
  ports: Ports,
  tracks: Tracks,
  deployment: DeploymentDetail,
  { checks }: RolloutPlan,
  signal: AbortSignal,
): Probes {
  let current = -1;
  const results = new Map<CheckName, CheckResult>();
  const asked = new Set<Promise<void>>();

  function begin(
    name: CheckName,
    work: () => Promise<{ passed: boolean; words: string } | undefined>,
  ): Promise<void> {
    const stage = current;
    return work().then(
      (ended) => {
        if (!ended) return;
        const { passed, words } = ended;
        if (stage === current) results.set(name, { name, state: passed ? 'passed' : 'failed', words });
      },
      (error: unknown) => {
        // What is ended with the rollout has not failed.
        if (stage !== current || signal.aborted) return;
        const why = error instanceof Error ? error.message : 'it could not be asked';
        results.set(name, { name, state: 'failed', words: why.replace(/\.$/, '') });
      },
    );
  }

  async function tried(what: string, ask: (until: AbortSignal) => Promise<Answer>) {
    for (let left = TRIES; ; left--) {
      const answer = await ask(AbortSignal.any([signal, AbortSignal.timeout(ASK_MS)])).catch(
        (error: unknown): Answer => ({ fault: error instanceof Error ? error.message : String(error) }),
      );
      const passed = 'status' in answer && answer.status >= 200 && answer.status < 400;
      const words = 'status' in answer ? `${what} answered ${answer.status}` : `${what}: ${answer.fault}`;
      if (passed || left === 1 || signal.aborted) return { passed, words };
      await sleep(PAUSE_MS, undefined, { signal });
    }
  }

  function ask(name: CheckName, what: string, to: (until: AbortSignal) => Promise<Answer>): void {
    const asking = begin(name, () => tried(what, to)).finally(() => asked.delete(asking));
    asked.add(asking);
  }

  function start(stage: number): void {
    current = stage;
    results.clear();
    const { rollout } = deployment;
    // What a call before this one has seen of this stage is not asked again.
    for (const known of (rollout?.stage === stage && rollout.seen?.probes) || [])
      results.set(known.name, known);
    const pending = (name: CheckName, words: string): void =>
      void results.set(name, { name, state: 'pending', words });
    const { url, command, webhook } = checks;
    if (url !== undefined && !results.has('url')) {
      pending('url', `${url} is asked`);
      ask('url', url, (until) => tracks.ask(deployment, deployment.number, url, until));
    }
    if (command !== undefined && !results.has('command')) {
      const what = command.join(' ');
      pending('command', `${what} runs`);
      void begin('command', async () => {
        const spec = await workloadSpec(ports, deployment, deployment.number);
        // Not the release command of the operation, nor the check of another stage.
        const own = { ...spec, operation: `${spec.operation}-${stage}` };
        const ended = await ports.workloads.runRelease(own, command, signal);
        return (
          ended && {
            passed: ended.exitCode === 0,
            words: `${what} ended with exit code ${ended.exitCode}`,
          }
        );
      });
    }
    if (webhook !== undefined && !results.has('webhook'))
      pending('webhook', 'the webhook is asked at the end of the stage');
  }

  let told = -1;
  return {
    of(stage) {
      if (stage !== current) start(stage);
      return [...results.values()];
    },
    atEnd(stage, percent, { words, candidate, stable }) {
      const { webhook } = checks;
      if (webhook === undefined || told === stage || stage !== current) return;
      if (results.get('webhook')?.state !== 'pending') return;
      told = stage;
      const { project, environment, service, number, version } = deployment;
      const body = JSON.stringify({
        project,
        environment,
        service,
        deployment: number,
        version,
        stage,
        percent,
        verdict: words,
        candidate,
        stable,
      });
      const headers = { 'content-type': 'application/json' };
      ask('webhook', 'the webhook', (until) => ports.receivers.post(webhook, { headers, body }, until));
    },
    async settled(stage) {
      await Promise.all(asked);
      return stage === current ? [...results.values()] : [];
    },
  };
}
