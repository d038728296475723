/**
 * Buildpacks know nothing of folders in a workspace: they build and start what stands at its top. So its top is told to
 * build and start the member, in the copy that is built.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SourceFiles } from '../../../core/source/detect.ts';
import { parsePackageJson, strings } from '../../../core/source/package-json.ts';
import { packageManagerOf } from '../../../core/source/package-manager.ts';
import { parseProcfile } from '../../../core/source/procfile.ts';
import { type Located, readText } from '../../source/locate.ts';

/** @throws Problem build_failed where packageManager names none that can be used */
export async function standForMember({ folder, home, within }: Located): Promise<void> {
  const own = await readManifest(folder);
  const top = await readManifest(home);
  const names = ['package-lock.json', 'npm-shrinkwrap.json', 'pnpm-lock.yaml', 'yarn.lock'];
  const files: [string, string | undefined][] = [];
  for (const name of names) {
    const text = await readText(join(home, name));
    if (text !== undefined) files.push([name, text]);
  }
  const manager = packageManagerOf(new Map(files) as SourceFiles, top.asked).name;
  // Both are run by a shell of the image that is built, from its top.
  const there = `cd '${within.replaceAll("'", `'\\''`)}' && `;
  if (own.scripts.build !== undefined) {
    const scripts = { ...top.scripts, build: `${there}${manager} run build` };
    await writeFile(join(home, 'package.json'), JSON.stringify({ ...top.json, scripts }, null, 2));
  }
  const start = own.scripts.start === undefined && own.hasMain ? 'node .' : `${manager} start`;
  const procfile = await readText(join(folder, 'Procfile'));
  const processes = procfile === undefined ? [['web', start]] : [...parseProcfile(procfile).processes];
  await writeFile(
    join(home, 'Procfile'),
    processes.map(([type, line]) => `${type}: ${there}${line}\n`).join(''),
  );
}

async function readManifest(directory: string) {
  const json = parsePackageJson(await readFile(join(directory, 'package.json'), 'utf8'));
  const { packageManager: asked, main } = json;
  return {
    json,
    scripts: strings(json.scripts),
    hasMain: typeof main === 'string',
    asked: typeof asked === 'string' ? asked : undefined,
  };
}
