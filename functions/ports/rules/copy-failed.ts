/** A database can not be copied, or what came of a copy is not equal to it; the message is for people. */
export class CopyFailed extends Error {
  override name = 'CopyFailed';
}
