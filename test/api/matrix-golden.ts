/**
 * Whom each route needs at least, written down by hand and apart from the table that the code decides by. A route
 * that is new, or needs someone else, is written down here too: on purpose, and by someone who has thought about it.
 */
export const golden = {
  public: [
    'getHealth',
    'getProblemType',
    'getOpenApi',
    'getSignInConfiguration',
    'signIn',
    'finishSignIn',
    'backChannelLogout',
  ],
  'signed-in': ['getMe', 'listProjects', 'listPlatformPolicies'],
  person: [
    'createProject',
    'createToken',
    'listTokens',
    'revokeToken',
    'signOut',
    'listSessions',
    'endSession',
    'endSessions',
  ],
  platform: ['putPlatformPolicy', 'deletePlatformPolicy', 'dryRunPlatformPolicy'],
  viewer: [
    'getProject',
    'getAccess',
    'listMembers',
    'getMember',
    'getOverview',
    'listEvents',
    'listServices',
    'getService',
    'listVersions',
    'getVersion',
    'listBuilds',
    'listEnvironments',
    'getEnvironment',
    'listResources',
    'getInventory',
    'listSecrets',
    'listInstances',
    'getInstance',
    'listDeployments',
    'getDeployment',
    'planDeployment',
    'diffDeployment',
    'getLogs',
    'getMetrics',
    'getOperation',
    'getOperationLogs',
    'listOperations',
    'listEnvironmentOperations',
    'listPolicies',
    'getPolicy',
    'dryRunPolicy',
  ],
  developer: [
    'createService',
    'changeService',
    'createBuild',
    'createVersion',
    'createEnvironment',
    'changeEnvironment',
    'destroyEnvironment',
    'hibernateEnvironment',
    'wakeEnvironment',
    'extendEnvironment',
    'putSecret',
    'deleteSecret',
    'createDeployment',
    'cancelDeployment',
    'cancelOperation',
  ],
  maintainer: [
    'changeProject',
    'putMember',
    'removeMember',
    'listProjectTokens',
    'createProjectToken',
    'revokeProjectToken',
    'protectEnvironment',
    'approveDeployment',
    'rejectDeployment',
    'deleteService',
  ],
  administrator: [
    'deleteProject',
    'unprotectEnvironment',
    'verifyAudit',
    'exportAudit',
    'putPolicy',
    'deletePolicy',
  ],
} as const satisfies Record<string, readonly string[]>;

/** Whom it needs in a protected environment, where that is more. */
export const goldenProtected: Readonly<Record<string, 'maintainer' | 'administrator'>> = {
  changeEnvironment: 'maintainer',
  hibernateEnvironment: 'maintainer',
  wakeEnvironment: 'maintainer',
  extendEnvironment: 'maintainer',
  destroyEnvironment: 'administrator',
  putSecret: 'maintainer',
  deleteSecret: 'maintainer',
};

/** About the project as a whole, and open to a token that is limited to some of its environments. */
export const goldenAcross: readonly string[] = [
  'getProject',
  'getAccess',
  'listServices',
  'getService',
  'listVersions',
  'getVersion',
  'createVersion',
  'createBuild',
];

/** No token or pipeline does it, whatever its role. */
export const goldenPeople: readonly string[] = [
  'putMember',
  'removeMember',
  'protectEnvironment',
  'unprotectEnvironment',
  'approveDeployment',
  'rejectDeployment',
];

/** A token does it only if it was made to. */
export const goldenTokenMakers: readonly string[] = [
  'createToken',
  'listTokens',
  'revokeToken',
  'createProjectToken',
  'revokeProjectToken',
];
