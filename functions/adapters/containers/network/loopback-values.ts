/**
 * Addresses of this machine's loopback interface, as resources give them, are others inside a container: there they are
 * the gateway of its network, behind which the relays listen.
 */

/**
 * Puts the gateway in place of `127.0.0.1` where one of the ports follows, and where the text is nothing else while
 * another text of the container is one of the ports: `DB_HOST` beside `DB_PORT`.
 */
export function toGateway(
  texts: readonly string[],
  gateway: string,
  ports: ReadonlySet<number>,
): (text: string) => string {
  const alone = texts.some((text) => ports.has(Number(text)));
  return (text) => {
    if (text === '127.0.0.1') return alone ? gateway : text;
    return text.replaceAll(/(?<![\d.])127\.0\.0\.1:(\d{1,5})(?!\d)/g, (match, port: string) =>
      ports.has(Number(port)) ? `${gateway}:${port}` : match,
    );
  };
}
