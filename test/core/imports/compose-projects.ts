/**
 * Compose files of public projects by their facts: which services they have, from what, and how these name each other. The
 * texts are our own.
 */
export const composeProjects: Record<string, Record<string, string>> = {
  'flask with redis': {
    'compose.yaml': `services:
  redis: {image: redislabs/redismod, ports: ["6379:6379"]}
  web:
    build: {context: .}
    stop_signal: SIGINT
    ports: ["8000:8000"]
    volumes: [".:/code"]
    depends_on: [redis]
    environment: {REDIS_HOST: redis}
`,
  },
  'django, one service': {
    'compose.yaml': 'services:\n  web:\n    build: .\n    ports: ["8000:8000"]\n',
  },
  'nginx before go and postgres, passwords in files': {
    'compose.yaml': `services:
  backend:
    build: {context: backend}
    secrets: [db-password]
    environment: {DB_HOST: db, DB_NAME: example, DB_USER: postgres}
    depends_on: {db: {condition: service_healthy}}
    expose: [8000]
  db:
    image: postgres
    restart: always
    user: postgres
    secrets: [db-password]
    volumes: ["db-data:/var/lib/postgresql/data"]
    environment: [POSTGRES_DB=example, POSTGRES_PASSWORD_FILE=/run/secrets/db-password]
    expose: [5432]
  proxy:
    build: proxy
    ports: ["80:80"]
    environment: {BACKEND_URL: "http://backend:8000"}
volumes: {db-data: {}}
secrets: {db-password: {file: db/password.txt}}
`,
  },
  'react, express and mysql': {
    'compose.yaml': `services:
  backend:
    build: backend
    environment:
      - DATABASE_DB=example
      - DATABASE_USER=root
      - DATABASE_PASSWORD=/run/secrets/db-password
      - DATABASE_HOST=db
      - NODE_ENV=development
    ports: ["80:80", "9229:9229", "9230:9230"]
    volumes: ["./backend/src:/code/src:ro", "back-notused:/opt/app/node_modules"]
  db: {image: "mariadb:10.6.4-focal", volumes: ["db-data:/var/lib/mysql"]}
  frontend:
    build: {context: frontend, target: development}
    ports: ["3000:3000"]
volumes: {db-data: {}, back-notused: {}}
`,
  },
  'a voting app of five parts': {
    'docker-compose.yml': `services:
  vote:
    build: ./vote
    depends_on: {redis: {condition: service_healthy}}
    healthcheck: {test: ["CMD", "curl", "-f", "http://localhost"], interval: 15s}
    volumes: ["./vote:/usr/local/app"]
    ports: ["8080:80"]
    environment: {REDIS: "redis"}
  result:
    build: ./result
    entrypoint: nodemon --inspect=0.0.0.0 server.js
    ports: ["8081:80", "127.0.0.1:9229:9229"]
    environment: {PG_URL: "postgres://postgres:postgres@db/postgres"}
  worker:
    build: {context: ./worker}
    environment: {DB_CONNECTION_STRING: "Server=db;Username=postgres;Password=postgres;", REDIS_HOST: redis}
  redis: {image: "redis:alpine"}
  db: {image: "postgres:15-alpine", environment: {POSTGRES_USER: postgres, POSTGRES_PASSWORD: postgres}}
`,
  },
  'gitea with postgres': {
    'docker-compose.yml': `version: "3"
services:
  server:
    image: gitea/gitea:1.21.4
    environment:
      - USER_UID=1000
      - GITEA__database__DB_TYPE=postgres
      - GITEA__database__HOST=db:5432
      - GITEA__database__NAME=gitea
      - GITEA__database__USER=gitea
      - GITEA__database__PASSWD=gitea
    restart: always
    volumes: ["gitea:/data"]
    ports: ["3000:3000", "222:22"]
  db: {image: "postgres:14", environment: [POSTGRES_USER=gitea, POSTGRES_PASSWORD=gitea, POSTGRES_DB=gitea]}
volumes: {gitea: {}}
`,
  },
  'a feed reader with its own migrations': {
    'docker-compose.yml': `services:
  miniflux:
    image: miniflux/miniflux:latest
    ports: ["80:8080"]
    environment:
      - DATABASE_URL=postgres://miniflux:secret@db/miniflux?sslmode=disable
      - RUN_MIGRATIONS=1
      - CREATE_ADMIN=1
      - ADMIN_PASSWORD=test123
    healthcheck: {test: ["CMD", "/usr/bin/miniflux", "-healthcheck", "auto"]}
  db: {image: "postgres:17-alpine"}
`,
  },
  'statistics of sites': {
    'docker-compose.yml': `services:
  umami:
    image: ghcr.io/umami-software/umami:postgresql-latest
    ports: ["3000:3000"]
    environment: {DATABASE_URL: "postgresql://umami:umami@db:5432/umami", APP_SECRET: replace-me}
    init: true
    healthcheck: {test: ["CMD-SHELL", "curl http://localhost:3000/api/heartbeat"], retries: 5}
  db: {image: "postgres:15-alpine", volumes: ["umami-db-data:/var/lib/postgresql/data"]}
volumes: {umami-db-data: }
`,
  },
  'sign-in server on jdbc': {
    'docker-compose.yml': `services:
  keycloak:
    image: quay.io/keycloak/keycloak:24.0
    command: start-dev
    environment:
      KC_DB: postgres
      KC_DB_URL: jdbc:postgresql://postgres:5432/keycloak
      KC_DB_USERNAME: keycloak
      KC_DB_PASSWORD: \${KC_DB_PASSWORD:?}
      KEYCLOAK_ADMIN_PASSWORD: \${ADMIN_PASSWORD:-admin}
    ports: ["8080:8080"]
  postgres: {image: "postgres:16"}
`,
  },
  'automation with a worker of the same image': {
    'docker-compose.yml': `x-shared: &shared
  build: .
  restart: always
  environment: &settings
    DB_TYPE: postgresdb
    DB_POSTGRESDB_HOST: postgres
    DB_POSTGRESDB_PORT: 5432
    DB_POSTGRESDB_DATABASE: \${POSTGRES_DB}
    DB_POSTGRESDB_USER: \${POSTGRES_USER}
    DB_POSTGRESDB_PASSWORD: \${POSTGRES_PASSWORD}
    QUEUE_BULL_REDIS_HOST: redis
  volumes: ["storage:/home/node/data"]
services:
  postgres: {image: "postgres:16"}
  redis: {image: "redis:6-alpine"}
  app:
    <<: *shared
    ports: ["5678:5678"]
  worker:
    <<: *shared
    command: worker
volumes: {storage: }
`,
  },
  'wiki with postgres': {
    'docker-compose.yml': `services:
  db: {image: "postgres:15-alpine", logging: {driver: none}}
  wiki:
    image: ghcr.io/requarks/wiki:2
    depends_on: [db]
    environment: {DB_TYPE: postgres, DB_HOST: db, DB_PORT: 5432, DB_USER: wikijs, DB_PASS: wikijsrocks, DB_NAME: wiki}
    ports: ["80:3000"]
`,
  },
  'blog on sqlite': {
    'compose.yml': `services:
  ghost:
    image: ghost:5-alpine
    ports: ["8080:2368"]
    environment: {url: "http://localhost:8080", NODE_ENV: development}
    volumes: ["ghost:/var/lib/ghost/content"]
volumes: {ghost: }
`,
  },
  'rails with postgres and a job of its own': {
    'docker-compose.yml': `services:
  db: {image: postgres, volumes: ["./tmp/db:/var/lib/postgresql/data"]}
  web:
    build: .
    command: bash -c "rm -f tmp/pids/server.pid && bundle exec rails s -p 3000 -b '0.0.0.0'"
    volumes: [".:/myapp"]
    ports: ["3000:3000"]
    environment: {DATABASE_URL: "postgres://postgres:password@db:5432/myapp"}
`,
  },
  'go service with metrics by another': {
    'docker-compose.yml': `services:
  api:
    build: ./api
    ports: ["8080:8080"]
    env_file: [.env]
    deploy: {replicas: 2, resources: {limits: {cpus: "0.50", memory: 128M}}}
  prometheus:
    build: ./prometheus
    ports: ["9090:9090"]
    environment: ["TARGETS=api:8080"]
    volumes: ["./prometheus/prometheus.yml:/etc/prometheus/prometheus.yml:ro"]
`,
    '.env': 'LOG_LEVEL=\nAPI_KEY=\n',
  },
  'static site behind nginx': {
    'docker-compose.yml': 'services:\n  site:\n    build: .\n    ports: ["8080:80"]\n    read_only: true\n',
  },
};
