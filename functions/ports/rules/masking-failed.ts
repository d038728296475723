/** A statement of a masking failed, or could not be ended in time; nothing of it is told that could hold data. */
export class MaskingFailed extends Error {
  override name = 'MaskingFailed';
  /** Counted from 0; undefined where it was none of them. */
  readonly statement: number | undefined;

  /** @param message why, a clause without data */
  constructor(statement: number | undefined, message: string, options?: ErrorOptions) {
    super(message, options);
    this.statement = statement;
  }
}
