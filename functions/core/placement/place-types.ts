/** Places: where the workloads of environments run. */

/** The place that every installation has from its start; records of environments that name none are in it. */
export const HOME = 'home';

/** How a cluster that is not the installation's own is reached. */
export type ClusterAccess =
  /** An EKS cluster, as this role of its account. */
  | { kind: 'eks'; cluster: string; region: string; role: string }
  /** A context of the kubeconfig that the host was given. */
  | { kind: 'kubeconfig'; context: string };

export interface PlaceCluster {
  access: ClusterAccess;
  /** The domain under which workloads are served there. */
  domain: string;
  scheme: 'http' | 'https';
  /** The Gateway that routes are attached to. */
  gateway: { namespace: string; name: string };
  /** The cluster's own default where absent. */
  storageClass?: string;
}

export interface Place {
  name: string;
  /** Absent of the installation's own place. */
  cluster?: PlaceCluster;
  labels: Record<string, string>;
  /** Environments that ask for no place come here; one place alone is the default. */
  isDefault?: true;
  /** Names of the projects that may use it, with wildcards; all where absent. */
  projects?: string[];
  /** Names of the environments that may be in it, with wildcards; all where absent. */
  environments?: string[];
  /** Whether workloads there reach the databases of the installation. */
  databases: boolean;
  /** It is being removed, and takes no environment any more. */
  closing?: true;
  createdAt: string;
  createdBy: string;
}

/** The record of all places; of the installation's own only where somebody changed it. */
export interface PlaceSet {
  places: Place[];
}

/** How a place was found when it was last looked at. */
export interface PlaceSighting {
  state: 'reachable' | 'unreachable';
  /** It has been so since this time. */
  since: string;
  /** Why it can not be reached. */
  reason?: string;
}

/** By the name of the place. */
export type PlaceSightings = Record<string, PlaceSighting>;

/** What is asked for of a place: its name, or labels that it has. */
export type PlacementWish = string | { labels: Record<string, string> };
