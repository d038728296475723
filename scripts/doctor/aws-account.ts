/** What an account has to have before an installation: bootstrap, quotas, certificates, names. */
import { resolve4, resolve6 } from 'node:dns/promises';
import type { Settings } from '../../stacks/support/settings.ts';
import type { AwsApi } from './aws-api.ts';
import { type Finding, ok, unknown, unseen, wrong } from './check.ts';

/** The least version of the bootstrap stack that the CDK deploys with. */
const BOOTSTRAP_LEAST = 6;

export async function checkBootstrap({ call, region }: AwsApi): Promise<Finding> {
  const what = 'Bootstrap of the CDK';
  const Name = '/cdk-bootstrap/hnb659fds/version';
  try {
    const { Parameter } = await call<{ Parameter: { Value: string } }>('ssm', 'AmazonSSM.GetParameter', {
      Name,
    });
    const version = Number(Parameter.Value);
    return version >= BOOTSTRAP_LEAST
      ? ok(what, `version ${version}`)
      : wrong(what, `version ${version} is too old`, 'Run npx cdk bootstrap again.');
  } catch (error) {
    if (error instanceof Error && error.name === 'ParameterNotFound')
      return wrong(what, `there is none in ${region}`, 'Run npx cdk bootstrap.');
    return unseen(what, error, 'Allow yourself ssm:GetParameter, or look into the stack CDKToolkit.');
  }
}

interface Quota {
  service: string;
  /** How the quota is named, as AWS lists it. */
  name: RegExp;
  least(settings: Settings): number;
  why: string;
}

const isArm = ({ architecture }: Settings): boolean => architecture !== 'amd64';

const quotas = (settings: Settings): Quota[] => [
  {
    service: 'lambda',
    name: /^Concurrent executions$/,
    // AWS keeps a hundred for what has no reservation.
    least: ({ reservedConcurrency }) => 100 + (reservedConcurrency > 0 ? reservedConcurrency + 2 : 0),
    why: 'a rollout or a build holds one for minutes, and an open page one for two',
  },
  {
    service: 'codebuild',
    name: isArm(settings) ? /builds for ARM(64)?\/Small/i : /builds for Linux\/Small/i,
    least: ({ buildsAtOnce }) => buildsAtOnce,
    why: 'so many builds run at once, as berth:buildsAtOnce says; others wait',
  },
  {
    service: 'ec2',
    name: /^Running On-Demand Standard .* instances$/,
    least: ({ nodesCpu }) => nodesCpu,
    why: 'nodes have so many CPUs at most, as berth:nodesCpu says',
  },
  {
    service: 'elasticloadbalancing',
    name: /^Network Load Balancers per Region$/,
    least: () => 1,
    why: 'workloads have one',
  },
];

interface ListedQuotas {
  Quotas?: { QuotaName?: string; Value?: number }[];
  NextToken?: string;
}

async function limitOf({ call }: AwsApi, { service, name }: Quota): Promise<number | undefined> {
  let NextToken: string | undefined;
  do {
    const page: ListedQuotas = await call('servicequotas', 'ServiceQuotasV20190624.ListServiceQuotas', {
      ServiceCode: service,
      ...(NextToken !== undefined && { NextToken }),
    });
    const found = page.Quotas?.find(({ QuotaName = '' }) => name.test(QuotaName));
    if (found) return found.Value;
    NextToken = page.NextToken;
  } while (NextToken !== undefined);
  return undefined;
}

export const checkQuotas = (api: AwsApi, settings: Settings): Promise<Finding[]> =>
  Promise.all(
    quotas(settings).map(async (quota): Promise<Finding> => {
      const what = `Quota of ${quota.service}`;
      const least = quota.least(settings);
      const ask = `Ask for ${least} or more under Service Quotas, ${quota.service}: ${quota.why}.`;
      try {
        const value = await limitOf(api, quota);
        if (value === undefined) return unknown(what, 'it is not listed', ask);
        return value >= least ? ok(what, String(value)) : wrong(what, `${value} is less than ${least}`, ask);
      } catch (error) {
        return unseen(what, error, ask);
      }
    }),
  );

interface Certificate {
  Status?: string;
  DomainName?: string;
  SubjectAlternativeNames?: string[];
}

async function checkCertificate(
  { call, region }: AwsApi,
  {
    setting,
    arn,
    name,
    at = region,
  }: { setting: string; arn: string | undefined; name: string; at?: string },
): Promise<Finding> {
  const what = `Certificate of ${name}`;
  const zone =
    setting === 'appsCertificate'
      ? ' Or give the Route 53 zone of the domain as berth:appsZone: it is made then.'
      : '';
  const make = `Make one for ${name} in ACM in ${at}, and give its ARN as berth:${setting}.${zone}`;
  if (arn === undefined) return wrong(what, 'none is given', make);
  if (arn.split(':')[3] !== at) return wrong(what, `it is in ${arn.split(':')[3]}`, make);
  try {
    const target = 'CertificateManager.DescribeCertificate';
    const { Certificate: found } = await call<{ Certificate: Certificate }>(
      'acm',
      target,
      { CertificateArn: arn },
      at,
    );
    const names = [found.DomainName, ...(found.SubjectAlternativeNames ?? [])];
    if (!names.includes(name)) return wrong(what, `it is for ${[...new Set(names)].join(', ')}`, make);
    if (found.Status !== 'ISSUED')
      return wrong(what, `it is ${found.Status}`, 'Add the record that ACM shows to your DNS, and wait.');
    return ok(what, 'issued');
  } catch (error) {
    if (error instanceof Error && error.name === 'ResourceNotFoundException')
      return wrong(what, 'there is none of this ARN', make);
    return unseen(what, error, 'Allow yourself acm:DescribeCertificate, or look into ACM.');
  }
}

export const checkCertificates = (api: AwsApi, settings: Settings): Promise<Finding[]> => {
  const { apps, appsCertificate, appsZone, domain, certificate } = settings;
  return Promise.all([
    ...(appsZone === undefined
      ? [checkCertificate(api, { setting: 'appsCertificate', arn: appsCertificate, name: `*.${apps}` })]
      : []),
    ...(domain === undefined
      ? []
      : [checkCertificate(api, { setting: 'certificate', arn: certificate, name: domain, at: 'us-east-1' })]),
  ]);
};

/** @param where what the name is to lead to, as far as that is known */
export async function checkName(name: string, where: string): Promise<Finding> {
  const what = `DNS of ${name}`;
  // Any label has the answer of the wildcard.
  const asked = name.replace('*', 'berth-doctor');
  const found = await Promise.any([resolve4(asked), resolve6(asked)]).catch(() => []);
  return found.length > 0
    ? ok(what, found.join(', '))
    : wrong(what, 'it has no address', `Point ${name} to ${where} by a CNAME or an alias.`);
}
