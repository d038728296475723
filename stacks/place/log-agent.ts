/**
 * What the agent on each node does, for the OpenTelemetry Collector: it tails the output of this installation's workloads
 * and of nothing else, and sends it to one log group, a stream for each service of an environment. Nothing that a
 * program prints says where its lines go: in raw mode the exporter would follow a line that is JSON with a log group in
 * it, so a line is always the text of one field.
 */

export interface LogAgentOptions {
  /** The name of the installation, which its namespaces begin with. */
  name: string;
  region: string;
  logGroup: string;
  /** Where the node keeps output; /var/log/pods unless told. */
  podLogs?: string;
  /** Where it keeps how far it has read, and what it has not sent; /state unless told. */
  state?: string;
  /** How it is let into the cluster. */
  access?: 'serviceAccount' | 'kubeConfig';
  /** Another one than AWS's own. */
  endpoint?: string;
}

/** CloudWatch Logs takes nothing that is older than 14 days, and nothing else together with it. */
const OLDEST = '300h';
/** Of a line, bytes. What is more than people see is there so that a secret at the end of that is known as one. */
const LINE_MAX = 32_768;

const resource = (name: string): string => `resource.attributes["${name}"]`;

/** The namespaces of another installation may begin with the name of this one: `berth-two-demo-dev`. */
const whose = (name: string): string[] => [
  `set(log.cache["whole"], Concat([${resource('project')}, ${resource('environment')}], "-"))`,
  `set(log.cache["rest"], ${resource('namespace')})`,
  `replace_pattern(log.cache["rest"], "^${name}-", "")`,
  `set(log.cache["cut"], log.cache["rest"])`,
  // A long or ambiguous name ends in a hash.
  'replace_pattern(log.cache["cut"], "-[^-]+\\\\z", "")',
  `set(${resource('pod')}, Concat([${['project', 'environment', 'service'].map(resource).join(', ')}], "/")) ` +
    `where ${resource('managed')} == "berth" and ` +
    `(${['workload', 'workload-b'].map((name) => `${resource('component')} == "${name}"`).join(' or ')}) and ` +
    '(log.cache["rest"] == log.cache["whole"] or HasPrefix(log.cache["whole"], log.cache["cut"]))',
];

const labels: Readonly<Record<string, string>> = {
  managed: 'app.kubernetes.io/managed-by',
  component: 'app.kubernetes.io/component',
  project: 'berth.dev/project',
  environment: 'berth.dev/environment',
  service: 'app.kubernetes.io/name',
  deployment: 'berth.dev/deployment',
};

/** Its configuration. Kubernetes takes `$(…)` in it for a variable, and the collector `${…}`. */
export function logAgentConfig(options: LogAgentOptions) {
  const {
    name,
    region,
    logGroup,
    podLogs = '/var/log/pods',
    state = '/state',
    access = 'serviceAccount',
  } = options;
  return {
    extensions: { file_storage: { directory: state } },
    receivers: {
      filelog: {
        include: [`${podLogs}/${name}-*_*/*/*.log`],
        // The namespaces of the gateway and of the agent itself.
        exclude: [`${podLogs}/${name}-gateway_*/*/*.log`, `${podLogs}/${name}-logs_*/*/*.log`],
        start_at: 'beginning',
        include_file_name: false,
        include_file_path: true,
        preserve_trailing_whitespaces: true,
        storage: 'file_storage',
        retry_on_failure: { enabled: true, max_elapsed_time: '0s' },
        operators: [
          {
            type: 'regex_parser',
            regex: '^(?P<t>\\S+) (?:stdout|stderr) (?P<f>[PF])\\S* (?P<m>.*)',
            timestamp: {
              parse_from: 'attributes.t',
              layout_type: 'gotime',
              layout: '2006-01-02T15:04:05.999999999Z07:00',
            },
          },
          {
            // The runtime writes a long line in parts; the whole has the time of the first.
            type: 'recombine',
            combine_field: 'attributes.m',
            combine_with: '',
            is_last_entry: 'attributes.f == "F"',
            source_identifier: 'attributes["log.file.path"]',
            overwrite_with: 'oldest',
            max_log_size: '1MiB',
          },
          {
            type: 'regex_parser',
            parse_from: 'attributes["log.file.path"]',
            parse_to: 'resource',
            regex: '/(?P<namespace>[^_/]+)_(?P<p>[^_/]+)_(?P<uid>[^_/]+)/(?P<c>[^/]+)/[0-9]+\\.log',
          },
          { type: 'move', from: 'resource.uid', to: 'resource["k8s.pod.uid"]' },
        ],
      },
    },
    processors: {
      memory_limiter: { check_interval: '1s', limit_mib: 160, spike_limit_mib: 40 },
      k8sattributes: {
        auth_type: access,
        filter: { node_from_env_var: 'NODE_NAME' },
        pod_association: [{ sources: [{ from: 'resource_attribute', name: 'k8s.pod.uid' }] }],
        wait_for_metadata: true,
        wait_for_metadata_timeout: '60s',
        extract: {
          metadata: ['k8s.pod.uid'],
          labels: Object.entries(labels).map(([tag_name, key]) => ({ tag_name, key, from: 'pod' })),
        },
      },
      transform: {
        error_mode: 'ignore',
        log_statements: [
          {
            context: 'log',
            statements: [
              ...whose(name),
              'set(log.attributes["t"], String(log.time_unix_nano))',
              ...['p', 'c'].map((key) => `set(log.attributes["${key}"], ${resource(key)})`),
              `set(log.attributes["d"], ${resource('deployment')})`,
              'keep_keys(log.attributes, ["t", "p", "c", "d", "m"])',
              `truncate_all(log.attributes, ${LINE_MAX})`,
              'set(log.body, log.attributes)',
            ],
          },
        ],
      },
      filter: {
        error_mode: 'ignore',
        logs: { log_record: [`${resource('pod')} == nil`, `log.time < Now() - Duration("${OLDEST}")`] },
      },
    },
    exporters: {
      awscloudwatchlogs: {
        region,
        log_group_name: logGroup,
        // Stands for the resource's attribute `pod`.
        log_stream_name: '{PodName}',
        raw_log: true,
        ...(options.endpoint !== undefined && { endpoint: options.endpoint }),
        retry_on_failure: { max_elapsed_time: '1h' },
        sending_queue: {
          storage: 'file_storage',
          num_consumers: 1,
          queue_size: 1_000,
          block_on_overflow: true,
          batch: { flush_timeout: '1s', sizer: 'items', min_size: 2_000, max_size: 10_000 },
        },
      },
    },
    service: {
      extensions: ['file_storage'],
      telemetry: { logs: { level: 'warn', encoding: 'json' }, metrics: { level: 'none' } },
      pipelines: {
        logs: {
          receivers: ['filelog'],
          processors: ['memory_limiter', 'k8sattributes', 'transform', 'filter'],
          exporters: ['awscloudwatchlogs'],
        },
      },
    },
  };
}
