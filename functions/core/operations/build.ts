/** `build`: turns source into an image and a version. */
import { inputOf, operationKind } from './operation-kind.ts';

export type BuildInput =
  /** `source`: the id of an upload. */
  { kind: 'upload'; source: string; tag?: string } | { kind: 'git'; url: string; ref: string; tag?: string };

export const build = operationKind({
  target: 'service',
  input: inputOf<BuildInput>(),
  boundSeconds: 1_320,
  cancelable: true,
  runsOn: 'builds',
  words: 'Build of {service}',
  steps: {
    buildImage: { summary: 'Builds the image and registers the version.' },
    finishBuild: { summary: 'Ends the operation with the version, and removes the upload.' },
    recoverBuild: { summary: 'Removes the upload, and says why the build failed.' },
  },
  recovery: 'recoverBuild',
});
