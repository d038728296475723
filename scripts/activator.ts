/**
 * Prints the objects of the activator for a cluster that Berth on one machine deploys to, as `kubectl apply -f -` takes
 * them: `npm run --silent activator -- --url https://berth.example.com | kubectl apply -f -`.
 */
import { parseArgs } from 'node:util';
import { activatorObjects } from '../stacks/place/activator-objects.ts';
import { activatorProgram } from '../stacks/support/bundle.ts';
import { settingsOf } from './doctor/index.ts';

const { values } = parseArgs({
  options: {
    /** The address of Berth, as pods of the cluster reach it. */
    url: { type: 'string' },
    /** As `BERTH_NAMESPACE_PREFIX`. */
    prefix: { type: 'string', default: 'berth' },
    /** Where the activator shall be. */
    namespace: { type: 'string', default: 'berth-gateway' },
    /** Where the gateway's pods are; the same unless given. */
    gateway: { type: 'string' },
    /** Its entrypoint is Node.js. */
    image: { type: 'string', default: settingsOf([]).activatorImage },
  },
});
const { url, prefix, namespace, gateway = namespace, image } = values;
if (url === undefined || !URL.canParse(url)) {
  console.error('Say where pods of the cluster reach Berth: --url https://berth.example.com');
  process.exit(1);
}
const items = activatorObjects({
  name: prefix,
  namespace,
  gatewayNamespace: gateway,
  image,
  url,
  program: activatorProgram(),
});
console.log(JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
