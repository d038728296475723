/** The name is taken by a server that does not carry the tag. */
export class ServerNotOurs extends Error {
  override name = 'ServerNotOurs';

  constructor(name: string) {
    super(`a server ${name} exists that does not carry the tag`);
  }
}
