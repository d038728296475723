/** The GitHub App that the operator has registered, by which services are connected to repositories. */
import type { AppPurpose } from '../core/git/github-app.ts';

/** A token, or why there is none, in words that go on from "GitHub gives no token for it: ". */
export type AppToken = { token: string } | { fault: string };

export interface GitHubApp {
  /** Where repositories of its GitHub are cloned from, without a slash at its end: `https://github.com`. */
  origin: string;
  /** Where its API is, without a slash at its end. */
  api: string;
  /** What its webhook signs with; a former secret is among them as long as it is good. */
  secrets(): Promise<string[]>;
  /**
   * A token for that repository alone, with no more rights than the purpose needs. It is good for minutes at least, is kept in
   * memory alone, and is asked for anew before its end. It never rejects.
   * @param repository its full name
   */
  token(repository: string, purpose: AppPurpose): Promise<AppToken>;
  /** Lets go of the tokens for a repository, since one was refused. */
  forget(repository: string): void;
  /** Lets go of the tokens for all repositories of an owner, since GitHub tells that the installation is another one now. */
  forgetOwner(owner: string): void;
}
