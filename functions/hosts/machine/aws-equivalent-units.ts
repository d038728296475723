/**
 * Counts what calls of the ports would cost with the adapters for AWS. Each entry says how many AWS requests a call
 * makes; the store counts for itself, since only it knows the sizes of its records.
 */
import type { Anchors } from '../../ports/anchors.ts';
import type { Builder } from '../../ports/builder.ts';
import { count } from '../../ports/meter.ts';
import type { Secrets } from '../../ports/secrets.ts';

const requests = (number: number): void => count('secretsmanager.request', number);

export const countSecrets = <Port extends Secrets>(secrets: Port): Port => ({
  ...secrets,
  put(path, value, options) {
    // Every secret counts as a new one, which is read first and then made: finding out whether it is new would take a
    // read.
    requests(options?.versionId === undefined ? 2 : 3);
    return secrets.put(path, value, options);
  },
  async get(path, version) {
    const value = await secrets.get(path, version);
    requests(value === undefined ? 1 : 2);
    return value;
  },
  revoke(path, version) {
    requests(4);
    return secrets.revoke(path, version);
  },
  remove(path) {
    requests(1);
    return secrets.remove(path);
  },
  async list(prefix) {
    const paths = await secrets.list(prefix);
    requests(Math.max(1, Math.ceil(paths.length / 100)) + paths.length);
    return paths;
  },
});

/** Counts one object for the head of the chain with each change. */
export const countAnchors = <Port extends Anchors>(anchors: Port): Port => ({
  ...anchors,
  note(project, head) {
    count('s3.write', 1);
    anchors.note(project, head);
  },
});

/** @param now epoch milliseconds */
export const countBuilds = <Port extends Builder>(builder: Port, now: () => number): Port => ({
  ...builder,
  saveSource(body) {
    // The upload begins, has one part, and is completed; then the image is described.
    count('s3.write', 4);
    return builder.saveSource(body);
  },
  async build(request, log, signal) {
    const startedAt = now();
    try {
      return await builder.build(request, log, signal);
    } finally {
      // The build's id and its outcome are kept beside the source, and read.
      const isUpload = request.source.kind === 'upload';
      count('s3.write', 2);
      count('s3.read', isUpload ? 4 : 2);
      count('codebuild.armSmallMinute', Math.max(1, Math.ceil((now() - startedAt) / 60_000)));
    }
  },
});
