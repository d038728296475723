/** `build`: turns source into an image and a version. */
import { inputOf, operationKind } from '../operation-kind.ts';

export type BuildInput = (
  | { /** The id of an upload. */ source: string; kind: 'upload' }
  | { kind: 'git'; url: string; ref: string; commit?: string }
) & {
  tag?: string;
  /** The folder that is built; absent for the whole source. */
  path?: string;
};

/** The longest that a machine builds, and that a build waits for its machine, seconds. */
export const BUILD_RUN_SECONDS = 900;
export const BUILD_MACHINE_SECONDS = 300;
/** The time after which a build has ended whose turn has come, seconds: both, and what goes before and after. */
export const BUILD_SECONDS = BUILD_RUN_SECONDS + BUILD_MACHINE_SECONDS + 120;
/** The longest that a build waits for its turn, seconds: much more than any queue takes that is worked off. */
const TURN_SECONDS = 88_000;
/** Shorter than any machine takes to come; the machine says nothing while it is on its way. */
const WAITS_SECONDS = 15;

export const build = operationKind({
  target: 'service',
  input: inputOf<BuildInput>(),
  boundSeconds: TURN_SECONDS + BUILD_SECONDS,
  cancelable: true,
  runsOn: 'builds',
  words: 'Build of {service}',
  steps: {
    awaitTurn: {
      summary: 'Waits until the build may run, and says how many builds begin before it.',
      waitsSeconds: WAITS_SECONDS,
    },
    buildImage: { summary: 'Builds the image and registers the version.', waitsSeconds: WAITS_SECONDS },
    finishBuild: { summary: 'Ends the operation with the version, and removes the upload.' },
    recoverBuild: { summary: 'Removes the upload, and says why the build failed.' },
  },
  recovery: 'recoverBuild',
});
