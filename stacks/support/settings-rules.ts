/** Which settings can not work together, and why. */
import type { Settings } from './settings.ts';

/** Settings that are given together or not at all. */
const TOGETHER = [
  ['issuer', 'audience'],
  ['domain', 'certificate'],
  ['clusterEndpoint', 'clusterCertificate'],
  ['githubApp', 'githubAppSecret'],
] as const;

/** Settings that need an issuer to be named. */
const NEEDS_ISSUER = ['clientId', 'clientSecret', 'terminalClientId', 'groupsClaim'] as const;

/** Settings of a new cluster alone: an existing one has its own. */
const NEW_CLUSTER = ['clusterAdministrators'] as const;

/** @returns why the settings can not work together, by the names of those that it is about; undefined if they can */
export function contradiction(settings: Settings): string | undefined {
  return (
    named(settings) ??
    tagged(settings) ??
    together(settings) ??
    network(settings) ??
    cluster(settings) ??
    database(settings)
  );
}

/** What things of that name are there already: a group of EventBridge Scheduler, node pools of EKS, roles and namespaces of Kubernetes. */
const TAKEN = ['default', 'system', 'general-purpose', 'admin', 'edit', 'view', 'cluster-admin', 'kube'];
/** What the address at which Cognito signs people in may not have in it. */
const NOT_IN_COGNITO = /aws|amazon|cognito/;

function named({ name, domain, issuer }: Settings): string | undefined {
  if (TAKEN.includes(name))
    return `The setting berth:name can not be "${name}": AWS or Kubernetes has something of that name.`;
  const word = NOT_IN_COGNITO.exec(name)?.[0];
  if (word !== undefined && domain !== undefined && issuer === undefined)
    return `The setting berth:name can not have "${word}" in it where people sign in with Cognito, whose addresses may not. Take another name, or name a berth:issuer.`;
  return undefined;
}

function tagged({ tags }: Settings): string | undefined {
  const seen = new Set(['berth']);
  for (const tag of tags?.split(',') ?? []) {
    const [key = '', value = ''] = tag.split(/=(.*)/s);
    const said = `The setting berth:tags can not have the key "${key}"`;
    if (/^aws:/i.test(key)) return `${said}: AWS keeps all that begin with aws: for itself.`;
    // IAM takes no two keys that differ in upper and lower case alone.
    if (seen.has(key.toLowerCase()))
      return `${said} ${key.toLowerCase() === 'berth' ? 'as well, which Berth gives itself' : 'twice'}.`;
    if (value === '')
      return `The setting berth:tags has no value for "${key}", which some services of AWS need.`;
    seen.add(key.toLowerCase());
  }
  return undefined;
}

function together(settings: Settings): string | undefined {
  for (const [one, other] of TOGETHER) {
    if ((settings[one] === undefined) !== (settings[other] === undefined))
      return `The settings berth:${one} and berth:${other} belong together: give both.`;
  }
  if (settings.mailDomains !== undefined && settings.mailFrom === undefined)
    return 'The setting berth:mailDomains goes with berth:mailFrom.';
  if (settings.githubAppApi !== undefined && settings.githubApp === undefined)
    return 'The setting berth:githubAppApi goes with berth:githubApp.';
  const signIns = [settings.vaultToken, settings.vaultRole].filter((given) => given !== undefined);
  if (signIns.length !== (settings.vault === undefined ? 0 : 1))
    return 'The setting berth:vault goes with one of berth:vaultToken and berth:vaultRole, and they with it.';
  if (settings.vaultAuth !== undefined && settings.vaultRole === undefined)
    return 'The setting berth:vaultAuth goes with berth:vaultRole.';
  if (settings.vaultNamespace !== undefined && settings.vault === undefined)
    return 'The setting berth:vaultNamespace goes with berth:vault.';
  if (
    settings.issuer === undefined &&
    settings.administrator !== undefined &&
    !settings.administrator.includes('@')
  )
    return 'The setting berth:administrator is an e-mail address, to which Cognito sends the invitation; a name goes with a berth:issuer alone.';
  if (settings.appsCertificate !== undefined && settings.appsZone !== undefined)
    return 'The setting berth:appsZone makes what berth:appsCertificate names: give one of them.';
  for (const name of NEEDS_ISSUER) {
    if (settings[name] !== undefined && settings.issuer === undefined)
      return `The setting berth:${name} goes with a berth:issuer.`;
  }
  return undefined;
}

/** What an existing VPC needs beside its id, and for the sake of which new part. */
const OF_VPC = [
  ['privateSubnets', 'cluster'],
  ['publicSubnets', 'cluster'],
  ['ingressCidrs', 'cluster'],
  ['databaseSubnets', 'database'],
  ['egressCidrs', 'database'],
] as const;

const countOf = (list: string | undefined): number => list?.split(',').length ?? 0;

function network(settings: Settings): string | undefined {
  const isNew = settings.vpc === 'new';
  for (const name of ['privateSubnets', 'publicSubnets', 'databaseSubnets'] as const) {
    if (isNew && settings[name] !== undefined)
      return `The setting berth:${name} goes with an existing berth:vpc.`;
  }
  for (const [name, part] of OF_VPC) {
    if (!isNew && settings[part] === 'new' && settings[name] === undefined)
      return `The setting berth:${name} is needed with an existing berth:vpc and a new berth:${part}.`;
  }
  for (const name of ['privateSubnets', 'publicSubnets', 'databaseSubnets'] as const) {
    const named = settings[name]?.split(',') ?? [];
    if (new Set(named).size < named.length) return `The setting berth:${name} names a subnet twice.`;
  }
  for (const [name, part] of [
    ['ingressCidrs', 'cluster'],
    ['egressCidrs', 'database'],
  ] as const) {
    const ranges = settings[name]?.split(',') ?? [];
    const none = ranges.find((range) => !rangeOf(range));
    if (none !== undefined) return `The setting berth:${name} has "${none}", which is no range of addresses.`;
    if (!isNew && settings[part] === 'new' && !ranges.some((range) => overlap(range, settings.vpcCidr)))
      return `The settings berth:${name} and berth:vpcCidr do not belong to one network: berth:vpcCidr, which is ${settings.vpcCidr}, has to be the range of berth:vpc.`;
  }
  const zones = countOf(settings.privateSubnets);
  for (const name of ['publicSubnets', 'databaseSubnets'] as const)
    if (zones > 0 && countOf(settings[name]) % zones !== 0)
      return `The settings berth:privateSubnets and berth:${name} name ${zones} and ${countOf(settings[name])} subnets: name as many of each, one in each zone.`;
  for (const name of ['vpcCidr', 'serviceCidr'] as const)
    if (!rangeOf(settings[name])) return `The setting berth:${name} is no range of addresses.`;
  if (isNew && !settings.vpcCidr.endsWith('/16'))
    return 'The setting berth:vpcCidr is a /16 with a new berth:vpc, which is cut into subnets of fixed sizes.';
  if (settings.cluster === 'new' && overlap(settings.vpcCidr, settings.serviceCidr))
    return 'The settings berth:vpcCidr and berth:serviceCidr overlap: the addresses of pods and of Services are different ones.';
  return undefined;
}

function cluster(settings: Settings): string | undefined {
  const isNew = settings.cluster === 'new';
  if (isNew && settings.clusterEndpoint !== undefined)
    return 'The setting berth:clusterEndpoint goes with the name of an existing berth:cluster.';
  for (const name of NEW_CLUSTER) {
    if (!isNew && settings[name] !== undefined)
      return `The setting berth:${name} goes with a new berth:cluster; an existing one has its own.`;
  }
  const administrators = settings.clusterAdministrators?.split(',') ?? [];
  if (new Set(administrators).size < administrators.length)
    return 'The setting berth:clusterAdministrators names somebody twice.';
  const inNetwork = settings.privateCluster === 'yes' || (settings.database === 'new' && !isNew);
  if (inNetwork && settings.vpc !== 'new' && settings.privateSubnets === undefined)
    return 'The setting berth:privateSubnets is needed: functions are in the network of a private cluster or a new database.';
  if (settings.privateCluster === 'yes' && !isNew && settings.vpc === 'new')
    return 'The setting berth:privateCluster with an existing berth:cluster needs its network as berth:vpc: the functions are in it.';
  return undefined;
}

function database(settings: Settings): string | undefined {
  if (settings.restoredDatabase !== undefined && settings.database !== 'new')
    return 'The setting berth:restoredDatabase goes with a new berth:database: an existing one is restored by whoever runs it.';
  const isNew = settings.database === 'new';
  if (isNew !== (settings.databaseSecret === undefined))
    return 'The setting berth:databaseSecret goes with an existing berth:database.';
  if (isNew && settings.cluster !== 'new' && settings.vpc === 'new')
    return 'The settings berth:cluster and berth:database can not reach each other: a new database in a new network is closed to an existing cluster. Name the network of the cluster as berth:vpc.';
  if (settings.databaseMinAcu > settings.databaseMaxAcu)
    return 'The setting berth:databaseMinAcu is more than berth:databaseMaxAcu.';
  return undefined;
}

/** First and last address of a range, as numbers. */
function rangeOf(cidr: string): [number, number] | undefined {
  const [address = '', bits = ''] = cidr.split('/');
  const parts = address.split('.').map(Number);
  const size = 2 ** (32 - Number(bits));
  const first = parts.reduce((sum, part) => sum * 256 + part, 0);
  const isOne = parts.every((part) => part <= 255) && Number(bits) <= 32 && first % size === 0;
  return isOne ? [first, first + size - 1] : undefined;
}

function overlap(one: string, other: string): boolean {
  const [a, b] = [rangeOf(one), rangeOf(other)];
  return a !== undefined && b !== undefined && a[0] <= b[1] && b[0] <= a[1];
}

/** The address at which pods ask for names: the tenth of the Services, by Kubernetes' own convention. */
export function resolverOf(serviceCidr: string): string {
  const [first] = rangeOf(serviceCidr) ?? [0];
  const address = first + 10;
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
}
