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
