/** Every step by the name that the workflows use. */
import { buildImage, finishBuild, recoverBuild } from './build.ts';
import {
  applyWorkload,
  awaitRollout,
  finishDeployment,
  prepareDeployment,
  recoverDeployment,
  runRelease,
} from './deploy.ts';
import { finishDestruction, recoverDestruction, removeResources, removeWorkloads } from './destroy.ts';
import {
  finishHibernation,
  finishProvisioning,
  finishWaking,
  provisionEnvironment,
  recoverHibernation,
  recoverProvisioning,
  recoverWaking,
  startWorkloads,
  stopWorkloads,
} from './environment.ts';
import { ensureResources } from './resources.ts';
import {
  finishRotation,
  prepareRotation,
  recoverRotation,
  redeployReaders,
  retireCredentials,
  switchCredentials,
} from './rotation.ts';
import type { Step } from './step.ts';

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
