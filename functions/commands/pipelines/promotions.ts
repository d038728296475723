/** Promotions: one version on its way through environments. How it goes on is in advance-promotion.ts. */
import {
  DELIVERIES_QUEUE,
  promotionHeadKey,
  promotionKey,
  RETENTION_QUEUE,
  serviceKey,
} from '../../core/keys.ts';
import { limits } from '../../core/limits.ts';
import type { Promotion, PromotionStage, PromotionTarget, Stage } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import type { Ports } from '../../ports/index.ts';
import type { Item, Store, Write } from '../../ports/store.ts';
import { type Caller, commit, mustGet, retryOnConflict } from '../../records/commit.ts';
import { instanceOf } from '../../records/instances.ts';
import { getDeployment, getEnvironment, getService } from '../../records/read.ts';
import { notReady, RUNS_IN } from '../environments/environments.ts';
import { getPipeline } from './pipelines.ts';

interface ServiceRef {
  project: string;
  service: string;
}

export interface PromotionRequest {
  /** What serves there is promoted. */
  fromEnvironment: string;
  /** One after the other. Without them, the pipeline says where. */
  to?: string[] | undefined;
  /** The last stage of the pipeline that gets it; the next one, where absent. */
  through?: string | undefined;
}

/** Says which promotion of a service is under way; there is none where it is absent. */
export interface PromotionHead {
  running: string;
}

/** How long a promotion is listed once it has ended, milliseconds. */
const KEPT_MS = limits.deliverySeconds.value * 1000;

/** The write of a promotion's record: looked at again while it goes on, and kept for a while after. */
export function promotionWrite(
  ports: Ports,
  promotion: Promotion,
  condition: 'absent' | { version: number },
  afterMs = 0,
): Write {
  const now = ports.effects.now();
  const due =
    promotion.state === 'running'
      ? { queue: DELIVERIES_QUEUE, at: now + afterMs }
      : { queue: RETENTION_QUEUE, at: now + KEPT_MS };
  return { put: { ...promotionKey(promotion, promotion.id), data: promotion, due }, if: condition };
}

/** @throws Problem not_found */
export const getPromotion = (store: Store, ref: ServiceRef, id: string): Promise<Item<Promotion>> =>
  mustGet<Promotion>(
    store,
    promotionKey(ref, id),
    `promotion "${id}" of service "${ref.service}" in project "${ref.project}"`,
    `List them with GET /v1/projects/${ref.project}/services/${ref.service}/promotions.`,
  );

export const toldOf = ({ id, version, fromEnvironment }: Promotion) => ({
  promotion: id,
  version,
  fromEnvironment,
});

/**
 * Accepts a promotion of what serves in an environment now, by its digest. One of a service is under way at a time.
 * @throws Problem not_found | conflict | environment_not_ready | operation_in_progress | invalid_request
 */
export function createPromotion(
  ports: Ports,
  caller: Caller,
  ref: ServiceRef,
  request: PromotionRequest,
): Promise<Promotion> {
  return retryOnConflict(async () => {
    const { store, effects } = ports;
    await getService(store, ref);
    const source = { ...ref, environment: request.fromEnvironment };
    const { data: from } = await getEnvironment(store, source);
    const { current } = instanceOf(from, ref.service);
    if (current === undefined) throw nothingServes(ref.service, request.fromEnvironment);
    const { data: serving } = await getDeployment(store, source, current);
    const { own, next } = await stagesFor(store, ref.project, request);
    const at = effects.now();
    const baked = own && bakingIn(own, from.id, request.fromEnvironment, current, serving.finishedAt);
    const stages = [...(baked ? [baked] : [])];
    for (const stage of next) stages.push(await begunStage(store, ref.project, stage));
    const head = await store.get<PromotionHead>(promotionHeadKey(ref));
    if (head) throw underWay(ref, head.data.running);
    const { version, digest, revision } = serving;
    const promotion: Promotion = {
      ...ref,
      id: effects.id(),
      version,
      digest,
      ...(revision && { revision }),
      fromEnvironment: request.fromEnvironment,
      state: 'running',
      stages,
      createdAt: new Date(at).toISOString(),
      createdBy: caller.actor,
      ...(caller.person !== undefined && { person: caller.person }),
    };
    const environments = next.flatMap((stage) => stage.environments);
    await commit(ports, caller, {
      writes: [
        promotionWrite(ports, promotion, 'absent'),
        { put: { ...promotionHeadKey(ref), data: { running: promotion.id } }, if: 'absent' },
        { check: serviceKey(ref), if: 'present' },
      ],
      events: [{ ...ref, type: 'promotion.created', data: { ...toldOf(promotion), environments } }],
      result: promotion,
    });
    return promotion;
  });
}

const nothingServes = (service: string, environment: string): Problem =>
  new Problem(
    'not_found',
    `Service "${service}" has no working deployment in environment "${environment}".`,
    {
      hint: `Deploy it to "${environment}" first.`,
    },
  );

const underWay = ({ service }: ServiceRef, id: string): Problem =>
  new Problem('operation_in_progress', `Promotion ${id} of service "${service}" is under way.`, {
    hint: 'Wait until it has ended, or cancel it.',
  });

/** The stage of the environment that is promoted from, where it has one, and those that get the version. */
async function stagesFor(
  store: Store,
  project: string,
  { fromEnvironment, to, through }: PromotionRequest,
): Promise<{ own?: Stage; next: Stage[] }> {
  if (to) {
    const wrong = to.find((name, at) => name === fromEnvironment || to.indexOf(name) !== at);
    if (wrong === undefined)
      return { next: to.map((name) => ({ name, environments: [name], bakeSeconds: 0 })) };
    throw new Problem('invalid_request', `"${wrong}" is named twice.`, {
      hint: 'Name each environment once, and not the one that it comes from.',
    });
  }
  const { stages } = (await getPipeline(store, project)).data;
  const at = stages.findIndex(({ environments }) => environments.includes(fromEnvironment));
  const last = through === undefined ? at + 1 : stages.findIndex(({ name }) => name === through);
  const own = stages[at];
  if (own && last > at && last < stages.length) return { own, next: stages.slice(at + 1, last + 1) };
  const names = stages.map(({ name }) => name).join(', ');
  const why =
    own === undefined
      ? `The environment "${fromEnvironment}" is in no stage of the pipeline.`
      : through === undefined
        ? `No stage comes after "${own.name}".`
        : `No stage "${through}" comes after "${own.name}".`;
  throw new Problem('conflict', why, {
    hint: `The stages are ${names}. Name another one, or the environments themselves by "to".`,
  });
}

/** What still bakes where it is promoted from goes on when it has baked. */
function bakingIn(
  { name, bakeSeconds }: Stage,
  environmentId: string,
  environment: string,
  deployment: number,
  since: string | undefined,
): PromotionStage | undefined {
  if (bakeSeconds === 0 || since === undefined) return undefined;
  const bakesUntil = new Date(Date.parse(since) + bakeSeconds * 1000).toISOString();
  const target: PromotionTarget = { environment, environmentId, state: 'succeeded', deployment };
  return { name, bakeSeconds, bakesUntil, targets: [target] };
}

async function begunStage(store: Store, project: string, stage: Stage): Promise<PromotionStage> {
  const targets: PromotionTarget[] = [];
  for (const environment of stage.environments) {
    const { data } = await getEnvironment(store, { project, environment });
    if (!RUNS_IN.includes(data.state)) throw notReady(data, RUNS_IN);
    targets.push({ environment, environmentId: data.id, state: 'waiting' });
  }
  return { name: stage.name, bakeSeconds: stage.bakeSeconds, targets };
}

/**
 * Asks a promotion to stop: nothing more is begun, and the deployments that it has begun are canceled.
 * @throws Problem not_found | operation_ended
 */
export function cancelPromotion(
  ports: Ports,
  caller: Caller,
  ref: ServiceRef,
  id: string,
): Promise<Promotion> {
  return retryOnConflict(async () => {
    const item = await getPromotion(ports.store, ref, id);
    const { state } = item.data;
    if (state !== 'running')
      throw new Problem(
        'operation_ended',
        `The promotion has ended already: it ${state === 'canceled' ? 'was ' : ''}${state}.`,
        {
          hint: 'There is nothing left to cancel.',
        },
      );
    const canceled: Promotion = { ...item.data, cancelRequested: true };
    await commit(ports, caller, {
      writes: [promotionWrite(ports, canceled, { version: item.version })],
      events: [{ ...ref, type: 'promotion.cancel-requested', data: toldOf(canceled) }],
      result: canceled,
    });
    return canceled;
  });
}
