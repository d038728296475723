/** The protocol of CloudFormation's custom resources: whatever happens, an answer is put where the event says. */
import type { CloudFormationCustomResourceEvent, Context } from 'aws-lambda';

/** A custom resource's work. @returns when it is done; an error is the deployment's failure */
export type Work = (event: CloudFormationCustomResourceEvent, signal: AbortSignal) => Promise<void>;

/** The time that is left for the answer, milliseconds. */
const MARGIN_MS = 15_000;
/** CloudFormation takes an answer of 4 KB. */
const REASON_MAX = 2_000;

/** @returns a handler that never throws for the sake of its work: CloudFormation would wait for an hour */
export function customResource(
  work: Work,
): (
  event: CloudFormationCustomResourceEvent,
  context: Pick<Context, 'getRemainingTimeInMillis'>,
) => Promise<void> {
  return async (event, context) => {
    const { RequestId, StackId, LogicalResourceId, ResponseURL } = event;
    const time = new AbortController();
    const left = Math.max(0, context.getRemainingTimeInMillis() - MARGIN_MS);
    const timer = setTimeout(() => time.abort(), left);
    const reason = await work(event, time.signal).then(
      () => undefined,
      (error: unknown) => (error instanceof Error ? error.message : String(error)).slice(0, REASON_MAX),
    );
    clearTimeout(timer);
    const answer = {
      Status: reason === undefined ? 'SUCCESS' : 'FAILED',
      ...(reason !== undefined && { Reason: reason }),
      // The same at all times: another one would have CloudFormation delete the former.
      PhysicalResourceId: 'PhysicalResourceId' in event ? event.PhysicalResourceId : LogicalResourceId,
      RequestId,
      StackId,
      LogicalResourceId,
    };
    const body = JSON.stringify(answer);
    // The address is signed without a type of content.
    const told = await fetch(ResponseURL, { method: 'PUT', body, headers: { 'content-type': '' } });
    if (!told.ok) throw new Error(`The answer was refused with status ${told.status}`);
  };
}
