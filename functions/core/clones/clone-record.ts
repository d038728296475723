/** An environment that begins as another one: what is to come to it, and how far that has come. */
import type { ProblemDetail } from '../problem.ts';

/** A service that is to serve in the clone as it does in the environment that was cloned. */
export interface ClonedService {
  service: string;
  version: string;
  /** Services of the same clone that it refers to: they come before it. */
  after: string[];
  state: 'waiting' | 'deploying' | 'succeeded' | 'failed';
  /** Number of the deployment, and its operation. */
  deployment?: number;
  operation?: string;
  /** Why it was not deployed. */
  error?: ProblemDetail;
}

/** `preparing`: variables and secrets come. `provisioning`: its place is made, and data are copied. */
export type CloneState = 'preparing' | 'provisioning' | 'deploying' | 'succeeded' | 'failed';

/** It belongs to the environment that it is of, and goes with it. */
export interface Clone {
  project: string;
  /** The new one. */
  environment: string;
  environmentId: string;
  from: string;
  /** Of the very environment that was cloned. */
  fromId: string;
  /** What makes the environment. */
  operation: string;
  /** Whether secrets come along. */
  secrets: boolean;
  /** Whether data come along. */
  withData: boolean;
  state: CloneState;
  services: ClonedService[];
  error?: ProblemDetail;
  /** While it can not go on: since when. */
  stuckSince?: string;
  createdAt: string;
  createdBy: string;
  /** The person behind a token. */
  person?: string;
  endedAt?: string;
}

export const isUnderWay = ({ state }: Pick<Clone, 'state'>): boolean =>
  state !== 'succeeded' && state !== 'failed';
