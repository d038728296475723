/** Every step by the name that the workflows use. */
import { buildImage, finishBuild, recoverBuild } from './build/build-steps.ts';
import {
  applyWorkload,
  awaitRollout,
  finishDeployment,
  prepareDeployment,
  recoverDeployment,
  runRelease,
} from './deploy/deploy-steps.ts';
import { ensureResources } from './deploy/ensure-resources.ts';
import {
  finishDestruction,
  recoverDestruction,
  removeResources,
  removeWorkloads,
} from './destroy-environment/destroy-steps.ts';
import { finishHibernation, recoverHibernation, stopWorkloads } from './hibernate/hibernate-steps.ts';
import {
  finishProvisioning,
  provisionEnvironment,
  recoverProvisioning,
} from './provision-environment/provision-steps.ts';
import {
  finishRotation,
  prepareRotation,
  recoverRotation,
  redeployReaders,
  retireCredentials,
  switchCredentials,
} from './rotate-secret/rotation-steps.ts';
import type { Step } from './step.ts';
import { finishWaking, recoverWaking, startWorkloads } from './wake/wake-steps.ts';

export const steps: Readonly<Record<string, Step>> = {
  prepareDeployment,
  ensureResources,
  runRelease,
  applyWorkload,
  awaitRollout,
  finishDeployment,
  recoverDeployment,
  buildImage,
  finishBuild,
  recoverBuild,
  provisionEnvironment,
  finishProvisioning,
  recoverProvisioning,
  stopWorkloads,
  finishHibernation,
  recoverHibernation,
  startWorkloads,
  finishWaking,
  recoverWaking,
  removeWorkloads,
  removeResources,
  finishDestruction,
  recoverDestruction,
  prepareRotation,
  switchCredentials,
  redeployReaders,
  retireCredentials,
  finishRotation,
  recoverRotation,
};

/** The step that ends an operation of each kind when its workflow can not. */
export const recoverySteps = {
  build: 'recoverBuild',
  'provision-environment': 'recoverProvisioning',
  deploy: 'recoverDeployment',
  rollback: 'recoverDeployment',
  hibernate: 'recoverHibernation',
  wake: 'recoverWaking',
  'destroy-environment': 'recoverDestruction',
  'rotate-secret': 'recoverRotation',
} as const;
