// Made from the OpenAPI document by `npm run generate`; do not edit.

export type Role = 'viewer' | 'developer' | 'maintainer' | 'administrator';
export type NewToken = Token & {
  /**
   * The token itself, this once. Not there when the answer to an Idempotency-Key is given again.
   */
  token?: string;
};
export type WebhookWithSecret = Webhook & {
  /**
   * What messages are signed with. It is in this answer alone, and in no repetition of it.
   */
  secret?: string;
};
export type Event = {
  /**
   * Its number in the project's chain.
   */
  id: string;
  at: string;
  project: string;
  /**
   * Who did it; `berth` is Berth itself.
   */
  actor: string;
  /**
   * Where the request came from; absent where Berth itself acts.
   */
  from?: {
    address?: string;
    agent?: string;
  };
  /**
   * The person behind a token or pipeline that did it.
   */
  onBehalfOf?: string;
  /**
   * `noun.verb`.
   */
  type:
    | 'project.created'
    | 'project.changed'
    | 'project.deleted'
    | 'project.deletion-refused'
    | 'service.created'
    | 'service.changed'
    | 'service.deleted'
    | 'policy.created'
    | 'policy.changed'
    | 'policy.deleted'
    | 'version.created'
    | 'version.tagged'
    | 'version.deleted'
    | 'build.created'
    | 'build.succeeded'
    | 'build.failed'
    | 'build.canceled'
    | 'build.superseded'
    | 'environment.created'
    | 'environment.changed'
    | 'environment.extended'
    | 'environment.expiring'
    | 'environment.expired'
    | 'environment.protected'
    | 'environment.unprotected'
    | 'environment.ready'
    | 'environment.failed'
    | 'environment.hibernating'
    | 'environment.hibernated'
    | 'environment.waking'
    | 'environment.destroying'
    | 'environment.destroyed'
    | 'environment.destroy-failed'
    | 'resource.created'
    | 'resource.removed'
    | 'resource.rotating'
    | 'resource.rotated'
    | 'resource.rotation-failed'
    | 'backup.started'
    | 'backup.checked'
    | 'backup.failed'
    | 'backup.missed'
    | 'backup.downloaded'
    | 'backup.deleted'
    | 'backup-plan.changed'
    | 'restore.started'
    | 'restore.succeeded'
    | 'restore.failed'
    | 'gameday.started'
    | 'gameday.ended'
    | 'gameday.failed'
    | 'recipe.put'
    | 'recipe.deleted'
    | 'place.created'
    | 'place.changed'
    | 'place.removed'
    | 'place.reachable'
    | 'place.unreachable'
    | 'masking.changed'
    | 'clone.started'
    | 'clone.succeeded'
    | 'clone.failed'
    | 'deployment.created'
    | 'deployment.approved'
    | 'deployment.rejected'
    | 'deployment.refused'
    | 'deployment.shifted'
    | 'deployment.steered'
    | 'deployment.succeeded'
    | 'deployment.failed'
    | 'deployment.canceled'
    | 'deployment.superseded'
    | 'operation.cancel-requested'
    | 'instance.stopped'
    | 'instance.removed'
    | 'instance.crashed'
    | 'run.started'
    | 'run.succeeded'
    | 'run.failed'
    | 'run.canceled'
    | 'run.superseded'
    | 'shell.opened'
    | 'shell.closed'
    | 'job.created'
    | 'job.changed'
    | 'job.deleted'
    | 'job.failed'
    | 'job.missed'
    | 'variables.changed'
    | 'build-secret.changed'
    | 'build-secret.deleted'
    | 'registry.changed'
    | 'registry.deleted'
    | 'secret.created'
    | 'secret.changed'
    | 'secret.deleted'
    | 'secret.revealed'
    | 'secret.revoked'
    | 'secret.rotating'
    | 'secret.rotated'
    | 'secret.rotation-failed'
    | 'secret-sources.changed'
    | 'access.ended'
    | 'access.refused'
    | 'member.added'
    | 'member.changed'
    | 'member.removed'
    | 'session.started'
    | 'session.ended'
    | 'token.created'
    | 'token.revoked'
    | 'token.exchanged'
    | 'trust.created'
    | 'trust.deleted'
    | 'webhook.created'
    | 'webhook.changed'
    | 'webhook.deleted'
    | 'webhook.secret-rotated'
    | 'webhook.disabled'
    | 'webhook.tested'
    | 'drain.created'
    | 'drain.changed'
    | 'drain.deleted'
    | 'drain.paused'
    | 'drain.tested'
    | 'connection.created'
    | 'connection.changed'
    | 'connection.secret-rotated'
    | 'connection.deleted'
    | 'delivery.accepted'
    | 'delivery.ended'
    | 'preview.changed'
    | 'preview.approved'
    | 'github-app.rules-changed'
    | 'domain.added'
    | 'domain.proven'
    | 'domain.proof-missing'
    | 'domain.suspended'
    | 'domain.certificate-issued'
    | 'domain.order-failed'
    | 'domain.expiring'
    | 'domain.expired'
    | 'domain.removed'
    | 'pipeline.changed'
    | 'promotion.created'
    | 'promotion.ended'
    | 'promotion.cancel-requested'
    | 'alert.fired'
    | 'alert.resolved'
    | 'alert.acknowledged'
    | 'alert.silenced'
    | 'alert.unsilenced'
    | 'alert-rules.changed';
  environment?: string;
  service?: string;
  operation?: string;
  data?: {
    [k: string]: unknown;
  };
  /**
   * SHA-256 over the hash of the event before it and this one, base64url.
   */
  hash: string;
} & Event1;
export type Event1 =
  | {
      type: 'project.created';
    }
  | {
      type: 'project.changed';
      data: {
        /**
         * What differs, by name; a side is missing where there was nothing, or is nothing any more.
         */
        changes: {
          [k: string]: {
            before?: unknown;
            after?: unknown;
          };
        };
      };
    }
  | {
      type: 'project.deleted';
    }
  | {
      type: 'project.deletion-refused';
    }
  | {
      type: 'service.created';
    }
  | {
      type: 'service.changed';
      data: {
        /**
         * What differs, by name; a side is missing where there was nothing, or is nothing any more.
         */
        changes: {
          [k: string]: {
            before?: unknown;
            after?: unknown;
          };
        };
      };
    }
  | {
      type: 'service.deleted';
    }
  | {
      type: 'policy.created';
      data: {
        /**
         * Name of the policy.
         */
        policy: string;
        /**
         * What differs, by name; a side is missing where there was nothing, or is nothing any more.
         */
        changes: {
          [k: string]: {
            before?: unknown;
            after?: unknown;
          };
        };
      };
    }
  | {
      type: 'policy.changed';
      data: {
        /**
         * Name of the policy.
         */
        policy: string;
        /**
         * What differs, by name; a side is missing where there was nothing, or is nothing any more.
         */
        changes: {
          [k: string]: {
            before?: unknown;
            after?: unknown;
          };
        };
      };
    }
  | {
      type: 'policy.deleted';
      data: {
        /**
         * Name of the policy.
         */
        policy: string;
      };
    }
  | {
      type: 'version.created';
      data: {
        /**
         * Id of the version.
         */
        version: string;
        /**
         * Of its image.
         */
        digest: string;
        /**
         * All that it has now.
         */
        tags: string[];
      };
    }
  | {
      type: 'version.tagged';
      data: {
        /**
         * Id of the version.
         */
        version: string;
        /**
         * Of its image.
         */
        digest: string;
        /**
         * All that it has now.
         */
        tags: string[];
      };
    }
  | {
      type: 'version.deleted';
      data: {
        /**
         * Id of the version.
         */
        version: string;
        /**
         * Of its image.
         */
        digest: string;
        /**
         * All that it has now.
         */
        tags: string[];
      };
    }
  | {
      type: 'build.created';
      data:
        | {
            kind: 'git';
            /**
             * Branch, tag or commit.
             */
            ref: string;
            /**
             * The folder that is built, where not the whole source.
             */
            path?: string;
          }
        | {
            kind: 'upload';
            /**
             * Of the upload, hex.
             */
            sha256?: string;
            bytes?: number;
            /**
             * The folder that is built, where not the whole source.
             */
            path?: string;
          };
    }
  | {
      type: 'build.succeeded';
      data: {
        /**
         * Id of the version.
         */
        version: string;
      };
    }
  | {
      type: 'build.failed';
      data: {
        /**
         * Code of the problem that ended the operation.
         */
        code: string;
        /**
         * What happened and why.
         */
        cause: string;
      };
    }
  | {
      type: 'build.canceled';
      data: {
        /**
         * Code of the problem that ended the operation.
         */
        code: string;
        /**
         * What happened and why.
         */
        cause: string;
      };
    }
  | {
      type: 'build.superseded';
      data: {
        /**
         * Code of the problem that ended the operation.
         */
        code: string;
        /**
         * What happened and why.
         */
        cause: string;
      };
    }
  | {
      type: 'environment.created';
    }
  | {
      type: 'environment.changed';
      data: {
        /**
         * What differs, by name; a side is missing where there was nothing, or is nothing any more.
         */
        changes: {
          [k: string]: {
            before?: unknown;
            after?: unknown;
          };
        };
      };
    }
  | {
      type: 'environment.extended';
      data: {
        /**
         * What differs, by name; a side is missing where there was nothing, or is nothing any more.
         */
        changes: {
          [k: string]: {
            before?: unknown;
            after?: unknown;
          };
        };
      };
    }
  | {
      type: 'environment.expiring';
      data: {
        /**
         * It is put to sleep then.
         */
        expiresAt: string;
        /**
         * The time until then, in words: `24 h`.
         */
        left: string;
        /**
         * Who used it last, and how long ago, in words.
         */
        cause: string;
        /**
         * Absent where no request is known.
         */
        lastRequestAt?: string;
        /**
         * The newest of all its services.
         */
        deployment?: {
          service: string;
          number: number;
          version: string;
          at: string;
          by: string;
        };
        /**
         * The command that lets it stay.
         */
        next: string;
      };
    }
  | {
      type: 'environment.expired';
      data: {
        /**
         * It is destroyed then, unless somebody brings it back.
         */
        destroyAt: string;
        /**
         * The time until then, in words: `3 d`.
         */
        left: string;
        /**
         * Who used it last, and how long ago, in words.
         */
        cause: string;
        /**
         * Absent where no request is known.
         */
        lastRequestAt?: string;
        /**
         * The newest of all its services.
         */
        deployment?: {
          service: string;
          number: number;
          version: string;
          at: string;
          by: string;
        };
        /**
         * The command that lets it stay.
         */
        next: string;
      };
    }
  | {
      type: 'environment.protected';
      data: {
        /**
         * As it is now; absent where there is none.
         */
        protection?: {
          approval: boolean;
          rollbackWithoutApproval?: boolean;
          shells?: boolean;
        };
        /**
         * As it was; absent where there was none.
         */
        before?: {
          approval: boolean;
          rollbackWithoutApproval?: boolean;
          shells?: boolean;
        };
      };
    }
  | {
      type: 'environment.unprotected';
      data: {
        /**
         * As it is now; absent where there is none.
         */
        protection?: {
          approval: boolean;
          rollbackWithoutApproval?: boolean;
          shells?: boolean;
        };
        /**
         * As it was; absent where there was none.
         */
        before?: {
          approval: boolean;
          rollbackWithoutApproval?: boolean;
          shells?: boolean;
        };
      };
    }
  | {
      type: 'environment.ready';
      data?: {
        /**
         * Code of the problem that ended the operation.
         */
        code: string;
        /**
         * What happened and why.
         */
        cause: string;
      };
    }
  | {
      type: 'environment.failed';
      data?: {
        /**
         * Code of the problem that ended the operation.
         */
        code: string;
        /**
         * What happened and why.
         */
        cause: string;
      };
    }
  | {
      type: 'environment.hibernating';
      data: {
        reason: 'requested' | 'idle' | 'expired' | 'hours';
      };
    }
  | {
      type: 'environment.hibernated';
      data?: {
        /**
         * Code of the problem that ended the operation.
         */
        code: string;
        /**
         * What happened and why.
         */
        cause: string;
      };
    }
  | {
      type: 'environment.waking';
    }
  | {
      type: 'environment.destroying';
      data: {
        /**
         * `leftovers`: it is tried again, since a destroy before left something over.
         */
        reason: 'requested' | 'expired' | 'leftovers';
      };
    }
  | {
      type: 'environment.destroyed';
    }
  | {
      type: 'environment.destroy-failed';
      data: {
        /**
         * What could not be removed yet; the first fifty.
         */
        leftovers: string[];
      };
    }
  | {
      type: 'resource.created';
      data: {
        /**
         * Of the resource.
         */
        uid: string;
      };
    }
  | {
      type: 'resource.removed';
      data: {
        /**
         * Of the resource.
         */
        uid: string;
      };
    }
  | {
      type: 'resource.rotating';
      data: {
        /**
         * Of the resource.
         */
        uid: string;
      };
    }
  | {
      type: 'resource.rotated';
      data: {
        /**
         * Of the resource.
         */
        uid: string;
      };
    }
  | {
      type: 'resource.rotation-failed';
      data: {
        /**
         * Of the resource.
         */
        uid: string;
        /**
         * Code of the problem that ended the operation.
         */
        code: string;
        /**
         * What happened and why.
         */
        cause: string;
      };
    }
  | {
      type: 'backup.started';
      data: {
        /**
         * Of the resource.
         */
        uid: string;
        /**
         * Id of the backup.
         */
        backup: string;
      };
    }
  | {
      type: 'backup.checked';
      data: {
        /**
         * Of the resource.
         */
        uid: string;
        /**
         * Id of the backup.
         */
        backup: string;
        bytes: number;
        tables: number;
        rows: number;
      };
    }
  | {
      type: 'backup.failed';
      data: {
        /**
         * Of the resource.
         */
        uid: string;
        /**
         * Id of the backup.
         */
        backup: string;
        /**
         * Code of the problem that ended the operation.
         */
        code: string;
        /**
         * What happened and why.
         */
        cause: string;
      };
    }
  | {
      type: 'backup.missed';
      data: {
        /**
         * Of the resource.
         */
        uid: string;
        /**
         * Code of the problem that ended the operation.
         */
        code: string;
        /**
         * What happened and why.
         */
        cause: string;
      };
    }
  | {
      type: 'backup.downloaded';
      data: {
        /**
         * Of the resource.
         */
        uid: string;
        /**
         * Id of the backup.
         */
        backup: string;
      };
    }
  | {
      type: 'backup.deleted';
      data: {
        /**
         * Of the resource.
         */
        uid: string;
        /**
         * Id of the backup.
         */
        backup: string;
      };
    }
  | {
      type: 'backup-plan.changed';
      data: {
        /**
         * Of the resource.
         */
        uid: string;
        /**
         * What differs, by name; a side is missing where there was nothing, or is nothing any more.
         */
        changes: {
          [k: string]: {
            before?: unknown;
            after?: unknown;
          };
        };
      };
    }
  | {
      type: 'restore.started';
      data: {
        /**
         * Of the resource.
         */
        uid: string;
        /**
         * Id of the backup; absent where what the last restore replaced came back, and of an import.
         */
        backup?: string;
        /**
         * Of an import: `host:port/database` of where it comes from, or `file`.
         */
        source?: string;
      };
    }
  | {
      type: 'restore.succeeded';
      data: {
        /**
         * Of the resource.
         */
        uid: string;
        /**
         * Id of the backup; absent where what the last restore replaced came back, and of an import.
         */
        backup?: string;
        /**
         * Of an import: `host:port/database` of where it comes from, or `file`.
         */
        source?: string;
      };
    }
  | {
      type: 'restore.failed';
      data: {
        /**
         * Of the resource.
         */
        uid: string;
        /**
         * Id of the backup; absent where what the last restore replaced came back, and of an import.
         */
        backup?: string;
        /**
         * Of an import: `host:port/database` of where it comes from, or `file`.
         */
        source?: string;
        /**
         * Code of the problem that ended the operation.
         */
        code: string;
        /**
         * What happened and why.
         */
        cause: string;
      };
    }
  | {
      type: 'gameday.started';
      data: {
        /**
         * What is made to fail, and of which service: `kill web`.
         */
        faults: string[];
        /**
         * After this time nothing is made to fail any more.
         */
        endsAt: string;
      };
    }
  | {
      type: 'gameday.ended';
      data: {
        /**
         * Too many requests failed.
         */
        stoppedEarly: boolean;
        /**
         * While things were made to fail, all services together.
         */
        requests: number;
        /**
         * Those of them that were answered with a status of 500 or more.
         */
        errors: number;
      };
    }
  | {
      type: 'gameday.failed';
      data: {
        /**
         * Code of the problem that ended the operation.
         */
        code: string;
        /**
         * What happened and why.
         */
        cause: string;
      };
    }
  | {
      type: 'recipe.put';
      data: {
        /**
         * The resource type that it is for.
         */
        recipe: string;
        /**
         * The number of its new version.
         */
        version: number;
        /**
         * SHA-256 of the recipe, as canonical JSON.
         */
        hash: string;
      };
    }
  | {
      type: 'recipe.deleted';
      data: {
        /**
         * The resource type that it is for.
         */
        recipe: string;
      };
    }
  | {
      type: 'place.created';
      data: {
        /**
         * Name of the place.
         */
        place: string;
        /**
         * What differs, by name; a side is missing where there was nothing, or is nothing any more.
         */
        changes: {
          [k: string]: {
            before?: unknown;
            after?: unknown;
          };
        };
      };
    }
  | {
      type: 'place.changed';
      data: {
        /**
         * Name of the place.
         */
        place: string;
        /**
         * What differs, by name; a side is missing where there was nothing, or is nothing any more.
         */
        changes: {
          [k: string]: {
            before?: unknown;
            after?: unknown;
          };
        };
      };
    }
  | {
      type: 'place.removed';
      data: {
        /**
         * Name of the place.
         */
        place: string;
      };
    }
  | {
      type: 'place.reachable';
      data: {
        /**
         * Name of the place.
         */
        place: string;
      };
    }
  | {
      type: 'place.unreachable';
      data: {
        /**
         * Name of the place.
         */
        place: string;
        /**
         * Why it can not be reached.
         */
        reason: string;
      };
    }
  | {
      type: 'masking.changed';
      data: {
        /**
         * Uids of those that have a rule now.
         */
        resources: string[];
      };
    }
  | {
      type: 'clone.started';
      data: {
        /**
         * The environment that was cloned.
         */
        from: string;
        /**
         * What is to serve in it, in that order.
         */
        services: string[];
        /**
         * Whether secrets come along.
         */
        secrets: boolean;
        /**
         * Whether data come along.
         */
        withData: boolean;
      };
    }
  | {
      type: 'clone.succeeded';
      data: {
        /**
         * The environment that was cloned.
         */
        from: string;
      };
    }
  | {
      type: 'clone.failed';
      data: {
        /**
         * The environment that was cloned.
         */
        from: string;
        /**
         * Code of the problem that ended the operation.
         */
        code: string;
        /**
         * What happened and why.
         */
        cause: string;
      };
    }
  | {
      type: 'deployment.created';
      data: {
        /**
         * Of the deployment.
         */
        number: number;
        kind:
          'deploy' | 'promote' | 'rollback' | 'redeploy' | 'restart' | 'scale' | 'start' | 'stop' | 'remove';
        /**
         * Id of the version.
         */
        version: string;
        /**
         * Of a change of the scale: how many are asked for.
         */
        replicas?: number | 'as in the Score file';
        /**
         * Of a change of the scale: the replicas of each process beside the web.
         */
        processes?: {
          [k: string]: number;
        };
        /**
         * Number of the deployment that a rollback goes back to.
         */
        rollbackTo?: number;
        /**
         * Where a promotion takes its version from.
         */
        fromEnvironment?: string;
        /**
         * Id of the rotation that makes what serves take new credentials.
         */
        rotation?: string;
        /**
         * It is not started before a second person approves it.
         */
        awaits?: 'approval';
      };
    }
  | {
      type: 'deployment.approved';
      data: {
        /**
         * Of the deployment.
         */
        number: number;
        /**
         * Id of the version.
         */
        version: string;
        /**
         * Who asked for a deployment that a second person has to approve.
         */
        requestedBy: string;
      };
    }
  | {
      type: 'deployment.rejected';
      data: {
        /**
         * Of the deployment.
         */
        number: number;
        /**
         * Code of the problem that ended the operation.
         */
        code: string;
        /**
         * What happened and why.
         */
        cause: string;
        /**
         * Who asked for a deployment that a second person has to approve.
         */
        requestedBy: string;
      };
    }
  | {
      type: 'deployment.refused';
      data: {
        kind:
          'deploy' | 'promote' | 'rollback' | 'redeploy' | 'restart' | 'scale' | 'start' | 'stop' | 'remove';
        /**
         * Id of the version.
         */
        version: string;
        /**
         * Each policy that is not met, what was found, and what would meet it.
         */
        violations: {
          policy: string;
          scope: 'project' | 'platform';
          fact: string;
          remedy: string;
        }[];
      };
    }
  | {
      type: 'deployment.shifted';
      data: {
        /**
         * Of the deployment.
         */
        number: number;
        /**
         * So many of a hundred requests go to it from now on.
         */
        percent: number;
        /**
         * How it did with the share before, in numbers.
         */
        verdict?: string;
      };
    }
  | {
      type: 'deployment.steered';
      data: {
        /**
         * Of the deployment.
         */
        number: number;
        /**
         * What a person asked for.
         */
        action: 'promote' | 'continue' | 'pause' | 'resume';
      };
    }
  | {
      type: 'deployment.succeeded';
      data: {
        /**
         * Of the deployment.
         */
        number: number;
        kind: 'deploy' | 'rollback';
      };
    }
  | {
      type: 'deployment.failed';
      data: {
        /**
         * Of the deployment.
         */
        number: number;
        /**
         * Code of the problem that ended the operation.
         */
        code: string;
        /**
         * What happened and why.
         */
        cause: string;
      };
    }
  | {
      type: 'deployment.canceled';
      data: {
        /**
         * Of the deployment.
         */
        number: number;
        /**
         * Code of the problem that ended the operation.
         */
        code: string;
        /**
         * What happened and why.
         */
        cause: string;
        /**
         * Who asked for a deployment that a second person has to approve.
         */
        requestedBy?: string;
      };
    }
  | {
      type: 'deployment.superseded';
      data: {
        /**
         * Of the deployment.
         */
        number: number;
        /**
         * Code of the problem that ended the operation.
         */
        code: string;
        /**
         * What happened and why.
         */
        cause: string;
      };
    }
  | {
      type: 'operation.cancel-requested';
    }
  | {
      type: 'instance.stopped';
      data: {
        /**
         * Of the deployment.
         */
        number: number;
      };
    }
  | {
      type: 'instance.removed';
      data: {
        /**
         * Of the deployment.
         */
        number: number;
      };
    }
  | {
      type: 'instance.crashed';
      data: {
        /**
         * Of the deployment.
         */
        number: number;
        container: string;
        cause: string;
        /**
         * Crashes since the event before: 1 for the first.
         */
        count: number;
      };
    }
  | {
      type: 'run.started';
      data: {
        /**
         * Its words; the first 200 characters.
         */
        command: string;
        /**
         * Whose image, variables and secrets it has.
         */
        deployment: number;
        /**
         * The process that it is beside; absent for the web.
         */
        process?: string;
        /**
         * The job that asked for it.
         */
        job?: string;
      };
    }
  | {
      type: 'run.succeeded';
      data: {
        /**
         * The job that asked for it.
         */
        job?: string;
      };
    }
  | {
      type: 'run.failed';
      data: {
        /**
         * Code of the problem that ended the operation.
         */
        code: string;
        /**
         * What happened and why.
         */
        cause: string;
        /**
         * Of the command, where it came to its end.
         */
        exitCode?: number;
        /**
         * The job that asked for it.
         */
        job?: string;
      };
    }
  | {
      type: 'run.canceled';
      data: {
        /**
         * Code of the problem that ended the operation.
         */
        code: string;
        /**
         * What happened and why.
         */
        cause: string;
        /**
         * Of the command, where it came to its end.
         */
        exitCode?: number;
        /**
         * The job that asked for it.
         */
        job?: string;
      };
    }
  | {
      type: 'run.superseded';
      data: {
        /**
         * Code of the problem that ended the operation.
         */
        code: string;
        /**
         * What happened and why.
         */
        cause: string;
        /**
         * Of the command, where it came to its end.
         */
        exitCode?: number;
        /**
         * The job that asked for it.
         */
        job?: string;
      };
    }
  | {
      type: 'shell.opened';
      data: {
        /**
         * Its words; the first 200 characters.
         */
        command: string;
        /**
         * The process that it is beside; absent for the web.
         */
        process?: string;
      };
    }
  | {
      type: 'shell.closed';
      data: {
        /**
         * How long it was open.
         */
        seconds: number;
        /**
         * How much was typed. What it was is nowhere.
         */
        bytesIn: number;
        /**
         * How much was printed.
         */
        bytesOut: number;
        /**
         * Of the command, where it came to its end.
         */
        exitCode?: number;
      };
    }
  | {
      type: 'job.created';
      data: {
        job: string;
      };
    }
  | {
      type: 'job.changed';
      data: {
        job: string;
        /**
         * What differs, by name; a side is missing where there was nothing, or is nothing any more.
         */
        changes: {
          [k: string]: {
            before?: unknown;
            after?: unknown;
          };
        };
      };
    }
  | {
      type: 'job.deleted';
      data: {
        job: string;
      };
    }
  | {
      type: 'job.failed';
      data: {
        job: string;
        /**
         * Code of the problem that ended the operation.
         */
        code: string;
        /**
         * What happened and why.
         */
        cause: string;
        /**
         * How often it was tried; no retry is left.
         */
        attempts: number;
      };
    }
  | {
      type: 'job.missed';
      data: {
        job: string;
        /**
         * When it was due.
         */
        scheduledFor: string;
        /**
         * Why it did not begin: `late`, Berth did not run then; `overlap`, its last run goes on; `not_deployed`; `no_process`, what serves has no such one; `too_many_runs` in the environment. Told again when the reason changes, or a run began since.
         */
        reason: 'late' | 'overlap' | 'not_deployed' | 'no_process' | 'too_many_runs';
      };
    }
  | {
      type: 'variables.changed';
      data: {
        /**
         * Names of variables that are new or have another value.
         */
        set: string[];
        /**
         * Names of variables that are gone.
         */
        removed: string[];
      };
    }
  | {
      type: 'build-secret.changed';
      data: {
        /**
         * Of the secret.
         */
        name: string;
        /**
         * Id of the version; its value is in no event.
         */
        version: string;
      };
    }
  | {
      type: 'build-secret.deleted';
      data: {
        /**
         * Of the secret.
         */
        name: string;
      };
    }
  | {
      type: 'registry.changed';
      data: {
        /**
         * Its host.
         */
        registry: string;
        username: string;
        /**
         * Id of the version of the password, which is in no event.
         */
        version: string;
      };
    }
  | {
      type: 'registry.deleted';
      data: {
        /**
         * Its host.
         */
        registry: string;
      };
    }
  | {
      type: 'secret.created';
      data: {
        /**
         * Of the secret.
         */
        name: string;
        /**
         * Id of the version; its value is in no event.
         */
        version: string;
        /**
         * Where its value is kept, if elsewhere.
         */
        source?: string;
      };
    }
  | {
      type: 'secret.changed';
      data: {
        /**
         * Of the secret.
         */
        name: string;
        /**
         * Id of the version; its value is in no event.
         */
        version: string;
        /**
         * Where its value is kept, if elsewhere.
         */
        source?: string;
      };
    }
  | {
      type: 'secret.deleted';
      data: {
        /**
         * Of the secret.
         */
        name: string;
      };
    }
  | {
      type: 'secret.revealed';
      data: {
        /**
         * Of the secret.
         */
        name: string;
        /**
         * Id of the version; its value is in no event.
         */
        version: string;
      };
    }
  | {
      type: 'secret.revoked';
      data: {
        /**
         * Of the secret.
         */
        name: string;
        /**
         * Id of the version; its value is in no event.
         */
        version: string;
        /**
         * What serves with it, and does not come back with it.
         */
        usedBy: {
          service: string;
          deployment: number;
        }[];
      };
    }
  | {
      type: 'secret.rotating';
      data: {
        /**
         * Of the secret.
         */
        name: string;
        /**
         * Id of the version; its value is in no event.
         */
        version: string;
        /**
         * Id of the version that the new one takes the place of.
         */
        previous: string;
      };
    }
  | {
      type: 'secret.rotated';
      data: {
        /**
         * Of the secret.
         */
        name: string;
        /**
         * Id of the version; its value is in no event.
         */
        version: string;
        /**
         * Id of the version that the new one takes the place of.
         */
        previous: string;
      };
    }
  | {
      type: 'secret.rotation-failed';
      data: {
        /**
         * Of the secret.
         */
        name: string;
        /**
         * Id of the version; its value is in no event.
         */
        version: string;
        /**
         * Id of the version that the new one takes the place of.
         */
        previous: string;
        /**
         * Code of the problem that ended the operation.
         */
        code: string;
        /**
         * What happened and why.
         */
        cause: string;
      };
    }
  | {
      type: 'secret-sources.changed';
      data: {
        /**
         * What projects may refer to from now on, as `project source:prefix`.
         */
        added: string[];
        /**
         * What they may not refer to any more.
         */
        removed: string[];
      };
    }
  | {
      type: 'access.ended';
      data: {
        /**
         * Id of the principal.
         */
        principal: string;
      };
    }
  | {
      type: 'access.refused';
      data: {
        /**
         * As in the reference of roles.
         */
        action: string;
        /**
         * Other attempts of the same principal since the event before.
         */
        unrecorded?: number;
      };
    }
  | {
      type: 'member.added';
      data: {
        /**
         * Id of the principal.
         */
        principal: string;
        role: 'viewer' | 'developer' | 'maintainer' | 'administrator';
        /**
         * Roles that differ, by environment.
         */
        environments?: {
          [k: string]: 'viewer' | 'developer' | 'maintainer' | 'administrator';
        };
      };
    }
  | {
      type: 'member.changed';
      data: {
        /**
         * Id of the principal.
         */
        principal: string;
        role: 'viewer' | 'developer' | 'maintainer' | 'administrator';
        /**
         * Roles that differ, by environment.
         */
        environments?: {
          [k: string]: 'viewer' | 'developer' | 'maintainer' | 'administrator';
        };
        /**
         * What the member had before.
         */
        before: {
          role: 'viewer' | 'developer' | 'maintainer' | 'administrator';
          /**
           * Roles that differ, by environment.
           */
          environments?: {
            [k: string]: 'viewer' | 'developer' | 'maintainer' | 'administrator';
          };
        };
      };
    }
  | {
      type: 'member.removed';
      data: {
        /**
         * Id of the principal.
         */
        principal: string;
        /**
         * What the member had before.
         */
        before: {
          role: 'viewer' | 'developer' | 'maintainer' | 'administrator';
          /**
           * Roles that differ, by environment.
           */
          environments?: {
            [k: string]: 'viewer' | 'developer' | 'maintainer' | 'administrator';
          };
        };
      };
    }
  | {
      type: 'session.started';
      data: {
        /**
         * Id of the session.
         */
        session: string;
      };
    }
  | {
      type: 'session.ended';
      data: {
        /**
         * Id of the session.
         */
        session: string;
        /**
         * Id of the principal.
         */
        principal: string;
      };
    }
  | {
      type: 'token.created';
      data: {
        /**
         * Id of the token.
         */
        token: string;
        name: string;
        kind: 'personal' | 'project' | 'exchanged';
        role: 'viewer' | 'developer' | 'maintainer' | 'administrator';
        /**
         * All where absent.
         */
        environments?: string[];
        signIn?: boolean;
        expiresAt: string;
      };
    }
  | {
      type: 'token.revoked';
      data: {
        /**
         * Id of the token.
         */
        token: string;
        name?: string;
      };
    }
  | {
      type: 'token.exchanged';
      data: {
        /**
         * Id of the rule that let it in.
         */
        trust: string;
        issuer: string;
        subject: string;
        role: 'viewer' | 'developer' | 'maintainer' | 'administrator';
        /**
         * Id of the token.
         */
        token: string;
      };
    }
  | {
      type: 'trust.created';
      data: {
        id: string;
        issuer: string;
        audience: string;
        subjects: string[];
        repositoryId?: string;
        pullRequests?: {
          reason: string;
        };
        role: 'viewer' | 'developer' | 'maintainer' | 'administrator';
        /**
         * All where absent.
         */
        environments?: string[];
      };
    }
  | {
      type: 'trust.deleted';
      data: {
        id: string;
        issuer: string;
        subjects: string[];
      };
    }
  | {
      type: 'webhook.created';
      data: {
        /**
         * Of the webhook.
         */
        id: string;
        /**
         * Of its URL; the rest of it may be a secret.
         */
        origin: string;
        types?: string[];
        /**
         * The form that messages have; the signed one where absent.
         */
        format?: string;
        description?: string;
        enabled: boolean;
      };
    }
  | {
      type: 'webhook.changed';
      data: {
        /**
         * Of the webhook.
         */
        id: string;
        /**
         * What differs, by name; a side is missing where there was nothing, or is nothing any more.
         */
        changes: {
          [k: string]: {
            before?: unknown;
            after?: unknown;
          };
        };
        /**
         * Its URL is another one.
         */
        urlChanged?: true;
      };
    }
  | {
      type: 'webhook.deleted';
      data: {
        /**
         * Of the webhook.
         */
        id: string;
        /**
         * Of its URL; the rest of it may be a secret.
         */
        origin: string;
      };
    }
  | {
      type: 'webhook.secret-rotated';
      data: {
        /**
         * Of the webhook.
         */
        id: string;
        /**
         * Until then the secret before signs too.
         */
        previousUntil: string;
      };
    }
  | {
      type: 'webhook.disabled';
      data: {
        /**
         * Of the webhook.
         */
        id: string;
        /**
         * Of its URL; the rest of it may be a secret.
         */
        origin: string;
        reason: string;
      };
    }
  | {
      type: 'webhook.tested';
      data: {
        /**
         * Of the webhook.
         */
        id: string;
        delivered: boolean;
        status?: number;
        reason?: string;
      };
    }
  | {
      type: 'drain.created';
      data: {
        /**
         * Of the log drain.
         */
        id: string;
        /**
         * Of its URL; the rest of it may be a secret.
         */
        origin: string;
        format: string;
        /**
         * Which lines are sent; all where absent.
         */
        filter?: {
          environments?: string[];
          services?: string[];
          search?: string;
        };
        /**
         * The output of operations is sent too.
         */
        operations?: true;
        /**
         * Names of headers of its own.
         */
        headers?: string[];
        description?: string;
      };
    }
  | {
      type: 'drain.changed';
      data: {
        /**
         * Of the log drain.
         */
        id: string;
        /**
         * What differs, by name; a side is missing where there was nothing, or is nothing any more.
         */
        changes: {
          [k: string]: {
            before?: unknown;
            after?: unknown;
          };
        };
        /**
         * Its URL is another one.
         */
        urlChanged?: true;
        /**
         * Values of its headers are others.
         */
        headersChanged?: true;
      };
    }
  | {
      type: 'drain.deleted';
      data: {
        /**
         * Of the log drain.
         */
        id: string;
        /**
         * Of its URL; the rest of it may be a secret.
         */
        origin: string;
      };
    }
  | {
      type: 'drain.paused';
      data: {
        /**
         * Of the log drain.
         */
        id: string;
        /**
         * Of its URL; the rest of it may be a secret.
         */
        origin: string;
        reason: string;
      };
    }
  | {
      type: 'drain.tested';
      data: {
        /**
         * Of the log drain.
         */
        id: string;
        delivered: boolean;
        status?: number;
        reason?: string;
      };
    }
  | {
      type: 'connection.created';
      data: {
        /**
         * Id of the connection.
         */
        connection: string;
        provider: string;
        repository: string;
      };
    }
  | {
      type: 'connection.changed';
      data: {
        /**
         * Id of the connection.
         */
        connection: string;
        /**
         * What differs, by name; a side is missing where there was nothing, or is nothing any more.
         */
        changes: {
          [k: string]: {
            before?: unknown;
            after?: unknown;
          };
        };
        /**
         * Its token is another one.
         */
        tokenChanged?: true;
      };
    }
  | {
      type: 'connection.secret-rotated';
      data: {
        /**
         * Id of the connection.
         */
        connection: string;
        /**
         * Until then the secret before is good too.
         */
        previousUntil: string;
      };
    }
  | {
      type: 'connection.deleted';
      data: {
        /**
         * Id of the connection.
         */
        connection: string;
        repository: string;
      };
    }
  | {
      type: 'delivery.accepted';
      data: {
        /**
         * Id of the connection.
         */
        connection: string;
        /**
         * Of the delivery, within its connection.
         */
        number: number;
        /**
         * What became of it, or comes next.
         */
        state: string;
        commit?: string;
        /**
         * The full ref of a push.
         */
        ref?: string;
        pullRequest?: number;
        /**
         * Why nothing is to be done.
         */
        reason?: string;
        /**
         * As the provider calls it.
         */
        event: string;
      };
    }
  | {
      type: 'delivery.ended';
      data: {
        /**
         * Id of the connection.
         */
        connection: string;
        /**
         * Of the delivery, within its connection.
         */
        number: number;
        /**
         * What became of it, or comes next.
         */
        state: string;
        commit?: string;
        /**
         * The full ref of a push.
         */
        ref?: string;
        pullRequest?: number;
        /**
         * Why nothing is to be done.
         */
        reason?: string;
        /**
         * Code of the problem that ended the operation.
         */
        code?: string;
        /**
         * What happened and why.
         */
        cause?: string;
      };
    }
  | {
      type: 'preview.changed';
      data: {
        /**
         * Id of the connection.
         */
        connection: string;
        /**
         * Of the pull request.
         */
        number: number;
        /**
         * How the preview is doing.
         */
        state: string;
        /**
         * The newest of the pull request.
         */
        commit: string;
      };
    }
  | {
      type: 'preview.approved';
      data: {
        /**
         * Id of the connection.
         */
        connection: string;
        /**
         * Of the pull request.
         */
        number: number;
        /**
         * How the preview is doing.
         */
        state: string;
        /**
         * The newest of the pull request.
         */
        commit: string;
      };
    }
  | {
      type: 'github-app.rules-changed';
      data: {
        /**
         * What projects may connect to from now on, as `project owner/repository`.
         */
        added: string[];
        /**
         * What they may not connect to any more.
         */
        removed: string[];
      };
    }
  | {
      type: 'domain.added';
      data: {
        /**
         * The host, in lower case and ASCII.
         */
        domain: string;
      };
    }
  | {
      type: 'domain.proven';
      data: {
        /**
         * The host, in lower case and ASCII.
         */
        domain: string;
        /**
         * The record that proves it.
         */
        by: 'TXT' | 'CNAME';
      };
    }
  | {
      type: 'domain.proof-missing';
      data: {
        /**
         * The host, in lower case and ASCII.
         */
        domain: string;
        /**
         * When it is suspended, unless the proof is back.
         */
        suspendsAt: string;
      };
    }
  | {
      type: 'domain.suspended';
      data: {
        /**
         * The host, in lower case and ASCII.
         */
        domain: string;
      };
    }
  | {
      type: 'domain.certificate-issued';
      data: {
        /**
         * The host, in lower case and ASCII.
         */
        domain: string;
        /**
         * When the certificate ends.
         */
        notAfter: string;
        issuer: string;
      };
    }
  | {
      type: 'domain.order-failed';
      data: {
        /**
         * The host, in lower case and ASCII.
         */
        domain: string;
        /**
         * What happened and why.
         */
        cause: string;
        /**
         * When it is tried again.
         */
        retryAt: string;
      };
    }
  | {
      type: 'domain.expiring';
      data: {
        /**
         * The host, in lower case and ASCII.
         */
        domain: string;
        /**
         * When the certificate ends.
         */
        notAfter: string;
      };
    }
  | {
      type: 'domain.expired';
      data: {
        /**
         * The host, in lower case and ASCII.
         */
        domain: string;
        /**
         * When the certificate ends.
         */
        notAfter: string;
      };
    }
  | {
      type: 'domain.removed';
      data: {
        /**
         * The host, in lower case and ASCII.
         */
        domain: string;
      };
    }
  | {
      type: 'pipeline.changed';
      data: {
        /**
         * What differs, by name; a side is missing where there was nothing, or is nothing any more.
         */
        changes: {
          [k: string]: {
            before?: unknown;
            after?: unknown;
          };
        };
      };
    }
  | {
      type: 'promotion.created';
      data: {
        /**
         * Id of the promotion.
         */
        promotion: string;
        /**
         * Id of the version.
         */
        version: string;
        /**
         * Where the version was taken from.
         */
        fromEnvironment: string;
        /**
         * Where it is to go, in that order.
         */
        environments: string[];
      };
    }
  | {
      type: 'promotion.ended';
      data: {
        /**
         * Id of the promotion.
         */
        promotion: string;
        /**
         * Id of the version.
         */
        version: string;
        /**
         * Where the version was taken from.
         */
        fromEnvironment: string;
        state: 'succeeded' | 'failed' | 'canceled';
        /**
         * Code of the problem that ended the operation.
         */
        code?: string;
        /**
         * What happened and why.
         */
        cause?: string;
      };
    }
  | {
      type: 'promotion.cancel-requested';
      data: {
        /**
         * Id of the promotion.
         */
        promotion: string;
        /**
         * Id of the version.
         */
        version: string;
        /**
         * Where the version was taken from.
         */
        fromEnvironment: string;
      };
    }
  | {
      type: 'alert.fired';
      data: {
        /**
         * Id of the alert.
         */
        alert: string;
        /**
         * Name of the rule.
         */
        rule: string;
        /**
         * A service, a job, a resource, a domain, an operation or a policy.
         */
        subject: string;
        /**
         * What the rule looks at.
         */
        kind: string;
        /**
         * What was seen, in words.
         */
        cause: string;
        /**
         * The same in numbers.
         */
        figures: {
          [k: string]: number | string;
        };
        /**
         * When it fired: before the event, where it was silenced until now.
         */
        firedAt: string;
        /**
         * One that began within the half hour before.
         */
        deployment?: {
          service: string;
          number: number;
          version: string;
          at: string;
          by: string;
        };
        /**
         * A command that is worth to be run next.
         */
        next: string;
      };
    }
  | {
      type: 'alert.resolved';
      data: {
        /**
         * Id of the alert.
         */
        alert: string;
        /**
         * Name of the rule.
         */
        rule: string;
        /**
         * A service, a job, a resource, a domain, an operation or a policy.
         */
        subject: string;
        firedAt: string;
        /**
         * `cleared`: it is fine again; `gone`: what it was about, or the rule, is not there any more.
         */
        end: 'cleared' | 'gone';
      };
    }
  | {
      type: 'alert.acknowledged';
      data: {
        /**
         * Id of the alert.
         */
        alert: string;
        /**
         * Name of the rule.
         */
        rule: string;
        /**
         * A service, a job, a resource, a domain, an operation or a policy.
         */
        subject: string;
        note?: string;
      };
    }
  | {
      type: 'alert.silenced';
      data: {
        /**
         * Id of the silence.
         */
        silence: string;
        until: string;
        reason: string;
        /**
         * The rule; all where absent.
         */
        rule?: string;
        /**
         * The environment; all where absent.
         */
        of?: string;
        /**
         * The service, or what else an alert is about; all where absent.
         */
        subject?: string;
      };
    }
  | {
      type: 'alert.unsilenced';
      data: {
        /**
         * Id of the silence.
         */
        silence: string;
        until: string;
        reason: string;
        /**
         * The rule; all where absent.
         */
        rule?: string;
        /**
         * The environment; all where absent.
         */
        of?: string;
        /**
         * The service, or what else an alert is about; all where absent.
         */
        subject?: string;
      };
    }
  | {
      type: 'alert-rules.changed';
      data: {
        /**
         * What differs, by name; a side is missing where there was nothing, or is nothing any more.
         */
        changes: {
          [k: string]: {
            before?: unknown;
            after?: unknown;
          };
        };
      };
    };
export type ConnectionWithSecret = Connection & {
  /**
   * What the provider signs with. It is in this answer alone, and in no repetition of it.
   */
  secret?: string;
};
export type Source =
  | {
      kind: 'upload';
      sha256: string;
      bytes: number;
      /**
       * The folder that was built, where not the whole.
       */
      path?: string;
      /**
       * The image of another registry that the Score file names, in full, where nothing was built.
       */
      image?: string;
    }
  | {
      kind: 'git';
      url: string;
      /**
       * In full: a branch, a tag, or a commit.
       */
      ref: string;
      commit: string;
      /**
       * Of the commit, as its committer’s clock had it.
       */
      committedAt?: string;
      author?: string;
      message?: string;
      /**
       * The folder that was built, where not the whole.
       */
      path?: string;
      /**
       * The image of another registry that the Score file names, in full, where nothing was built.
       */
      image?: string;
    }
  | {
      kind: 'image';
      reference: string;
    };
/**
 * What has to be met; see the documentation of policies.
 */
export type PolicyRule =
  | {
      kind: 'allowed-registries';
      /**
       * @minItems 1
       * @maxItems 50
       */
      registries: string[];
    }
  | {
      kind: 'digest-only';
    }
  | {
      kind: 'scan';
      severity: 'critical' | 'high' | 'medium' | 'low';
    }
  | {
      kind: 'signature';
      /**
       * @minItems 1
       * @maxItems 10
       */
      keys: {
        name: string;
        /**
         * PEM, as `cosign generate-key-pair` writes it.
         */
        publicKey: string;
      }[];
    }
  | {
      kind: 'ceiling';
      cpu?: string;
      memory?: string;
      replicas?: number;
    }
  | {
      kind: 'branches';
      /**
       * @minItems 1
       * @maxItems 50
       */
      branches: string[];
      /**
       * @minItems 1
       * @maxItems 50
       */
      repositories?: string[];
    }
  | {
      kind: 'freeze';
      /**
       * @minItems 1
       * @maxItems 50
       */
      windows: (
        | {
            from: string;
            to: string;
            reason?: string;
          }
        | {
            /**
             * @minItems 1
             * @maxItems 7
             */
            days: ('mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun')[];
            start: string;
            /**
             * Before `start`: on the next day.
             */
            end: string;
            timeZone: string;
            reason?: string;
          }
      )[];
    }
  | {
      kind: 'budget';
      /**
       * The most that an environment may cost in a month in which it does not sleep, in US dollars.
       */
      usdPerMonth: number;
      /**
       * Environments of this kind alone; all that `environments` names by default.
       */
      of?: 'persistent' | 'ephemeral' | 'protected';
    };
export type ClusterAccess =
  | {
      kind: 'eks';
      cluster: string;
      region: string;
      /**
       * The role in the account of the cluster that Berth takes on.
       */
      role: string;
    }
  | {
      kind: 'kubeconfig';
      /**
       * A context of the kubeconfig that Berth was given.
       */
      context: string;
    };
/**
 * One thing that is made to fail.
 */
export type Fault =
  | {
      /**
       * Ends one replica, as a crash does.
       */
      type: 'kill';
      /**
       * Of which service; of any without it.
       */
      service?: string;
      /**
       * Again after so long, until the game day ends: 10s to 10m.
       */
      every?: string;
    }
  | {
      /**
       * Requests wait before they reach the service.
       */
      type: 'delay';
      service: string;
      delayMs: number;
      /**
       * Of a hundred requests. 100 without it.
       */
      percent?: number;
    }
  | {
      /**
       * Requests are answered with 503 in place of the service.
       */
      type: 'abort';
      service: string;
      /**
       * Of a hundred requests. 100 without it.
       */
      percent?: number;
    }
  | {
      /**
       * Statements on tables of the databases in the environment wait.
       */
      type: 'slow-database';
      /**
       * For at most so long.
       */
      delayMs: number;
    }
  | {
      /**
       * Ends all connections to the databases in the environment; new ones can be opened at once.
       */
      type: 'cut-database';
      /**
       * Again after so long, until the game day ends: 10s to 10m.
       */
      every?: string;
    };

export interface Paths {
  '/healthz': {
    /**
     * Ask whether Berth answers and can read its records
     */
    get: {
      parameters: {};
      responses: {
        200: {
          content: {
            'application/json': {
              status: 'ok' | 'degraded';
              workloads?: 'unreachable' | 'starting' | 'incomplete';
              logs?: 'unreadable';
              clock?: 'jumped';
              /**
               * Places that could not be reached when they were last looked at.
               */
              placesAway?: string[];
              isolation?: {
                state: 'in_force' | 'not_in_force' | 'unknown';
                /**
                 * When it was last tried.
                 */
                at: string;
                /**
                 * What workloads reach, and must not.
                 */
                open?: ('pod' | 'service' | 'metadata' | 'api' | 'gateway' | 'neighbour' | 'names')[];
                /**
                 * What they do not reach, and have to.
                 */
                shut?: ('pod' | 'service' | 'metadata' | 'api' | 'gateway' | 'neighbour' | 'names')[];
                /**
                 * What to do.
                 */
                hint?: string;
              };
            };
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/problems/{code}': {
    /**
     * Read what a problem type means
     */
    get: {
      parameters: {
        path: {
          /**
           * Code of the problem. It must be the code of a problem.
           */
          code: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': {
              code: string;
              status: number;
              title: string;
            };
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/openapi.json': {
    /**
     * Read this document
     */
    get: {
      parameters: {};
      responses: {
        200: {
          content: {};
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/me': {
    /**
     * Read who you are
     */
    get: {
      parameters: {};
      responses: {
        200: {
          content: {
            'application/json': Principal;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/sign-in/configuration': {
    /**
     * Read what a terminal needs to sign somebody in
     */
    get: {
      parameters: {};
      responses: {
        200: {
          content: {
            'application/json': SignInConfiguration;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/sign-in': {
    /**
     * Sign in with a browser: goes to the identity provider and comes back
     */
    get: {
      parameters: {
        query?: {
          /**
           * The place in the console to come back to.
           */
          return?: string;
        };
      };
      responses: {
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/sign-in/callback': {
    /**
     * Where the identity provider sends people back to
     */
    get: {
      parameters: {
        query?: {
          state?: string;
          code?: string;
          iss?: string;
          error?: string;
        };
      };
      responses: {
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/sign-in/back-channel-logout': {
    /**
     * Be told by the identity provider that somebody has signed out
     */
    post: {
      parameters: {
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      responses: {
        200: {
          content: {};
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/sign-out': {
    /**
     * Sign out: ends this session, or all that you have
     */
    post: {
      parameters: {
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            /**
             * All of your sessions on all devices, and all tokens that act for you.
             */
            everywhere?: boolean;
          };
        };
      };
      responses: {
        200: {
          content: {
            'application/json': {
              /**
               * Where to go to sign out at the identity provider too.
               */
              location?: string;
            };
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/sessions': {
    /**
     * List your sessions, or somebody’s
     */
    get: {
      parameters: {
        query?: {
          /**
           * How many at most, 1 to 200; 50 by default.
           */
          limit?: string;
          /**
           * `nextCursor` of the page before; opaque.
           */
          cursor?: string;
          /**
           * Yourself by default; somebody else only for the platform team.
           */
          principal?: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': {
              items: Session[];
              /**
               * Absent on the last page.
               */
              nextCursor?: string;
            };
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
    /**
     * End all that you have, or that somebody has: sessions and tokens
     */
    delete: {
      parameters: {
        query?: {
          /**
           * Yourself by default; somebody else only for the platform team.
           */
          principal?: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      responses: {
        204: {
          content: {};
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/sessions/{session}': {
    /**
     * End one of your sessions, or of somebody’s
     */
    delete: {
      parameters: {
        path: {
          /**
           * Id of the session. It must be an id of 26 characters, as given in a session's "id".
           */
          session: string;
        };
        query?: {
          /**
           * Yourself by default; somebody else only for the platform team.
           */
          principal?: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      responses: {
        204: {
          content: {};
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects': {
    /**
     * Create a project
     */
    post: {
      parameters: {
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            name: string;
            /**
             * A name for people.
             */
            displayName?: string;
          };
        };
      };
      responses: {
        201: {
          content: {
            'application/json': Project;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
    /**
     * List the projects that you are let into
     */
    get: {
      parameters: {
        query?: {
          /**
           * How many at most, 1 to 200; 50 by default.
           */
          limit?: string;
          /**
           * `nextCursor` of the page before; opaque.
           */
          cursor?: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': {
              items: Project[];
              /**
               * Absent on the last page.
               */
              nextCursor?: string;
            };
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}': {
    /**
     * Read a project
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
        };
        header?: {
          /**
           * An ETag: unchanged is 304.
           */
          'If-None-Match'?: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': Project;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
    /**
     * Change a project
     */
    patch: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
          /**
           * The ETag that was read.
           */
          'If-Match'?: string;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            /**
             * null takes it away.
             */
            displayName?: string | null;
          };
        };
      };
      responses: {
        200: {
          content: {
            'application/json': Project;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
    /**
     * Delete an empty project
     */
    delete: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
          /**
           * The ETag that was read.
           */
          'If-Match'?: string;
        };
      };
      responses: {
        204: {
          content: {};
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/members': {
    /**
     * List who is let into a project
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
        };
        query?: {
          /**
           * How many at most, 1 to 200; 50 by default.
           */
          limit?: string;
          /**
           * `nextCursor` of the page before; opaque.
           */
          cursor?: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': {
              items: Member[];
              /**
               * Absent on the last page.
               */
              nextCursor?: string;
            };
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/members/{principal}': {
    /**
     * Read which role a member has
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Id of a person or a group. It must be "user:", "group:" or "email:" and a name, with characters other than A-Z, a-z, 0-9 and "._~@+,$!-" as "=" and two hex digits.
           */
          principal: string;
        };
        header?: {
          /**
           * An ETag: unchanged is 304.
           */
          'If-None-Match'?: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': Member;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
    /**
     * Let someone into a project, or change their role
     */
    put: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Id of a person or a group. It must be "user:", "group:" or "email:" and a name, with characters other than A-Z, a-z, 0-9 and "._~@+,$!-" as "=" and two hex digits.
           */
          principal: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
          /**
           * The ETag that was read.
           */
          'If-Match'?: string;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            role: Role;
            /**
             * Roles in single environments, by name; there they take the place of `role`.
             */
            environments?: {
              [k: string]: Role;
            };
          };
        };
      };
      responses: {
        200: {
          content: {
            'application/json': Member;
          };
        };
        201: {
          content: {
            'application/json': Member;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
    /**
     * Remove a member
     */
    delete: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Id of a person or a group. It must be "user:", "group:" or "email:" and a name, with characters other than A-Z, a-z, 0-9 and "._~@+,$!-" as "=" and two hex digits.
           */
          principal: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
          /**
           * The ETag that was read.
           */
          'If-Match'?: string;
        };
      };
      responses: {
        204: {
          content: {};
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/access': {
    /**
     * Read which role you have in a project
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': Access;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/overview': {
    /**
     * Read or follow what each service does in each environment
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
        };
        header?: {
          /**
           * Resumes a stream behind this event.
           */
          'Last-Event-ID'?: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': Overview;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/tokens': {
    /**
     * Make a token that acts for you
     */
    post: {
      parameters: {
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            /**
             * What it is for.
             */
            name: string;
            role: Role;
            /**
             * The only environments that it is good for; all by default. They have to be there, and it ends with them: a later environment of the same name is another one.
             *
             * @minItems 1
             * @maxItems 20
             */
            environments?: string[];
            /**
             * How long it is good for, 1m to 365d; 30d by default.
             */
            expiresIn?: string;
            /**
             * It may make tokens, with its own limits or less. Other tokens make none, but for the administrator token of the installation.
             */
            createsTokens?: boolean;
            project?: string;
            /**
             * It is your sign-in from a terminal: whoever has it is you, as with the session of a browser, and what it makes stays when it ends. With the role `administrator` and no other limit, for 90d at most; no token and no other sign-in makes one.
             */
            signIn?: boolean;
          };
        };
      };
      responses: {
        201: {
          content: {
            'application/json': NewToken;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
    /**
     * List your tokens, or somebody’s
     */
    get: {
      parameters: {
        query?: {
          /**
           * How many at most, 1 to 200; 50 by default.
           */
          limit?: string;
          /**
           * `nextCursor` of the page before; opaque.
           */
          cursor?: string;
          /**
           * Yourself by default; somebody else only for the platform team.
           */
          principal?: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': {
              items: Token[];
              /**
               * Absent on the last page.
               */
              nextCursor?: string;
            };
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/tokens/{token}': {
    /**
     * Revoke a token of yours, or of somebody’s
     */
    delete: {
      parameters: {
        path: {
          /**
           * Id of the token; not the token itself, which belongs into no URL. It must be an id of 26 characters, as given in a token's "id".
           */
          token: string;
        };
        query?: {
          /**
           * Yourself by default; somebody else only for the platform team.
           */
          principal?: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      responses: {
        204: {
          content: {};
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/tokens': {
    /**
     * Make a token that acts for a project
     */
    post: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            /**
             * What it is for.
             */
            name: string;
            role: Role;
            /**
             * The only environments that it is good for; all by default. They have to be there, and it ends with them: a later environment of the same name is another one.
             *
             * @minItems 1
             * @maxItems 20
             */
            environments?: string[];
            /**
             * How long it is good for, 1m to 365d; 30d by default.
             */
            expiresIn?: string;
            /**
             * It may make tokens, with its own limits or less. Other tokens make none, but for the administrator token of the installation.
             */
            createsTokens?: boolean;
          };
        };
      };
      responses: {
        201: {
          content: {
            'application/json': NewToken;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
    /**
     * List the tokens of a project
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
        };
        query?: {
          /**
           * How many at most, 1 to 200; 50 by default.
           */
          limit?: string;
          /**
           * `nextCursor` of the page before; opaque.
           */
          cursor?: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': {
              items: Token[];
              /**
               * Absent on the last page.
               */
              nextCursor?: string;
            };
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/tokens/{token}': {
    /**
     * Revoke a token of a project
     */
    delete: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Id of the token; not the token itself, which belongs into no URL. It must be an id of 26 characters, as given in a token's "id".
           */
          token: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      responses: {
        204: {
          content: {};
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/trusts': {
    /**
     * Trust pipelines of another system
     */
    post: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            /**
             * As it stands in `iss`: an https URL.
             */
            issuer: string;
            /**
             * As it stands in `aud`, exactly.
             */
            audience: string;
            /**
             * Exact, or with `*` inside a part behind the repository; see docs/how-to/ci-federation.md.
             *
             * @minItems 1
             * @maxItems 10
             */
            subjects: string[];
            /**
             * The repository by its number: a name may be given away, a number is not.
             */
            repositoryId?: string;
            /**
             * Lets in runs for pull requests, whose code anyone may have written, and says why.
             */
            pullRequests?: {
              reason: string;
            };
            role: Role;
            /**
             * The only environments that it is good for; all by default.
             *
             * @minItems 1
             * @maxItems 20
             */
            environments?: string[];
          };
        };
      };
      responses: {
        201: {
          content: {
            'application/json': Trust;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
    /**
     * List which pipelines a project trusts
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
        };
        query?: {
          /**
           * How many at most, 1 to 200; 50 by default.
           */
          limit?: string;
          /**
           * `nextCursor` of the page before; opaque.
           */
          cursor?: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': {
              items: Trust[];
              /**
               * Absent on the last page.
               */
              nextCursor?: string;
            };
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/trusts/{trust}': {
    /**
     * Trust a pipeline no longer
     */
    delete: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Id of the trust rule. It must be an id of 26 characters, as given in a rule's "id".
           */
          trust: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      responses: {
        204: {
          content: {};
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/token-exchange': {
    /**
     * Exchange a pipeline's token for one of Berth
     */
    post: {
      parameters: {
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            grant_type?: 'urn:ietf:params:oauth:grant-type:token-exchange';
            /**
             * The pipeline's own token, a JWT.
             */
            subject_token: string;
            subject_token_type?:
              'urn:ietf:params:oauth:token-type:jwt' | 'urn:ietf:params:oauth:token-type:id_token';
            /**
             * The project whose trust rules count.
             */
            project: string;
          };
        };
      };
      responses: {
        200: {
          content: {
            'application/json': ExchangedToken;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/webhooks': {
    /**
     * List where events of a project are sent
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
        };
        query?: {
          /**
           * How many at most, 1 to 200; 50 by default.
           */
          limit?: string;
          /**
           * `nextCursor` of the page before; opaque.
           */
          cursor?: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': {
              items: Webhook[];
              /**
               * Absent on the last page.
               */
              nextCursor?: string;
            };
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
    /**
     * Send events of a project to an address
     */
    post: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            /**
             * An https URL at a public address; with the format `email` one such as mailto:team@example.com.
             */
            url: string;
            /**
             * Types of events; a noun alone stands for all of it. All events by default.
             *
             * @minItems 1
             * @maxItems 20
             */
            types?: string[];
            /**
             * The form that a chat or a pager takes; the signed one of Berth by default. For `pagerduty` the url is https://events.pagerduty.com/v2/enqueue# with the key of the integration behind it, and alerts alone are sent. For `email` it is `mailto:` with the address of one mailbox, and `types` have to be named.
             */
            format?: 'slack' | 'teams' | 'pagerduty' | 'email';
            /**
             * What it is for.
             */
            description?: string;
          };
        };
      };
      responses: {
        201: {
          content: {
            'application/json': WebhookWithSecret;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/webhooks/{webhook}': {
    /**
     * Read a webhook, and how far it is
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Id of the webhook. It must be an id of 26 characters, as given in a webhook's "id".
           */
          webhook: string;
        };
        header?: {
          /**
           * An ETag: unchanged is 304.
           */
          'If-None-Match'?: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': Webhook;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
    /**
     * Change, disable or enable a webhook
     */
    patch: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Id of the webhook. It must be an id of 26 characters, as given in a webhook's "id".
           */
          webhook: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
          /**
           * The ETag that was read.
           */
          'If-Match'?: string;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            /**
             * An https URL at a public address; with the format `email` one such as mailto:team@example.com.
             */
            url?: string;
            /**
             * null: all events.
             *
             * @minItems 1
             * @maxItems 20
             */
            types?: string[] | null;
            /**
             * null takes it away.
             */
            description?: string | null;
            enabled?: boolean;
          };
        };
      };
      responses: {
        200: {
          content: {
            'application/json': Webhook;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
    /**
     * Delete a webhook
     */
    delete: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Id of the webhook. It must be an id of 26 characters, as given in a webhook's "id".
           */
          webhook: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
          /**
           * The ETag that was read.
           */
          'If-Match'?: string;
        };
      };
      responses: {
        204: {
          content: {};
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/webhooks/{webhook}/test': {
    /**
     * Send a test to a webhook
     */
    post: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Id of the webhook. It must be an id of 26 characters, as given in a webhook's "id".
           */
          webhook: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': WebhookTest;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/webhooks/{webhook}/rotate': {
    /**
     * Rotate the signing secret of a webhook
     */
    post: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Id of the webhook. It must be an id of 26 characters, as given in a webhook's "id".
           */
          webhook: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': WebhookWithSecret;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/drains': {
    /**
     * List where output of a project is sent
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
        };
        query?: {
          /**
           * How many at most, 1 to 200; 50 by default.
           */
          limit?: string;
          /**
           * `nextCursor` of the page before; opaque.
           */
          cursor?: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': {
              items: LogDrain[];
              /**
               * Absent on the last page.
               */
              nextCursor?: string;
            };
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
    /**
     * Send the output of a project to an address
     */
    post: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            /**
             * An https URL at a public address. Of OTLP the whole of it, which mostly ends in /v1/logs; it may have a secret.
             */
            url: string;
            /**
             * `otlp`: OTLP/HTTP logs in JSON. `ndjson`: a JSON object a line.
             */
            format: 'otlp' | 'ndjson';
            /**
             * Which lines are sent; all of them by default.
             */
            filter?: {
              /**
               * Of these environments alone; `*` stands for any text.
               *
               * @minItems 1
               * @maxItems 20
               */
              environments?: string[];
              /**
               * Of these services alone, with all of their processes.
               *
               * @minItems 1
               * @maxItems 50
               */
              services?: string[];
              /**
               * Only lines that a search for it finds, as lists of lines have it.
               */
              search?: string;
            };
            /**
             * The output of builds, runs and other operations too.
             */
            operations?: boolean;
            /**
             * Headers of its own, such as `authorization`. Their values are kept as secrets are.
             */
            headers?: {
              [k: string]: string;
            };
            /**
             * What it is for.
             */
            description?: string;
          };
        };
      };
      responses: {
        201: {
          content: {
            'application/json': LogDrain;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/drains/{drain}': {
    /**
     * Read a log drain, and how far it is
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Id of the log drain. It must be an id of 26 characters, as given in a drain's "id".
           */
          drain: string;
        };
        header?: {
          /**
           * An ETag: unchanged is 304.
           */
          'If-None-Match'?: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': LogDrain;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
    /**
     * Change, pause or resume a log drain
     */
    patch: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Id of the log drain. It must be an id of 26 characters, as given in a drain's "id".
           */
          drain: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
          /**
           * The ETag that was read.
           */
          'If-Match'?: string;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            /**
             * An https URL at a public address. Of OTLP the whole of it, which mostly ends in /v1/logs; it may have a secret.
             */
            url?: string;
            /**
             * `otlp`: OTLP/HTTP logs in JSON. `ndjson`: a JSON object a line.
             */
            format?: 'otlp' | 'ndjson';
            /**
             * null: all lines.
             */
            filter?: {
              /**
               * Of these environments alone; `*` stands for any text.
               *
               * @minItems 1
               * @maxItems 20
               */
              environments?: string[];
              /**
               * Of these services alone, with all of their processes.
               *
               * @minItems 1
               * @maxItems 50
               */
              services?: string[];
              /**
               * Only lines that a search for it finds, as lists of lines have it.
               */
              search?: string;
            } | null;
            operations?: boolean;
            /**
             * All that there are to be, in place of those that there are; null: none.
             */
            headers?: {
              [k: string]: string;
            } | null;
            /**
             * null takes it away.
             */
            description?: string | null;
            enabled?: boolean;
          };
        };
      };
      responses: {
        200: {
          content: {
            'application/json': LogDrain;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
    /**
     * Delete a log drain
     */
    delete: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Id of the log drain. It must be an id of 26 characters, as given in a drain's "id".
           */
          drain: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
          /**
           * The ETag that was read.
           */
          'If-Match'?: string;
        };
      };
      responses: {
        204: {
          content: {};
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/drains/{drain}/test': {
    /**
     * Send a line to a log drain
     */
    post: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Id of the log drain. It must be an id of 26 characters, as given in a drain's "id".
           */
          drain: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': LogDrainTest;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/events': {
    /**
     * List what happened in a project, or follow it
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
        };
        query?: {
          /**
           * How many at most, 1 to 200; 50 by default.
           */
          limit?: string;
          /**
           * `nextCursor` of the page before; opaque.
           */
          cursor?: string;
          /**
           * Types, separated by commas; a noun alone stands for all of it.
           */
          type?: string;
          environment?: string;
          service?: string;
          /**
           * Who did it.
           */
          actor?: string;
          operation?: string;
          /**
           * Only events at or after this time.
           */
          since?: string;
          /**
           * Only events at or before this time.
           */
          until?: string;
        };
        header?: {
          /**
           * Resumes a stream behind this event.
           */
          'Last-Event-ID'?: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': {
              items: Event[];
              /**
               * Absent on the last page.
               */
              nextCursor?: string;
            };
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/audit/verification': {
    /**
     * Check that the audit trail is whole
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': AuditReport;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/audit/export': {
    /**
     * Export the audit trail
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
        };
        query?: {
          /**
           * The id of the last event that you have.
           */
          after?: string;
        };
      };
      responses: {
        200: {
          content: {};
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/audit/verification': {
    /**
     * Check that the audit trail of the platform is whole
     */
    get: {
      parameters: {};
      responses: {
        200: {
          content: {
            'application/json': AuditReport;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/audit/export': {
    /**
     * Export the audit trail of the platform
     */
    get: {
      parameters: {
        query?: {
          /**
           * The id of the last event that you have.
           */
          after?: string;
        };
      };
      responses: {
        200: {
          content: {};
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/evidence': {
    /**
     * Take signed evidence of a period
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
        };
        query: {
          /**
           * The period begins here.
           */
          from: string;
          /**
           * The period ends before this time; now where it is absent or later.
           */
          to?: string;
          /**
           * The id of the last event of the pack before, as `berth-evidence-next` of its answer says it.
           */
          after?: string;
        };
      };
      responses: {
        200: {
          content: {};
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/evidence': {
    /**
     * Take signed evidence of what belongs to no project
     */
    get: {
      parameters: {
        query: {
          /**
           * The period begins here.
           */
          from: string;
          /**
           * The period ends before this time; now where it is absent or later.
           */
          to?: string;
          /**
           * The id of the last event of the pack before, as `berth-evidence-next` of its answer says it.
           */
          after?: string;
        };
      };
      responses: {
        200: {
          content: {};
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/evidence/key': {
    /**
     * Read the public key that evidence is signed with
     */
    get: {
      parameters: {};
      responses: {
        200: {
          content: {
            'application/json': EvidenceKey;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/services': {
    /**
     * Create a service
     */
    post: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            name: string;
            /**
             * Where its source lives.
             */
            repository?: string;
          };
        };
      };
      responses: {
        201: {
          content: {
            'application/json': Service;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
    /**
     * List the services of a project
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
        };
        query?: {
          /**
           * How many at most, 1 to 200; 50 by default.
           */
          limit?: string;
          /**
           * `nextCursor` of the page before; opaque.
           */
          cursor?: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': {
              items: Service[];
              /**
               * Absent on the last page.
               */
              nextCursor?: string;
            };
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/services/{service}': {
    /**
     * Read a service
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the service. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          service: string;
        };
        header?: {
          /**
           * An ETag: unchanged is 304.
           */
          'If-None-Match'?: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': Service;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
    /**
     * Change a service
     */
    patch: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the service. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          service: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
          /**
           * The ETag that was read.
           */
          'If-Match'?: string;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            /**
             * null takes it away.
             */
            repository?: string | null;
          };
        };
      };
      responses: {
        200: {
          content: {
            'application/json': Service;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
    /**
     * Delete a service that is deployed nowhere
     */
    delete: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the service. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          service: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
          /**
           * The ETag that was read.
           */
          'If-Match'?: string;
        };
      };
      responses: {
        204: {
          content: {};
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/services/{service}/connection': {
    /**
     * Connect a service to a repository
     */
    put: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the service. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          service: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
          /**
           * The ETag that was read.
           */
          'If-Match'?: string;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            provider: 'github' | 'gitlab' | 'gitea';
            /**
             * What git clones.
             */
            repository: string;
            /**
             * Where the provider's API is; by default at the host of the repository, as the provider has it.
             */
            api?: string;
            /**
             * The folder that is built; the whole source by default.
             */
            path?: string;
            /**
             * A push that changes none of these is not built; each is built by default.
             *
             * @minItems 1
             * @maxItems 20
             *
             * Items: Paths; `*` stands for text without "/", `**` for any text.
             */
            watch?: string[];
            /**
             * Which branches are deployed where; the first that fits counts.
             *
             * @maxItems 20
             */
            rules?: {
              /**
               * The name of a branch; `*` stands for text without "/", `**` for any text.
               */
              branch: string;
              environment: string;
            }[];
            previews?: {
              /**
               * The environment that previews begin as.
               */
              base: string;
              /**
               * A preview expires this long after its newest commit: 1m to 365d, 3d by default.
               */
              ttl?: string;
              /**
               * A preview hibernates after this long without a request: 5s to 30d, 30m by default.
               */
              idleAfter?: string;
              /**
               * Whether its databases begin with what those of the base have, masked by the rules of the project; false by default. Each database of the base has to have a rule. What comes from a fork has empty databases.
               */
              withData?: boolean;
            };
            /**
             * Whether GitHub is asked as the App of this Berth, in place of with a token; false by default. The platform team has to let the project use the repository so. A token that is given beside it serves builds alone.
             */
            app?: boolean;
            /**
             * For private source, statuses and comments; null takes it away. Left out, it stays as it is unless provider, repository or API are others.
             */
            token?: string | null;
          };
        };
      };
      responses: {
        200: {
          content: {
            'application/json': ConnectionWithSecret;
          };
        };
        201: {
          content: {
            'application/json': ConnectionWithSecret;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
    /**
     * Read what a service is connected to
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the service. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          service: string;
        };
        header?: {
          /**
           * An ETag: unchanged is 304.
           */
          'If-None-Match'?: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': Connection;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
    /**
     * Disconnect a service from its repository
     */
    delete: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the service. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          service: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
          /**
           * The ETag that was read.
           */
          'If-Match'?: string;
        };
      };
      responses: {
        204: {
          content: {};
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/services/{service}/connection/rotate': {
    /**
     * Rotate what the provider signs with
     */
    post: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the service. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          service: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': ConnectionWithSecret;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/services/{service}/deliveries': {
    /**
     * List what the provider of the repository has delivered
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the service. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          service: string;
        };
        query?: {
          /**
           * How many at most, 1 to 200; 50 by default.
           */
          limit?: string;
          /**
           * `nextCursor` of the page before; opaque.
           */
          cursor?: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': {
              items: Delivery[];
              /**
               * Absent on the last page.
               */
              nextCursor?: string;
            };
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/services/{service}/deliveries/{delivery}/redeliver': {
    /**
     * Do once more what a delivery asked for
     */
    post: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the service. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          service: string;
          /**
           * Number of the delivery. It must be a whole number from 1 on.
           */
          delivery: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      responses: {
        201: {
          content: {
            'application/json': Delivery;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/previews': {
    /**
     * List the previews of pull requests
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
        };
        query?: {
          /**
           * How many at most, 1 to 200; 50 by default.
           */
          limit?: string;
          /**
           * `nextCursor` of the page before; opaque.
           */
          cursor?: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': {
              items: Preview[];
              /**
               * Absent on the last page.
               */
              nextCursor?: string;
            };
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/services/{service}/previews/{pullRequest}': {
    /**
     * Read the preview of a pull request
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the service. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          service: string;
          /**
           * Number of the pull request. It must be a whole number from 1 on.
           */
          pullRequest: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': Preview;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/services/{service}/previews/{pullRequest}/approve': {
    /**
     * Let in one commit of a fork
     */
    post: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the service. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          service: string;
          /**
           * Number of the pull request. It must be a whole number from 1 on.
           */
          pullRequest: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            commit: string;
          };
        };
      };
      responses: {
        201: {
          content: {
            'application/json': Delivery;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/hooks/git/{connection}': {
    /**
     * Take what a git provider delivers
     */
    post: {
      parameters: {
        path: {
          /**
           * Id of the connection, in the address of its hook. It must be an id of 26 characters, as given in a connection's "id".
           */
          connection: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': Delivery;
          };
        };
        201: {
          content: {
            'application/json': Delivery;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/hooks/github-app': {
    /**
     * Take what GitHub delivers to the GitHub App
     */
    post: {
      parameters: {
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': HandedOn;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/github-app': {
    /**
     * Read which projects may connect to which repositories by the GitHub App
     */
    get: {
      parameters: {
        header?: {
          /**
           * An ETag: unchanged is 304.
           */
          'If-None-Match'?: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': GitHubApp;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
    /**
     * Set which projects may connect to which repositories by the GitHub App
     */
    put: {
      parameters: {
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
          /**
           * The ETag that was read.
           */
          'If-Match'?: string;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            /**
             * @maxItems 500
             */
            items: {
              /**
               * Name of a project.
               */
              project: string;
              /**
               * Full name of a repository; behind its owner, `*` stands for any text.
               */
              repository: string;
            }[];
          };
        };
      };
      responses: {
        200: {
          content: {
            'application/json': GitHubApp;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/services/{service}/builds': {
    /**
     * Build a version from source
     */
    post: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the service. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          service: string;
        };
        query?: {
          /**
           * With a tar.gz: a tag for the version.
           */
          tag?: string;
          /**
           * With a tar.gz: the folder that is built, as `path` of the body.
           */
          path?: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            git?: GitSource;
            /**
             * Id of an upload.
             */
            upload?: string;
            /**
             * The folder that is built, with its score.yaml and package.json, from the top of the source. Where it is a member of a workspace of npm, pnpm or yarn, that is installed, by its lock file.
             */
            path?: string;
            tag?: string;
          };
        };
      };
      responses: {
        202: {
          content: {
            'application/json': Operation;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
    /**
     * List the builds of a service
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the service. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          service: string;
        };
        query?: {
          /**
           * How many at most, 1 to 200; 50 by default.
           */
          limit?: string;
          /**
           * `nextCursor` of the page before; opaque.
           */
          cursor?: string;
          /**
           * Statuses, separated by commas.
           */
          status?: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': {
              items: OperationSummary[];
              /**
               * Absent on the last page.
               */
              nextCursor?: string;
            };
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/services/{service}/uploads': {
    /**
     * Ask where to send source
     */
    post: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the service. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          service: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            /**
             * Size of the archive.
             */
            bytes: number;
          };
        };
      };
      responses: {
        201: {
          content: {
            'application/json': UploadTarget;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/uploads/{upload}': {
    /**
     * Send source
     */
    put: {
      parameters: {
        path: {
          /**
           * Id of the upload. It must be an id as POST .../uploads gives it.
           */
          upload: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      responses: {
        204: {
          content: {};
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/services/{service}/versions': {
    /**
     * Register an image as a version
     */
    post: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the service. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          service: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            /**
             * Digest, tag or full reference; may be left out where the containers of the workload name an image of a registry.
             */
            image?: string;
            /**
             * Score v1b1 as JSON; by default the image's label `dev.berth.score`.
             */
            workload?: {
              [k: string]: unknown;
            };
            /**
             * @maxItems 20
             */
            tags?: string[];
          };
        };
      };
      responses: {
        201: {
          content: {
            'application/json': VersionDetail;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
    /**
     * List the versions of a service
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the service. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          service: string;
        };
        query?: {
          /**
           * How many at most, 1 to 200; 50 by default.
           */
          limit?: string;
          /**
           * `nextCursor` of the page before; opaque.
           */
          cursor?: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': {
              items: Version[];
              /**
               * Absent on the last page.
               */
              nextCursor?: string;
            };
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/services/{service}/versions/{version}': {
    /**
     * Read a version with its workload
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the service. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          service: string;
          /**
           * The version's id, or a tag that only one version carries. It must be 1 to 128 of letters, digits, "_", "." and "-".
           */
          version: string;
        };
        header?: {
          /**
           * An ETag: unchanged is 304.
           */
          'If-None-Match'?: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': VersionDetail;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
    /**
     * Delete a version that no environment holds
     */
    delete: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the service. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          service: string;
          /**
           * The version's id, or a tag that only one version carries. It must be 1 to 128 of letters, digits, "_", "." and "-".
           */
          version: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
          /**
           * The ETag that was read.
           */
          'If-Match'?: string;
        };
      };
      responses: {
        204: {
          content: {};
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/detections': {
    /**
     * Read how a source would be built, and a Score file to begin with
     */
    post: {
      parameters: {
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            name: string;
            /**
             * Relative, with slashes.
             *
             * @maxItems 10000
             */
            files: string[];
            texts?: {
              [k: string]: string;
            };
          };
        };
      };
      responses: {
        200: {
          content: {
            'application/json': Detection;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/imports': {
    /**
     * Read manifests of another platform as Score files
     */
    post: {
      parameters: {
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            /**
             * Of the service, where no manifest says one.
             */
            name: string;
            /**
             * Texts by their paths from the top of the source, with slashes.
             */
            files: {
              [k: string]: string;
            };
          };
        };
      };
      responses: {
        200: {
          content: {
            'application/json': Import;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/schemas/score.json': {
    /**
     * Read the JSON Schema of Score files, for editors
     */
    get: {
      parameters: {};
      responses: {
        200: {
          content: {
            'application/json': {
              [k: string]: unknown;
            };
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/score-checks': {
    /**
     * Read what is wrong with a Score file, with the lines
     */
    post: {
      parameters: {
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            /**
             * The text, as YAML or JSON.
             */
            score: string;
          };
        };
      };
      responses: {
        200: {
          content: {
            'application/json': ScoreCheck;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/environments/{environment}/protection': {
    /**
     * Protect an environment
     */
    put: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the environment. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          environment: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
          /**
           * The ETag that was read.
           */
          'If-Match'?: string;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            /**
             * A second person approves each deployment.
             */
            approval: boolean;
            /**
             * Going back to what ran here before needs no approval.
             */
            rollbackWithoutApproval?: boolean;
            /**
             * Shells may be opened into its services; without it they may not.
             */
            shells?: boolean;
          };
        };
      };
      responses: {
        200: {
          content: {
            'application/json': Environment;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
    /**
     * End the protection of an environment
     */
    delete: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the environment. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          environment: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
          /**
           * The ETag that was read.
           */
          'If-Match'?: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': Environment;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/environments': {
    /**
     * Create an environment
     */
    post: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            name: string;
            /**
             * persistent by default.
             */
            kind?: 'persistent' | 'ephemeral';
            /**
             * Expires this long from now: 10s to 365d. It sleeps then, and is destroyed three days later.
             */
            ttl?: string;
            /**
             * Hibernates after this long without a request or deployment: 5s to 30d.
             */
            idleAfter?: string;
            /**
             * Where it runs: the name of a place, or labels that exactly one place which the project may use has. The default place without it.
             */
            placement?:
              | string
              | {
                  labels: {
                    [k: string]: string;
                  };
                };
          };
        };
      };
      responses: {
        202: {
          content: {
            'application/json': Operation;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
    /**
     * List the environments of a project
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
        };
        query?: {
          /**
           * How many at most, 1 to 200; 50 by default.
           */
          limit?: string;
          /**
           * `nextCursor` of the page before; opaque.
           */
          cursor?: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': {
              items: Environment[];
              /**
               * Absent on the last page.
               */
              nextCursor?: string;
            };
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/environments/{environment}': {
    /**
     * Read an environment
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the environment. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          environment: string;
        };
        header?: {
          /**
           * An ETag: unchanged is 304.
           */
          'If-None-Match'?: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': Environment;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
    /**
     * Change when an environment hibernates and wakes by itself, and when it expires
     */
    patch: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the environment. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          environment: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
          /**
           * The ETag that was read.
           */
          'If-Match'?: string;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            /**
             * Hibernates after this long without a request or deployment: 5s to 30d.
             */
            idleAfter?: string | null;
            /**
             * Expires this long from now: 10s to 365d. It sleeps then, and is destroyed three days later.
             */
            ttl?: string | null;
            /**
             * They hold at once; null takes them away.
             */
            officeHours?: {
              days: string;
              from: string;
              /**
               * Later the same day.
               */
              to: string;
              /**
               * Of the IANA database.
               */
              zone: string;
            } | null;
            /**
             * It stays in its place: any other is refused with what can not move.
             */
            placement?: string;
          };
        };
      };
      responses: {
        200: {
          content: {
            'application/json': Environment;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
    /**
     * Destroy an environment with all that is in it
     */
    delete: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the environment. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          environment: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
          /**
           * The ETag that was read.
           */
          'If-Match'?: string;
        };
      };
      responses: {
        202: {
          content: {
            'application/json': Operation;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/environments/{environment}/hibernate': {
    /**
     * Stop the workloads of an environment and keep their data
     */
    post: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the environment. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          environment: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      responses: {
        202: {
          content: {
            'application/json': Operation;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/environments/{environment}/wake': {
    /**
     * Start again what ran before hibernation
     */
    post: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the environment. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          environment: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      responses: {
        202: {
          content: {
            'application/json': Operation;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/environments/{environment}/extend': {
    /**
     * Put off the time at which an environment expires
     */
    post: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the environment. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          environment: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            /**
             * Time to add to what is left.
             */
            by: string;
          };
        };
      };
      responses: {
        200: {
          content: {
            'application/json': Environment;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/environments/{environment}/clone': {
    /**
     * Create an environment that begins as another one
     */
    post: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the environment. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          environment: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            /**
             * Of the new environment.
             */
            name: string;
            /**
             * persistent by default.
             */
            kind?: 'persistent' | 'ephemeral';
            /**
             * Expires this long from now: 10s to 365d. It sleeps then, and is destroyed three days later.
             */
            ttl?: string;
            /**
             * Hibernates after this long without a request or deployment: 5s to 30d.
             */
            idleAfter?: string;
            /**
             * Whether the data of its databases come along, masked as the project says; false by default.
             */
            withData?: boolean;
            /**
             * Whether secrets come along; by default true, and false where the other is protected.
             */
            secrets?: boolean;
          };
        };
      };
      responses: {
        202: {
          content: {
            'application/json': Operation;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/environments/{environment}/origin': {
    /**
     * Read what an environment began as, and how far that has come
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the environment. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          environment: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': Origin;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/masking': {
    /**
     * Read how data are masked that are copied to other environments
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
        };
        header?: {
          /**
           * An ETag: unchanged is 304.
           */
          'If-None-Match'?: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': Masking;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
    /**
     * Set how data are masked that are copied to other environments
     */
    put: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
          /**
           * The ETag that was read.
           */
          'If-Match'?: string;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            /**
             * @maxItems 50
             */
            rules: {
              /**
               * The uid of the database, in whatever environment.
               */
              resource: string;
              /**
               * Statements that end in semicolons; empty where there is nothing to mask.
               */
              sql: string;
            }[];
          };
        };
      };
      responses: {
        200: {
          content: {
            'application/json': Masking;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/wakes': {
    /**
     * Wake an environment because a request came for a service in it
     */
    post: {
      parameters: {
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            project: string;
            environment: string;
            service: string;
          };
        };
      };
      responses: {
        200: {
          content: {
            'application/json': Wake;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/environments/{environment}/resources': {
    /**
     * List the databases, volumes and other resources of an environment
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the environment. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          environment: string;
        };
        query?: {
          /**
           * How many at most, 1 to 200; 50 by default.
           */
          limit?: string;
          /**
           * `nextCursor` of the page before; opaque.
           */
          cursor?: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': {
              items: Resource[];
              /**
               * Absent on the last page.
               */
              nextCursor?: string;
            };
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/environments/{environment}/resources/{resource}/backups': {
    /**
     * List the backups of a database
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the environment. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          environment: string;
          /**
           * The uid of the resource, with `:` for its `#`, which no path can hold. It must be a uid as the list of resources has it, with ":" for "#".
           */
          resource: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': Backups;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
    /**
     * Back up a database
     */
    post: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the environment. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          environment: string;
          /**
           * The uid of the resource, with `:` for its `#`, which no path can hold. It must be a uid as the list of resources has it, with ":" for "#".
           */
          resource: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      responses: {
        202: {
          content: {
            'application/json': Operation;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/environments/{environment}/resources/{resource}/backups/{backup}': {
    /**
     * Read a backup
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the environment. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          environment: string;
          /**
           * The uid of the resource, with `:` for its `#`, which no path can hold. It must be a uid as the list of resources has it, with ":" for "#".
           */
          resource: string;
          /**
           * Id of the backup. It must be an id of 26 characters, as given in a backup's "id".
           */
          backup: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': Backup;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
    /**
     * Delete a backup
     */
    delete: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the environment. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          environment: string;
          /**
           * The uid of the resource, with `:` for its `#`, which no path can hold. It must be a uid as the list of resources has it, with ":" for "#".
           */
          resource: string;
          /**
           * Id of the backup. It must be an id of 26 characters, as given in a backup's "id".
           */
          backup: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      responses: {
        204: {
          content: {};
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/environments/{environment}/resources/{resource}/backups/{backup}/content': {
    /**
     * Download a backup
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the environment. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          environment: string;
          /**
           * The uid of the resource, with `:` for its `#`, which no path can hold. It must be a uid as the list of resources has it, with ":" for "#".
           */
          resource: string;
          /**
           * Id of the backup. It must be an id of 26 characters, as given in a backup's "id".
           */
          backup: string;
        };
      };
      responses: {
        200: {
          content: {};
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/environments/{environment}/resources/{resource}/restore': {
    /**
     * Restore a backup of a database, or undo a restore
     */
    post: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the environment. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          environment: string;
          /**
           * The uid of the resource, with `:` for its `#`, which no path can hold. It must be a uid as the list of resources has it, with ":" for "#".
           */
          resource: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            /**
             * Its id. Without it, what the last restore replaced comes back.
             */
            backup?: string;
          };
        };
      };
      responses: {
        202: {
          content: {
            'application/json': Operation;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/environments/{environment}/resources/{resource}/import': {
    /**
     * Import a database from another server, or from a dump
     */
    post: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the environment. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          environment: string;
          /**
           * The uid of the resource, with `:` for its `#`, which no path can hold. It must be a uid as the list of resources has it, with ":" for "#".
           */
          resource: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            /**
             * postgres://user:password@host:port/database, with `sslmode` as libpq has it: `disable`, `require` (without it), `verify-ca` or `verify-full`. It is a secret, and is forgotten when the operation has ended.
             */
            url: string;
            /**
             * PEM of the authorities that sign its certificate, where systems do not know them.
             */
            authority?: string;
          };
        };
      };
      responses: {
        202: {
          content: {
            'application/json': Operation;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/environments/{environment}/resources/{resource}/backup-plan': {
    /**
     * Read when a database is backed up by itself
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the environment. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          environment: string;
          /**
           * The uid of the resource, with `:` for its `#`, which no path can hold. It must be a uid as the list of resources has it, with ":" for "#".
           */
          resource: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': BackupPlan;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
    /**
     * Set when a database is backed up by itself, and how many backups are kept
     */
    put: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the environment. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          environment: string;
          /**
           * The uid of the resource, with `:` for its `#`, which no path can hold. It must be a uid as the list of resources has it, with ":" for "#".
           */
          resource: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            /**
             * As that of a job. Without it nothing is made by itself.
             */
            schedule?: string;
            /**
             * Of the IANA database; UTC by default.
             */
            timeZone?: string;
            /**
             * How many that were checked stay. 7 by default.
             */
            keep?: number;
          };
        };
      };
      responses: {
        200: {
          content: {
            'application/json': BackupPlan;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/environments/{environment}/inventory': {
    /**
     * Read what destroying an environment would remove
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the environment. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          environment: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': Inventory;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/office-hours-preview': {
    /**
     * See when office hours begin and end next
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
        };
        query: {
          days: string;
          from: string;
          /**
           * Later the same day.
           */
          to: string;
          /**
           * Of the IANA database.
           */
          zone: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': OfficeHoursPreview;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/environments/{environment}/manifests': {
    /**
     * Read what serves as plain Kubernetes manifests
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the environment. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          environment: string;
        };
        query?: {
          /**
           * That one alone; all of them by default.
           */
          service?: string;
          /**
           * The namespace in the manifests; of the project and the environment by default.
           */
          namespace?: string;
          /**
           * Where the cluster will pull images from, as `<registry>/<project>/<service>`; needed where no cluster of this Berth pulls any.
           */
          registry?: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': Manifests;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/environments/{environment}/cost': {
    /**
     * Read what an environment costs
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the environment. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          environment: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': EnvironmentCost;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/cost': {
    /**
     * Read what the environments of a project cost, and which of them nobody uses
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
        };
        query?: {
          /**
           * From how many days without a request on an environment is idle; 7 by default.
           */
          idleDays?: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': ProjectCost;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/environments/{environment}/secrets': {
    /**
     * List the secrets of an environment by name and version
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the environment. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          environment: string;
        };
        query?: {
          /**
           * How many at most, 1 to 200; 50 by default.
           */
          limit?: string;
          /**
           * `nextCursor` of the page before; opaque.
           */
          cursor?: string;
          /**
           * Says of each which services read it.
           */
          readers?: 'true' | 'false';
        };
      };
      responses: {
        200: {
          content: {
            'application/json': {
              items: Secret[];
              /**
               * Absent on the last page.
               */
              nextCursor?: string;
            };
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/environments/{environment}/secrets/{secret}': {
    /**
     * Set a secret
     */
    put: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the environment. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          environment: string;
          /**
           * Name of the secret. It must be 1 to 128 of letters, digits and "_", not starting with a digit.
           */
          secret: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
          /**
           * The ETag that was read.
           */
          'If-Match'?: string;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            /**
             * Up to 64 KiB of text; it may be empty.
             */
            value?: string;
            source?: SecretSource;
          };
        };
      };
      responses: {
        200: {
          content: {
            'application/json': Secret;
          };
        };
        201: {
          content: {
            'application/json': Secret;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
    /**
     * Delete a secret with all its versions
     */
    delete: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the environment. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          environment: string;
          /**
           * Name of the secret. It must be 1 to 128 of letters, digits and "_", not starting with a digit.
           */
          secret: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
          /**
           * The ETag that was read.
           */
          'If-Match'?: string;
        };
      };
      responses: {
        204: {
          content: {};
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
    /**
     * Read the versions of a secret and their stages
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the environment. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          environment: string;
          /**
           * Name of the secret. It must be 1 to 128 of letters, digits and "_", not starting with a digit.
           */
          secret: string;
        };
        header?: {
          /**
           * An ETag: unchanged is 304.
           */
          'If-None-Match'?: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': Secret;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/environments/{environment}/secrets/{secret}/rotate': {
    /**
     * Rotate a secret
     */
    post: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the environment. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          environment: string;
          /**
           * Name of the secret. It must be 1 to 128 of letters, digits and "_", not starting with a digit.
           */
          secret: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            /**
             * Up to 64 KiB of text; it may be empty.
             */
            value?: string;
          };
        };
      };
      responses: {
        202: {
          content: {
            'application/json': Operation;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/environments/{environment}/secrets/{secret}/versions/{secretVersion}/revoke': {
    /**
     * Revoke a version of a secret
     */
    post: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the environment. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          environment: string;
          /**
           * Name of the secret. It must be 1 to 128 of letters, digits and "_", not starting with a digit.
           */
          secret: string;
          /**
           * Version of the secret. It must be a version that the secret lists.
           */
          secretVersion: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': {
              version: string;
              usedBy: {
                service: string;
                deployment: number;
              }[];
            };
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/environments/{environment}/secrets/{secret}/reveal': {
    /**
     * See the value of a secret
     */
    post: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the environment. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          environment: string;
          /**
           * Name of the secret. It must be 1 to 128 of letters, digits and "_", not starting with a digit.
           */
          secret: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            version?: string;
          };
        };
      };
      responses: {
        200: {
          content: {
            'application/json': {
              name: string;
              version: string;
              value: string;
            };
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/environments/{environment}/resources/rotate': {
    /**
     * Rotate a database's user and password
     */
    post: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the environment. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          environment: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            uid: string;
          };
        };
      };
      responses: {
        202: {
          content: {
            'application/json': Operation;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/build-secrets': {
    /**
     * List the secrets for builds by name and version
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': BuildSecrets;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/build-secrets/{secret}': {
    /**
     * Set a secret for builds
     */
    put: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the secret. It must be 1 to 128 of letters, digits and "_", not starting with a digit.
           */
          secret: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            /**
             * 8 characters to 16 KiB of text.
             */
            value: string;
          };
        };
      };
      responses: {
        200: {
          content: {
            'application/json': BuildSecret;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
    /**
     * Delete a secret for builds
     */
    delete: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the secret. It must be 1 to 128 of letters, digits and "_", not starting with a digit.
           */
          secret: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      responses: {
        204: {
          content: {};
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/registries': {
    /**
     * List the registries that the project has passwords for
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': Registries;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/registries/{registry}': {
    /**
     * Set what a registry of others is signed in to with
     */
    put: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Host of the registry, with its port if it has one. It must be the host of a registry, such as ghcr.io or registry.example.com:5000.
           */
          registry: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            username: string;
            /**
             * 8 characters to 16 KiB of text.
             */
            password: string;
          };
        };
      };
      responses: {
        200: {
          content: {
            'application/json': RegistryCredential;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
    /**
     * Delete what a registry is signed in to with
     */
    delete: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Host of the registry, with its port if it has one. It must be the host of a registry, such as ghcr.io or registry.example.com:5000.
           */
          registry: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      responses: {
        204: {
          content: {};
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/secret-sources': {
    /**
     * Read which projects may refer to secrets that are kept elsewhere
     */
    get: {
      parameters: {
        header?: {
          /**
           * An ETag: unchanged is 304.
           */
          'If-None-Match'?: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': SecretSources;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
    /**
     * Set which projects may refer to secrets that are kept elsewhere
     */
    put: {
      parameters: {
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
          /**
           * The ETag that was read.
           */
          'If-Match'?: string;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            /**
             * @maxItems 500
             */
            items: {
              /**
               * Name of a project; `*` stands for all of them.
               */
              project: string | '*';
              from: 'aws-secrets-manager' | 'vault';
              /**
               * One entry; or what the names of entries begin with, if it ends with a slash.
               */
              prefix: string;
            }[];
          };
        };
      };
      responses: {
        200: {
          content: {
            'application/json': SecretSources;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/recipes': {
    /**
     * List the resource types that the platform team adds
     */
    get: {
      parameters: {};
      responses: {
        200: {
          content: {
            'application/json': {
              items: RecipeVersion[];
            };
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/recipes/{recipe}': {
    /**
     * Read a recipe
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the recipe. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          recipe: string;
        };
        header?: {
          /**
           * An ETag: unchanged is 304.
           */
          'If-None-Match'?: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': RecipeVersion;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
    /**
     * Add a recipe, or a new version of one
     */
    put: {
      parameters: {
        path: {
          /**
           * Name of the recipe. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          recipe: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
          /**
           * The ETag that was read.
           */
          'If-Match'?: string;
        };
      };
      requestBody: {
        content: {
          'application/json': Recipe;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': RecipeVersion;
          };
        };
        201: {
          content: {
            'application/json': RecipeVersion;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
    /**
     * Delete a recipe by which nothing serves
     */
    delete: {
      parameters: {
        path: {
          /**
           * Name of the recipe. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          recipe: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      responses: {
        204: {
          content: {};
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/recipes/{recipe}/versions': {
    /**
     * List all versions of a recipe
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the recipe. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          recipe: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': {
              items: RecipeVersion[];
            };
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/recipes/{recipe}/versions/{number}': {
    /**
     * Read one version of a recipe
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the recipe. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          recipe: string;
          /**
           * Number of the deployment. It must be a whole number from 1 on.
           */
          number: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': RecipeVersion;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/recipe-checks': {
    /**
     * Read what is wrong with a recipe, with the lines
     */
    post: {
      parameters: {
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            /**
             * The text, as YAML or JSON.
             */
            recipe: string;
          };
        };
      };
      responses: {
        200: {
          content: {
            'application/json': RecipeCheck;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/recipes/{recipe}/uses': {
    /**
     * Read which services serve by a recipe, and what its newest version changes there
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the recipe. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          recipe: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': RecipeUses;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/recipes/{recipe}/plan': {
    /**
     * Read what a recipe would change before it is put
     */
    post: {
      parameters: {
        path: {
          /**
           * Name of the recipe. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          recipe: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      requestBody: {
        content: {
          'application/json': Recipe;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': RecipeUses;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/environments/{environment}/variables': {
    /**
     * List the variables of an environment
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the environment. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          environment: string;
        };
        query?: {
          /**
           * Says of each which services read it.
           */
          readers?: 'true' | 'false';
        };
        header?: {
          /**
           * An ETag: unchanged is 304.
           */
          'If-None-Match'?: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': Variables;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
    /**
     * Set all variables of an environment
     */
    put: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the environment. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          environment: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
          /**
           * The ETag that was read.
           */
          'If-Match'?: string;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            /**
             * Values by name.
             */
            variables: {
              /**
               * Up to 64 KiB of text; it may be empty.
               */
              [k: string]: string;
            };
          };
        };
      };
      responses: {
        200: {
          content: {
            'application/json': Variables;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/environments/{environment}/variables/{variable}': {
    /**
     * Set a variable
     */
    put: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the environment. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          environment: string;
          /**
           * Name of the variable. It must be 1 to 128 of letters, digits and "_", not starting with a digit.
           */
          variable: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            /**
             * Up to 64 KiB of text; it may be empty.
             */
            value: string;
          };
        };
      };
      responses: {
        200: {
          content: {
            'application/json': Variable;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
    /**
     * Remove a variable
     */
    delete: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the environment. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          environment: string;
          /**
           * Name of the variable. It must be 1 to 128 of letters, digits and "_", not starting with a digit.
           */
          variable: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      responses: {
        204: {
          content: {};
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/environments/{environment}/services': {
    /**
     * List the services that are deployed in an environment
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the environment. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          environment: string;
        };
        query?: {
          /**
           * How many at most, 1 to 200; 50 by default.
           */
          limit?: string;
          /**
           * `nextCursor` of the page before; opaque.
           */
          cursor?: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': {
              items: Instance[];
              /**
               * Absent on the last page.
               */
              nextCursor?: string;
            };
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/environments/{environment}/services/{service}': {
    /**
     * Read how a service does in an environment
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the environment. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          environment: string;
          /**
           * Name of the service. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          service: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': InstanceDetail;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
    /**
     * Remove a service from an environment
     */
    delete: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the environment. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          environment: string;
          /**
           * Name of the service. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          service: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      responses: {
        202: {
          content: {
            'application/json': Operation;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/environments/{environment}/services/{service}/restart': {
    /**
     * Restart a service
     */
    post: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the environment. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          environment: string;
          /**
           * Name of the service. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          service: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      responses: {
        202: {
          content: {
            'application/json': Operation;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/environments/{environment}/services/{service}/stop': {
    /**
     * Stop a service
     */
    post: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the environment. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          environment: string;
          /**
           * Name of the service. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          service: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      responses: {
        202: {
          content: {
            'application/json': Operation;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/environments/{environment}/services/{service}/start': {
    /**
     * Start a service that was stopped
     */
    post: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the environment. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          environment: string;
          /**
           * Name of the service. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          service: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      responses: {
        202: {
          content: {
            'application/json': Operation;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/environments/{environment}/services/{service}/scale': {
    /**
     * Set how many replicas a service and its processes have
     */
    put: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the environment. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          environment: string;
          /**
           * Name of the service. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          service: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            /**
             * 1 to 20, or null.
             */
            replicas?: number | null;
            /**
             * Of the processes beside it, by name: 0 to 20, or null for what `berth.dev/processes` says. Those that are not named stay as they are.
             */
            processes?: {
              [k: string]: number | null;
            };
          };
        };
      };
      responses: {
        202: {
          content: {
            'application/json': Operation;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/environments/{environment}/services/{service}/runs': {
    /**
     * Run a command beside a service
     */
    post: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the environment. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          environment: string;
          /**
           * Name of the service. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          service: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            /**
             * Words: no shell reads them. `$(NAME)` is the value of a variable of the container, and `$$` a dollar. They are on record for all who may read the project: leave secrets to variables.
             *
             * @minItems 1
             * @maxItems 200
             */
            command: string[];
            /**
             * How long it may take: 1s to 4h, 1h by default. What takes longer is ended, and fails.
             */
            timeout?: string;
            /**
             * With the variables of this process; with those of `web` without it.
             */
            process?: string;
          };
        };
      };
      responses: {
        202: {
          content: {
            'application/json': Operation;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
    /**
     * List the runs of a service in an environment
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the environment. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          environment: string;
          /**
           * Name of the service. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          service: string;
        };
        query?: {
          /**
           * How many at most, 1 to 200; 50 by default.
           */
          limit?: string;
          /**
           * `nextCursor` of the page before; opaque.
           */
          cursor?: string;
          /**
           * Statuses, separated by commas.
           */
          status?: string;
          /**
           * Only those that this job asked for.
           */
          job?: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': {
              items: OperationSummary[];
              /**
               * Absent on the last page.
               */
              nextCursor?: string;
            };
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/environments/{environment}/services/{service}/jobs': {
    /**
     * List the jobs of a service in an environment
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the environment. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          environment: string;
          /**
           * Name of the service. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          service: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': Jobs;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/environments/{environment}/services/{service}/jobs/{job}': {
    /**
     * Read a job
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the environment. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          environment: string;
          /**
           * Name of the service. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          service: string;
          /**
           * Name of the job. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          job: string;
        };
        header?: {
          /**
           * An ETag: unchanged is 304.
           */
          'If-None-Match'?: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': Job;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
    /**
     * Set a job: a command that runs by a schedule
     */
    put: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the environment. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          environment: string;
          /**
           * Name of the service. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          service: string;
          /**
           * Name of the job. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          job: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
          /**
           * The ETag that was read.
           */
          'If-Match'?: string;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            /**
             * Five fields as in a crontab: minute, hour, day of the month, month, day of the week. An hour that is left out in spring is made up for right after it; in one that comes twice in autumn a job runs once, unless its hour or minute is `*` or has a step.
             */
            schedule: string;
            /**
             * Words: no shell reads them. `$(NAME)` is the value of a variable of the container, and `$$` a dollar. They are on record for all who may read the project: leave secrets to variables.
             *
             * @minItems 1
             * @maxItems 200
             */
            command: string[];
            /**
             * Of the IANA database; UTC by default.
             */
            timeZone?: string;
            /**
             * With the image, variables and files of this process; with those of `web` without it.
             */
            process?: string;
            /**
             * How long it may take: 1s to 4h, 1h by default. What takes longer is ended, and fails.
             */
            timeout?: string;
            /**
             * When it is due and its last run goes on: `forbid`, the default, misses that time; `allow` runs both.
             */
            overlap?: 'forbid' | 'allow';
            /**
             * How often a run that failed is tried again: after 10 seconds, and twice as long each time, before it is due next. 0 by default.
             */
            retries?: number;
            /**
             * It does not run by its schedule. false by default.
             */
            suspended?: boolean;
            /**
             * It wakes an environment that sleeps. false by default: it sleeps with its environment, and that is no failure.
             */
            wakes?: boolean;
          };
        };
      };
      responses: {
        200: {
          content: {
            'application/json': Job;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
    /**
     * Change a job, suspend or resume it
     */
    patch: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the environment. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          environment: string;
          /**
           * Name of the service. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          service: string;
          /**
           * Name of the job. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          job: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
          /**
           * The ETag that was read.
           */
          'If-Match'?: string;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            /**
             * Of the IANA database; UTC by default.
             */
            timeZone?: string;
            /**
             * null for `web`.
             */
            process?: string | null;
            /**
             * How long it may take: 1s to 4h, 1h by default. What takes longer is ended, and fails.
             */
            timeout?: string;
            /**
             * When it is due and its last run goes on: `forbid`, the default, misses that time; `allow` runs both.
             */
            overlap?: 'forbid' | 'allow';
            /**
             * How often a run that failed is tried again: after 10 seconds, and twice as long each time, before it is due next. 0 by default.
             */
            retries?: number;
            /**
             * It does not run by its schedule. false by default.
             */
            suspended?: boolean;
            /**
             * It wakes an environment that sleeps. false by default: it sleeps with its environment, and that is no failure.
             */
            wakes?: boolean;
            /**
             * Five fields as in a crontab: minute, hour, day of the month, month, day of the week. An hour that is left out in spring is made up for right after it; in one that comes twice in autumn a job runs once, unless its hour or minute is `*` or has a step.
             */
            schedule?: string;
            /**
             * Words: no shell reads them. `$(NAME)` is the value of a variable of the container, and `$$` a dollar. They are on record for all who may read the project: leave secrets to variables.
             *
             * @minItems 1
             * @maxItems 200
             */
            command?: string[];
          };
        };
      };
      responses: {
        200: {
          content: {
            'application/json': Job;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
    /**
     * Delete a job
     */
    delete: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the environment. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          environment: string;
          /**
           * Name of the service. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          service: string;
          /**
           * Name of the job. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          job: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
          /**
           * The ETag that was read.
           */
          'If-Match'?: string;
        };
      };
      responses: {
        204: {
          content: {};
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/environments/{environment}/services/{service}/jobs/{job}/runs': {
    /**
     * Run a job now
     */
    post: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the environment. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          environment: string;
          /**
           * Name of the service. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          service: string;
          /**
           * Name of the job. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          job: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      responses: {
        202: {
          content: {
            'application/json': Operation;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/environments/{environment}/domains': {
    /**
     * List the domains of an environment
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the environment. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          environment: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': Domains;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
    /**
     * Add a domain to a service
     */
    post: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the environment. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          environment: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            /**
             * A host name; upper case and Unicode are turned into the form that the DNS has.
             */
            name: string;
            service: string;
          };
        };
      };
      responses: {
        201: {
          content: {
            'application/json': Domain;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/environments/{environment}/domains/{domain}': {
    /**
     * Read a domain
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the environment. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          environment: string;
          /**
           * The domain, in lower case and ASCII. It must be a host name in lower case and ASCII, as the list of domains has it.
           */
          domain: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': Domain;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
    /**
     * Remove a domain
     */
    delete: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the environment. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          environment: string;
          /**
           * The domain, in lower case and ASCII. It must be a host name in lower case and ASCII, as the list of domains has it.
           */
          domain: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      responses: {
        204: {
          content: {};
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/environments/{environment}/domains/{domain}/check': {
    /**
     * Look at the DNS of a domain now
     */
    post: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the environment. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          environment: string;
          /**
           * The domain, in lower case and ASCII. It must be a host name in lower case and ASCII, as the list of domains has it.
           */
          domain: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': Domain;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/environments/{environment}/services/{service}/shells': {
    /**
     * Open a shell into a service that runs
     */
    post: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the environment. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          environment: string;
          /**
           * Name of the service. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          service: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            /**
             * `sh -i` by default.
             *
             * @minItems 1
             * @maxItems 200
             */
            command?: string[];
            /**
             * Beside a replica of this process; of `web` without it.
             */
            process?: string;
            /**
             * With a terminal, where there can be one.
             */
            tty?: boolean;
          };
        };
      };
      responses: {
        201: {
          content: {
            'application/json': Shell;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/environments/{environment}/services/{service}/deployments': {
    /**
     * Deploy, promote or roll back
     */
    post: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the environment. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          environment: string;
          /**
           * Name of the service. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          service: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            /**
             * A version's id, or a tag that only one carries.
             */
            version?: string;
            /**
             * Promote: what serves in that environment now.
             */
            fromEnvironment?: string;
            /**
             * Number of an earlier deployment that succeeded.
             */
            rollbackTo?: number;
          };
        };
      };
      responses: {
        202: {
          content: {
            'application/json': Operation;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
    /**
     * List the deployments of a service in an environment
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the environment. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          environment: string;
          /**
           * Name of the service. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          service: string;
        };
        query?: {
          /**
           * How many at most, 1 to 200; 50 by default.
           */
          limit?: string;
          /**
           * `nextCursor` of the page before; opaque.
           */
          cursor?: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': {
              items: Deployment[];
              /**
               * Absent on the last page.
               */
              nextCursor?: string;
            };
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/environments/{environment}/services/{service}/deployments/{number}': {
    /**
     * Read a deployment with its workload
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the environment. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          environment: string;
          /**
           * Name of the service. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          service: string;
          /**
           * Number of the deployment. It must be a whole number from 1 on.
           */
          number: string;
        };
        header?: {
          /**
           * An ETag: unchanged is 304.
           */
          'If-None-Match'?: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': DeploymentDetail;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/environments/{environment}/services/{service}/deployments/{number}/cancel': {
    /**
     * Cancel a deployment
     */
    post: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the environment. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          environment: string;
          /**
           * Name of the service. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          service: string;
          /**
           * Number of the deployment. It must be a whole number from 1 on.
           */
          number: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      responses: {
        202: {
          content: {
            'application/json': Operation;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/environments/{environment}/services/{service}/deployments/{number}/approve': {
    /**
     * Approve a deployment that waits for it
     */
    post: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the environment. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          environment: string;
          /**
           * Name of the service. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          service: string;
          /**
           * Number of the deployment. It must be a whole number from 1 on.
           */
          number: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      responses: {
        202: {
          content: {
            'application/json': Operation;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/environments/{environment}/services/{service}/deployments/{number}/reject': {
    /**
     * Reject a deployment that waits for approval
     */
    post: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the environment. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          environment: string;
          /**
           * Name of the service. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          service: string;
          /**
           * Number of the deployment. It must be a whole number from 1 on.
           */
          number: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            /**
             * Why.
             */
            reason?: string;
          };
        };
      };
      responses: {
        202: {
          content: {
            'application/json': Operation;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/policies': {
    /**
     * List a project's policies
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': {
              items: Policy[];
            };
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/policies/{policy}': {
    /**
     * Read one of a project's policies
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the policy. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          policy: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': Policy;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
    /**
     * Add a policy to a project, or change it
     */
    put: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the policy. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          policy: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            description?: string;
            /**
             * Names, with `*` for any text; all environments by default.
             *
             * @minItems 1
             * @maxItems 50
             */
            environments?: string[];
            /**
             * Whether it refuses rollbacks as well; `false` by default.
             */
            rollbacks?: boolean;
            rule: PolicyRule;
          };
        };
      };
      responses: {
        200: {
          content: {
            'application/json': Policy;
          };
        };
        201: {
          content: {
            'application/json': Policy;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
    /**
     * Delete one of a project's policies
     */
    delete: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the policy. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          policy: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      responses: {
        204: {
          content: {};
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/policy-dry-runs': {
    /**
     * See what a policy would have refused
     */
    post: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            description?: string;
            /**
             * Names, with `*` for any text; all environments by default.
             *
             * @minItems 1
             * @maxItems 50
             */
            environments?: string[];
            /**
             * Whether it refuses rollbacks as well; `false` by default.
             */
            rollbacks?: boolean;
            rule: PolicyRule;
          };
        };
      };
      responses: {
        200: {
          content: {
            'application/json': PolicyDryRun;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/policies': {
    /**
     * List the policies of the platform, which hold in every project
     */
    get: {
      parameters: {};
      responses: {
        200: {
          content: {
            'application/json': {
              items: Policy[];
            };
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/policies/{policy}': {
    /**
     * Add a policy for every project, or change it
     */
    put: {
      parameters: {
        path: {
          /**
           * Name of the policy. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          policy: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            description?: string;
            /**
             * Names, with `*` for any text; all environments by default.
             *
             * @minItems 1
             * @maxItems 50
             */
            environments?: string[];
            /**
             * Whether it refuses rollbacks as well; `false` by default.
             */
            rollbacks?: boolean;
            rule: PolicyRule;
          };
        };
      };
      responses: {
        200: {
          content: {
            'application/json': Policy;
          };
        };
        201: {
          content: {
            'application/json': Policy;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
    /**
     * Delete a policy of the platform
     */
    delete: {
      parameters: {
        path: {
          /**
           * Name of the policy. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          policy: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      responses: {
        204: {
          content: {};
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/policy-dry-runs': {
    /**
     * See what a policy for every project would have refused
     */
    post: {
      parameters: {
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            description?: string;
            /**
             * Names, with `*` for any text; all environments by default.
             *
             * @minItems 1
             * @maxItems 50
             */
            environments?: string[];
            /**
             * Whether it refuses rollbacks as well; `false` by default.
             */
            rollbacks?: boolean;
            rule: PolicyRule;
          };
        };
      };
      responses: {
        200: {
          content: {
            'application/json': PolicyDryRun;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/places': {
    /**
     * List the places that workloads run in
     */
    get: {
      parameters: {};
      responses: {
        200: {
          content: {
            'application/json': {
              items: Place[];
            };
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
    /**
     * Add a cluster as a place
     */
    post: {
      parameters: {
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            name: string;
            access: ClusterAccess;
            /**
             * Workloads are served under it.
             */
            domain: string;
            scheme?: 'http' | 'https';
            /**
             * Its Gateway; `berth-gateway/berth` without it.
             */
            gateway?: string;
            /**
             * Of volumes; the default of the cluster without it.
             */
            storageClass?: string;
            labels?: {
              [k: string]: string;
            };
            /**
             * Environments that ask for no place come here.
             */
            default?: boolean;
            /**
             * Names of the projects that may use it, with `*` for any text; all without it.
             *
             * @minItems 1
             * @maxItems 100
             */
            projects?: string[];
            /**
             * Names of the environments that may use it, with `*` for any text; all without it.
             *
             * @minItems 1
             * @maxItems 100
             */
            environments?: string[];
            /**
             * Workloads there reach the databases of this installation; without it, what needs one is refused.
             */
            databases?: boolean;
          };
        };
      };
      responses: {
        201: {
          content: {
            'application/json': Place;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/places/{place}': {
    /**
     * Read a place, and how it was last seen
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the place. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          place: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': Place;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
    /**
     * Change who may use a place, its labels, or how workloads are served there
     */
    patch: {
      parameters: {
        path: {
          /**
           * Name of the place. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          place: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            /**
             * Workloads are served under it.
             */
            domain?: string;
            scheme?: 'http' | 'https';
            /**
             * Its Gateway; `berth-gateway/berth` without it.
             */
            gateway?: string;
            /**
             * Of volumes; the default of the cluster without it.
             */
            storageClass?: string;
            labels?: {
              [k: string]: string;
            };
            /**
             * It becomes the default, in place of another.
             */
            default?: true;
            /**
             * Names of the projects that may use it, with `*` for any text; all without it.
             *
             * @minItems 1
             * @maxItems 100
             */
            projects?: string[] | null;
            /**
             * Names of the environments that may use it, with `*` for any text; all without it.
             *
             * @minItems 1
             * @maxItems 100
             */
            environments?: string[] | null;
            /**
             * Workloads there reach the databases of this installation; without it, what needs one is refused.
             */
            databases?: boolean;
          };
        };
      };
      responses: {
        200: {
          content: {
            'application/json': Place;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
    /**
     * Remove a place that no environment is in
     */
    delete: {
      parameters: {
        path: {
          /**
           * Name of the place. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          place: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      responses: {
        204: {
          content: {};
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/environments/{environment}/services/{service}/plan': {
    /**
     * Read what a deployment would change
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the environment. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          environment: string;
          /**
           * Name of the service. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          service: string;
        };
        query?: {
          /**
           * A version's id, or a tag that only one carries.
           */
          version?: string;
          /**
           * Promote what serves there.
           */
          fromEnvironment?: string;
          /**
           * Number of an earlier deployment that succeeded.
           */
          rollbackTo?: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': Plan;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/environments/{environment}/services/{service}/deployments/{number}/diff': {
    /**
     * Read what differs between two deployments
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the environment. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          environment: string;
          /**
           * Name of the service. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          service: string;
          /**
           * Number of the deployment. It must be a whole number from 1 on.
           */
          number: string;
        };
        query?: {
          /**
           * The other deployment; the one before by default.
           */
          from?: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': DeploymentDiff;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/environments/{environment}/services/{service}/deployments/{number}/rollout': {
    /**
     * Read how a deployment that goes step by step does
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the environment. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          environment: string;
          /**
           * Name of the service. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          service: string;
          /**
           * Number of the deployment. It must be a whole number from 1 on.
           */
          number: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': Rollout;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
    /**
     * Ask something of a deployment that goes step by step
     */
    post: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the environment. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          environment: string;
          /**
           * Name of the service. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          service: string;
          /**
           * Number of the deployment. It must be a whole number from 1 on.
           */
          number: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            action: 'promote' | 'continue' | 'pause' | 'resume';
          };
        };
      };
      responses: {
        200: {
          content: {
            'application/json': Rollout;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/metrics': {
    /**
     * Read the figures of all services for Prometheus
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
        };
      };
      responses: {
        200: {
          content: {};
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/figures': {
    /**
     * Read how deliveries of a project do, and how it is used
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
        };
        query?: {
          /**
           * How many days back; 30 by default.
           */
          days?: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': DoraFigures;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/pipeline': {
    /**
     * Read the pipeline of a project
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
        };
        header?: {
          /**
           * An ETag: unchanged is 304.
           */
          'If-None-Match'?: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': Pipeline;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
    /**
     * Set the pipeline of a project
     */
    put: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
          /**
           * The ETag that was read.
           */
          'If-Match'?: string;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            /**
             * In the order in which versions come to them.
             *
             * @minItems 1
             * @maxItems 10
             */
            stages: {
              name: string;
              /**
               * The one with the name of the stage, by default.
               *
               * @minItems 1
               * @maxItems 20
               */
              environments?: string[];
              /**
               * So long a version has to serve in all of them before it goes on, up to 7d; it goes on at once by default.
               */
              bake?: string;
            }[];
          };
        };
      };
      responses: {
        200: {
          content: {
            'application/json': Pipeline;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
    /**
     * Delete the pipeline of a project
     */
    delete: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
          /**
           * The ETag that was read.
           */
          'If-Match'?: string;
        };
      };
      responses: {
        204: {
          content: {};
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/services/{service}/pipeline': {
    /**
     * Read what of a service serves along the pipeline, and which versions each environment is behind
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the service. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          service: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': PipelineStanding;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/services/{service}/promotions': {
    /**
     * Promote what serves in an environment through several others
     */
    post: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the service. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          service: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            /**
             * What serves there is promoted.
             */
            fromEnvironment: string;
            /**
             * The last stage of the pipeline that gets it; the next one by default.
             */
            through?: string;
            /**
             * Environments, one after the other, whatever the pipeline says.
             *
             * @minItems 1
             * @maxItems 20
             */
            to?: string[];
          };
        };
      };
      responses: {
        201: {
          content: {
            'application/json': Promotion;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
    /**
     * List the promotions of a service
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the service. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          service: string;
        };
        query?: {
          /**
           * How many at most, 1 to 200; 50 by default.
           */
          limit?: string;
          /**
           * `nextCursor` of the page before; opaque.
           */
          cursor?: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': {
              items: Promotion[];
              /**
               * Absent on the last page.
               */
              nextCursor?: string;
            };
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/services/{service}/promotions/{promotion}': {
    /**
     * Read a promotion
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the service. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          service: string;
          /**
           * Id of the promotion. It must be an id of 26 characters, as given in a promotion's "id".
           */
          promotion: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': Promotion;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/services/{service}/promotions/{promotion}/cancel': {
    /**
     * Cancel a promotion
     */
    post: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the service. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          service: string;
          /**
           * Id of the promotion. It must be an id of 26 characters, as given in a promotion's "id".
           */
          promotion: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': Promotion;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/alert-rules': {
    /**
     * Read the alert rules of a project
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': AlertRules;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
    /**
     * Set the alert rules of a project, or put the defaults back
     */
    put: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            /**
             * All that are to hold; null puts the defaults back.
             *
             * @maxItems 30
             */
            rules:
              | {
                  name: string;
                  /**
                   * What the rule looks at.
                   */
                  when:
                    | {
                        kind: 'error-rate';
                        /**
                         * More answers with 5xx than that.
                         */
                        percent: number;
                        /**
                         * With fewer requests in the window nothing fires.
                         */
                        minRequests: number;
                        /**
                         * Over which figures are taken together: 1m to 1h.
                         */
                        window: string;
                      }
                    | {
                        kind: 'latency';
                        /**
                         * Half of the requests are in ten-second samples whose p99 is higher.
                         */
                        p99Ms: number;
                        /**
                         * With fewer requests in the window nothing fires.
                         */
                        minRequests: number;
                        /**
                         * Over which figures are taken together: 1m to 1h.
                         */
                        window: string;
                      }
                    | {
                        kind: 'crash-loop';
                        /**
                         * Of all replicas together.
                         */
                        restarts: number;
                        /**
                         * Over which figures are taken together: 1m to 1h.
                         */
                        window: string;
                      }
                    | {
                        kind: 'job';
                      }
                    | {
                        kind: 'backup';
                        /**
                         * Times the interval of the plan.
                         */
                        intervals: number;
                      }
                    | {
                        kind: 'certificate';
                        days: number;
                      }
                    | {
                        kind: 'operation';
                        /**
                         * How long after its bound: 1m to 1h.
                         */
                        grace: string;
                      }
                    | {
                        kind: 'budget';
                        /**
                         * More of what a policy of the kind `budget` lets the environment cost in a month.
                         */
                        percent: number;
                      };
                  /**
                   * Where it holds; `*` stands for any text. Everywhere by default.
                   *
                   * @minItems 1
                   * @maxItems 20
                   */
                  environments?: string[];
                  /**
                   * It holds in ephemeral environments too.
                   */
                  ephemeral?: boolean;
                  /**
                   * How long it has to hold before it fires; at once by default.
                   */
                  for?: string;
                  /**
                   * How long it must not hold before it is over; at once by default.
                   */
                  clearAfter?: string;
                }[]
              | null;
          };
        };
      };
      responses: {
        200: {
          content: {
            'application/json': AlertRules;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/alerts': {
    /**
     * List alerts, newest first
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
        };
        query?: {
          /**
           * How many at most, 1 to 200; 50 by default.
           */
          limit?: string;
          /**
           * `nextCursor` of the page before; opaque.
           */
          cursor?: string;
          /**
           * Only those that fire; all of them at once.
           */
          state?: 'firing';
        };
      };
      responses: {
        200: {
          content: {
            'application/json': {
              items: Alert[];
              /**
               * Absent on the last page.
               */
              nextCursor?: string;
            };
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/alerts/{alert}/acknowledge': {
    /**
     * Say that somebody looks after an alert
     */
    post: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Id of the alert. It must be an id of 26 characters, as given in an alert's "id".
           */
          alert: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            note?: string;
          };
        };
      };
      responses: {
        200: {
          content: {
            'application/json': Alert;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/alert-silences': {
    /**
     * List the silences of a project that have not ended
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': {
              items: AlertSilence[];
            };
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
    /**
     * Tell nobody of some alerts for a time
     */
    post: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            /**
             * Alerts of this rule; of all where absent.
             */
            rule?: string;
            /**
             * Alerts in this environment; in all where absent.
             */
            environment?: string;
            /**
             * Alerts about this service, job, resource, domain, operation or policy; about all where absent.
             */
            subject?: string;
            reason: string;
            /**
             * From now on: 1m to 30d.
             */
            for: string;
          };
        };
      };
      responses: {
        201: {
          content: {
            'application/json': AlertSilence;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/alert-silences/{silence}': {
    /**
     * End a silence
     */
    delete: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Id of the silence. It must be an id of 26 characters, as given in a silence's "id".
           */
          silence: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      responses: {
        204: {
          content: {};
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/environments/{environment}/services/{service}/logs': {
    /**
     * Read or follow what a service prints in an environment
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the environment. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          environment: string;
          /**
           * Name of the service. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          service: string;
        };
        query?: {
          /**
           * How many lines at most, 1 to 10000; 100 by default.
           */
          tail?: string;
          /**
           * Only lines at or after this time.
           */
          since?: string;
          /**
           * Only lines at or before this time.
           */
          until?: string;
          /**
           * Only lines that hold these words and "phrases", in capitals or not; with `AND`, `OR`, `-` for not, parentheses, and fields: `@level:error`, `@service:web`, `@deployment:12`, `@container:web`, `@source:stderr`, or of JSON lines as `@http.status:>=500` and `@took:100..200`.
           */
          search?: string;
          /**
           * Only lines that say that they are at least this severe: by a field of a JSON line, or by a word at its beginning.
           */
          level?: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';
          /**
           * Only lines of this deployment.
           */
          deployment?: string;
          /**
           * Only lines of this container.
           */
          container?: string;
          /**
           * Of a list: whether it goes from the newest line back, as it does by default, or from the oldest forward.
           */
          direction?: 'backward' | 'forward';
          /**
           * `nextCursor` of the page before, with the same filters and direction.
           */
          cursor?: string;
          /**
           * Of an event stream: whether it goes on with new lines. true by default.
           */
          follow?: 'true' | 'false';
          /**
           * Of an environment of that name that was destroyed; the one that has the name now unless given.
           */
          environmentId?: string;
          /**
           * Only lines of this process of the service, `web` among them; of all of them without it.
           */
          process?: string;
        };
        header?: {
          /**
           * Resumes a stream behind this event.
           */
          'Last-Event-ID'?: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': {
              items: LogLine[];
              /**
               * What of the output could not be read, and why: it may have been printed, and is not among the lines. A stream says it in a line of source `berth`.
               */
              missing?: string;
              /**
               * Where to go on: to older lines, or with `direction=forward` to newer ones. Absent where there are no more. With filters a page may hold fewer lines than were asked for while there are more.
               */
              nextCursor?: string;
            };
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/environments/{environment}/logs': {
    /**
     * Read or follow what all services print in an environment
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the environment. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          environment: string;
        };
        query?: {
          /**
           * How many lines at most, 1 to 10000; 100 by default.
           */
          tail?: string;
          /**
           * Only lines at or after this time.
           */
          since?: string;
          /**
           * Only lines at or before this time.
           */
          until?: string;
          /**
           * Only lines that hold these words and "phrases", in capitals or not; with `AND`, `OR`, `-` for not, parentheses, and fields: `@level:error`, `@service:web`, `@deployment:12`, `@container:web`, `@source:stderr`, or of JSON lines as `@http.status:>=500` and `@took:100..200`.
           */
          search?: string;
          /**
           * Only lines that say that they are at least this severe: by a field of a JSON line, or by a word at its beginning.
           */
          level?: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';
          /**
           * Only lines of this deployment.
           */
          deployment?: string;
          /**
           * Only lines of this container.
           */
          container?: string;
          /**
           * Of a list: whether it goes from the newest line back, as it does by default, or from the oldest forward.
           */
          direction?: 'backward' | 'forward';
          /**
           * `nextCursor` of the page before, with the same filters and direction.
           */
          cursor?: string;
          /**
           * Of an event stream: whether it goes on with new lines. true by default.
           */
          follow?: 'true' | 'false';
          /**
           * Of an environment of that name that was destroyed; the one that has the name now unless given.
           */
          environmentId?: string;
        };
        header?: {
          /**
           * Resumes a stream behind this event.
           */
          'Last-Event-ID'?: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': {
              items: LogLine[];
              /**
               * What of the output could not be read, and why: it may have been printed, and is not among the lines. A stream says it in a line of source `berth`.
               */
              missing?: string;
              /**
               * Where to go on: to older lines, or with `direction=forward` to newer ones. Absent where there are no more. With filters a page may hold fewer lines than were asked for while there are more.
               */
              nextCursor?: string;
            };
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/destroyed-environments': {
    /**
     * List the environments that were destroyed and whose output is kept
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
        };
        query?: {
          /**
           * How many at most, 1 to 200; 50 by default.
           */
          limit?: string;
          /**
           * `nextCursor` of the page before; opaque.
           */
          cursor?: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': {
              items: DestroyedEnvironment[];
              /**
               * Absent on the last page.
               */
              nextCursor?: string;
            };
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/environments/{environment}/traces': {
    /**
     * List the traces of an environment
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the environment. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          environment: string;
        };
        query?: {
          /**
           * How many at most, 1 to 200; 50 by default.
           */
          limit?: string;
          /**
           * `nextCursor` of the page before; opaque.
           */
          cursor?: string;
          /**
           * `newest` first by default; `slowest` first; or `failing`, those with a span that failed first and the newest of them at the front.
           */
          order?: 'newest' | 'slowest' | 'failing';
          /**
           * Only those in which this service took part.
           */
          service?: string;
          /**
           * true: only those in which a span failed.
           */
          failed?: 'true' | 'false';
          /**
           * Only those that took at least so many milliseconds.
           */
          minDuration?: string;
          /**
           * Only those that began at or after this time.
           */
          since?: string;
          /**
           * Only those that began at or before this time.
           */
          until?: string;
          /**
           * Of an environment of that name that was destroyed; the one that has the name now unless given.
           */
          environmentId?: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': {
              items: Trace[];
              /**
               * Absent on the last page.
               */
              nextCursor?: string;
            };
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/environments/{environment}/traces/{trace}': {
    /**
     * Read a trace
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the environment. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          environment: string;
          /**
           * Id of the trace. It must be 32 hexadecimal digits in lower case, not all of them 0.
           */
          trace: string;
        };
        query?: {
          /**
           * Of an environment of that name that was destroyed; the one that has the name now unless given.
           */
          environmentId?: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': TraceDetails;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/environments/{environment}/services/{service}/metrics': {
    /**
     * Read CPU, memory, requests and latency of a service in an environment
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the environment. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          environment: string;
          /**
           * Name of the service. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          service: string;
        };
        query?: {
          /**
           * How far back: 10s to 30d; 5m by default.
           */
          window?: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': Metrics;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/environments/{environment}/gamedays': {
    /**
     * Make an environment fail on purpose, for a time
     */
    post: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the environment. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          environment: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      requestBody: {
        content: {
          'application/json': {
            /**
             * How long: 10s to 10m. After it nothing is made to fail any more.
             */
            duration: string;
            /**
             * @minItems 1
             * @maxItems 10
             */
            faults: Fault[];
            /**
             * Ends it early once so many of a hundred requests have failed since it began, of 20 at least.
             */
            stopAtErrorPercent?: number;
          };
        };
      };
      responses: {
        202: {
          content: {
            'application/json': Operation;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/operations/{operation}': {
    /**
     * Read an operation, wait for its end, or follow it until then
     */
    get: {
      parameters: {
        path: {
          /**
           * Id of the operation. It must be an id of 26 characters, as given in an operation's "id".
           */
          operation: string;
        };
        query?: {
          /**
           * Wait for the end, seconds; at most 25.
           */
          wait?: string;
        };
        header?: {
          /**
           * Resumes a stream behind this event.
           */
          'Last-Event-ID'?: string;
          /**
           * An ETag: unchanged is 304.
           */
          'If-None-Match'?: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': Operation;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/operations/{operation}/cancel': {
    /**
     * Cancel a build, a deployment, a run or a game day
     */
    post: {
      parameters: {
        path: {
          /**
           * Id of the operation. It must be an id of 26 characters, as given in an operation's "id".
           */
          operation: string;
        };
        header?: {
          /**
           * Any text that no other request has; printable ASCII.
           */
          'Idempotency-Key'?: string;
        };
      };
      responses: {
        202: {
          content: {
            'application/json': Operation;
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/operations/{operation}/logs': {
    /**
     * Read or follow what an operation printed
     */
    get: {
      parameters: {
        path: {
          /**
           * Id of the operation. It must be an id of 26 characters, as given in an operation's "id".
           */
          operation: string;
        };
        query?: {
          /**
           * How many lines at most, 1 to 10000; 100 by default.
           */
          tail?: string;
          /**
           * Only lines at or after this time.
           */
          since?: string;
          /**
           * Only lines at or before this time.
           */
          until?: string;
          /**
           * Only lines that hold these words and "phrases", in capitals or not; with `AND`, `OR`, `-` for not, parentheses, and fields: `@level:error`, `@service:web`, `@deployment:12`, `@container:web`, `@source:stderr`, or of JSON lines as `@http.status:>=500` and `@took:100..200`.
           */
          search?: string;
          /**
           * Only lines that say that they are at least this severe: by a field of a JSON line, or by a word at its beginning.
           */
          level?: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';
          /**
           * Only lines of this deployment.
           */
          deployment?: string;
          /**
           * Only lines of this container.
           */
          container?: string;
          /**
           * Of a list: whether it goes from the newest line back, as it does by default, or from the oldest forward.
           */
          direction?: 'backward' | 'forward';
          /**
           * `nextCursor` of the page before, with the same filters and direction.
           */
          cursor?: string;
          /**
           * Of an event stream: whether it goes on with new lines. true by default.
           */
          follow?: 'true' | 'false';
        };
        header?: {
          /**
           * Resumes a stream behind this event.
           */
          'Last-Event-ID'?: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': {
              items: LogLine[];
              /**
               * What of the output could not be read, and why: it may have been printed, and is not among the lines. A stream says it in a line of source `berth`.
               */
              missing?: string;
              /**
               * Where to go on: to older lines, or with `direction=forward` to newer ones. Absent where there are no more. With filters a page may hold fewer lines than were asked for while there are more.
               */
              nextCursor?: string;
            };
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/operations': {
    /**
     * List the operations of a project
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
        };
        query?: {
          /**
           * How many at most, 1 to 200; 50 by default.
           */
          limit?: string;
          /**
           * `nextCursor` of the page before; opaque.
           */
          cursor?: string;
          /**
           * Kinds, separated by commas.
           */
          kind?: string;
          /**
           * Statuses, separated by commas.
           */
          status?: string;
          environment?: string;
          service?: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': {
              items: OperationSummary[];
              /**
               * Absent on the last page.
               */
              nextCursor?: string;
            };
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
  '/v1/projects/{project}/environments/{environment}/operations': {
    /**
     * List the operations of an environment
     */
    get: {
      parameters: {
        path: {
          /**
           * Name of the project. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          project: string;
          /**
           * Name of the environment. It must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit.
           */
          environment: string;
        };
        query?: {
          /**
           * How many at most, 1 to 200; 50 by default.
           */
          limit?: string;
          /**
           * `nextCursor` of the page before; opaque.
           */
          cursor?: string;
          /**
           * Kinds, separated by commas.
           */
          kind?: string;
          /**
           * Statuses, separated by commas.
           */
          status?: string;
        };
      };
      responses: {
        200: {
          content: {
            'application/json': {
              items: OperationSummary[];
              /**
               * Absent on the last page.
               */
              nextCursor?: string;
            };
          };
        };
        default: {
          content: {
            'application/problem+json': Problem;
          };
        };
      };
    };
  };
}
export interface Problem {
  type: string;
  title: string;
  status: number;
  code:
    | 'malformed_json'
    | 'malformed_request'
    | 'invalid_request'
    | 'invalid_cursor'
    | 'invalid_score'
    | 'invalid_recipe'
    | 'invalid_archive'
    | 'unauthenticated'
    | 'sign_in_failed'
    | 'forbidden'
    | 'secret_source_forbidden'
    | 'cross_origin_request'
    | 'not_found'
    | 'method_not_allowed'
    | 'already_exists'
    | 'conflict'
    | 'not_empty'
    | 'version_in_use'
    | 'environment_not_ready'
    | 'operation_in_progress'
    | 'operation_ended'
    | 'ambiguous_version'
    | 'placement_not_found'
    | 'placement_not_allowed'
    | 'placement_ambiguous'
    | 'placement_fixed'
    | 'place_unreachable'
    | 'precondition_failed'
    | 'misdirected_request'
    | 'request_timeout'
    | 'payload_too_large'
    | 'headers_too_large'
    | 'uri_too_long'
    | 'unsupported_media_type'
    | 'invalid_gameday'
    | 'idempotency_key_reused'
    | 'too_many_requests'
    | 'internal'
    | 'upstream_unavailable'
    | 'not_supported'
    | 'unavailable'
    | 'storage_full'
    | 'records_lost'
    | 'unknown_resource_type'
    | 'invalid_resource'
    | 'secret_unavailable'
    | 'unresolved_placeholder'
    | 'expansion_too_large'
    | 'image_unavailable'
    | 'build_failed'
    | 'source_unavailable'
    | 'nothing_to_run'
    | 'release_failed'
    | 'run_failed'
    | 'run_interrupted'
    | 'workload_crashed'
    | 'workload_not_ready'
    | 'check_failed'
    | 'strategy_unavailable'
    | 'affinity_unavailable'
    | 'deadline_exceeded'
    | 'approval_rejected'
    | 'approval_expired'
    | 'canceled'
    | 'superseded'
    | 'environment_gone'
    | 'rotation_failed'
    | 'backup_failed'
    | 'import_failed'
    | 'masking_failed'
    | 'masking_required'
    | 'certificate_refused'
    | 'policy_violation'
    | 'fenced';
  /**
   * What happened and why.
   */
  detail: string;
  /**
   * The next thing to do.
   */
  hint: string;
  /**
   * Path of the request; not there when the request could not be read.
   */
  instance?: string;
  /**
   * What is wrong where, when the request or a Score file is not valid.
   */
  errors?: {
    path: string;
    message: string;
  }[];
}
export interface Principal {
  id: string;
  kind: 'user' | 'token' | 'workflow' | 'system';
  name?: string;
  email?: string;
  /**
   * As the issuer names them.
   */
  groups: string[];
  /**
   * Runs this installation of Berth.
   */
  administrator: boolean;
  /**
   * The person that a token acts for.
   */
  owner?: string;
  /**
   * What a token or a pipeline is narrowed to.
   */
  limits?: {
    role?: Role;
    project?: string;
    environments?: string[];
    createsTokens?: boolean;
    expiresAt?: string;
  };
  /**
   * Of somebody who has signed in with a browser.
   */
  session?: {
    id: string;
    /**
     * If nothing more is asked for.
     */
    endsAt: string;
    /**
     * In any case.
     */
    expiresAt: string;
  };
}
export interface SignInConfiguration {
  issuer: string;
  /**
   * For terminals.
   */
  clientId: string;
  scopes: string[];
  tokenEndpoint?: string;
  /**
   * Absent: the provider has no device flow.
   */
  deviceAuthorizationEndpoint?: string;
}
export interface Session {
  id: string;
  /**
   * The one that asks.
   */
  current: boolean;
  userAgent?: string;
  createdAt: string;
  seenAt: string;
  /**
   * When it ends unless it is used; see `GET /v1/me` for your own.
   */
  expiresAt: string;
}
export interface Project {
  name: string;
  displayName?: string;
  createdAt: string;
  createdBy: string;
}
export interface Member {
  project: string;
  principal: string;
  role: Role;
  /**
   * Roles in single environments, by name; there they take the place of `role`.
   */
  environments?: {
    [k: string]: Role;
  };
  createdAt: string;
  createdBy: string;
}
export interface Access {
  role: Role;
  /**
   * Roles in single environments, by name; there they take the place of `role`.
   */
  environments: {
    [k: string]: Role;
  };
}
export interface Overview {
  project: string;
  displayName?: string;
  /**
   * By name.
   */
  services: {
    name: string;
    repository?: string;
  }[];
  /**
   * By name.
   */
  environments: Environment[];
  /**
   * What is deployed: one for each service and environment that has any.
   */
  instances: Instance[];
  /**
   * There is more than it shows: at most 200 services, 50 environments and 100 services in each.
   */
  truncated: boolean;
}
export interface Environment {
  project: string;
  name: string;
  /**
   * Differs between two of the same name, one after the other.
   */
  id: string;
  kind: 'persistent' | 'ephemeral';
  state:
    | 'provisioning'
    | 'ready'
    | 'hibernating'
    | 'hibernated'
    | 'expired'
    | 'waking'
    | 'destroying'
    | 'destroyed'
    | 'failed';
  /**
   * The place that it is in.
   */
  placement: string;
  idleAfter?: string;
  /**
   * Not before this time; each request and deployment puts it off.
   */
  hibernatesAt?: string;
  officeHours?: OfficeHours;
  /**
   * Until then its office hours do not put it to sleep.
   */
  awakeUntil?: string;
  protection?: Protection;
  /**
   * When its time is over: it sleeps from then on, and is destroyed three days later.
   */
  expiresAt?: string;
  /**
   * When it is destroyed with its data; there once its time is over, until somebody wakes it, deploys to it or extends it.
   */
  destroyAt?: string;
  /**
   * Of the last request or deployment. In lists, and where no idle rule asks for it, of the last that was recorded.
   */
  lastActivityAt: string;
  /**
   * The operation that changes its state.
   */
  operation?: string;
  /**
   * What could not be removed yet; it is tried again.
   */
  leftovers?: string[];
  createdAt: string;
  createdBy: string;
}
export interface OfficeHours {
  days: string;
  from: string;
  /**
   * Later the same day.
   */
  to: string;
  /**
   * Of the IANA database.
   */
  zone: string;
}
export interface Protection {
  /**
   * A second person approves each deployment.
   */
  approval: boolean;
  /**
   * Going back to what ran here before needs no approval.
   */
  rollbackWithoutApproval?: boolean;
  /**
   * Shells may be opened into its services; without it they may not.
   */
  shells?: boolean;
}
export interface Instance {
  project: string;
  environment: string;
  service: string;
  /**
   * What it does now; `unknown` where the place that it runs in can not be asked.
   */
  state: 'serving' | 'deploying' | 'degraded' | 'failed' | 'stopped' | 'unknown';
  /**
   * The same in words.
   */
  status: string;
  health: 'healthy' | 'degraded' | 'down' | 'stopped' | 'unknown';
  /**
   * Absent for a workload without service ports, such as a worker.
   */
  url?: string;
  replicas: {
    desired: number;
    ready: number;
  };
  /**
   * How many replicas people asked for, in place of the Score file.
   */
  scale?: number;
  /**
   * What its own replicas are called, which `replicas` counts; absent where that is `web`.
   */
  process?: string;
  /**
   * What runs beside its own replicas; absent where there is nothing.
   */
  processes?: {
    name: string;
    desired: number;
    ready: number;
    /**
     * How many people asked for, in place of the Score file.
     */
    scale?: number;
  }[];
  current?: Deployment;
  newest?: Deployment;
  /**
   * A version that is tried beside the one that serves.
   */
  candidate?: {
    deployment: number;
    /**
     * So many of a hundred requests go to it.
     */
    percent: number;
    desiredReplicas: number;
    readyReplicas: number;
    restarts: number;
    reason?: string;
  };
  /**
   * What runs beside it without requests: `warm`, the version before, to which a rollback is a switch, or `failed`, to be looked at.
   */
  standby?: {
    deployment: number;
    why: 'warm' | 'failed';
    until: string;
    /**
     * So many run, and use what replicas use.
     */
    replicas: number;
  };
}
/**
 * The deployment that serves, or served before hibernation.
 */
export interface Deployment {
  project: string;
  environment: string;
  service: string;
  number: number;
  kind: 'deploy' | 'promote' | 'rollback' | 'redeploy' | 'restart' | 'scale' | 'start' | 'stop' | 'remove';
  version: string;
  digest: string;
  revision?: Revision;
  /**
   * The scale that people set, in place of the Score file.
   */
  replicas?: number;
  /**
   * What runs beside its web, and in how many replicas; `isScaled` where people set the number.
   */
  processes?: {
    [k: string]: {
      replicas: number;
      isScaled?: true;
    };
  };
  /**
   * Which version of which recipe made resources of it, by the names that the Score file has for these.
   */
  recipes?: {
    [k: string]: {
      type: string;
      version: number;
    };
  };
  rollbackTo?: number;
  fromEnvironment?: string;
  status: 'queued' | 'running' | 'succeeded' | 'failed' | 'canceled' | 'superseded';
  approval?: Approval;
  /**
   * Present where it takes over step by step.
   */
  rollout?: {
    stage: number;
    verdict?: {
      words: string;
    };
  };
  operation: string;
  error?: Error;
  createdAt: string;
  createdBy: string;
  finishedAt?: string;
}
/**
 * What people know the version by.
 */
export interface Revision {
  tag?: string;
  commit?: string;
  author?: string;
  /**
   * First line of the commit message.
   */
  message?: string;
}
/**
 * Where the environment asks for it; while pending, nothing starts.
 */
export interface Approval {
  state: 'pending' | 'approved' | 'rejected' | 'expired' | 'canceled';
  /**
   * Someone else has to approve.
   */
  requestedBy: string;
  /**
   * When it is given up.
   */
  expiresAt: string;
  decidedBy?: string;
  decidedAt?: string;
}
export interface Error {
  code: string;
  /**
   * What happened and why.
   */
  cause: string;
  /**
   * The next thing to do.
   */
  hint: string;
}
export interface Token {
  id: string;
  name: string;
  /**
   * The person that it acts for.
   */
  owner?: string;
  /**
   * The one project that it is good for.
   */
  project?: string;
  role: Role;
  environments?: string[];
  createsTokens?: boolean;
  /**
   * A sign-in from a terminal.
   */
  signIn?: boolean;
  createdAt: string;
  createdBy: string;
  expiresAt: string;
  /**
   * To the hour.
   */
  lastUsedAt?: string;
}
export interface Trust {
  id: string;
  project: string;
  /**
   * As it stands in `iss`: an https URL.
   */
  issuer: string;
  /**
   * As it stands in `aud`, exactly.
   */
  audience: string;
  /**
   * Exact, or with `*` inside a part behind the repository; see docs/how-to/ci-federation.md.
   *
   * @minItems 1
   * @maxItems 10
   */
  subjects: string[];
  /**
   * The repository by its number: a name may be given away, a number is not.
   */
  repositoryId?: string;
  /**
   * Lets in runs for pull requests, whose code anyone may have written, and says why.
   */
  pullRequests?: {
    reason: string;
  };
  role: Role;
  /**
   * The only environments that it is good for; all by default.
   *
   * @minItems 1
   * @maxItems 20
   */
  environments?: string[];
  createdAt: string;
  createdBy: string;
}
export interface ExchangedToken {
  access_token: string;
  issued_token_type: 'urn:ietf:params:oauth:token-type:access_token';
  token_type: 'Bearer';
  /**
   * Seconds.
   */
  expires_in: number;
}
export interface Webhook {
  id: string;
  project: string;
  /**
   * An https URL at a public address; with the format `email` one such as mailto:team@example.com.
   */
  url: string;
  /**
   * Types of events; a noun alone stands for all of it. All events by default.
   *
   * @minItems 1
   * @maxItems 20
   */
  types?: string[];
  /**
   * The form that a chat or a pager takes; the signed one of Berth by default. For `pagerduty` the url is https://events.pagerduty.com/v2/enqueue# with the key of the integration behind it, and alerts alone are sent. For `email` it is `mailto:` with the address of one mailbox, and `types` have to be named.
   */
  format?: 'slack' | 'teams' | 'pagerduty' | 'email';
  /**
   * What it is for.
   */
  description?: string;
  enabled: boolean;
  /**
   * Why Berth disabled it.
   */
  disabledReason?: string;
  /**
   * Until then messages carry a signature by the secret before, too.
   */
  previousSecretUntil?: string;
  /**
   * Number of the last event that was delivered, or that it does not ask for; in answers to reads alone.
   */
  delivered?: number;
  /**
   * The next event is not taken; it is sent again.
   */
  failure?: {
    since: string;
    attempts: number;
    reason: string;
    nextAt: string;
  };
  createdAt: string;
  createdBy: string;
}
export interface WebhookTest {
  delivered: boolean;
  /**
   * Of the answer.
   */
  status?: number;
  /**
   * Why it was not delivered.
   */
  reason?: string;
}
export interface LogDrain {
  id: string;
  project: string;
  /**
   * An https URL at a public address. Of OTLP the whole of it, which mostly ends in /v1/logs; it may have a secret.
   */
  url: string;
  /**
   * `otlp`: OTLP/HTTP logs in JSON. `ndjson`: a JSON object a line.
   */
  format: 'otlp' | 'ndjson';
  /**
   * Which lines are sent; all where absent.
   */
  filter?: {
    environments?: string[];
    services?: string[];
    search?: string;
  };
  /**
   * The output of builds, runs and other operations too.
   */
  operations: boolean;
  /**
   * Names of headers of its own. Their values are in no answer.
   */
  headers?: string[];
  /**
   * What it is for.
   */
  description?: string;
  enabled: boolean;
  /**
   * Why Berth paused it.
   */
  pausedReason?: string;
  /**
   * How far it is; in answers to reads alone.
   */
  state?: {
    /**
     * How it is, in sentences.
     */
    words: string;
    /**
     * Lines that were taken, all in all.
     */
    delivered: number;
    deliveredAt?: string;
    /**
     * Lines that wait for the receiver.
     */
    behind: number;
    /**
     * More wait than were counted.
     */
    behindIsMore?: true;
    /**
     * Lines that were not sent, or not taken, all in all.
     */
    dropped: number;
    droppedAt?: string;
    /**
     * Some could not be counted.
     */
    droppedIsMore?: true;
    /**
     * The next lines are not taken; they are sent again.
     */
    failure?: {
      since: string;
      attempts: number;
      reason: string;
      nextAt: string;
    };
    lastError?: {
      at: string;
      reason: string;
    };
    /**
     * Environments in other places, of whose output nothing is sent.
     */
    elsewhere?: string[];
  };
  createdAt: string;
  createdBy: string;
}
export interface LogDrainTest {
  delivered: boolean;
  /**
   * Of the answer.
   */
  status?: number;
  /**
   * Why the line was not taken.
   */
  reason?: string;
}
export interface AuditReport {
  /**
   * Nothing was edited, taken out, moved or cut off.
   */
  intact: boolean;
  events: number;
  /**
   * The newest event; absent when there is none.
   */
  head?: {
    /**
     * Of the event.
     */
    number: number;
    hash: string;
    at: string;
  };
  /**
   * The newest head that is kept outside of the store.
   */
  anchor?: {
    /**
     * Of the event.
     */
    number: number;
    hash: string;
    at: string;
  };
  /**
   * Events behind the anchor, for which only the chain itself speaks.
   */
  unanchored: number;
  /**
   * What is wrong; a hundred at most.
   */
  faults: {
    kind: 'edited' | 'missing' | 'moved' | 'rewritten' | 'truncated';
    number: number;
    detail: string;
  }[];
}
export interface EvidenceKey {
  algorithm: 'Ed25519';
  /**
   * The 32 bytes, base64url.
   */
  publicKey: string;
  /**
   * The same as a file of a key has it.
   */
  pem: string;
}
export interface Service {
  project: string;
  name: string;
  repository?: string;
  createdAt: string;
  createdBy: string;
}
export interface Connection {
  id: string;
  project: string;
  service: string;
  provider: 'github' | 'gitlab' | 'gitea';
  /**
   * What git clones.
   */
  repository: string;
  /**
   * The folder that is built; the whole source by default.
   */
  path?: string;
  /**
   * A push that changes none of these is not built; each is built by default.
   *
   * @minItems 1
   * @maxItems 20
   *
   * Items: Paths; `*` stands for text without "/", `**` for any text.
   */
  watch?: string[];
  /**
   * Which branches are deployed where; the first that fits counts.
   *
   * @maxItems 20
   */
  rules: {
    /**
     * The name of a branch; `*` stands for text without "/", `**` for any text.
     */
    branch: string;
    environment: string;
  }[];
  /**
   * Where the provider's API is.
   */
  api: string;
  previews?: {
    base: string;
    /**
     * Expires this long after its newest commit.
     */
    ttl: string;
    /**
     * Hibernates after this long without a request.
     */
    idleAfter: string;
    /**
     * Whether its databases begin with what those of the base have, masked.
     */
    withData: boolean;
  };
  /**
   * The path of the address that the provider delivers to.
   */
  hook: string;
  /**
   * GitHub is asked as the App of this Berth; a token, if there is one, serves builds alone.
   */
  app: boolean;
  /**
   * Why the connection can not use the GitHub App now. In answers to reads alone.
   */
  appTrouble?: string;
  /**
   * There is a token for private source, statuses and comments.
   */
  hasToken: boolean;
  /**
   * Until then the secret before is good too.
   */
  previousSecretUntil?: string;
  /**
   * The provider does not take a status; it is sent again. In answers to reads alone.
   */
  failure?: {
    since: string;
    attempts: number;
    reason: string;
    nextAt: string;
  };
  /**
   * Why GitHub is not told of deployments beside the statuses of commits; it is tried again once a day. In answers to reads alone.
   */
  deploymentsRefused?: string;
  createdAt: string;
  createdBy: string;
}
export interface Delivery {
  number: number;
  /**
   * The provider's name for the message.
   */
  delivery: string;
  event: string;
  at: string;
  /**
   * `held`: a maintainer has not approved the commit of a fork.
   */
  state:
    | 'waiting'
    | 'building'
    | 'deploying'
    | 'destroying'
    | 'succeeded'
    | 'failed'
    | 'skipped'
    | 'held'
    | 'superseded';
  /**
   * Why nothing is to be done.
   */
  reason?: string;
  ref?: string;
  commit?: string;
  /**
   * First line of the commit’s message.
   */
  message?: string;
  author?: string;
  environment?: string;
  pullRequest?: number;
  /**
   * The delivery that is done once more.
   */
  redelivers?: number;
  /**
   * The operation that builds.
   */
  build?: string;
  version?: string;
  /**
   * Number of the deployment.
   */
  deployment?: number;
  /**
   * The operation that deploys.
   */
  operation?: string;
  error?: Error;
  endedAt?: string;
}
export interface Preview {
  service: string;
  /**
   * Of the pull request.
   */
  number: number;
  title: string;
  /**
   * Of the pull request.
   */
  url?: string;
  branch: string;
  /**
   * The newest.
   */
  commit: string;
  /**
   * The commit is of another repository.
   */
  isFork: boolean;
  /**
   * The commit of a fork that a maintainer has let in.
   */
  approved?: {
    commit: string;
    by: string;
    at: string;
  };
  environment: string;
  /**
   * Number of the newest delivery.
   */
  delivery: number;
  state: 'held' | 'opening' | 'ready' | 'failed' | 'closing' | 'closed';
  error?: Error;
  createdAt: string;
  updatedAt: string;
}
export interface HandedOn {
  /**
   * As many connections it was handed to.
   */
  connections: number;
}
/**
 * The GitHub App of this Berth, and which project may connect to which repositories by it.
 */
export interface GitHubApp {
  /**
   * The GitHub that the App is of; absent where none is registered.
   */
  origin?: string;
  /**
   * The path of the address of its webhook.
   */
  hook: string;
  items: {
    /**
     * Name of a project.
     */
    project: string;
    /**
     * Full name of a repository; behind its owner, `*` stands for any text.
     */
    repository: string;
  }[];
}
export interface GitSource {
  url: string;
  /**
   * Branch, tag or commit.
   */
  ref: string;
}
export interface Operation {
  id: string;
  kind:
    | 'build'
    | 'provision-environment'
    | 'provision-with-data'
    | 'deploy'
    | 'deploy-in-steps'
    | 'rollback'
    | 'hibernate'
    | 'wake'
    | 'destroy-environment'
    | 'rotate-secret'
    | 'stop'
    | 'remove-service'
    | 'game-day'
    | 'run'
    | 'backup'
    | 'restore';
  status: 'queued' | 'running' | 'succeeded' | 'failed' | 'canceled' | 'superseded';
  project: string;
  environment?: string;
  service?: string;
  /**
   * The deployment that it carries out.
   */
  number?: number;
  steps: OperationStep[];
  cancelRequested?: boolean;
  /**
   * Of a build that waits for its turn: how many begin before it.
   */
  waitingFor?: number;
  approval?: Approval;
  error?: Error;
  /**
   * Of a build: `version`. Of a deployment: `number` and `url`. Of a run: `exitCode`.
   */
  result?: {
    [k: string]: unknown;
  };
  cost?: Cost;
  createdAt: string;
  createdBy: string;
  endedAt?: string;
  durationMs?: number;
  /**
   * By then it has ended, one way or another.
   */
  deadline: string;
}
export interface OperationStep {
  name: string;
  /**
   * 1 for the first try.
   */
  attempt: number;
  status: 'running' | 'succeeded' | 'failed' | 'canceled' | 'superseded';
  startedAt: string;
  endedAt?: string;
  durationMs?: number;
}
/**
 * What it used of AWS until its latest change, each attempt of each step included; on one machine what it would have used there. Workloads, logs and traces are not in it.
 */
export interface Cost {
  /**
   * By the names of the price list, prices/us-east-1.json.
   */
  units: {
    [k: string]: number;
  };
  /**
   * At the list prices of us-east-1.
   */
  usd: number;
}
export interface OperationSummary {
  id: string;
  kind:
    | 'build'
    | 'provision-environment'
    | 'provision-with-data'
    | 'deploy'
    | 'deploy-in-steps'
    | 'rollback'
    | 'hibernate'
    | 'wake'
    | 'destroy-environment'
    | 'rotate-secret'
    | 'stop'
    | 'remove-service'
    | 'game-day'
    | 'run'
    | 'backup'
    | 'restore';
  status: 'queued' | 'running' | 'succeeded' | 'failed' | 'canceled' | 'superseded';
  project: string;
  environment?: string;
  service?: string;
  /**
   * The deployment that it carries out.
   */
  number?: number;
  /**
   * Code of its error; the operation itself has cause and hint.
   */
  errorCode?: string;
  /**
   * Of a build from git: branch, tag or commit.
   */
  ref?: string;
  /**
   * Of a build: asked for with it.
   */
  tag?: string;
  /**
   * What a build made.
   */
  version?: string;
  /**
   * Of a run: the job that asked for it.
   */
  job?: string;
  /**
   * Of a run whose command came to its end.
   */
  exitCode?: number;
  /**
   * Of a run: its words; the first 60 characters.
   */
  command?: string;
  createdAt: string;
  createdBy: string;
  endedAt?: string;
  durationMs?: number;
}
export interface UploadTarget {
  /**
   * Named by the build.
   */
  id: string;
  method: 'PUT';
  /**
   * Whoever has it may send the archive: send no other credentials there.
   */
  url: string;
  /**
   * To be sent with the archive.
   */
  headers: {
    [k: string]: string;
  };
  expiresAt: string;
}
export interface VersionDetail {
  project: string;
  service: string;
  id: string;
  /**
   * Of the OCI image manifest.
   */
  digest: string;
  tags: string[];
  source: Source;
  /**
   * Bytes of all layers, compressed.
   */
  size?: number;
  createdAt: string;
  createdBy: string;
  workload: ScoreWorkload;
}
/**
 * A Score v1b1 workload as JSON; see docs.score.dev.
 */
export interface ScoreWorkload {
  apiVersion: 'score.dev/v1b1';
  [k: string]: unknown;
}
export interface Version {
  project: string;
  service: string;
  id: string;
  /**
   * Of the OCI image manifest.
   */
  digest: string;
  tags: string[];
  source: Source;
  /**
   * Bytes of all layers, compressed.
   */
  size?: number;
  createdAt: string;
  createdBy: string;
}
export interface Detection {
  detected: string;
  /**
   * What starts it; empty for a static site and for a Dockerfile.
   */
  command: string[];
  releaseCommand?: string;
  /**
   * What is worth knowing, a clause each.
   */
  notes: string[];
  /**
   * A `score.yaml` to begin with.
   */
  score: string;
  /**
   * What is in it and why, a sentence each.
   */
  reasons: string[];
}
export interface Import {
  from: ('compose' | 'copilot' | 'heroku')[];
  /**
   * In the order in which they can be deployed.
   */
  services: {
    name: string;
    /**
     * What is built of the source; empty for all of it.
     */
    folder: string;
    /**
     * Path of its Score file.
     */
    score: string;
    jobs: {
      name: string;
      schedule: string;
      command: string[];
      timeout?: string;
      retries?: number;
    }[];
  }[];
  /**
   * Score files, and variables of environments as `.env` files: by paths from the top of the source.
   */
  files: {
    path: string;
    text: string;
  }[];
  /**
   * Which file has the variables of which environment; without a name, of all others.
   */
  variables: {
    path: string;
    environment?: string;
  }[];
  /**
   * What the services read and nobody has written down here, and where it was.
   */
  secrets: {
    name: string;
    was: string;
  }[];
  left: {
    /**
     * `edit`: it does not run right before the source or the Score file is changed. `set`: something has to be set once. `note`: it runs without.
     */
    kind: 'edit' | 'set' | 'note';
    of: string;
    what: string;
    /**
     * What to do about it.
     */
    todo: string;
  }[];
}
export interface ScoreCheck {
  faults: {
    /**
     * Empty for the file as a whole.
     */
    path: string;
    line?: number;
    column?: number;
    code: string;
    message: string;
    hint: string;
  }[];
}
export interface Origin {
  /**
   * The environment that was cloned.
   */
  from: string;
  /**
   * Whether its secrets came along.
   */
  secrets: boolean;
  /**
   * Whether the data of its databases came along.
   */
  withData: boolean;
  state: 'preparing' | 'provisioning' | 'deploying' | 'succeeded' | 'failed';
  /**
   * In the order in which they come: each behind those that it refers to.
   */
  services: {
    service: string;
    version: string;
    state: 'waiting' | 'deploying' | 'succeeded' | 'failed';
    /**
     * Number of the deployment.
     */
    deployment?: number;
    /**
     * Id of its operation.
     */
    operation?: string;
    error?: Error;
  }[];
  error?: Error;
  createdAt: string;
  createdBy: string;
  endedAt?: string;
}
export interface Masking {
  rules: {
    /**
     * The uid of the database, in whatever environment.
     */
    resource: string;
    /**
     * Statements that end in semicolons; empty where there is nothing to mask.
     */
    sql: string;
  }[];
}
export interface Wake {
  /**
   * `absent`: nothing that could be woken. `stopped`: people stopped the service, and it stays so. `expired`: requests do not wake it now, since its time is over, or since they have woken it outside of its office hours as often as they may.
   */
  state: 'waking' | 'awake' | 'stopped' | 'absent' | 'expired';
  /**
   * Why not all came back when it was last woken, or why it is not woken.
   */
  error?: {
    code: string;
    cause: string;
    hint: string;
  };
}
export interface Resource {
  /**
   * Score's `type.class#id`.
   */
  uid: string;
  type: string;
  class: string;
  id: string;
  state: 'provisioning' | 'ready' | 'removing';
  /**
   * Who uses it.
   */
  services: string[];
  /**
   * What a placeholder can ask it for; values are not shown.
   */
  outputs: string[];
  operation: string;
  /**
   * Its data can be backed up here.
   */
  backups?: true;
  /**
   * When a restore replaced its data; what it replaced is still there, and can be put back.
   */
  replacedAt?: string;
  createdAt: string;
}
export interface Backups {
  items: Backup[];
}
export interface Backup {
  id: string;
  /**
   * `checked`: it was restored beside the database on trial, and what came of it was equal.
   */
  state: 'making' | 'checked' | 'failed' | 'deleting';
  /**
   * Why it failed.
   */
  error?: {
    code: string;
    cause: string;
    hint: string;
  };
  /**
   * Compressed.
   */
  bytes?: number;
  tables?: number;
  rows?: number;
  /**
   * Its plan asked for it.
   */
  scheduled?: true;
  operation: string;
  createdAt: string;
  createdBy: string;
}
export interface BackupPlan {
  /**
   * Five fields as in a crontab: minute, hour, day of the month, month, day of the week. An hour that is left out in spring is made up for right after it; in one that comes twice in autumn a job runs once, unless its hour or minute is `*` or has a step.
   */
  schedule?: string;
  timeZone: string;
  /**
   * How many that were checked stay. 7 by default.
   */
  keep: number;
  /**
   * When the next one is made.
   */
  nextAt?: string;
}
export interface Inventory {
  services: {
    service: string;
    /**
     * How many there were.
     */
    deployments: number;
    /**
     * The one that serves.
     */
    current?: number;
  }[];
  resources: {
    uid: string;
    type: string;
    class: string;
    id: string;
    state: 'provisioning' | 'ready' | 'removing';
    /**
     * Who uses it.
     */
    services: string[];
    /**
     * Of a volume: the size that it was asked for with.
     */
    size?: string;
    createdAt: string;
  }[];
  secrets: {
    name: string;
    version: string;
    createdAt: string;
    updatedAt: string;
    updatedBy: string;
  }[];
}
export interface OfficeHoursPreview {
  /**
   * The next seven, in their order.
   */
  turns: {
    at: string;
    state: 'awake' | 'asleep';
  }[];
}
export interface Manifests {
  namespace: string;
  /**
   * What serves, and is in the files.
   */
  deployments: {
    service: string;
    number: number;
    version: string;
  }[];
  /**
   * YAML by paths: `environment.yaml` with the namespace first, then `services/<name>.yaml` for each service.
   */
  files: {
    path: string;
    text: string;
  }[];
  /**
   * Where values of secrets have to be written: none is in the files.
   */
  secrets: {
    file: string;
    /**
     * Name of the Secret.
     */
    secret: string;
    key: string;
    /**
     * What stands there instead of values.
     */
    placeholders: string[];
  }[];
  left: {
    kind: 'image' | 'resource' | 'way-in' | 'command' | 'job' | 'domain';
    /**
     * A service, or the uid of a resource.
     */
    of: string;
    what: string;
    /**
     * What to do about it.
     */
    todo: string;
  }[];
}
export interface EnvironmentCost {
  environment: string;
  /**
   * `on_aws`: AWS is paid for it. `as_if_on_aws`: it runs elsewhere, and this is what AWS would be paid for it.
   */
  basis: 'on_aws' | 'as_if_on_aws';
  /**
   * What a month costs, if it goes on as it is now.
   */
  usdPerMonth: number;
  /**
   * What a day costs, likewise.
   */
  usdPerDay: number;
  /**
   * What it still costs until it expires; absent where it does not.
   */
  usdUntilExpiry?: number;
  /**
   * What costs most comes first.
   */
  lines: CostLine[];
  /**
   * Resources of types whose cost is not known, by their uid: they count for nothing.
   */
  unpriced: string[];
  common: CommonCost;
  prices: PriceList;
}
export interface CostLine {
  kind: 'service' | 'resource';
  /**
   * Of the service, or the resource's uid.
   */
  name: string;
  /**
   * As the price list names it.
   */
  unit: string;
  /**
   * Of the unit, in a month.
   */
  amount: number;
  /**
   * What that costs.
   */
  usdPerMonth: number;
}
/**
 * What an installation of its own has for all its environments, whether anything is deployed or not. It is in no other sum.
 */
export interface CommonCost {
  /**
   * All of it together.
   */
  usdPerMonth: number;
  lines: {
    /**
     * Of the service, or the resource's uid.
     */
    name: string;
    /**
     * As the price list names it.
     */
    unit: string;
    /**
     * Of the unit, in a month.
     */
    amount: number;
    /**
     * What that costs.
     */
    usdPerMonth: number;
  }[];
}
/**
 * Of which region of AWS the list prices are, and from when.
 */
export interface PriceList {
  region: string;
  date: string;
}
export interface ProjectCost {
  /**
   * What all its environments cost together in a month, as they are now.
   */
  usdPerMonth: number;
  /**
   * What a day costs, likewise.
   */
  usdPerDay: number;
  /**
   * What costs most comes first.
   */
  environments: {
    environment: string;
    kind: 'persistent' | 'ephemeral';
    state:
      | 'provisioning'
      | 'ready'
      | 'hibernating'
      | 'hibernated'
      | 'expired'
      | 'waking'
      | 'destroying'
      | 'destroyed'
      | 'failed';
    /**
     * `on_aws`: AWS is paid for it. `as_if_on_aws`: it runs elsewhere, and this is what AWS would be paid for it.
     */
    basis: 'on_aws' | 'as_if_on_aws';
    /**
     * What a month costs, if it goes on as it is now.
     */
    usdPerMonth: number;
    /**
     * What a day costs, likewise.
     */
    usdPerDay: number;
    /**
     * What it still costs until it expires; absent where it does not.
     */
    usdUntilExpiry?: number;
    /**
     * Its part of the processors and the memory that all of these environments ask for, 0 to 1: what is common can be divided by it.
     */
    share: number;
    /**
     * Resources of types whose cost is not known, by their uid: they count for nothing.
     */
    unpriced: string[];
    /**
     * Of the last request or deployment; absent where requests are not seen.
     */
    lastUsedAt?: string;
    /**
     * Whole days since then.
     */
    idleDays?: number;
  }[];
  /**
   * The environments without a request or a deployment for so many days.
   */
  idle: {
    days: number;
    environments: string[];
    /**
     * What they cost together in a month.
     */
    usdPerMonth: number;
  };
  common: CommonCost;
  prices: PriceList;
  /**
   * There are more environments than the 50 that it shows, or more services in one than the 100 that it counts.
   */
  truncated: boolean;
}
/**
 * Name and version of a secret. Its value is never shown.
 */
export interface Secret {
  name: string;
  /**
   * The current one.
   */
  version: string;
  /**
   * The newest twenty, the newest first.
   */
  versions: {
    version: string;
    stage: 'pending' | 'current' | 'previous' | 'retired' | 'revoked';
    createdAt: string;
    createdBy: string;
    source?: SecretSource;
  }[];
  source?: SecretSource;
  /**
   * With `readers`: the services that are deployed there and read it, those that have it from their next deployment or restart on among them.
   */
  readBy?: string[];
  /**
   * The operation that rotates it now.
   */
  rotation?: string;
  createdAt: string;
  updatedAt: string;
  updatedBy: string;
}
/**
 * Where a secret is that is kept elsewhere.
 */
export interface SecretSource {
  from: 'aws-secrets-manager' | 'vault';
  /**
   * The whole ARN of a secret of AWS Secrets Manager; of Vault, mount and path: `secret/shop/db`.
   */
  entry: string;
  /**
   * A member of the entry's JSON object. Vault needs one; of AWS the whole text is taken without it.
   */
  key?: string;
  /**
   * What every deployment takes; the newest at that time without it.
   */
  version?: string;
}
export interface BuildSecrets {
  items: BuildSecret[];
}
/**
 * Name and version of a secret for builds. Its value is never shown.
 */
export interface BuildSecret {
  name: string;
  version: string;
  updatedAt: string;
  updatedBy: string;
}
export interface Registries {
  items: RegistryCredential[];
}
/**
 * What a registry is signed in to with. The password is never shown.
 */
export interface RegistryCredential {
  /**
   * Its host, with its port if it has one.
   */
  registry: string;
  username: string;
  version: string;
  updatedAt: string;
  updatedBy: string;
}
/**
 * Which project may refer to which secrets that are kept elsewhere.
 */
export interface SecretSources {
  items: {
    /**
     * Name of a project; `*` stands for all of them.
     */
    project: string | '*';
    from: 'aws-secrets-manager' | 'vault';
    /**
     * One entry; or what the names of entries begin with, if it ends with a slash.
     */
    prefix: string;
  }[];
}
export interface RecipeVersion {
  type: string;
  version: number;
  recipe: Recipe;
  createdAt: string;
  createdBy: string;
}
/**
 * A resource type made of those that Berth has: `params`, `resources` and `outputs`, as docs/how-to/offer-resource-types.md has it.
 */
export interface Recipe {
  type: string;
  description: string;
  [k: string]: unknown;
}
export interface RecipeCheck {
  faults: {
    /**
     * Empty for the recipe as a whole.
     */
    path: string;
    line?: number;
    column?: number;
    message: string;
  }[];
  recipe?: Recipe;
}
export interface RecipeUses {
  version: number;
  items: RecipeUse[];
}
export interface RecipeUse {
  project: string;
  environment: string;
  service: string;
  /**
   * Of the environment.
   */
  kind: 'persistent' | 'ephemeral';
  /**
   * Whether the environment is.
   */
  protected: boolean;
  state: 'runs' | 'sleeps' | 'stopped';
  /**
   * Of the deployment that serves.
   */
  number: number;
  /**
   * The version that it runs.
   */
  serviceVersion: string;
  /**
   * Of the recipe, by which it was made.
   */
  version: number;
  /**
   * What the same version of the service would change when it is deployed anew.
   */
  changes: Change[];
  /**
   * Resources whose data the service would lose by that.
   */
  losses: {
    name: string;
    uid: string;
    type: string;
    class: string;
    /**
     * `make`: it is not there yet. `keep`: it is. `compute`: nothing is made for its type. `unused`: it stays until the environment is destroyed, and this service no longer uses it.
     */
    action: 'make' | 'keep' | 'compute' | 'unused';
    /**
     * Where the service loses data. `left`: nobody uses them from then on, and they go with the environment. `empty`: it begins without those of the resource of its name that had another class.
     */
    data?: 'left' | 'empty';
  }[];
  /**
   * Why that would be refused.
   */
  problems: Error[];
}
/**
 * One difference. Texts are as the Score file has them, placeholders and all; of a secret it is the version, of a file its mode, size and a hash.
 */
export interface Change {
  area:
    | 'version'
    | 'setting'
    | 'container'
    | 'variable'
    | 'file'
    | 'volume'
    | 'command'
    | 'compute'
    | 'probe'
    | 'port'
    | 'resource'
    | 'secret'
    | 'metadata';
  /**
   * The container that it is in.
   */
  container?: string;
  name: string;
  change: 'added' | 'removed' | 'changed';
  before?: string;
  after?: string;
  /**
   * There are values, and they are not shown: they may be secret.
   */
  hidden?: true;
}
export interface Variables {
  items: Variable[];
}
export interface Variable {
  name: string;
  value: string;
  updatedAt: string;
  updatedBy: string;
  /**
   * With `readers`: the services that are deployed there and read it, those that have it from their next deployment or restart on among them.
   */
  readBy?: string[];
}
export interface InstanceDetail {
  project: string;
  environment: string;
  service: string;
  /**
   * What it does now; `unknown` where the place that it runs in can not be asked.
   */
  state: 'serving' | 'deploying' | 'degraded' | 'failed' | 'stopped' | 'unknown';
  /**
   * The same in words.
   */
  status: string;
  health: 'healthy' | 'degraded' | 'down' | 'stopped' | 'unknown';
  /**
   * Absent for a workload without service ports, such as a worker.
   */
  url?: string;
  replicas: {
    desired: number;
    ready: number;
    items: {
      id: string;
      deployment: number;
      state: 'starting' | 'running' | 'ready' | 'restarting' | 'stopping' | 'stopped';
      restarts: number;
      startedAt?: string;
      reason?: string;
      /**
       * Absent for its web.
       */
      process?: string;
    }[];
  };
  /**
   * How many replicas people asked for, in place of the Score file.
   */
  scale?: number;
  /**
   * What its own replicas are called, which `replicas` counts; absent where that is `web`.
   */
  process?: string;
  /**
   * What runs beside its own replicas; absent where there is nothing.
   */
  processes?: {
    name: string;
    desired: number;
    ready: number;
    /**
     * How many people asked for, in place of the Score file.
     */
    scale?: number;
  }[];
  current?: Deployment;
  newest?: Deployment;
  /**
   * A version that is tried beside the one that serves.
   */
  candidate?: {
    deployment: number;
    /**
     * So many of a hundred requests go to it.
     */
    percent: number;
    desiredReplicas: number;
    readyReplicas: number;
    restarts: number;
    reason?: string;
  };
  /**
   * What runs beside it without requests: `warm`, the version before, to which a rollback is a switch, or `failed`, to be looked at.
   */
  standby?: {
    deployment: number;
    why: 'warm' | 'failed';
    until: string;
    /**
     * So many run, and use what replicas use.
     */
    replicas: number;
  };
  /**
   * Where other workloads in the environment reach its service ports.
   */
  endpoints: {
    name: string;
    port: number;
    protocol: 'TCP' | 'UDP';
    address: string;
  }[];
  /**
   * Variables and secrets that have changed since it was deployed: a restart takes them.
   */
  changed: string[];
}
export interface Jobs {
  items: Job[];
}
export interface Job {
  name: string;
  project: string;
  environment: string;
  service: string;
  /**
   * Five fields as in a crontab: minute, hour, day of the month, month, day of the week. An hour that is left out in spring is made up for right after it; in one that comes twice in autumn a job runs once, unless its hour or minute is `*` or has a step.
   */
  schedule: string;
  /**
   * Of the IANA database; UTC by default.
   */
  timeZone: string;
  /**
   * Words: no shell reads them. `$(NAME)` is the value of a variable of the container, and `$$` a dollar. They are on record for all who may read the project: leave secrets to variables.
   *
   * @minItems 1
   * @maxItems 200
   */
  command: string[];
  /**
   * With the image, variables and files of this process; with those of `web` without it.
   */
  process?: string;
  timeout: string;
  /**
   * When it is due and its last run goes on: `forbid`, the default, misses that time; `allow` runs both.
   */
  overlap: 'forbid' | 'allow';
  /**
   * How often a run that failed is tried again: after 10 seconds, and twice as long each time, before it is due next. 0 by default.
   */
  retries: number;
  /**
   * It does not run by its schedule. false by default.
   */
  suspended: boolean;
  /**
   * It wakes an environment that sleeps. false by default: it sleeps with its environment, and that is no failure.
   */
  wakes: boolean;
  /**
   * When it is due next; absent while it is suspended.
   */
  nextAt?: string;
  /**
   * When a run that failed is tried again.
   */
  retryAt?: string;
  /**
   * The operations of its runs that have not ended.
   */
  running: string[];
  /**
   * The run that ended last.
   */
  last?: {
    operation: string;
    status: 'queued' | 'running' | 'succeeded' | 'failed' | 'canceled' | 'superseded';
    exitCode?: number;
    endedAt: string;
  };
  /**
   * Since the last run that began: how often it was due in vain.
   */
  missed?: {
    count: number;
    since: string;
    /**
     * Of the last time.
     */
    reason: 'late' | 'overlap' | 'not_deployed' | 'no_process' | 'too_many_runs';
  };
  createdAt: string;
  createdBy: string;
  updatedAt: string;
}
export interface Domains {
  items: Domain[];
}
export interface Domain {
  /**
   * In lower case and ASCII.
   */
  name: string;
  project: string;
  environment: string;
  service: string;
  /**
   * `waiting_for_dns`: not proven yet. `ordering`: proven, and without a certificate so far. `active`: served. `failing`: no valid certificate, and the last order failed. `suspended`: its proof was gone for three days.
   */
  state: 'waiting_for_dns' | 'ordering' | 'active' | 'failing' | 'suspended';
  /**
   * The state in words: what is missing, what is there now, and what comes next.
   */
  message: string;
  /**
   * Each of these proves the domain; one is enough.
   */
  records: {
    type: 'TXT' | 'CNAME';
    name: string;
    value: string;
  }[];
  /**
   * What the DNS said last.
   */
  seen?: {
    at: string;
    /**
     * The texts that the TXT record has.
     */
    found: string[];
    /**
     * Where the domain leads by a CNAME.
     */
    pointsTo?: string;
    /**
     * Why name servers gave no answer.
     */
    fault?: string;
  };
  provenAt?: string;
  /**
   * Since when its proof is gone.
   */
  missingSince?: string;
  suspendedAt?: string;
  certificate?: {
    issuer: string;
    notBefore: string;
    notAfter: string;
    /**
     * When a third of its life is left.
     */
    renewsAt: string;
  };
  /**
   * Why the last order failed, and when it is tried again.
   */
  failure?: {
    at: string;
    cause: string;
    retryAt: string;
  };
  /**
   * When something of it is looked at next.
   */
  nextAt: string;
  createdAt: string;
  createdBy: string;
}
export interface Shell {
  /**
   * Of the WebSocket; who has it needs no token.
   */
  path: string;
  /**
   * It can be opened once, until then.
   */
  expiresAt: string;
}
export interface DeploymentDetail {
  project: string;
  environment: string;
  service: string;
  number: number;
  kind: 'deploy' | 'promote' | 'rollback' | 'redeploy' | 'restart' | 'scale' | 'start' | 'stop' | 'remove';
  version: string;
  digest: string;
  revision?: Revision;
  /**
   * The scale that people set, in place of the Score file.
   */
  replicas?: number;
  /**
   * What runs beside its web, and in how many replicas; `isScaled` where people set the number.
   */
  processes?: {
    [k: string]: {
      replicas: number;
      isScaled?: true;
    };
  };
  /**
   * Which version of which recipe made resources of it, by the names that the Score file has for these.
   */
  recipes?: {
    [k: string]: {
      type: string;
      version: number;
    };
  };
  rollbackTo?: number;
  fromEnvironment?: string;
  status: 'queued' | 'running' | 'succeeded' | 'failed' | 'canceled' | 'superseded';
  approval?: Approval;
  /**
   * Present where it takes over step by step.
   */
  rollout?: {
    stage: number;
    verdict?: {
      words: string;
    };
  };
  operation: string;
  error?: Error;
  createdAt: string;
  createdBy: string;
  finishedAt?: string;
  workload: ScoreWorkload;
}
export interface Policy {
  description?: string;
  /**
   * Names, with `*` for any text; all environments by default.
   *
   * @minItems 1
   * @maxItems 50
   */
  environments?: string[];
  rollbacks: boolean;
  rule: PolicyRule;
  name: string;
  updatedAt: string;
  updatedBy: string;
}
export interface PolicyDryRun {
  /**
   * Deployments that were judged.
   */
  considered: number;
  refused: {
    project: string;
    environment: string;
    service: string;
    number: number;
    version: string;
    at: string;
    by: string;
    violation: Violation;
  }[];
  /**
   * There were more than are judged at once; the newest were.
   */
  truncated: boolean;
}
export interface Violation {
  policy: string;
  scope: 'project' | 'platform';
  fact: string;
  remedy: string;
}
export interface Place {
  name: string;
  access?: ClusterAccess;
  /**
   * Workloads are served under it.
   */
  domain?: string;
  scheme?: 'http' | 'https';
  /**
   * Its Gateway; `berth-gateway/berth` without it.
   */
  gateway?: string;
  /**
   * Of volumes; the default of the cluster without it.
   */
  storageClass?: string;
  labels: {
    [k: string]: string;
  };
  default: boolean;
  /**
   * Names of the projects that may use it, with `*` for any text; all without it.
   *
   * @minItems 1
   * @maxItems 100
   */
  projects?: string[];
  /**
   * Names of the environments that may use it, with `*` for any text; all without it.
   *
   * @minItems 1
   * @maxItems 100
   */
  environments?: string[];
  /**
   * Workloads there reach the databases of this installation; without it, what needs one is refused.
   */
  databases: boolean;
  /**
   * As it was last seen; `unknown` until it was looked at.
   */
  state: 'reachable' | 'unreachable' | 'unknown';
  /**
   * It has been in that state since then.
   */
  since?: string;
  /**
   * Why it can not be reached.
   */
  reason?: string;
  /**
   * It is being removed.
   */
  closing?: boolean;
  createdAt?: string;
  createdBy?: string;
}
export interface Plan {
  kind: 'deploy' | 'promote' | 'rollback' | 'redeploy' | 'restart' | 'scale' | 'start' | 'stop' | 'remove';
  /**
   * The number that it would get.
   */
  number: number;
  /**
   * The deployment that serves now.
   */
  from?: number;
  version: string;
  digest: string;
  revision?: Revision;
  /**
   * Which version of which recipe made resources of it, by the names that the Score file has for these.
   */
  recipes?: {
    [k: string]: {
      type: string;
      version: number;
    };
  };
  changes: Change[];
  resources: {
    name: string;
    uid: string;
    type: string;
    class: string;
    /**
     * `make`: it is not there yet. `keep`: it is. `compute`: nothing is made for its type. `unused`: it stays until the environment is destroyed, and this service no longer uses it.
     */
    action: 'make' | 'keep' | 'compute' | 'unused';
    /**
     * Where the service loses data. `left`: nobody uses them from then on, and they go with the environment. `empty`: it begins without those of the resource of its name that had another class.
     */
    data?: 'left' | 'empty';
  }[];
  replicas: {
    before: number;
    after: number;
  };
  /**
   * What runs before it takes traffic.
   */
  releaseCommand?: string;
  rollout?: RolloutPlan;
  /**
   * What serves now runs on for so long without requests, with `replicas.before` replicas, so that a rollback is a switch.
   */
  warmSeconds?: number;
  /**
   * In US dollars a month in which the environment is awake, at the list prices of AWS, wherever it runs.
   */
  cost: {
    /**
     * What the service costs now.
     */
    before: number;
    /**
     * What it costs then, with the resources that are made for it.
     */
    after: number;
    difference: number;
    /**
     * What serves now, as long as it stays warm: paid once.
     */
    once?: number;
  };
  /**
   * Why it would be refused or fail, as far as that can be told before.
   */
  problems: Error[];
  /**
   * What the workload will not find there as its Score file says, with what helps; text.
   */
  warnings: string[];
}
export interface RolloutPlan {
  stages: {
    /**
     * So many of a hundred requests go to the new version.
     */
    percent: number;
    /**
     * Absent: until a person goes on.
     */
    seconds?: number;
  }[];
  checks: {
    /**
     * Of a hundred requests.
     */
    maxErrorRate?: number;
    maxP99Ms?: number;
    minRequests: number;
    url?: string;
    command?: string[];
    webhook?: string;
  };
}
export interface DeploymentDiff {
  /**
   * Absent where there is none before.
   */
  from?: number;
  to: number;
  changes: Change[];
}
export interface Rollout {
  stages: {
    /**
     * So many of a hundred requests go to the new version.
     */
    percent: number;
    /**
     * Absent: until a person goes on.
     */
    seconds?: number;
  }[];
  checks: {
    /**
     * Of a hundred requests.
     */
    maxErrorRate?: number;
    maxP99Ms?: number;
    minRequests: number;
    url?: string;
    command?: string[];
    webhook?: string;
  };
  /**
   * Index of the stage that it is in, or ended in.
   */
  stage: number;
  /**
   * So many of a hundred requests are for it in this stage.
   */
  percent: number;
  /**
   * Absent until the new version is ready.
   */
  since?: string;
  /**
   * The stage ends then, if its checks pass.
   */
  until?: string;
  pausedAt?: string;
  /**
   * What a person asked for last.
   */
  asked?: 'promote' | 'continue';
  verdict?: Verdict;
}
export interface Verdict {
  state: 'passing' | 'failing' | 'undecided';
  words: string;
  checks: {
    name: 'error-rate' | 'p99' | 'url' | 'command' | 'webhook';
    /**
     * `few`: there were too few requests to tell.
     */
    state: 'passed' | 'failed' | 'pending' | 'few';
    words: string;
  }[];
  candidate: Figures;
  stable: Figures;
}
export interface Figures {
  requests: number;
  /**
   * Answers with a status of 500 or more.
   */
  errors: number;
  /**
   * Of a hundred requests.
   */
  errorRate: number;
  p50Ms: number;
  p99Ms: number;
}
export interface DoraFigures {
  /**
   * The period begins here: later than was asked for where it has more than 50000 events.
   */
  from: string;
  to: string;
  all: {
    deployments: {
      /**
       * Deployments that brought a version which serves, or did.
       */
      n: number;
      perDay: number;
    };
    /**
     * From the commit to where it serves.
     */
    leadTime: {
      /**
       * Versions whose commit time is known, each once in an environment.
       */
      n: number;
      /**
       * Half of them took no longer. Null with fewer than 5.
       */
      medianSeconds: number | null;
      /**
       * Nine of ten took no longer. Null with fewer than 5.
       */
      p90Seconds: number | null;
    };
    /**
     * Changes that failed, of all that ended.
     */
    changeFailures: {
      /**
       * Deployments that brought a version, or failed to.
       */
      n: number;
      /**
       * Those of them that failed, or were taken back.
       */
      failed: number;
      /**
       * Those of the failed that a check of the new version ended.
       */
      checked: number;
      /**
       * Those that served, and were rolled back within a day.
       */
      takenBack: number;
      /**
       * 0 to 1; null with fewer than 5.
       */
      rate: number | null;
    };
    /**
     * From a failure to the next deployment, or rollback, that served.
     */
    timeToRestore: {
      /**
       * Failures behind which a deployment or a rollback served.
       */
      n: number;
      /**
       * Failures behind which nothing has served yet.
       */
      open: number;
      /**
       * Half of them took no longer. Null with fewer than 5.
       */
      medianSeconds: number | null;
    };
  };
  services: {
    service: string;
    deployments: {
      /**
       * Deployments that brought a version which serves, or did.
       */
      n: number;
      perDay: number;
    };
    /**
     * From the commit to where it serves.
     */
    leadTime: {
      /**
       * Versions whose commit time is known, each once in an environment.
       */
      n: number;
      /**
       * Half of them took no longer. Null with fewer than 5.
       */
      medianSeconds: number | null;
      /**
       * Nine of ten took no longer. Null with fewer than 5.
       */
      p90Seconds: number | null;
    };
    /**
     * Changes that failed, of all that ended.
     */
    changeFailures: {
      /**
       * Deployments that brought a version, or failed to.
       */
      n: number;
      /**
       * Those of them that failed, or were taken back.
       */
      failed: number;
      /**
       * Those of the failed that a check of the new version ended.
       */
      checked: number;
      /**
       * Those that served, and were rolled back within a day.
       */
      takenBack: number;
      /**
       * 0 to 1; null with fewer than 5.
       */
      rate: number | null;
    };
    /**
     * From a failure to the next deployment, or rollback, that served.
     */
    timeToRestore: {
      /**
       * Failures behind which a deployment or a rollback served.
       */
      n: number;
      /**
       * Failures behind which nothing has served yet.
       */
      open: number;
      /**
       * Half of them took no longer. Null with fewer than 5.
       */
      medianSeconds: number | null;
    };
  }[];
  /**
   * By the kind of environment.
   */
  classes: {
    /**
     * `gone`: of environments that are not there any more.
     */
    class: 'protected' | 'persistent' | 'ephemeral' | 'gone';
    deployments: {
      /**
       * Deployments that brought a version which serves, or did.
       */
      n: number;
      perDay: number;
    };
    /**
     * From the commit to where it serves.
     */
    leadTime: {
      /**
       * Versions whose commit time is known, each once in an environment.
       */
      n: number;
      /**
       * Half of them took no longer. Null with fewer than 5.
       */
      medianSeconds: number | null;
      /**
       * Nine of ten took no longer. Null with fewer than 5.
       */
      p90Seconds: number | null;
    };
    /**
     * Changes that failed, of all that ended.
     */
    changeFailures: {
      /**
       * Deployments that brought a version, or failed to.
       */
      n: number;
      /**
       * Those of them that failed, or were taken back.
       */
      failed: number;
      /**
       * Those of the failed that a check of the new version ended.
       */
      checked: number;
      /**
       * Those that served, and were rolled back within a day.
       */
      takenBack: number;
      /**
       * 0 to 1; null with fewer than 5.
       */
      rate: number | null;
    };
    /**
     * From a failure to the next deployment, or rollback, that served.
     */
    timeToRestore: {
      /**
       * Failures behind which a deployment or a rollback served.
       */
      n: number;
      /**
       * Failures behind which nothing has served yet.
       */
      open: number;
      /**
       * Half of them took no longer. Null with fewer than 5.
       */
      medianSeconds: number | null;
    };
  }[];
  /**
   * What is used and where it fails, the most used first.
   */
  use: {
    /**
     * Of the events.
     */
    noun: string;
    /**
     * How often each of its types came.
     */
    counts: {
      [k: string]: number;
    };
    /**
     * Different people and programs.
     */
    actors: number;
    /**
     * Codes of problems; of refused attempts the permission that was missing.
     */
    failures: {
      code: string;
      n: number;
    }[];
  }[];
}
export interface Pipeline {
  project: string;
  /**
   * In the order in which versions come to them.
   */
  stages: {
    name: string;
    /**
     * They get a version together.
     */
    environments: string[];
    /**
     * So long a version has to serve there before it goes on.
     */
    bakeSeconds: number;
  }[];
  createdAt: string;
  updatedAt: string;
  updatedBy: string;
}
export interface PipelineStanding {
  /**
   * Id of the promotion that is under way.
   */
  promotion?: string;
  stages: {
    name: string;
    bakeSeconds: number;
    environments: {
      environment: string;
      /**
       * What serves; absent where nothing does.
       */
      deployment?: number;
      version?: string;
      revision?: Revision;
      since?: string;
      /**
       * Versions that came after this one, up to the newest that serves in the stage before; of the first stage, up to the newest there is. Newest first.
       */
      behind: {
        version: string;
        revision?: Revision;
        createdAt: string;
      }[];
      /**
       * It may be behind more: the 200 newest versions are looked at.
       */
      behindMore?: true;
    }[];
  }[];
}
export interface Promotion {
  id: string;
  project: string;
  service: string;
  version: string;
  digest: string;
  revision?: Revision;
  fromEnvironment: string;
  state: 'running' | 'succeeded' | 'failed' | 'canceled';
  cancelRequested?: true;
  stages: {
    name: string;
    bakeSeconds: number;
    bakesUntil?: string;
    /**
     * From then on the next stage may have it.
     */
    passedAt?: string;
    targets: {
      environment: string;
      state: 'waiting' | 'deploying' | 'succeeded' | 'failed';
      /**
       * Number of the deployment.
       */
      deployment?: number;
      /**
       * Id of its operation.
       */
      operation?: string;
      error?: Error;
    }[];
  }[];
  error?: Error;
  createdAt: string;
  createdBy: string;
  endedAt?: string;
}
export interface AlertRules {
  rules: AlertRule[];
  /**
   * Nobody has set any.
   */
  isDefault: boolean;
  updatedAt?: string;
  updatedBy?: string;
}
export interface AlertRule {
  name: string;
  /**
   * What the rule looks at.
   */
  when:
    | {
        kind: 'error-rate';
        /**
         * More answers with 5xx than that.
         */
        percent: number;
        /**
         * With fewer requests in the window nothing fires.
         */
        minRequests: number;
        /**
         * Over which figures are taken together: 1m to 1h.
         */
        window: string;
      }
    | {
        kind: 'latency';
        /**
         * Half of the requests are in ten-second samples whose p99 is higher.
         */
        p99Ms: number;
        /**
         * With fewer requests in the window nothing fires.
         */
        minRequests: number;
        /**
         * Over which figures are taken together: 1m to 1h.
         */
        window: string;
      }
    | {
        kind: 'crash-loop';
        /**
         * Of all replicas together.
         */
        restarts: number;
        /**
         * Over which figures are taken together: 1m to 1h.
         */
        window: string;
      }
    | {
        kind: 'job';
      }
    | {
        kind: 'backup';
        /**
         * Times the interval of the plan.
         */
        intervals: number;
      }
    | {
        kind: 'certificate';
        days: number;
      }
    | {
        kind: 'operation';
        /**
         * How long after its bound: 1m to 1h.
         */
        grace: string;
      }
    | {
        kind: 'budget';
        /**
         * More of what a policy of the kind `budget` lets the environment cost in a month.
         */
        percent: number;
      };
  /**
   * Where it holds; `*` stands for any text. Everywhere by default.
   *
   * @minItems 1
   * @maxItems 20
   */
  environments?: string[];
  /**
   * It holds in ephemeral environments too.
   */
  ephemeral?: boolean;
  /**
   * How long it has to hold before it fires; at once by default.
   */
  for?: string;
  /**
   * How long it must not hold before it is over; at once by default.
   */
  clearAfter?: string;
}
export interface Alert {
  id: string;
  project: string;
  environment: string;
  service?: string;
  rule: string;
  kind: 'error-rate' | 'latency' | 'crash-loop' | 'job' | 'backup' | 'certificate' | 'operation' | 'budget';
  /**
   * A service, a job as `service/job`, a resource, a domain, an operation, or a policy.
   */
  subject: string;
  state: 'firing' | 'resolved';
  firedAt: string;
  /**
   * What was seen when it fired.
   */
  evidence: {
    words: string;
    figures: {
      [k: string]: number | string;
    };
  };
  /**
   * One that began within the half hour before.
   */
  deployment?: {
    service: string;
    number: number;
    version: string;
    at: string;
    by: string;
  };
  /**
   * A command that is worth to be run next.
   */
  next: string;
  resolvedAt?: string;
  /**
   * `cleared`: it is fine again; `gone`: what it was about, or the rule, is not there any more.
   */
  end?: 'cleared' | 'gone';
  acknowledged?: {
    at: string;
    by: string;
    note?: string;
  };
  /**
   * Id of the silence for which nobody is told of it.
   */
  silence?: string;
}
export interface AlertSilence {
  id: string;
  /**
   * Alerts of this rule; of all where absent.
   */
  rule?: string;
  /**
   * Alerts in this environment; in all where absent.
   */
  environment?: string;
  /**
   * Alerts about this service, job, resource, domain, operation or policy; about all where absent.
   */
  subject?: string;
  reason: string;
  until: string;
  createdAt: string;
  createdBy: string;
}
export interface LogLine {
  at: string;
  /**
   * One line as it was printed; text, never markup.
   */
  message: string;
  source: 'stdout' | 'stderr' | 'berth';
  /**
   * How severe it says that it is; absent where it does not say.
   */
  level?: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';
  deployment?: number;
  container?: string;
  /**
   * The replica that printed it; on one machine alone.
   */
  replica?: string;
  /**
   * Where lines of several services are asked for.
   */
  service?: string;
  /**
   * Where lines of several processes are asked for; absent for those of the web.
   */
  process?: string;
  /**
   * It stands where lines are missing, and says why. A stream has it also where a filter leaves out others.
   */
  missing?: true;
}
export interface DestroyedEnvironment {
  project: string;
  name: string;
  /**
   * Its output is read by it, as `environmentId`.
   */
  id: string;
  /**
   * All that were ever deployed to it.
   */
  services: string[];
  createdAt: string;
  destroyedAt: string;
  /**
   * Its output can be read until then.
   */
  keptUntil: string;
}
export interface Trace {
  id: string;
  /**
   * Of the span that began first.
   */
  name: string;
  /**
   * Whose span began first.
   */
  service: string;
  startedAt: string;
  /**
   * From the first beginning to the last end.
   */
  durationMs: number;
  /**
   * All that took part.
   */
  services: string[];
  spans: number;
  /**
   * Spans that failed.
   */
  errors: number;
}
export interface TraceDetails {
  id: string;
  /**
   * Of the span that began first.
   */
  name: string;
  /**
   * Whose span began first.
   */
  service: string;
  startedAt: string;
  /**
   * From the first beginning to the last end.
   */
  durationMs: number;
  /**
   * All that took part.
   */
  services: string[];
  spans: number;
  /**
   * Spans that failed.
   */
  errors: number;
  /**
   * Its spans, in the order in which they began.
   */
  items: Span[];
  /**
   * The query of the log of the environment that finds the lines with the id of the trace.
   */
  logs: {
    search: string;
    since: string;
    until: string;
  };
}
export interface Span {
  id: string;
  /**
   * Id of the span that it is within.
   */
  parent?: string;
  name: string;
  kind: 'internal' | 'server' | 'client' | 'producer' | 'consumer';
  service: string;
  /**
   * The one whose program it was.
   */
  deployment?: number;
  /**
   * `router`: as Berth saw the request from outside. `workload`: as the program told it.
   */
  from: 'router' | 'workload';
  startedAt: string;
  /**
   * How long after the beginning of the trace it began.
   */
  offsetMs: number;
  durationMs: number;
  status: 'unset' | 'ok' | 'error';
  statusMessage?: string;
  /**
   * As they were sent; text, never markup.
   */
  attributes: {
    [k: string]: string | number | boolean | (string | number | boolean)[];
  };
  events: {
    name: string;
    offsetMs: number;
    /**
     * As they were sent; text, never markup.
     */
    attributes: {
      [k: string]: string | number | boolean | (string | number | boolean)[];
    };
  }[];
  links: {
    trace: string;
    span: string;
  }[];
  /**
   * How many attributes, events and links are missing, and texts cut.
   */
  dropped?: number;
}
export interface Metrics {
  window: string;
  /**
   * Oldest first.
   */
  compute: {
    at: string;
    /**
     * Cores in use, all replicas together.
     */
    cpu: number;
    memoryBytes: number;
  }[];
  /**
   * Oldest first; only those with requests. Ten seconds each within an hour, five minutes within a day, and an hour within 30 days.
   */
  requests: {
    at: string;
    /**
     * How long the sample is, from `at` on.
     */
    seconds: number;
    requests: number;
    /**
     * Answers with a status of 500 or more.
     */
    errors: number;
    p50Ms: number;
    p95Ms: number;
    p99Ms: number;
  }[];
  totals: {
    requests: number;
    errors: number;
  };
  /**
   * What the deployment that serves may use, all of its replicas together; absent where one of its containers has no limit.
   */
  limits: {
    cpu?: number;
    memoryBytes?: number;
  };
  /**
   * Figures that could not be read: that there are no samples of them says nothing.
   */
  missing?: {
    figures: 'compute' | 'requests';
    why: string;
  }[];
}
