/** Prints, after all suites, which calls of the product they have covered. */
import { formatCalls, reportCalls } from '../../../scripts/aws-calls.ts';

export function teardown(): void {
  console.log(`\n${formatCalls(reportCalls())}`);
}
