/** Runs state machines written in the Amazon States Language, one run per operation. */
export type WorkflowStatus = 'running' | 'succeeded' | 'failed' | 'stopped';

export interface Workflows {
  /**
   * Steps hold something scarce while they wait, so that a run pauses between two calls of one that takes long. Absent
   * where they wait in one call.
   */
  pauses?: true;
  /**
   * Starts a run under a name (the operation's id); durable once it resolves. A second start with the name of
   * an existing run changes nothing.
   * @param workflow name of an ASL file, without `.asl.json`
   */
  start(workflow: string, name: string, input: Record<string, unknown>): Promise<void>;
  /** Ends a run without its Catch path; a run that is unknown or has ended is left as it is. */
  stop(workflow: string, name: string, cause: string): Promise<void>;
  /** What became of a run; undefined when there is none under this name. */
  describe(workflow: string, name: string): Promise<WorkflowStatus | undefined>;
  /**
   * Runs one step that belongs to no run, where steps run: there it has what it needs, as a way to the databases.
   * @param signal ends the wait; the step may go on
   * @throws an error that is named as the step's is
   */
  runStep(step: string, input: Record<string, unknown>, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}
