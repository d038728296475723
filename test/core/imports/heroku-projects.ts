/** Apps of Heroku by their facts: what their buttons and Procfiles ask for. The texts are our own. */
const app = (value: object) => JSON.stringify(value);

export const herokuProjects: Record<string, Record<string, string>> = {
  'node, getting started': {
    'app.json': app({
      name: 'Start on Heroku: Node.js',
      image: 'heroku/nodejs',
      addons: [],
      keywords: ['node', 'express'],
    }),
    Procfile: 'web: npm start\n',
  },
  'python, getting started': {
    'app.json': app({
      name: 'start-python',
      addons: ['heroku-postgresql:essential-0'],
      buildpacks: [{ url: 'heroku/python' }],
    }),
    Procfile:
      'web: gunicorn --config gunicorn.conf.py gettingstarted.wsgi\nrelease: ./manage.py migrate --no-input\n',
  },
  'go, getting started': { Procfile: 'web: bin/go-getting-started\n' },
  'rails with sidekiq': {
    'app.json': app({
      name: 'shop',
      env: {
        SECRET_KEY_BASE: { generator: 'secret' },
        RAILS_ENV: 'production',
        WEB_CONCURRENCY: { value: '2' },
      },
      addons: ['heroku-postgresql', { plan: 'heroku-redis:mini', as: 'REDIS' }, 'papertrail'],
      formation: { web: { quantity: 1, size: 'standard-1x' }, worker: { quantity: 1 } },
      scripts: { postdeploy: 'bundle exec rails db:seed' },
    }),
    Procfile:
      'web: bundle exec puma -C config/puma.rb\nworker: bundle exec sidekiq\nrelease: bundle exec rails db:migrate\n',
  },
  'bot of a code host': {
    'app.json': app({
      env: {
        PRIVATE_KEY: { description: 'of the app' },
        APP_ID: {},
        WEBHOOK_SECRET: {},
        LOG_LEVEL: { required: false, value: 'info' },
      },
    }),
    Procfile: 'web: npm start',
  },
  'api with mongodb elsewhere': {
    'app.json': app({
      name: 'Parse Server Example',
      env: {
        PARSE_MOUNT: { description: 'path', value: '/parse' },
        APP_ID: { value: 'myAppId' },
        MASTER_KEY: { value: 'myMasterKey' },
      },
      addons: ['mongolab'],
      buildpacks: [{ url: 'https://github.com/heroku/heroku-buildpack-nodejs.git' }],
    }),
  },
  'a clock and two workers': {
    Procfile:
      'web: node web.js\nclock: node clock.js\nmail: node worker.js mail\nimages: node worker.js images\n',
  },
  'a web line for a shell': { Procfile: 'web: cd server && npm start\n' },
};
