// Installs what package-lock.json asks for when node_modules does not match it, so that `npm start` and
// `npm test` work on a fresh clone. Plain JavaScript: it runs on whatever Node is there (20 or later).
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** @returns {Record<string, {version?: string, optional?: boolean, devOptional?: boolean}>} */
function packagesOf(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages ?? {};
}

function isInstalled() {
  const installedLock = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(installedLock)) return false;
  const wanted = packagesOf(join(root, 'package-lock.json'));
  const installed = packagesOf(installedLock);
  for (const [path, entry] of Object.entries(wanted)) {
    // The root entry is not in the installed lock; packages for other platforms may be left out.
    if (path === '' || (entry.optional && !installed[path])) continue;
    if (installed[path]?.version !== entry.version) return false;
  }
  return existsSync(join(root, 'node_modules', 'node', 'bin', 'node'));
}

if (!isInstalled()) {
  console.error('Installing packages (once; a minute or two on a usual line) ...');
  const npm = process.env.npm_execpath;
  const [command, args] = npm?.endsWith('.js') ? [process.execPath, [npm]] : ['npm', []];
  const result = spawnSync(command, [...args, 'ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (result.status !== 0) {
    console.error(
      'Installing failed: see above. Next: check that the npm registry can be reached, then run it again.',
    );
    process.exit(result.status ?? 1);
  }
}
