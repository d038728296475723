/** All stacks of an installation, wired. */
import { type App, Tags, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks, NIST80053R5Checks } from 'cdk-nag';
import { ClusterStack } from './cluster.ts';
import { DataStack } from './data.ts';
import { DatabaseStack } from './database.ts';
import { IdentityStack } from './identity.ts';
import { NetworkStack } from './network.ts';
import { RegistryStack } from './registry.ts';
import { readSettings } from './settings.ts';

/** Stacks of what the control plane runs on and beside: they cost while idle, and may be there already. */
export const STACKS_BESIDE = ['Berth-Network', 'Berth-Cluster', 'Berth-Database'];

/** @throws SettingsError */
export function createStacks(app: App): void {
  const settings = readSettings(app.node);
  new DataStack(app, 'Berth-Data', { description: 'Berth: what it remembers' });
  new RegistryStack(app, 'Berth-Registry', { description: 'Berth: images' });
  if (settings.issuer === undefined) {
    const { administrator } = settings;
    new IdentityStack(app, 'Berth-Identity', {
      description: 'Berth: people',
      ...(administrator !== undefined && { administrator }),
    });
  }
  if (settings.cluster === 'new' || settings.database === 'new') {
    const { vpc } = new NetworkStack(app, 'Berth-Network', { description: 'Berth: network of workloads' });
    if (settings.cluster === 'new')
      new ClusterStack(app, 'Berth-Cluster', { description: 'Berth: cluster of workloads', vpc });
    if (settings.database === 'new')
      new DatabaseStack(app, 'Berth-Database', { description: 'Berth: databases of workloads', vpc });
  }
  Tags.of(app).add('berth', 'platform');
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new NIST80053R5Checks(app));
}
