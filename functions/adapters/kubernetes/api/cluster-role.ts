/** What Berth may do in a cluster: each verb that the adapter sends, and no more. */
import type { V1PolicyRule } from '@kubernetes/client-node';

const declared = ['get', 'list', 'create', 'patch', 'delete'];

/** To look at tokens that it is given: the activator's. */
export const tokenReviews: V1PolicyRule = {
  apiGroups: ['authentication.k8s.io'],
  resources: ['tokenreviews'],
  verbs: ['create'],
};

/** Beside the others where domains of customers are served: a Gateway for each. */
export const domainRules: V1PolicyRule[] = [
  {
    apiGroups: ['gateway.networking.k8s.io'],
    resources: ['gateways'],
    verbs: ['list', 'create', 'patch', 'delete'],
  },
];

/** Beside the others where people open shells: whoever has them can start any program in any pod. */
export const shellRules: V1PolicyRule[] = [
  { apiGroups: [''], resources: ['pods/exec'], verbs: ['get', 'create'] },
];

/** Rules of the ClusterRole that the platform team binds to Berth's identity. No rights to roles or nodes. */
export const clusterRoleRules: V1PolicyRule[] = [
  { apiGroups: [''], resources: ['namespaces'], verbs: ['get', 'create', 'patch', 'delete'] },
  { apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'create', 'update', 'patch'] },
  {
    apiGroups: [''],
    resources: [
      'services',
      'serviceaccounts',
      'secrets',
      'persistentvolumeclaims',
      'resourcequotas',
      'limitranges',
    ],
    verbs: declared,
  },
  { apiGroups: [''], resources: ['pods'], verbs: ['list', 'watch', 'delete'] },
  { apiGroups: [''], resources: ['pods/log'], verbs: ['get'] },
  { apiGroups: [''], resources: ['events'], verbs: ['list'] },
  { apiGroups: ['apps'], resources: ['deployments'], verbs: [...declared, 'watch'] },
  { apiGroups: ['apps'], resources: ['deployments/scale'], verbs: ['patch'] },
  { apiGroups: ['apps'], resources: ['replicasets'], verbs: ['list'] },
  { apiGroups: ['batch'], resources: ['jobs'], verbs: [...declared, 'watch'] },
  { apiGroups: ['networking.k8s.io'], resources: ['networkpolicies'], verbs: declared },
  { apiGroups: ['gateway.networking.k8s.io'], resources: ['httproutes'], verbs: declared },
  { apiGroups: ['gateway.networking.k8s.io'], resources: ['gateways'], verbs: ['get'] },
  {
    apiGroups: ['gateway.networking.k8s.io'],
    resources: ['referencegrants'],
    verbs: ['create', 'patch', 'delete'],
  },
  tokenReviews,
  { apiGroups: ['autoscaling'], resources: ['horizontalpodautoscalers'], verbs: declared },
  { apiGroups: ['policy'], resources: ['poddisruptionbudgets'], verbs: declared },
  { apiGroups: ['metrics.k8s.io'], resources: ['pods'], verbs: ['get', 'list'] },
];
