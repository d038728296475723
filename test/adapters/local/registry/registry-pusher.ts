/** Pushes images for ever, until it is killed: argv has the registry's directory and a folder to pack. */
import { createOciLayout } from '../../../../functions/adapters/local/registry/registry.ts';

const [directory = '', folder = ''] = process.argv.slice(2);
const layout = await createOciLayout({ directory });
const config = { entrypoint: [], cmd: ['x'], env: {}, workingDir: '/app', labels: {} };
for (let count = 0; ; count++) {
  const image = await layout.push(
    { project: 'demo', service: 'web' },
    {
      layers: [[{ from: folder, to: 'app' }]],
      config: { ...config, labels: { count: `${process.pid}-${count}` } },
      tags: ['latest', `v${count % 3}`],
    },
  );
  process.stdout.write(`${image.digest}\n`);
}
