/** The people and programs that may come in: members, tokens, trust rules, people and their sessions. */
import type { Role } from '../authorization/roles.ts';

/** A person or a group that a project lets in, with a role, and possibly another role in some environments. */
export interface Member {
  project: string;
  /** `user:<subject>`, `group:<name>` or `email:<address>`; see principal.ts. */
  principal: string;
  role: Role;
  /** By the name of the environment, where it takes the place of `role`. */
  environments?: Record<string, Role>;
  createdAt: string;
  createdBy: string;
}

/** The limits of a token or a pipeline. */
export interface Limits {
  /** It may do at most what this role may. */
  role?: Role;
  project?: string;
  environments?: string[];
  /** The ids of those environments, by name: a later environment of the same name is another one. */
  environmentIds?: Record<string, string>;
  /** It may make tokens with its own limits or stricter ones. */
  createsTokens?: boolean;
  /** When it ends. */
  expiresAt?: string;
}

/** The record of a token, which does not hold the token itself. */
export interface Token {
  id: string;
  name: string;
  /** SHA-256 of the token, hex. */
  hash: string;
  /** `personal`: acts for `owner`. `project`: acts for its project. `exchanged`: for a pipeline, by a trust rule. */
  kind: 'personal' | 'project' | 'exchanged';
  /** Id of the person that it acts for. */
  owner?: string;
  /** Of a project token, its project; of a personal token, the project that it is limited to. */
  project?: string;
  role: Role;
  environments?: string[];
  /**
   * The ids of those environments, by name. Absent for exchanged tokens, since a trust rule is about names, and for
   * tokens that an older Berth made.
   */
  environmentIds?: Record<string, string>;
  createsTokens?: boolean;
  /** It is a person's sign-in from a terminal: whoever has it is that person, as with the session of a browser. */
  signIn?: boolean;
  createdAt: string;
  /** Id of the person or token that made it. */
  createdBy: string;
  /** Of an exchanged token: the pipeline, and the rule that let it in. */
  workflow?: { id: string; trust: string };
  /** The person behind the token: the one who made it, or who made the token that made it. */
  person: string;
  expiresAt: string;
  /** To the hour. */
  lastUsedAt?: string;
}

/** A rule that says which pipelines of another system a project trusts. */
export interface Trust {
  id: string;
  project: string;
  /** The issuer, as tokens name it. */
  issuer: string;
  audience: string;
  /** Patterns; see authorization/trust.ts. */
  subjects: string[];
  repositoryId?: string;
  /** Runs for pull requests are let in, and why. */
  pullRequests?: { reason: string };
  role: Role;
  environments?: string[];
  createdAt: string;
  createdBy: string;
}

/** What is known of a person since the last sign-in; the person's tokens act with it. */
export interface Person {
  id: string;
  name?: string;
  email?: string;
  groups: string[];
  administrator: boolean;
  /** To the hour. */
  seenAt: string;
  /** Sessions, tokens that act for the person, and tokens of the issuer from before this time are void. */
  notBefore?: string;
}

/**
 * The caller. `user`: a person. `token`: a token of a person or of a project. `workflow`: a pipeline of another
 * system, known by a trust rule. `system`: this installation's own administrator.
 */
export interface Principal {
  /** `user:<subject>`, `token:<id>`, `ci:<issuer>:<subject>` or `administrator`. */
  id: string;
  kind: 'user' | 'token' | 'workflow' | 'system';
  /** For people to read. */
  name?: string;
  /** An address that the issuer has verified. */
  email?: string;
  /** Names of groups, as the issuer gives them. */
  groups: string[];
  /** Runs this installation, and is administrator of all projects. */
  administrator: boolean;
  /** The person that a token acts for. */
  owner?: string;
  /** Of a person who has signed in from a terminal: the id of the token that says so. */
  signIn?: string;
  /** The person who made a project's token, or the trust rule that let a pipeline in. */
  madeBy?: string;
  limits?: Limits;
}

/** The id of this installation's own administrator, whom no issuer knows. */
export const ADMINISTRATOR_ID = 'administrator';

/** The person behind a principal: two principals with the same person do not count as two people. */
export const personOf = ({ id, owner, madeBy }: Principal): string => owner ?? madeBy ?? id;

/** A browser session of somebody who has signed in. */
export interface Session {
  id: string;
  principal: Principal;
  /** SHA-256 of the secret in the cookie, hex. */
  secretHash: string;
  /** The issuer's ID token, encrypted with the secret in the cookie; signing out at the issuer needs it. */
  idToken?: string;
  /** The issuer's own id of the session. */
  providerSession?: string;
  userAgent?: string;
  createdAt: string;
  /** The time of the last request, to within five minutes. */
  seenAt: string;
  /** The session ends at this time at the latest. */
  expiresAt: string;
}
