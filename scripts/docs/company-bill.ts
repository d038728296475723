/** The bill of a month for three sizes of company, every line of it, as a table of docs/explanation/cost.md. */
import { HOURS, NODE } from '../../functions/core/costs/monthly-use.ts';
import type { PriceList } from '../idle-bill.ts';
import { readPrices } from '../idle-bill.ts';
import { table } from './table.ts';

interface Size {
  services: number;
  developers: number;
  projects: number;
  /** Capacity units of the shared database server, on average. */
  acu: number;
  /** Logs of the cluster's control plane, GB. */
  clusterLogsGb: number;
}

const SIZES: readonly Size[] = [
  { services: 10, developers: 10, projects: 1, acu: 0.5, clusterLogsGb: 2 },
  { services: 1_000, developers: 500, projects: 100, acu: 16, clusterLogsGb: 20 },
  { services: 30_000, developers: 5_000, projects: 1_000, acu: 256, clusterLogsGb: 100 },
];

const DEPLOYMENTS = 60;
const BUILDS = 30;
/** CPUs that the pods of a service ask for, in all its environments. */
const CPU = 0.5;

/** One more has metrics-server, and room for what the cluster itself runs. */
const nodes = ({ services }: Size): number => 1 + Math.ceil((services * CPU) / NODE.cpu);
/** What the nodes of Auto Mode have unless a class of nodes says otherwise, GB. */
const NODE_DISK = 80;

/** Each line: what it is, and how much of a unit it is for a size. */
const lines: readonly (readonly [what: string, unit: string, amount: (size: Size) => number])[] = [
  ['EKS cluster', 'eks.clusterHour', () => HOURS],
  ['Nodes, with the fee of Auto Mode', 'eks.nodeHour', (size) => HOURS * nodes(size)],
  [`Their disks: ${NODE_DISK} GB each`, 'ebs.gbMonth', (size) => NODE_DISK * nodes(size)],
  ['Volumes: 2 GB a service', 'ebs.gbMonth', ({ services }) => 2 * services],
  ['NAT gateway', 'vpc.natGatewayHour', () => HOURS],
  ['Data through it: 2 GB a service', 'nat.gb', ({ services }) => 2 * services],
  ['Load balancer of the gateway', 'nlb.hour', () => HOURS],
  [
    'Its capacity units: one, and one more for each 500 services',
    'nlb.capacityUnitHour',
    ({ services }) => HOURS * (1 + Math.floor(services / 500)),
  ],
  [
    'Public addresses: of the NAT gateway, and two of the load balancer',
    'vpc.publicAddressHour',
    () => HOURS * 3,
  ],
  ['Aurora, capacity', 'aurora.acuHour', ({ acu }) => HOURS * acu],
  ['Aurora, storage: 1 GB for each second service', 'aurora.gbMonth', ({ services }) => services / 2],
  [
    'Secrets: of the database’s administrator, the key of all others, one for builds a project',
    'secretsmanager.secret',
    ({ projects }) => 2 + projects,
  ],
  [
    'Images: the builds of 30 days, with 0.1 GB of their own each',
    'ecr.gbMonth',
    ({ services }) => BUILDS * 0.1 * services,
  ],
  ['Builds: 30 a service, of 3 minutes', 'codebuild.armSmallMinute', ({ services }) => 3 * BUILDS * services],
  ['Workflows: 60 deployments and 30 builds a service', 'states.transition', (size) => transitions(size)],
  [
    'Functions: a deployment waits half a minute, a build three',
    'lambda.gbSecondArm',
    ({ services }) => (DEPLOYMENTS * 30 + BUILDS * 180) * 0.5 * services,
  ],
  [
    'Functions: pages that are open, 60 hours a developer',
    'lambda.gbSecondArm',
    ({ developers }) => 60 * 3600 * 0.25 * developers,
  ],
  ['Requests of the API: 8,000 a developer', 'apigateway.httpRequest', (size) => requests(size)],
  ['Their functions', 'lambda.gbSecondArm', (size) => requests(size) * 0.05 * 0.5],
  ['CloudFront', 'cloudfront.request', (size) => requests(size) * 1.5],
  ['DynamoDB, writes', 'dynamodb.writeRequestUnit', ({ services }) => (DEPLOYMENTS + BUILDS) * 40 * services],
  ['DynamoDB, reads', 'dynamodb.readRequestUnit', (size) => requests(size) * 4],
  ['DynamoDB, storage: 1 MB a service', 'dynamodb.gbMonth', ({ services }) => services / 1000],
  ['Logs of the cluster’s control plane', 'logs.gbIngested', ({ clusterLogsGb }) => clusterLogsGb],
  ['Logs of builds and operations: 20 MB a service', 'logs.gbIngested', ({ services }) => services * 0.02],
  ['What workloads print: 0.5 GB a service', 'logs.gbIngested', ({ services }) => services * 0.5],
  ['Backups and uploads in S3: 5 GB a service', 's3.gbMonth', ({ services }) => 5 * services],
  ['Calls of functions', 'lambda.request', (size) => requests(size) + transitions(size) + HOURS * 60],
  ['The sweep, each minute', 'scheduler.invocation', () => HOURS * 60],
  ['Its function', 'lambda.gbSecondArm', () => HOURS * 60 * 0.1 * 0.5],
  ['Its queries', 'dynamodb.readRequestUnit', () => HOURS * 60 * 2],
  ['Alarms', 'cloudwatch.alarm', () => 2],
];

const transitions = ({ services }: Size): number => (6 * DEPLOYMENTS + 4 * BUILDS) * services;

const requests = ({ developers }: Size): number => developers * 8_000;

const dollars = (usd: number): string =>
  usd.toLocaleString('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 });

/** @throws Error when a line has no price */
export function companyBillText(list: PriceList = readPrices()): string {
  const rows = lines.map(([what, unit, amount]) => {
    const price = list.prices[unit];
    if (price === undefined) throw new Error(`The price list has no price for ${unit}`);
    return { what, costs: SIZES.map((size) => amount(size) * price) };
  });
  const sums = SIZES.map((_, at) => rows.reduce((sum, { costs }) => sum + (costs[at] ?? 0), 0));
  const each = SIZES.map(({ services }, at) => dollars((sums[at] ?? 0) / services));
  return table(
    [
      'USD a month',
      ...SIZES.map(
        ({ services, developers }) => `${count(services)} services, ${count(developers)} developers`,
      ),
    ],
    [
      ...rows.map(({ what, costs }) => [what, ...costs.map(dollars)]),
      ['**All**', ...sums.map((sum) => `**${dollars(sum)}**`)],
      ['A service', ...each],
    ],
  );
}

const count = (amount: number): string => amount.toLocaleString('en');
