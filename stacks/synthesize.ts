/** The templates as `cdk synth` makes them, for their readers: tests, generated pages and the idle bill. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { createStacks } from './berth.ts';

export interface Resource {
  Type: string;
  Properties?: Record<string, unknown>;
  DeletionPolicy?: string;
}

export interface Template {
  Resources: Record<string, Resource>;
  Outputs?: Record<string, unknown>;
}

export interface Synthesized {
  app: App;
  /** By the name of the stack. */
  templates: Record<string, Template>;
}

/** @param settings replace those of cdk.json */
export function synthesize(settings: Record<string, string> = {}): Synthesized {
  const outdir = mkdtempSync(join(tmpdir(), 'berth-synth-'));
  try {
    const file = readFileSync(join(import.meta.dirname, '..', 'cdk.json'), 'utf8');
    const { context } = JSON.parse(file) as { context: Record<string, string> };
    // Templates alone are read here: nothing has to be copied beside them.
    const app = new App({
      outdir,
      context: { ...context, ...settings, 'aws:cdk:disable-asset-staging': true },
    });
    createStacks(app);
    const { stacks } = app.synth();
    const templates = Object.fromEntries(
      stacks.map(({ stackName, template }) => [stackName, template as Template]),
    );
    return { app, templates };
  } finally {
    rmSync(outdir, { recursive: true });
  }
}
