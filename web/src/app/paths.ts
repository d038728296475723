/** Addresses of the console's pages. */

/** What can be the name of a project, an environment or a service. */
const NAME = /^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/;

export const isName = (text: string | undefined): text is string => text !== undefined && NAME.test(text);

/** A ULID. */
const OPERATION = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;

export const isOperationId = (text: string): boolean => OPERATION.test(text);

export interface Place {
  project: string;
  environment: string;
  service: string;
}

export const projectPath = (project: string): string => `/projects/${project}`;

export const environmentPath = ({ project, environment }: Omit<Place, 'service'>): string =>
  `/projects/${project}/environments/${environment}`;

export const backupsPath = (place: Omit<Place, 'service'>): string => `${environmentPath(place)}/backups`;

export const environmentLogsPath = (place: Omit<Place, 'service'>): string =>
  `${environmentPath(place)}/logs`;

export const mapPath = (place: Omit<Place, 'service'>): string => `${environmentPath(place)}/map`;

const TRACE = /^[0-9a-f]{32}$/;

export const isTraceId = (text: string): boolean => TRACE.test(text);

export const tracesPath = (place: Omit<Place, 'service'>): string => `${environmentPath(place)}/traces`;

export const tracePath = (place: Omit<Place, 'service'>, id: string): string => `${tracesPath(place)}/${id}`;

export const serviceTabs = ['status', 'history', 'logs', 'runs', 'metrics', 'repository', 'events'] as const;
export type ServiceTab = (typeof serviceTabs)[number];

export const servicePath = (place: Place, tab: ServiceTab = 'status'): string =>
  `${environmentPath(place)}/services/${place.service}${tab === 'status' ? '' : `/${tab}`}`;

export const pipelinePath = (project: string): string => `/projects/${project}/pipeline`;

export const buildsPath = (project: string): string => `/projects/${project}/builds`;

export const activityPath = (project: string): string => `/projects/${project}/activity`;

export const alertsPath = (project: string): string => `/projects/${project}/alerts`;

export const figuresPath = (project: string): string => `/projects/${project}/figures`;

export const costsPath = (project: string): string => `/projects/${project}/costs`;

export const approvalsPath = (project: string): string => `/projects/${project}/approvals`;

export const newProjectPath = '/new-project';

/** The tokens of who is signed in. */
export const tokensPath = '/tokens';

/** The pages of a project's settings, in their order. */
export const settingsPages = [
  { id: 'general', label: 'General' },
  { id: 'members', label: 'Members' },
  { id: 'tokens', label: 'Tokens' },
  { id: 'pipelines', label: 'Trusted pipelines' },
  { id: 'policies', label: 'Policies' },
  { id: 'webhooks', label: 'Webhooks' },
  { id: 'drains', label: 'Log drains' },
  { id: 'build-secrets', label: 'Build secrets' },
  { id: 'masking', label: 'Data masking' },
  { id: 'audit', label: 'Audit' },
] as const;
export type SettingsPage = (typeof settingsPages)[number]['id'];

export const settingsPath = (project: string, page: SettingsPage = 'general'): string =>
  `/projects/${project}/settings${page === 'general' ? '' : `/${page}`}`;

export const operationPath = (project: string, operation: string): string =>
  `/projects/${project}/operations/${operation}`;

/** Where one chooses what to deploy. */
export function deployPath(
  project: string,
  chosen: { service?: string; environment?: string; version?: string; from?: string } = {},
): string {
  const query = new URLSearchParams(chosen).toString();
  return `/projects/${project}/deploy${query === '' ? '' : `?${query}`}`;
}
