/** The frame of a file's tests in a browser: one Berth and one browser for all of them, and a page of its own for each. */
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { launch, type Visit, visit } from '../browser.ts';
import { openSubject, type Subject } from '../subject.ts';

export interface InBrowserOptions {
  /** Variables of the environment of Berth, known once all before is done. */
  settings?(): Record<string, string>;
  /** Once, before the first test; is waited for. */
  seed(subject: Subject, browser: Browser): unknown;
  /** Before each test, with its page at the address of Berth; is waited for. */
  begin(visited: Visit, subject: Subject): unknown;
}

/** To be called within `describe`. A test whose page complained fails. */
export function inBrowser({ settings, seed, begin }: InBrowserOptions): void {
  let subject: Subject | undefined;
  let browser: Browser | undefined;
  let visited: Visit;
  beforeAll(async () => {
    const [made, launched] = await Promise.all([openSubject(settings?.()), launch()]);
    [subject, browser] = [made, launched];
    await seed(made, launched);
  });
  afterAll(async () => {
    await Promise.all([browser?.close(), subject?.close()]);
  });
  beforeEach(async () => {
    visited = await visit(browser!, subject!.url);
    await begin(visited, subject!);
  });
  afterEach(async () => {
    await visited.close();
    expect(visited.complaints).toEqual([]);
  });
}
