/** A full disk is told to the user as what it is, whichever call met it. */
import { Problem } from '../../core/problem.ts';

export const isDiskFull = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');

/** The error as it is, or Problem storage_full where the disk was full. */
export const diskProblem = (error: unknown): unknown =>
  isDiskFull(error)
    ? new Problem('storage_full', 'Nothing was kept: the disk of this machine is full.', {
        hint: 'Make room on the disk that holds the data directory, then try again.',
        cause: error,
      })
    : error;
