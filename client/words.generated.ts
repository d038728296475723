// Made from the kinds of operations by `npm run generate`; do not edit.
export const operationWords = {
  "build": "Build of {service}",
  "provision-environment": "Making {environment} ready",
  "provision-with-data": "Making {environment} ready, with data",
  "deploy": "Deployment {number} of {service} to {environment}",
  "deploy-in-steps": "Deployment {number} of {service} to {environment}, in steps",
  "rollback": "Rollback {number} of {service} in {environment}",
  "hibernate": "Putting {environment} to sleep",
  "wake": "Waking {environment}",
  "destroy-environment": "Destroying {environment}",
  "rotate-secret": "Rotating a secret of {environment}",
  "stop": "Stopping {service} in {environment}",
  "remove-service": "Removing {service} from {environment}",
  "game-day": "Game day in {environment}",
  "run": "Run of {service} in {environment}",
  "backup": "Backup in {environment}",
  "restore": "Restore in {environment}"
} as const;

/** The steps of an operation that succeeds, in their order. */
export const operationSteps = {
  "build": [
    "awaitTurn",
    "buildImage",
    "finishBuild"
  ],
  "provision-environment": [
    "provisionEnvironment",
    "finishProvisioning"
  ],
  "provision-with-data": [
    "provisionEnvironment",
    "copyData",
    "finishProvisioning"
  ],
  "deploy": [
    "prepareDeployment",
    "ensureResources",
    "runRelease",
    "applyWorkload",
    "awaitRollout",
    "finishDeployment"
  ],
  "deploy-in-steps": [
    "prepareDeployment",
    "ensureResources",
    "runRelease",
    "applyWorkload",
    "awaitRollout",
    "walkSteps",
    "finishDeployment"
  ],
  "rollback": [
    "prepareDeployment",
    "applyWorkload",
    "awaitRollout",
    "finishDeployment"
  ],
  "hibernate": [
    "stopWorkloads",
    "finishHibernation"
  ],
  "wake": [
    "startWorkloads",
    "finishWaking"
  ],
  "destroy-environment": [
    "removeWorkloads",
    "removeResources",
    "finishDestruction"
  ],
  "rotate-secret": [
    "prepareRotation",
    "switchCredentials",
    "redeployReaders",
    "retireCredentials",
    "finishRotation"
  ],
  "stop": [
    "stopService",
    "finishStop"
  ],
  "remove-service": [
    "removeWorkload",
    "removeOwnResources",
    "finishRemoval"
  ],
  "game-day": [
    "injectFaults",
    "observeRecovery",
    "finishGameDay"
  ],
  "run": [
    "prepareRun",
    "runCommand",
    "finishRun"
  ],
  "backup": [
    "writeBackup",
    "checkBackup",
    "finishBackup"
  ],
  "restore": [
    "loadBackup",
    "swapData",
    "finishRestore"
  ]
} as const;
