/** The guarantees of every GitHubApp. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { GitHubApp } from '../../../functions/ports/github-app.ts';

export interface GitHubAppSubject {
  app: GitHubApp;
  /** GitHub: installed for octo/guestbook and octo/other. */
  github: {
    installed: Set<string>;
    granted: Record<string, string>;
    suspended: boolean;
    /** The full names of which it says that its tokens are for them, where they are others than were asked for. */
    answersWith: string[] | undefined;
    given: { token: string; repositories: string[]; permissions: Record<string, string> }[];
  };
  /** GitHub answers everything with this status while it is set. */
  fail(status: number | undefined): void;
  /** From now on it signs with a key that is not the App's. */
  loseKey(): void;
  /** Moves the clock, milliseconds. */
  pass(milliseconds: number): void;
}

const MINUTE = 60_000;

export function githubAppContract(name: string, makeSubject: () => Promise<GitHubAppSubject>): void {
  describe(`GitHubApp contract: ${name}`, () => {
    let subject: GitHubAppSubject;
    beforeEach(async () => {
      subject = await makeSubject();
    });

    it('gives a token for one repository, with the rights of its purpose and no others', async () => {
      const { app, github } = subject;
      const telling = await app.token('octo/guestbook', 'telling');
      const source = await app.token('octo/guestbook', 'source');
      const other = await app.token('octo/other', 'source');
      expect(github.given.map(({ token }) => ({ token }))).toEqual([telling, source, other]);
      expect(github.given.map(({ repositories }) => repositories)).toEqual([
        ['guestbook'],
        ['guestbook'],
        ['other'],
      ]);
      expect(github.given.map(({ permissions }) => permissions)).toEqual([
        { contents: 'read', statuses: 'write', pull_requests: 'write', deployments: 'write' },
        { contents: 'read' },
        { contents: 'read' },
      ]);
    });

    it('keeps a token until shortly before its end, for all who ask meanwhile', async () => {
      const { app, github, pass } = subject;
      const [first, same] = await Promise.all([
        app.token('octo/guestbook', 'telling'),
        app.token('Octo/Guestbook', 'telling'),
      ]);
      expect(same).toEqual(first);
      pass(45 * MINUTE);
      expect(await app.token('octo/guestbook', 'telling')).toEqual(first);
      expect(github.given).toHaveLength(1);
      pass(10 * MINUTE);
      expect(await app.token('octo/guestbook', 'telling')).not.toEqual(first);
      expect(github.given).toHaveLength(2);
    });

    it('asks anew for what was let go of', async () => {
      const { app, github } = subject;
      for (const letGo of [() => app.forget('Octo/guestbook'), () => app.forgetOwner('Octo')]) {
        await app.token('octo/guestbook', 'source');
        const before = github.given.length;
        app.forgetOwner('oct');
        await app.token('octo/guestbook', 'source');
        expect(github.given).toHaveLength(before);
        letGo();
        await app.token('octo/guestbook', 'source');
        expect(github.given).toHaveLength(before + 1);
      }
    });

    it('says why there is none, and tries again the next time', async () => {
      const { app, github, fail, loseKey } = subject;
      const why = async (repository = 'octo/guestbook') => {
        const answer = await app.token(repository, 'telling');
        return 'fault' in answer ? answer.fault : 'none';
      };
      expect(await why('octo/secret')).toMatch(/not installed for octo\/secret/);
      github.suspended = true;
      expect(await why()).toMatch(/suspended/);
      github.suspended = false;
      delete github.granted.statuses;
      expect(await why()).toMatch(/has not been given the rights/);
      github.granted.statuses = 'write';
      github.answersWith = ['octo/secret'];
      expect(await why()).toMatch(/for other repositories than octo\/guestbook/);
      github.answersWith = undefined;
      fail(502);
      expect(await why()).toMatch(/status 502/);
      fail(undefined);
      expect(await why()).toBe('none');
      loseKey();
      app.forgetOwner('octo');
      expect(await why()).toMatch(/does not know the App/);
    });
  });
}
