/** Applications of AWS Copilot by their facts, of its documentation and of public samples. The texts are our own. */
const of = (name: string, text: string) => ({ [`copilot/${name}/manifest.yml`]: `name: ${name}\n${text}` });

export const copilotProjects: Record<string, Record<string, string>> = {
  'load balanced, smallest': of(
    'frontend',
    'type: Load Balanced Web Service\nimage: {build: ./Dockerfile, port: 80}\nhttp: {path: "/"}\ncpu: 256\nmemory: 512\ncount: 1\nexec: true\n',
  ),
  'load balanced, scaling by requests': of(
    'frontend',
    `type: Load Balanced Web Service
image: {build: {dockerfile: ./frontend/Dockerfile, context: ./frontend}, port: 80}
http:
  path: '/'
  healthcheck: {path: /_healthcheck, success_codes: '200,301', healthy_threshold: 3, interval: 15s, timeout: 10s}
cpu: 256
memory: 512
count: {range: 1-10, cooldown: {in: 30s, out: 60s}, cpu_percentage: 70, memory_percentage: 80, requests: 10000, response_time: 2s}
`,
  ),
  'events to a queue': {
    ...of(
      'api',
      'type: Load Balanced Web Service\nimage: {build: api/Dockerfile, port: 8080}\npublish: {topics: [{name: orders}]}\n',
    ),
    ...of(
      'worker',
      'type: Worker Service\nimage: {build: worker/Dockerfile}\nsubscribe: {topics: [{name: orders, service: api}], queue: {retention: 96h}}\n',
    ),
  },
  'backend with a check of its own': of(
    'api',
    `type: Backend Service
image:
  build: {dockerfile: ./api/Dockerfile}
  port: 8080
  healthcheck: {command: ["CMD-SHELL", "curl -f http://localhost:8080 || exit 1"], interval: 10s, retries: 2}
network: {connect: true}
cpu: 256
memory: 512
count: 1
storage: {volumes: {files: {path: /etc/mount1, read_only: true, efs: {id: fs-1, root_dir: /a}}}}
secrets: {DB: {secretsmanager: 'demo/test/mysql'}, GITHUB_TOKEN: GITHUB_TOKEN}
`,
  ),
  'two services by discovery': {
    ...of(
      'front',
      'type: Load Balanced Web Service\nimage: {build: front/Dockerfile, port: 3000}\nvariables: {API: "http://api.${COPILOT_ENVIRONMENT_NAME}.shop.local:8080"}\n',
    ),
    ...of('api', 'type: Backend Service\nimage: {build: api/Dockerfile, port: 8080}\n'),
  },
  'two paths of one load balancer': {
    ...of(
      'front',
      "type: Load Balanced Web Service\nimage: {build: front/Dockerfile, port: 80}\nhttp: {path: '/', alias: shop.example.com}\n",
    ),
    ...of(
      'api',
      "type: Load Balanced Web Service\nimage: {build: api/Dockerfile, port: 8080}\nhttp: {path: 'api', healthcheck: /api/health}\n",
    ),
  },
  'worker without a queue': of(
    'worker',
    'type: Worker Service\nimage: {build: Dockerfile}\ncpu: 512\nmemory: 2048\ncount: {range: {min: 1, max: 8, spot_from: 2}}\n',
  ),
  'job each night': of(
    'report',
    'type: Scheduled Job\nimage: {build: ./Dockerfile}\non: {schedule: "@daily"}\ncpu: 256\nmemory: 512\nretries: 3\ntimeout: 1h30m\ncommand: ["node", "report.js"]\n',
  ),
  'job by a rate, beside its service': {
    ...of('api', 'type: Backend Service\nimage: {build: ./Dockerfile, port: 8080}\n'),
    ...of(
      'sweep',
      'type: Scheduled Job\nimage: {build: ./Dockerfile}\non: {schedule: "rate(5 minutes)"}\ncommand: python sweep.py --all\n',
    ),
  },
  'request driven': of(
    'front',
    'type: Request-Driven Web Service\nimage: {build: ./front/Dockerfile, port: 80}\nhttp: {healthcheck: {path: /, interval: 10s}}\ncpu: 1024\nmemory: 2048\nvariables: {LOG_LEVEL: info}\ntags: {project: site}\nenvironments: {test: {variables: {LOG_LEVEL: debug}}}\n',
  ),
  'aurora by storage init': {
    ...of(
      'api',
      'type: Load Balanced Web Service\nimage: {build: ./Dockerfile, port: 8000}\nsecrets: {DJANGO_KEY: /copilot/app/secrets/key}\nvariables: {DEBUG: "0"}\n',
    ),
    'copilot/api/addons/main-cluster.yml':
      "Resources:\n  mainclusterDBCluster:\n    Type: 'AWS::RDS::DBCluster'\n    Properties:\n      Engine: 'aurora-postgresql'\nOutputs:\n  mainclusterSecret:\n    Value: !Ref mainclusterAuroraSecret\n",
  },
  'settings by environment': of(
    'web',
    'type: Load Balanced Web Service\nimage: {build: Dockerfile, port: 3000}\nvariables: {HOST: 0.0.0.0, STAGE: "${COPILOT_ENVIRONMENT_NAME}"}\ncount: 1\nenvironments: {prod: {count: 3, variables: {CACHE: "on"}}, test: {variables: {CACHE: "off"}}}\n',
  ),
};
