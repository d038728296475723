/** Applies the cluster's own objects while the stacks are deployed: CloudFormation -> Lambda -> the API server. */
import { EKSClient } from '@aws-sdk/client-eks';
import { createEksCluster } from '../../../adapters/aws/eks/eks-cluster.ts';
import { createEksToken } from '../../../adapters/aws/eks/eks-token.ts';
import { isAws } from '../../../adapters/aws/sdk-errors.ts';
import { sdkOptions } from '../../../adapters/aws/sdk-options.ts';
import { createFoundClient } from '../../../adapters/kubernetes/api/found-client.ts';
import { applyClusterObjects, type ClusterObject, removeClusterObjects } from '../cluster-objects.ts';
import { defaultProvider } from '../credentials.ts';
import { customResource } from '../custom-resource.ts';

/** What the stack says; all values of CloudFormation are strings. */
interface Properties {
  ClusterName: string;
  /** Addresses of Services, which policies open for names. */
  ServiceCidr: string;
  /** The objects as JSON, in the order in which they are made. */
  Objects: string;
}

const { AWS_REGION: region = '', BERTH_DNS_SUFFIX: dnsSuffix = '' } = process.env;
const objectsOf = ({ Objects }: Properties): ClusterObject[] => JSON.parse(Objects) as ClusterObject[];

const isGone = (error: unknown): boolean =>
  error instanceof Error && isAws(error.cause, 'ResourceNotFoundException');

export const handler = customResource(async (event, signal) => {
  const given = event.ResourceProperties as unknown as Properties;
  const name = given.ClusterName;
  const find = createEksCluster({ name, client: new EKSClient(sdkOptions({ region })) });
  const { now } = Date;
  const credentials = defaultProvider();
  const token = createEksToken({ cluster: name, region, credentials, now, dnsSuffix });
  const client = createFoundClient({ now, find: async () => ({ ...(await find()), token }) });
  try {
    // What was in a cluster that is gone went with it.
    if (event.RequestType === 'Delete' && (await find().then(() => false, isGone))) return;
    if (event.RequestType === 'Delete') await removeClusterObjects(client, objectsOf(given), { signal });
    else {
      const { services } = await find();
      if (services !== undefined && services !== given.ServiceCidr)
        throw new Error(
          `The setting berth:serviceCidr is ${given.ServiceCidr}, and the Services of the cluster ${name} are in ${services}.`,
        );
      const former =
        event.RequestType === 'Update' ? (event.OldResourceProperties as unknown as Properties) : undefined;
      await applyClusterObjects(client, objectsOf(given), former ? objectsOf(former) : [], { signal });
    }
  } finally {
    client.close();
  }
});
