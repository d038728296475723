/**
 * `npm run doctor -- --aws`: looks at an account before and after an installation, and says what to do. It changes
 * nothing. Settings are those of cdk.json; `-c berth:<name>=<value>` as for the CDK.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { App } from 'aws-cdk-lib';
import { readSettings, type Settings, SettingsError } from '../../stacks/support/settings.ts';
import { checkBootstrap, checkCertificates, checkName, checkQuotas } from './aws-account.ts';
import { createAwsApi } from './aws-api.ts';
import { checkCluster, loadBalancerOf } from './aws-cluster.ts';
import { checkIsolation } from './aws-isolation.ts';
import { type Finding, report, unseen, wrong } from './check.ts';

/** @param given settings beside those of cdk.json, as `berth:<name>=<value>`. @throws SettingsError */
export function settingsOf(given: readonly string[]): Settings {
  const file = readFileSync(join(import.meta.dirname, '../../cdk.json'), 'utf8');
  const { context } = JSON.parse(file) as { context: Record<string, string> };
  const more = given.map((one) => [one.split('=', 1)[0], one.slice(one.indexOf('=') + 1)]);
  return readSettings(new App({ context: { ...context, ...Object.fromEntries(more) } }).node);
}

/** All that can be seen of an account, with the credentials that the AWS CLI would have. */
export async function examineAws(settings: Settings): Promise<Finding[]> {
  const api = await createAwsApi();
  const [bootstrap, quotas, certificates, isolation, cluster, balancer] = await Promise.all([
    checkBootstrap(api),
    checkQuotas(api, settings),
    checkCertificates(api, settings),
    checkIsolation(api.region, settings),
    checkCluster(api.region, settings),
    loadBalancerOf(settings).catch(() => undefined),
  ]);
  const there = balancer ?? 'the load balancer, which comes with the deployment of the stacks,';
  const names = await Promise.all([
    checkName(`*.${settings.apps}`, there),
    ...(settings.domain === undefined
      ? []
      : [checkName(settings.domain, 'the distribution of the stack Berth-Edge')]),
  ]);
  return [bootstrap, ...quotas, ...certificates, isolation, ...cluster, ...names];
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { aws: { type: 'boolean' }, context: { type: 'string', short: 'c', multiple: true } },
  });
  if (!values.aws) {
    console.error('Say what to look at: npm run doctor -- --aws');
    process.exit(2);
  }
  const findings = await Promise.resolve(values.context ?? [])
    .then(settingsOf)
    .then(examineAws)
    .catch((error: unknown) => [
      error instanceof SettingsError
        ? wrong('Settings', error.message, 'Correct it in cdk.json.')
        : unseen('AWS', error, 'Give credentials and a region, as for the AWS CLI.'),
    ]);
  console.log(report(findings));
  // Whoever could look at nothing has not found that all is well.
  if (findings.some(({ state }) => state === 'wrong') || findings.every(({ state }) => state === 'unknown'))
    process.exitCode = 1;
}
