import { describe, expect, it } from 'vitest';
import { clusterRoleRules } from '../../functions/adapters/kubernetes/api/cluster-role.ts';
import { clusterObjectPath } from '../../functions/hosts/aws/cluster-objects.ts';
import { type ClusterObject, clusterObjects } from '../../stacks/place/cluster-objects.ts';
import { synthesize } from '../../stacks/synthesize.ts';
import { resourcesOf } from './support.ts';

const CERTIFICATE = 'arn:aws:acm:eu-west-1:111122223333:certificate/0a1b2c3d-0000-4000-8000-000000000000';
const ADMINISTRATORS = [
  'arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/Platform',
  'arn:aws:iam::111122223333:user/ada',
];

const { templates } = synthesize({
  'berth:appsCertificate': CERTIFICATE,
  'berth:clusterAdministrators': ADMINISTRATORS.join(','),
});
const [applied] = resourcesOf(templates, 'Custom::BerthClusterObjects');
const objects = JSON.parse(applied!.properties.Objects) as ClusterObject[];
const find = <Kind extends ClusterObject['kind']>(kind: Kind, name = 'berth') =>
  objects.find(
    (object): object is Extract<ClusterObject, { kind: Kind }> =>
      object.kind === kind && object.metadata.name === name,
  );

describe('One command', () => {
  it('makes the cluster’s own objects: nodes, load balancer, storage, policies in force, rights', () => {
    expect(objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([
      'NodePool berth',
      'IngressClassParams berth',
      'IngressClass berth',
      'ConfigMap amazon-vpc-cni',
      'StorageClass berth',
      'ClusterRole berth',
      'ClusterRoleBinding berth',
      'ClusterRole berth-reader',
      'ClusterRoleBinding berth-reader',
    ]);
    expect(find('IngressClassParams')?.spec.certificateARNs).toEqual([CERTIFICATE]);
    expect(find('ConfigMap', 'amazon-vpc-cni')).toMatchObject({
      metadata: { namespace: 'kube-system' },
      data: { 'enable-network-policy-controller': 'true' },
    });
    for (const object of objects) expect(clusterObjectPath(object)).toMatch(/^\/apis?\//);
  });

  it('applies them when the function that does may enter the cluster, and anew when they change', () => {
    const entries = resourcesOf(templates, 'AWS::EKS::AccessEntry');
    const installer = entries.find(({ where }) => where.endsWith('/Installer'));
    expect(JSON.stringify(installer?.properties)).toContain('AmazonEKSClusterAdminPolicy');
    expect((applied as { DependsOn?: string[] }).DependsOn).toEqual(['Installer']);
    const other = resourcesOf(
      synthesize({ 'berth:nodesCpu': '128' }).templates,
      'Custom::BerthClusterObjects',
    );
    expect(other[0]?.properties.Objects).not.toBe(applied?.properties.Objects);
  });

  it('lets those administer the cluster whom a setting names, and nobody by having made it', () => {
    const [cluster] = resourcesOf(templates, 'AWS::EKS::Cluster');
    expect(cluster?.properties.AccessConfig.BootstrapClusterCreatorAdminPermissions).toBe(false);
    const entries = resourcesOf(templates, 'AWS::EKS::AccessEntry').filter(({ where }) =>
      where.startsWith('Berth-Cluster/'),
    );
    expect(entries.map(({ properties }) => properties.PrincipalArn)).toEqual(ADMINISTRATORS);
  });

  it('pins the addresses of Services, and opens the tenth for names in every environment', () => {
    const [cluster] = resourcesOf(templates, 'AWS::EKS::Cluster');
    expect(cluster?.properties.KubernetesNetworkConfig.ServiceIpv4Cidr).toBe('172.20.0.0/16');
    const told = (of: typeof templates) =>
      resourcesOf(of, 'AWS::Lambda::Function').flatMap(
        ({ properties }) => properties.Environment?.Variables?.BERTH_CLUSTER_RESOLVER ?? [],
      );
    expect(new Set(told(templates))).toEqual(new Set(['172.20.0.10']));
    const other = synthesize({ 'berth:serviceCidr': '10.100.128.0/20' }).templates;
    expect(new Set(told(other))).toEqual(new Set(['10.100.128.10']));
  });

  it('gives functions the rights that were measured, and those that only read no verb that writes', () => {
    const entries = resourcesOf(templates, 'AWS::EKS::AccessEntry').filter(
      ({ where }) => where.startsWith('Berth-Access/') && !where.endsWith('/Installer'),
    );
    expect(entries.flatMap(({ properties }) => properties.KubernetesGroups).sort()).toEqual([
      'berth:berth:readers',
      'berth:berth:readers',
      'berth:berth:writers',
      'berth:berth:writers',
      'berth:berth:writers',
    ]);
    expect(entries.filter(({ properties }) => properties.AccessPolicies)).toEqual([]);
    expect(find('ClusterRole')?.rules).toEqual(expect.arrayContaining(clusterRoleRules));
    const verbs = find('ClusterRole', 'berth-reader')?.rules?.flatMap((rule) => rule.verbs) ?? [];
    expect([...new Set(verbs)].sort()).toEqual(['get', 'list', 'watch']);
  });

  it('leaves the default class of volumes to a cluster that was there before', () => {
    const given = { name: 'berth', architectures: ['arm64'], nodesCpu: 64 };
    const kinds = (isNew: boolean) => clusterObjects({ ...given, isNew }).map(({ kind }) => kind);
    expect(kinds(true)).toContain('StorageClass');
    expect(kinds(false)).not.toContain('StorageClass');
  });
});
