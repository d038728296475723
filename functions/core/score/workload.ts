/** A Score v1b1 workload in its normal form: deprecated array forms turned into maps, nothing expanded. */

export interface ScoreWorkload {
  apiVersion: 'score.dev/v1b1';
  metadata: { name: string; annotations?: Record<string, string>; [key: string]: unknown };
  service?: { ports?: Record<string, ScorePort> };
  containers: Record<string, ScoreContainer>;
  resources?: Record<string, ScoreResource>;
}

export interface ScorePort {
  port: number;
  protocol?: 'TCP' | 'UDP';
  /** Defaults to `port`. */
  targetPort?: number;
}

export interface ScoreContainer {
  image: string;
  command?: string[];
  args?: string[];
  variables?: Record<string, string>;
  /** By the path in the container. `source` is resolved to content when a version is made. */
  files?: Record<string, ScoreFile>;
  /** By the path in the container. */
  volumes?: Record<string, ScoreVolume>;
  resources?: { limits?: ScoreCompute; requests?: ScoreCompute };
  livenessProbe?: ScoreProbe;
  readinessProbe?: ScoreProbe;
  before?: Record<string, { ready: 'started' | 'healthy' | 'complete' }>;
}

export interface ScoreFile {
  mode?: string;
  source?: string;
  content?: string;
  /** Base64. */
  binaryContent?: string;
  noExpand?: boolean;
}

export interface ScoreVolume {
  source: string;
  path?: string;
  readOnly?: boolean;
}

export interface ScoreCompute {
  memory?: string;
  cpu?: string;
}

export interface ScoreProbe {
  httpGet?: {
    host?: string;
    scheme?: 'HTTP' | 'HTTPS';
    path: string;
    port: number;
    httpHeaders?: { name: string; value: string }[];
  };
  exec?: { command: string[] };
}

export interface ScoreResource {
  type: string;
  class?: string;
  id?: string;
  metadata?: { annotations?: Record<string, string>; [key: string]: unknown };
  params?: Record<string, unknown>;
}
