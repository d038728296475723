/** The code of every step: what these files export are steps, by their names, and nothing else. */
export * from './backup/backup-steps.ts';
export * from './build/build-steps.ts';
export * from './deploy/deploy-steps.ts';
export { ensureResources } from './deploy/ensure-resources.ts';
export { walkSteps } from './deploy-in-steps/walk-steps.ts';
export * from './destroy-environment/destroy-steps.ts';
export * from './game-day/game-day-steps.ts';
export * from './hibernate/hibernate-steps.ts';
export {
  finishProvisioning,
  provisionEnvironment,
  recoverProvisioning,
} from './provision-environment/provision-steps.ts';
export * from './provision-with-data/copy-data.ts';
export * from './remove-service/removal-steps.ts';
export * from './restore/restore-steps.ts';
export * from './rotate-secret/rotation-steps.ts';
export * from './run/run-steps.ts';
export { finishStop, recoverStop, stopService } from './stop/stop-steps.ts';
export * from './wake/wake-steps.ts';
