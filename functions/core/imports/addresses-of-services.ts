/** Addresses of other services in the values of variables. */
import { type Draft, literal, type ServiceDraft } from './draft.ts';

const NAMES_A_HOST = /HOST|ADDR|ENDPOINT|SERVER|UR[LI]|PEER|ORIGIN|UPSTREAM|BACKEND|API|SERVICE/i;
/** A host in an address, or alone. */
const HOST = /(^|\/\/|@|,)([A-Za-z0-9_.-]{1,253})(?::(\d{1,5}))?(?=[/,?#]|$)/g;

/** The port of a service by its number; it is added where the manifest does not say that the service listens there. */
function portOf(target: ServiceDraft, wanted: number | undefined): number {
  const [first] = target.ports;
  if (wanted === undefined) {
    if (first) return first.port;
    target.ports.push({ name: 'www', port: 80, targetPort: 8080 });
    return 80;
  }
  const known = target.ports.find(({ port, targetPort = port }) => port === wanted || targetPort === wanted);
  if (known) return known.port;
  target.ports.push({ name: first ? `p${wanted}` : 'www', port: wanted });
  return wanted;
}

/**
 * The value with addresses of other services as Score has them, everything else as it is.
 * @param find the service that a host names
 */
export function withAddresses(
  draft: Draft,
  service: ServiceDraft,
  name: string,
  value: string,
  find: (host: string) => string | undefined,
): string {
  if (value.length > 4096) return literal(value);
  const pieces: string[] = [];
  let end = 0;
  for (const match of value.matchAll(HOST)) {
    const [whole, before = '', host = '', port] = match;
    const target = draft.services.find((each) => each.name === find(host));
    if (!target) continue;
    // A word that happens to be a service's name is no address of it.
    if (before === '' && port === undefined && !NAMES_A_HOST.test(name)) continue;
    const number = port === undefined ? undefined : Number(port);
    if (number !== undefined && (number < 1 || number > 65_535)) continue;
    if (target === service) {
      // Containers of one service are in one network.
      pieces.push(
        literal(value.slice(end, match.index)),
        before,
        'localhost',
        port === undefined ? '' : `:${port}`,
      );
      end = match.index + whole.length;
      continue;
    }
    const key = resourceFor(service, target.name, portOf(target, number));
    service.needs.add(target.name);
    const at = (output: string) => `\${resources.${key}.${output}}`;
    const hasPort = port !== undefined || before === '//' || before === '@';
    pieces.push(
      literal(value.slice(end, match.index)),
      before,
      at('hostname'),
      hasPort ? `:${at('port')}` : '',
    );
    end = match.index + whole.length;
  }
  pieces.push(literal(value.slice(end)));
  return pieces.join('');
}

function resourceFor(service: ServiceDraft, workload: string, port: number): string {
  const first = service.resources[workload];
  const isFree = first === undefined || first.params?.port === port;
  const key = isFree ? workload : `${workload.slice(0, 50)}-${port}`;
  service.resources[key] = { type: 'service-port', params: { workload, port } };
  return key;
}
