// Made from functions/core/events/event-types.ts by `npm run generate`; do not edit.
import type { Event } from './types.generated.ts';

export interface EventWords {
  /** `{service}` and `{environment}` stand for the event's own, other names for its data. */
  words: string;
  /** Other sentences, each for one value of a member of the data. */
  wordsFor?: readonly { member: string; value: string | number; words: string }[];
  tone?: 'good' | 'bad';
}

export const wordsByType: Readonly<Record<Event['type'], EventWords>> = {
  "project.created": {
    "words": "Project created"
  },
  "project.changed": {
    "words": "Project changed"
  },
  "project.deleted": {
    "words": "Project deleted"
  },
  "project.deletion-refused": {
    "words": "Project deletion refused"
  },
  "service.created": {
    "words": "Service {service} created"
  },
  "service.changed": {
    "words": "Service {service} changed"
  },
  "service.deleted": {
    "words": "Service {service} deleted"
  },
  "policy.created": {
    "words": "Policy {policy} added"
  },
  "policy.changed": {
    "words": "Policy {policy} changed"
  },
  "policy.deleted": {
    "words": "Policy {policy} deleted"
  },
  "version.created": {
    "words": "Version {version} of {service} registered"
  },
  "version.tagged": {
    "words": "Version {version} of {service} tagged"
  },
  "version.deleted": {
    "words": "Version {version} of {service} deleted"
  },
  "build.created": {
    "words": "Build of {service} started"
  },
  "build.succeeded": {
    "words": "Build of {service} made version {version}",
    "tone": "good"
  },
  "build.failed": {
    "words": "Build of {service} failed",
    "tone": "bad"
  },
  "build.canceled": {
    "words": "Build of {service} canceled"
  },
  "build.superseded": {
    "words": "Build superseded: {service}"
  },
  "environment.created": {
    "words": "Environment {environment} created"
  },
  "environment.changed": {
    "words": "Environment {environment} changed"
  },
  "environment.extended": {
    "words": "Environment {environment} extended"
  },
  "environment.expiring": {
    "words": "Environment {environment} expires in {left}: {cause}"
  },
  "environment.expired": {
    "words": "Environment {environment} has expired and is destroyed in {left}: {cause}"
  },
  "environment.protected": {
    "words": "Environment protected: {environment}"
  },
  "environment.unprotected": {
    "words": "Environment unprotected: {environment}"
  },
  "environment.ready": {
    "words": "Environment {environment} is ready",
    "tone": "good"
  },
  "environment.failed": {
    "words": "Environment failed: {environment}",
    "tone": "bad"
  },
  "environment.hibernating": {
    "words": "Environment {environment} goes to sleep",
    "wordsFor": [
      {
        "member": "reason",
        "value": "idle",
        "words": "Environment {environment} goes to sleep: it was idle"
      },
      {
        "member": "reason",
        "value": "expired",
        "words": "Environment {environment} goes to sleep: its time is over"
      },
      {
        "member": "reason",
        "value": "hours",
        "words": "Environment {environment} goes to sleep: its office hours are over"
      }
    ]
  },
  "environment.hibernated": {
    "words": "Environment {environment} sleeps"
  },
  "environment.waking": {
    "words": "Environment {environment} wakes up"
  },
  "environment.destroying": {
    "words": "Environment {environment} is being destroyed",
    "wordsFor": [
      {
        "member": "reason",
        "value": "expired",
        "words": "Environment {environment} is being destroyed: its time was over"
      }
    ]
  },
  "environment.destroyed": {
    "words": "Environment {environment} destroyed"
  },
  "environment.destroy-failed": {
    "words": "Environment {environment} could not be destroyed whole",
    "tone": "bad"
  },
  "resource.created": {
    "words": "Resource {uid} of {environment} made"
  },
  "resource.removed": {
    "words": "Resource {uid} of {environment} removed"
  },
  "resource.rotating": {
    "words": "Rotation of {uid} in {environment} started"
  },
  "resource.rotated": {
    "words": "{uid} in {environment} has new credentials"
  },
  "resource.rotation-failed": {
    "words": "Rotation of {uid} in {environment} failed: the old credentials are in force"
  },
  "backup.started": {
    "words": "Backup of {uid} in {environment} started"
  },
  "backup.checked": {
    "words": "Backup of {uid} in {environment} made, restored on trial and found equal",
    "tone": "good"
  },
  "backup.failed": {
    "words": "Backup of {uid} in {environment} failed",
    "tone": "bad"
  },
  "backup.missed": {
    "words": "A backup of {uid} in {environment} was due, and could not be begun",
    "tone": "bad"
  },
  "backup.downloaded": {
    "words": "A backup of {uid} in {environment} was downloaded"
  },
  "backup.deleted": {
    "words": "A backup of {uid} in {environment} was deleted"
  },
  "backup-plan.changed": {
    "words": "Backups of {uid} in {environment}: the plan changed"
  },
  "restore.started": {
    "words": "Restore of {uid} in {environment} started"
  },
  "restore.succeeded": {
    "words": "{uid} in {environment} was restored; what it had before is kept",
    "tone": "good"
  },
  "restore.failed": {
    "words": "Restore of {uid} in {environment} failed: its data are as before",
    "tone": "bad"
  },
  "gameday.started": {
    "words": "A game day begins in {environment}"
  },
  "gameday.ended": {
    "words": "The game day in {environment} is over: {errors} of {requests} requests failed"
  },
  "gameday.failed": {
    "words": "The game day in {environment} was broken off"
  },
  "recipe.put": {
    "words": "Recipe {recipe} has version {version}"
  },
  "recipe.deleted": {
    "words": "Recipe {recipe} deleted"
  },
  "place.created": {
    "words": "Place {place} added"
  },
  "place.changed": {
    "words": "Place {place} changed"
  },
  "place.removed": {
    "words": "Place {place} removed"
  },
  "place.reachable": {
    "words": "Place {place} can be reached again",
    "tone": "good"
  },
  "place.unreachable": {
    "words": "Place {place} can not be reached",
    "tone": "bad"
  },
  "masking.changed": {
    "words": "Masking of data that are copied changed"
  },
  "clone.started": {
    "words": "Environment {environment} begins as {from}"
  },
  "clone.succeeded": {
    "words": "Environment {environment} is as {from} was",
    "tone": "good"
  },
  "clone.failed": {
    "words": "Environment {environment} did not become as {from}",
    "tone": "bad"
  },
  "deployment.created": {
    "words": "Deployment {number} of {service} to {environment} started",
    "wordsFor": [
      {
        "member": "kind",
        "value": "rollback",
        "words": "Rollback of {service} in {environment} to {rollbackTo} started, as deployment {number}"
      },
      {
        "member": "kind",
        "value": "promote",
        "words": "Deployment {number} of {service} to {environment} started, from {fromEnvironment}"
      },
      {
        "member": "kind",
        "value": "restart",
        "words": "Restart of {service} in {environment} asked for"
      },
      {
        "member": "kind",
        "value": "start",
        "words": "Start of {service} in {environment} asked for"
      },
      {
        "member": "kind",
        "value": "stop",
        "words": "Stop of {service} in {environment} asked for"
      },
      {
        "member": "kind",
        "value": "remove",
        "words": "Removal of {service} from {environment} asked for"
      },
      {
        "member": "kind",
        "value": "scale",
        "words": "Scale of {service} in {environment} set, replicas: {replicas}"
      }
    ]
  },
  "deployment.approved": {
    "words": "Deployment approved: {service} in {environment}"
  },
  "deployment.rejected": {
    "words": "Deployment rejected: {service} in {environment}"
  },
  "deployment.refused": {
    "words": "A deployment of {service} to {environment} was refused by a policy"
  },
  "deployment.shifted": {
    "words": "Deployment {number} of {service} has {percent} % of the requests in {environment}"
  },
  "deployment.steered": {
    "words": "Asked of deployment {number} of {service} in {environment}: {action}"
  },
  "deployment.succeeded": {
    "words": "Deployment {number} of {service} serves in {environment}",
    "tone": "good"
  },
  "deployment.failed": {
    "words": "Deployment {number} of {service} to {environment} failed",
    "tone": "bad"
  },
  "deployment.canceled": {
    "words": "Deployment {number} of {service} to {environment} canceled"
  },
  "deployment.superseded": {
    "words": "Deployment {number} of {service} to {environment} was overtaken"
  },
  "operation.cancel-requested": {
    "words": "Asked to stop"
  },
  "instance.stopped": {
    "words": "{service} is stopped in {environment}"
  },
  "instance.removed": {
    "words": "{service} is removed from {environment}"
  },
  "instance.crashed": {
    "words": "Deployment {number} of {service} crashed in {environment}, {count} times more",
    "wordsFor": [
      {
        "member": "count",
        "value": 1,
        "words": "Deployment {number} of {service} crashed in {environment}"
      }
    ],
    "tone": "bad"
  },
  "run.started": {
    "words": "Run of {service} in {environment}: {command}"
  },
  "run.succeeded": {
    "words": "A run of {service} in {environment} succeeded"
  },
  "run.failed": {
    "words": "A run of {service} in {environment} failed",
    "tone": "bad"
  },
  "run.canceled": {
    "words": "A run of {service} in {environment} was canceled"
  },
  "run.superseded": {
    "words": "A run of {service} in {environment} ended with what it ran in"
  },
  "shell.opened": {
    "words": "A shell into {service} in {environment}: {command}"
  },
  "shell.closed": {
    "words": "A shell into {service} in {environment} ended"
  },
  "job.created": {
    "words": "Job {job} of {service} set in {environment}"
  },
  "job.changed": {
    "words": "Job {job} of {service} changed in {environment}"
  },
  "job.deleted": {
    "words": "Job {job} of {service} deleted in {environment}"
  },
  "job.failed": {
    "words": "Job {job} of {service} failed in {environment}, for good after {attempts} tries",
    "wordsFor": [
      {
        "member": "attempts",
        "value": 1,
        "words": "Job {job} of {service} failed in {environment}"
      }
    ],
    "tone": "bad"
  },
  "job.missed": {
    "words": "Job {job} of {service} did not run in {environment} when it was due",
    "wordsFor": [
      {
        "member": "reason",
        "value": "overlap",
        "words": "Job {job} of {service} did not run in {environment} when it was due: its last run goes on"
      }
    ],
    "tone": "bad"
  },
  "variables.changed": {
    "words": "Variables of {environment} changed"
  },
  "build-secret.changed": {
    "words": "Secret {name} for builds has a new version"
  },
  "build-secret.deleted": {
    "words": "Secret {name} for builds deleted"
  },
  "registry.changed": {
    "words": "Credentials for the registry {registry} set"
  },
  "registry.deleted": {
    "words": "Credentials for the registry {registry} deleted"
  },
  "secret.created": {
    "words": "Secret {name} put into {environment}"
  },
  "secret.changed": {
    "words": "Secret {name} of {environment} has a new version"
  },
  "secret.deleted": {
    "words": "Secret {name} of {environment} deleted"
  },
  "secret.revealed": {
    "words": "The value of {name} of {environment} was looked at"
  },
  "secret.revoked": {
    "words": "A version of {name} of {environment} revoked"
  },
  "secret.rotating": {
    "words": "Rotation of {name} in {environment} started"
  },
  "secret.rotated": {
    "words": "{name} of {environment} rotated, the old version revoked"
  },
  "secret.rotation-failed": {
    "words": "Rotation of {name} in {environment} failed: the old version is in force"
  },
  "secret-sources.changed": {
    "words": "What projects may refer to of secrets kept elsewhere changed"
  },
  "access.ended": {
    "words": "All sessions and tokens of a person ended"
  },
  "access.refused": {
    "words": "An attempt was refused: {action}"
  },
  "member.added": {
    "words": "Member added"
  },
  "member.changed": {
    "words": "Member changed"
  },
  "member.removed": {
    "words": "Member removed"
  },
  "session.started": {
    "words": "Session started"
  },
  "session.ended": {
    "words": "Session ended"
  },
  "token.created": {
    "words": "Token created"
  },
  "token.revoked": {
    "words": "Token revoked"
  },
  "token.exchanged": {
    "words": "Token exchanged"
  },
  "trust.created": {
    "words": "Trust created"
  },
  "trust.deleted": {
    "words": "Trust deleted"
  },
  "webhook.created": {
    "words": "Webhook created"
  },
  "webhook.changed": {
    "words": "Webhook changed"
  },
  "webhook.deleted": {
    "words": "Webhook deleted"
  },
  "webhook.secret-rotated": {
    "words": "Webhook secret rotated"
  },
  "webhook.disabled": {
    "words": "Webhook disabled"
  },
  "webhook.tested": {
    "words": "Webhook tested"
  },
  "drain.created": {
    "words": "Log drain created"
  },
  "drain.changed": {
    "words": "Log drain changed"
  },
  "drain.deleted": {
    "words": "Log drain deleted"
  },
  "drain.paused": {
    "words": "Log drain paused by Berth: {reason}",
    "tone": "bad"
  },
  "drain.tested": {
    "words": "Log drain tested"
  },
  "connection.created": {
    "words": "Service {service} connected to {repository}"
  },
  "connection.changed": {
    "words": "Connection of service {service} changed"
  },
  "connection.secret-rotated": {
    "words": "Secret of the connection of service {service} rotated"
  },
  "connection.deleted": {
    "words": "Service {service} disconnected from {repository}"
  },
  "delivery.accepted": {
    "words": "Delivery {number} for service {service}: {event}"
  },
  "delivery.ended": {
    "words": "Delivery {number} for service {service}: {state}"
  },
  "preview.changed": {
    "words": "Preview of pull request {number} of service {service}: {state}"
  },
  "preview.approved": {
    "words": "Commit {commit} of pull request {number} let in by a maintainer"
  },
  "github-app.rules-changed": {
    "words": "What projects may connect to by the GitHub App changed"
  },
  "domain.added": {
    "words": "Domain {domain} added to {service} in {environment}"
  },
  "domain.proven": {
    "words": "Domain {domain} of {service} in {environment} is proven",
    "tone": "good"
  },
  "domain.proof-missing": {
    "words": "The DNS record that proves domain {domain} of {service} in {environment} is gone",
    "tone": "bad"
  },
  "domain.suspended": {
    "words": "Domain {domain} of {service} in {environment} is suspended: its proof was gone for 3 days",
    "tone": "bad"
  },
  "domain.certificate-issued": {
    "words": "Domain {domain} of {service} in {environment} has a certificate until {notAfter}",
    "tone": "good"
  },
  "domain.order-failed": {
    "words": "No certificate for domain {domain} of {service} in {environment}",
    "tone": "bad"
  },
  "domain.expiring": {
    "words": "The certificate of domain {domain} of {service} in {environment} ends at {notAfter}, and was not renewed",
    "tone": "bad"
  },
  "domain.expired": {
    "words": "The certificate of domain {domain} of {service} in {environment} has expired",
    "tone": "bad"
  },
  "domain.removed": {
    "words": "Domain {domain} removed from {service} in {environment}"
  },
  "pipeline.changed": {
    "words": "Pipeline changed"
  },
  "promotion.created": {
    "words": "Promotion of {service} from {fromEnvironment} began, with version {version}"
  },
  "promotion.ended": {
    "words": "Promotion of {service} from {fromEnvironment}: {state}"
  },
  "promotion.cancel-requested": {
    "words": "Promotion of {service} from {fromEnvironment} is to stop"
  },
  "alert.fired": {
    "words": "Alert {rule} on {subject} in {environment}: {cause}",
    "tone": "bad"
  },
  "alert.resolved": {
    "words": "Alert {rule} on {subject} in {environment} is over",
    "tone": "good"
  },
  "alert.acknowledged": {
    "words": "Alert {rule} on {subject} in {environment} acknowledged"
  },
  "alert.silenced": {
    "words": "Alerts silenced until {until}: {reason}"
  },
  "alert.unsilenced": {
    "words": "A silence of alerts was ended"
  },
  "alert-rules.changed": {
    "words": "Alert rules changed"
  }
};
