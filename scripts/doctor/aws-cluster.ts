/** What an installation has made: the cluster, its add-ons, the objects in it, and its load balancer. */
import {
  DescribeAddonCommand,
  DescribeClusterCommand,
  EKSClient,
  ListPodIdentityAssociationsCommand,
} from '@aws-sdk/client-eks';
import {
  DescribeLoadBalancersCommand,
  DescribeTagsCommand,
  ElasticLoadBalancingV2Client,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { createEksToken } from '../../functions/adapters/aws/eks/eks-token.ts';
import {
  createKubernetesClient,
  type KubernetesClient,
} from '../../functions/adapters/kubernetes/api/client.ts';
import { gatewayNamespace } from '../../functions/adapters/kubernetes/object-names.ts';
import { clusterObjectPath } from '../../functions/hosts/aws/cluster-objects.ts';
import { clusterObjects } from '../../stacks/place/cluster-objects.ts';
import { logAgentNamespace } from '../../stacks/place/log-agent-objects.ts';
import type { Settings } from '../../stacks/support/settings.ts';
import { type Finding, ok, unknown, unseen, wrong } from './check.ts';

const DEPLOY = 'Run npx cdk deploy --all.';

export async function checkCluster(region: string, settings: Settings): Promise<Finding[]> {
  const eks = new EKSClient({});
  const name = settings.cluster === 'new' ? settings.name : settings.cluster;
  const what = `Cluster ${name}`;
  try {
    const { cluster } = await eks.send(new DescribeClusterCommand({ name }));
    const { status, accessConfig, computeConfig, kubernetesNetworkConfig, endpoint, certificateAuthority } =
      cluster ?? {};
    const findings: Finding[] = [
      status === 'ACTIVE'
        ? ok(what, 'active')
        : wrong(what, `it is ${status}`, 'Wait until it is active, then look again.'),
    ];
    if (computeConfig?.enabled !== true)
      findings.push(wrong(what, 'Auto Mode is off', 'Turn it on: nodes and load balancers come from it.'));
    if (!accessConfig?.authenticationMode?.includes('API'))
      findings.push(
        wrong(what, 'it has no access entries', 'Set its authentication mode to API_AND_CONFIG_MAP, or API.'),
      );
    const services = kubernetesNetworkConfig?.serviceIpv4Cidr;
    if (services !== undefined && services !== settings.serviceCidr)
      findings.push(wrong(what, `its Services are in ${services}`, `Set berth:serviceCidr to ${services}.`));
    findings.push(await checkAddon(eks, name), await checkIdentity(eks, name, settings));
    if (endpoint && certificateAuthority?.data) {
      const ca = Buffer.from(certificateAuthority.data, 'base64').toString('utf8');
      const token = createEksToken({
        cluster: name,
        region,
        credentials: eks.config.credentials,
        now: Date.now,
      });
      const client = createKubernetesClient({ server: endpoint, ca, token });
      findings.push(...(await checkObjects(client, settings)));
      client.close();
    }
    return findings;
  } catch (error) {
    if (error instanceof Error && error.name === 'ResourceNotFoundException') {
      const todo = settings.cluster === 'new' ? DEPLOY : 'Correct berth:cluster, or the region.';
      return [
        settings.cluster === 'new'
          ? unknown(what, 'it is not there yet', todo)
          : wrong(what, 'there is none in this account and region', todo),
      ];
    }
    return [unseen(what, error, 'Allow yourself eks:DescribeCluster.')];
  } finally {
    eks.destroy();
  }
}

async function checkAddon(eks: EKSClient, clusterName: string): Promise<Finding> {
  const what = 'Add-on metrics-server';
  const todo = `Add it: aws eks create-addon --cluster-name ${clusterName} --addon-name metrics-server`;
  try {
    const { addon } = await eks.send(new DescribeAddonCommand({ clusterName, addonName: 'metrics-server' }));
    return addon?.status === 'ACTIVE'
      ? ok(what, 'active')
      : wrong(
          what,
          `it is ${addon?.status}`,
          'See why in the console of EKS: usage and autoscaling need it.',
        );
  } catch (error) {
    if (error instanceof Error && error.name === 'ResourceNotFoundException')
      return wrong(what, 'it is not there', todo);
    return unseen(what, error, 'Allow yourself eks:DescribeAddon.');
  }
}

/** Without its role the agent that keeps output runs, and sends nothing. */
async function checkIdentity(eks: EKSClient, clusterName: string, { name }: Settings): Promise<Finding> {
  const namespace = logAgentNamespace(name);
  const what = `Pod identity of ${namespace}/${name}`;
  try {
    const { associations = [] } = await eks.send(
      new ListPodIdentityAssociationsCommand({ clusterName, namespace, serviceAccount: name }),
    );
    return associations.length > 0 ? ok(what, 'there') : wrong(what, 'it is not there', DEPLOY);
  } catch (error) {
    return unseen(what, error, 'Allow yourself eks:ListPodIdentityAssociations.');
  }
}

interface Found {
  data?: Record<string, string>;
  status?: { desiredNumberScheduled?: number; numberReady?: number };
}

/** What has EKS put network policies in force. */
const SWITCH = 'enable-network-policy-controller';

/** Each object that a deployment applies, by whether the cluster has it. */
export async function checkObjects(client: KubernetesClient, settings: Settings): Promise<Finding[]> {
  const wanted = clusterObjects({
    name: settings.name,
    isNew: settings.cluster === 'new',
    architectures: [],
    nodesCpu: settings.nodesCpu,
    gateway: { image: settings.gatewayImage, certificate: settings.appsCertificate, trusted: [] },
    activator: { image: settings.activatorImage, url: '', program: '' },
    logAgent: { image: settings.logAgentImage, region: '', logGroup: '' },
  });
  return Promise.all(
    wanted.map(async (object): Promise<Finding> => {
      const what = `${object.kind} ${object.metadata.name}`;
      try {
        const found = await client.get<Found>(clusterObjectPath(object));
        if (!found) return wrong(what, 'it is not in the cluster', DEPLOY);
        const isSwitch = object.kind === 'ConfigMap' && SWITCH in (object.data ?? {});
        if (isSwitch && found.data?.[SWITCH] !== 'true')
          return wrong(what, 'network policies are not enforced', DEPLOY);
        const { desiredNumberScheduled: nodes = 0, numberReady: ready = 0 } = found.status ?? {};
        if (object.kind === 'DaemonSet' && ready < nodes)
          return wrong(
            what,
            `it runs on ${ready} of ${nodes} nodes`,
            `Look why: kubectl describe pods --namespace ${object.metadata.namespace}. berth:logAgentImage names its image.`,
          );
        return ok(what, 'there');
      } catch (error) {
        const todo =
          'Look as somebody whom berth:clusterAdministrators names, from where the cluster is reached.';
        return unseen(what, error, todo);
      }
    }),
  );
}

/** The name of the load balancer of workloads, which their domain is to lead to; undefined before there is one. */
export async function loadBalancerOf({ name }: Settings): Promise<string | undefined> {
  const balancing = new ElasticLoadBalancingV2Client({});
  const service = `${gatewayNamespace(name)}/${name}`;
  try {
    const { LoadBalancers = [] } = await balancing.send(new DescribeLoadBalancersCommand({}));
    for (const { LoadBalancerArn = '', DNSName } of LoadBalancers) {
      const tags = await balancing.send(new DescribeTagsCommand({ ResourceArns: [LoadBalancerArn] }));
      const own = tags.TagDescriptions?.[0]?.Tags ?? [];
      // The controller names the Service that has it.
      if (own.some(({ Key, Value }) => Key === 'service.eks.amazonaws.com/stack' && Value === service))
        return DNSName;
    }
    return undefined;
  } finally {
    balancing.destroy();
  }
}
