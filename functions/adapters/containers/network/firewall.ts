/**
 * What containers may reach beyond their own network: the public internet and the ports that are relayed to them. All
 * else is refused by rules of this machine: its own services, Berth among them, other networks of it, private addresses and
 * the metadata address of clouds. Takes Linux's iptables and its administrator.
 */
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { INNER_NETWORKS } from '../../../core/address.ts';
import type { Network } from './networks.ts';

const PATH = '/usr/sbin:/sbin:/usr/local/sbin:/usr/bin:/bin';
const TIMEOUT_MS = 10_000;
const ESTABLISHED = '-m conntrack --ctstate ESTABLISHED,RELATED';

export interface Firewall {
  /** Whether this machine has it, and Berth may set it. */
  isThere(): Promise<boolean>;
  /** Shuts a network in, but for ports of its gateway; those of earlier calls stay open. Puts back what someone flushed. */
  enclose(network: Network, ports: Iterable<number>): Promise<void>;
  release(network: Network): Promise<void>;
  /** Removes all rules, those of a life of this Berth before too. */
  clear(): Promise<void>;
}

export function createFirewall(instanceId: string): Firewall {
  // Names of chains end at 28 characters.
  const chain = (suffix: string): string => `BERTH-${instanceId.slice(0, 12)}-${suffix}`;
  const hooks = { INPUT: chain('IN'), FORWARD: chain('FW'), OUTPUT: chain('OUT') };
  const out = chain('NET');
  const networks = new Map<string, { network: Network; ports: Set<number> }>();
  let found: Promise<boolean> | undefined;
  let turn: Promise<unknown> = Promise.resolve();

  /** One change at a time: each writes all that there is. */
  function inTurn<T>(change: () => Promise<T>): Promise<T> {
    const next = turn.then(change, change);
    turn = next.catch(() => undefined);
    return next;
  }

  /** All chains at once, so that at no time there are half of them. */
  async function write(): Promise<void> {
    const chains = [...Object.values(hooks), out];
    const rules = [...networks.values()].flatMap(({ network, ports }) => rulesOf(network, ports));
    const text = [
      '*filter',
      ...chains.map((name) => `:${name} - [0:0]`),
      ...rules,
      ...(await outward()),
      'COMMIT\n',
    ];
    await run('iptables-restore', ['--noflush', '--wait', '5'], text.join('\n'));
    for (const [hook, name] of Object.entries(hooks))
      if (!(await succeeds('-C', hook, '-j', name))) await iptables('-I', hook, '1', '-j', name);
  }

  function rulesOf({ subnet, gateway }: Network, ports: Iterable<number>): string[] {
    const { INPUT, FORWARD, OUTPUT } = hooks;
    return [
      `-A ${INPUT} -s ${subnet} ${ESTABLISHED} -j ACCEPT`,
      // Podman's names are answered at the gateway, Docker's inside of the container.
      ...['udp', 'tcp'].map(
        (kind) => `-A ${INPUT} -s ${subnet} -d ${gateway} -p ${kind} --dport 53 -j ACCEPT`,
      ),
      ...[...ports].map((port) => `-A ${INPUT} -s ${subnet} -d ${gateway} -p tcp --dport ${port} -j ACCEPT`),
      `-A ${INPUT} -s ${subnet} -j DROP`,
      `-A ${FORWARD} -s ${subnet} -d ${subnet} -j RETURN`,
      `-A ${FORWARD} -s ${subnet} -j ${out}`,
      // Nobody but this machine itself begins a connection to them.
      `-A ${FORWARD} -d ${subnet} -m conntrack --ctstate NEW -j DROP`,
      // Without its containers the network is gone, and the way to its addresses leads out of this machine.
      `-A ${OUTPUT} -d ${subnet} ! -s ${gateway} -j REJECT`,
    ];
  }

  /** What leaves a network: names are asked for where this machine asks. */
  async function outward(): Promise<string[]> {
    const resolvers = await resolversOfMachine();
    return [
      `-A ${out} ${ESTABLISHED} -j RETURN`,
      ...resolvers.flatMap((address) =>
        ['udp', 'tcp'].map((kind) => `-A ${out} -d ${address} -p ${kind} --dport 53 -j RETURN`),
      ),
      ...INNER_NETWORKS.map((range) => `-A ${out} -d ${range} -j DROP`),
    ];
  }

  async function remove(): Promise<void> {
    networks.clear();
    for (const [hook, name] of Object.entries(hooks)) while (await succeeds('-D', hook, '-j', name));
    for (const name of [...Object.values(hooks), out]) await succeeds('-F', name);
    for (const name of [...Object.values(hooks), out]) await succeeds('-X', name);
  }

  return {
    isThere() {
      found ??= inTurn(async () => {
        if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
        const name = chain('TRY');
        const text = `*filter\n:${name} - [0:0]\n-A ${name} ${ESTABLISHED} -j REJECT\nCOMMIT\n`;
        const isTaken = await run('iptables-restore', ['--noflush', '--wait', '5'], text).then(
          () => true,
          () => false,
        );
        await succeeds('-F', name);
        await succeeds('-X', name);
        return isTaken;
      });
      return found;
    },

    enclose: (network, ports) =>
      inTurn(async () => {
        const known = networks.get(network.name)?.ports ?? [];
        networks.set(network.name, { network, ports: new Set([...known, ...ports]) });
        await write();
      }),

    release: ({ name }) =>
      inTurn(async () => {
        if (networks.delete(name)) await write();
      }),

    clear: () => inTurn(remove),
  };
}

const iptables = (...args: string[]): Promise<void> => run('iptables', ['--wait', '5', ...args]);

const succeeds = (...args: string[]): Promise<boolean> =>
  iptables(...args).then(
    () => true,
    () => false,
  );

/** @throws Error with what the program said */
function run(program: string, args: readonly string[], input = ''): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env: { PATH }, timeout: TIMEOUT_MS, stdio: 'pipe' });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    child.stdin.on('error', () => undefined);
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`${program} ended with code ${code}: ${said.trim().slice(0, 500)}`));
    });
    child.stdin.end(input);
  });
}

/** IPv4 addresses that this machine asks for names, where containers may ask too. */
async function resolversOfMachine(): Promise<string[]> {
  const text = await readFile('/etc/resolv.conf', 'utf8').catch(() => '');
  return [...text.matchAll(/^nameserver\s+(\d{1,3}(?:\.\d{1,3}){3})\s*$/gm)]
    .map(([, address = '']) => address)
    .filter((address) => !address.startsWith('127.'));
}
