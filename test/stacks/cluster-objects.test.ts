import { describe, expect, it } from 'vitest';
import { clusterRoleRules } from '../../functions/adapters/kubernetes/api/cluster-role.ts';
import { clusterObjectPath } from '../../functions/hosts/aws/cluster-objects.ts';
import { GATEWAY_API } from '../../functions/hosts/aws/gateway-definitions.ts';
import { settingsOf } from '../../scripts/doctor/index.ts';
import { activatorObjects } from '../../stacks/place/activator-objects.ts';
import { type ClusterObject, clusterObjects } from '../../stacks/place/cluster-objects.ts';
import { gatewayObjects } from '../../stacks/place/gateway-objects.ts';
import { synthesize } from '../../stacks/synthesize.ts';
import { grantsOf, objectsText, resourcesOf } from './support.ts';

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
const objects = JSON.parse(objectsText(applied!)) as ClusterObject[];
const find = <Kind extends ClusterObject['kind']>(kind: Kind, name = 'berth') =>
  objects.find(
    (object): object is Extract<ClusterObject, { kind: Kind }> =>
      object.kind === kind && object.metadata.name === name,
  );

describe('One command', () => {
  it('makes the cluster’s own objects: nodes, storage, policies in force, the gateway, rights', () => {
    expect(objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([
      'NodePool berth',
      'ConfigMap amazon-vpc-cni',
      'StorageClass berth',
      'Namespace berth-gateway',
      'ServiceAccount berth',
      'ClusterRole berth-gateway',
      'ClusterRoleBinding berth-gateway',
      'Role berth',
      'RoleBinding berth',
      'Deployment berth',
      'PodDisruptionBudget berth',
      'Service berth',
      'GatewayClass berth',
      'Gateway berth',
      'HTTPRoute berth-https',
      'ServiceAccount activator',
      'ConfigMap activator',
      'Deployment activator',
      'PodDisruptionBudget activator',
      'NetworkPolicy activator',
      'Service activator',
      'Namespace berth-logs',
      'ServiceAccount berth',
      'ClusterRole berth-logs',
      'ClusterRoleBinding berth-logs',
      'DaemonSet berth',
      'ClusterRole berth',
      'ClusterRoleBinding berth',
      'ClusterRole berth-reader',
      'ClusterRoleBinding berth-reader',
    ]);
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
    expect(objectsText(other[0]!)).not.toBe(objectsText(applied!));
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
    // They make nothing by looking at a token.
    const { rules = [] } = find('ClusterRole', 'berth-reader') ?? {};
    const others = (rules ?? []).filter(({ resources }) => !resources?.includes('tokenreviews'));
    expect([...new Set(others.flatMap(({ verbs }) => verbs))].sort()).toEqual(['get', 'list', 'watch']);
  });

  it('leaves the default class of volumes to a cluster that was there before', () => {
    const gateway = { image: 'traefik:v1', trusted: [] };
    const logAgent = { image: 'otel:v1', region: 'eu-west-1', logGroup: 'workloads' };
    const activator = { image: 'node:24', url: 'https://berth.example.com', program: '' };
    const given = { name: 'berth', architectures: ['arm64'], nodesCpu: 64, gateway, activator, logAgent };
    const kinds = (isNew: boolean) => clusterObjects({ ...given, isNew }).map(({ kind }) => kind);
    expect(kinds(true)).toContain('StorageClass');
    expect(kinds(false)).not.toContain('StorageClass');
  });
});

describe('The gateway', () => {
  const of = (certificate?: string, trusted = ['10.64.0.0/22']) =>
    gatewayObjects({ name: 'berth', image: 'traefik:v1', certificate, trusted, readers: [] });
  const kind = <Kind extends ClusterObject['kind']>(made: ClusterObject[], name: Kind) =>
    made.find((object): object is Extract<ClusterObject, { kind: Kind }> => object.kind === name)!;
  const flagsOf = (made: ClusterObject[]) =>
    kind(made, 'Deployment').spec!.template.spec!.containers[0]!.args!.join(' ');

  it('is behind one network load balancer that is there from the start, with the certificate at 443', () => {
    const service = kind(of(CERTIFICATE), 'Service');
    expect(service.spec).toMatchObject({ type: 'LoadBalancer', loadBalancerClass: 'eks.amazonaws.com/nlb' });
    expect(service.spec!.ports!.map(({ port }) => port)).toEqual([80, 443]);
    expect(service.metadata.annotations).toMatchObject({
      'service.beta.kubernetes.io/aws-load-balancer-ssl-cert': CERTIFICATE,
      'service.beta.kubernetes.io/aws-load-balancer-ssl-ports': '443',
    });
    expect(find('Service')?.metadata.annotations).toEqual(
      expect.objectContaining({ 'service.beta.kubernetes.io/aws-load-balancer-ssl-cert': CERTIFICATE }),
    );
  });

  it('leads port 80 to 443, where no workload can attach a route; without a certificate 80 is for workloads', () => {
    const from = (made: ClusterObject[]) =>
      kind(made, 'Gateway').spec.listeners.map(({ name, allowedRoutes }) => [
        name,
        allowedRoutes.namespaces.from,
      ]);
    expect(from(of(CERTIFICATE))).toEqual([
      ['http', 'Same'],
      ['https', 'All'],
    ]);
    expect(kind(of(CERTIFICATE), 'HTTPRoute').spec.parentRefs).toEqual([
      { name: 'berth', sectionName: 'http' },
    ]);
    expect(from(of())).toEqual([['http', 'All']]);
    expect(kind(of(), 'HTTPRoute')).toBeUndefined();
  });

  it('has its certificate made, and proven in the zone, where that is named', () => {
    const made = synthesize({
      'berth:apps': 'apps.example.com',
      'berth:appsZone': 'Z0123456789ABC',
    }).templates;
    const [certificate, ...more] = resourcesOf(made, 'AWS::CertificateManager::Certificate');
    expect(more).toEqual([]);
    expect(certificate?.properties).toMatchObject({
      DomainName: '*.apps.example.com',
      ValidationMethod: 'DNS',
      DomainValidationOptions: [{ DomainName: '*.apps.example.com', HostedZoneId: 'Z0123456789ABC' }],
    });
    const [objects] = resourcesOf(made, 'Custom::BerthClusterObjects');
    const text = JSON.stringify(objects?.properties.Objects);
    expect(text).toMatch(/aws-load-balancer-ssl-cert[^}]{0,20}\{"Ref":"AppsCertificate/);
    expect(text).toContain('berth-https');
    const schemes = resourcesOf(made, 'AWS::Lambda::Function').flatMap(
      ({ properties }) => properties.Environment?.Variables?.BERTH_APPS_SCHEME ?? [],
    );
    expect(new Set(schemes)).toEqual(new Set(['https']));
    expect(resourcesOf(templates, 'AWS::CertificateManager::Certificate')).toEqual([]);
  });

  it('serves workloads at the scheme that their URLs name', () => {
    const schemes = (of: typeof templates) =>
      resourcesOf(of, 'AWS::Lambda::Function').flatMap(
        ({ properties }) => properties.Environment?.Variables?.BERTH_APPS_SCHEME ?? [],
      );
    expect(new Set(schemes(templates))).toEqual(new Set(['https']));
    expect(new Set(schemes(synthesize({ 'berth:appsCertificate': '' }).templates))).toEqual(
      new Set(['http']),
    );
  });

  it('believes the load balancer alone what it says of clients, and asks for it only where it does', () => {
    const attributes = (made: ClusterObject[]) =>
      kind(made, 'Service').metadata.annotations?.[
        'service.beta.kubernetes.io/aws-load-balancer-target-group-attributes'
      ];
    expect(flagsOf(of(CERTIFICATE))).toContain('--entrypoints.https.proxyprotocol.trustedips=10.64.0.0/22');
    expect(attributes(of(CERTIFICATE))).toContain('proxy_protocol_v2.enabled=true');
    expect(flagsOf(of(CERTIFICATE, []))).not.toContain('proxyprotocol');
    expect(attributes(of(CERTIFICATE, []))).toContain('proxy_protocol_v2.enabled=false');
    expect(flagsOf([find('Deployment')!])).toMatch(/https\.proxyprotocol\.trustedips=\d+\.\d+/);
  });

  it('takes routes of its own Gateway alone, and of the version whose definitions are pinned', () => {
    expect(flagsOf(of())).toContain('--providers.kubernetesgateway.gateways[0].namespace=berth-gateway');
    const { gatewayApi } = settingsOf([]);
    expect(gatewayApi).toContain(`/v${GATEWAY_API.split('@v')[1]}/`);
    expect(applied!.properties.GatewayApi).toBe(gatewayApi);
  });
});

describe('What holds requests for environments that sleep', () => {
  const deployment = find('Deployment', 'activator')!;
  const pod = deployment.spec!.template.spec!;

  it('has no right in the cluster, and a token that is good for one question to Berth', () => {
    expect(pod.automountServiceAccountToken).toBe(false);
    const bound = objects.filter(({ kind }) => kind.endsWith('RoleBinding'));
    expect(JSON.stringify(bound)).not.toContain('activator');
    const tokens = pod.volumes!.flatMap(({ projected }) => projected?.sources ?? []);
    expect(tokens).toMatchObject([
      { serviceAccountToken: { audience: 'berth-wakes', expirationSeconds: 3600 } },
    ]);
  });

  it('is two small pods that take requests from the gateway alone, write to no file and have no capability', () => {
    expect(deployment.spec!.replicas).toBe(2);
    const [container] = pod.containers;
    expect(container!.resources!.requests).toEqual({ cpu: '20m', memory: '64Mi' });
    expect(container!.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    expect(find('NetworkPolicy', 'activator')?.spec).toMatchObject({
      policyTypes: ['Ingress'],
      ingress: [
        {
          from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'berth-gateway' } } }],
        },
      ],
    });
  });

  it('asks at the address that people have, which may change', () => {
    const urlOf = (of: typeof templates) =>
      /"BERTH_URL","value":"([^"]*)"/.exec(
        objectsText(resourcesOf(of, 'Custom::BerthClusterObjects')[0]!),
      )?.[1];
    expect(urlOf(templates)).toMatch(/^https:\/\/Fn::ImportValue$/);
  });

  it('is one program of a size that a deployment can carry, and its pods are new ones where it changes', () => {
    const program = find('ConfigMap', 'activator')!.data!['activator.mjs']!;
    // CloudFormation hands over what was and what is, in 256 KiB.
    expect(program.length).toBeGreaterThan(10_000);
    expect(program.length).toBeLessThan(80_000);
    const hash = (of: string) =>
      activatorObjects({ name: 'berth', image: 'node:24', url: '', program: of }).flatMap((object) =>
        object.kind === 'Deployment' ? Object.values(object.spec!.template.metadata!.annotations!) : [],
      );
    expect(hash('a')).not.toEqual(hash('b'));
  });
});

describe('The agent that keeps what workloads print', () => {
  const agent = find('DaemonSet')!.spec!.template.spec!;
  const configuration = (of = agent) =>
    of.containers[0]!.env!.find(({ name }) => name === 'CONFIGURATION')!.value!;

  it('of another account writes to the same log group and no more, by a role that only named ones take on', () => {
    const sender = 'arn:aws:iam::444455556666:role/berth-output';
    const roles = (of: typeof templates) =>
      resourcesOf(of, 'AWS::IAM::Role').filter(({ properties }) =>
        JSON.stringify(properties.AssumeRolePolicyDocument).includes('444455556666'),
      );
    expect(roles(templates)).toEqual([]);
    const { templates: let_in } = synthesize({ 'berth:outputSenders': sender });
    const [role, ...more] = roles(let_in);
    expect(more).toEqual([]);
    expect(role!.properties.AssumeRolePolicyDocument.Statement).toEqual([
      { Action: ['sts:AssumeRole', 'sts:TagSession'], Effect: 'Allow', Principal: { AWS: sender } },
    ]);
    const policies = resourcesOf(let_in, 'AWS::IAM::ManagedPolicy').filter(({ properties }) =>
      /Agents of other accounts/.test(properties.Description),
    );
    expect(policies.map(({ properties }) => properties.PolicyDocument.Statement[0].Action)).toEqual([
      ['logs:CreateLogStream', 'logs:PutLogEvents'],
    ]);
  });

  it('has no right in the cluster but to see pods, and in AWS but to write to one log group', () => {
    expect(find('ClusterRole', 'berth-logs')?.rules).toEqual([
      { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'watch'] },
    ]);
    const grants = grantsOf(templates).filter(({ where }) => where.includes('LogAgent'));
    expect(grants).toMatchObject([{ Action: ['logs:CreateLogStream', 'logs:PutLogEvents'] }]);
    const [role] = resourcesOf(templates, 'AWS::IAM::Role').filter(({ where }) => where.includes('LogAgent'));
    const groups = resourcesOf(templates, 'AWS::Logs::LogGroup').filter(({ where }) =>
      where.startsWith('Berth-Logs/Workloads'),
    );
    expect(groups.map(({ properties }) => properties.RetentionInDays)).toEqual([30]);
    expect(JSON.stringify(grants[0]?.Resource)).toMatch(
      /^\[\{"Fn::ImportValue":"Berth-Logs:[^"]*Workloads[^"]*"\}\]$/,
    );
    expect(role?.properties.AssumeRolePolicyDocument.Statement).toMatchObject([
      {
        Principal: { Service: 'pods.eks.amazonaws.com' },
        Condition: {
          StringEquals: {
            'aws:RequestTag/kubernetes-namespace': 'berth-logs',
            'aws:RequestTag/kubernetes-service-account': 'berth',
          },
        },
      },
    ]);
    const [identity] = resourcesOf(templates, 'AWS::EKS::PodIdentityAssociation');
    expect(identity?.properties).toMatchObject({ Namespace: 'berth-logs', ServiceAccount: 'berth' });
  });

  it('is on every node, writes to no file of it but its own, and has no capability', () => {
    expect(agent.tolerations).toEqual([{ operator: 'Exists' }]);
    const [container] = agent.containers;
    expect(container!.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    const writable = container!.volumeMounts!.filter(({ readOnly }) => !readOnly).map(({ name }) => name);
    const paths = agent.volumes!.filter(({ name }) => writable.includes(name));
    expect(paths.map(({ hostPath }) => hostPath?.path)).toEqual(['/var/lib/berth-logs']);
  });

  it('reads the output of this installation alone, and takes no line for more than text', () => {
    const { receivers, exporters } = JSON.parse(configuration());
    expect(receivers.filelog.include).toEqual(['/var/log/pods/berth-*_*/*/*.log']);
    expect(exporters.awscloudwatchlogs.log_stream_name).toBe('{PodName}');
    // Kubernetes would put a variable in the place of `$(…)`, and half of `$$`.
    expect(configuration()).not.toContain('$');
    expect(configuration()).toMatch(/set\(log\.body, log\.attributes\)/);
  });
});
