/**
 * Counts what calls of the ports would cost with the adapters for AWS. Each entry says how many AWS requests a call
 * makes; the store counts for itself, since only it knows the sizes of its records.
 */

import { isForBuilds } from '../../core/keys.ts';
import type { Anchors } from '../../ports/anchors.ts';
import type { Builder } from '../../ports/builder.ts';
import { count } from '../../ports/meter.ts';
import { readUnits, writeUnits } from '../../ports/rules/store/store-units.ts';
import type { Secrets } from '../../ports/secrets.ts';

/** A sealed value in a record of the store: base64, beside its nonce, its tag and its names. */
const sealedBytes = (value: string): number => (Buffer.byteLength(value) * 4) / 3 + 300;

const reads = (units: number): void => count('dynamodb.readRequestUnit', units);
const writes = (units: number): void => count('dynamodb.writeRequestUnit', units);
const requests = (number: number): void => count('secretsmanager.request', number);

/** Secrets of builds are in Secrets Manager, all others in the store; reads of the key are not counted. */
export const countSecrets = <Port extends Secrets>(secrets: Port): Port => ({
  ...secrets,
  put(path, value, options) {
    if (isForBuilds(path)) requests(options?.versionId === undefined ? 2 : 3);
    else {
      reads(1);
      // Value and head, in a transaction.
      writes(2 * (writeUnits(sealedBytes(value)) + 1));
    }
    return secrets.put(path, value, options);
  },
  async get(path, version) {
    const value = await secrets.get(path, version);
    if (isForBuilds(path)) requests(value === undefined ? 1 : 2);
    else reads(readUnits(sealedBytes(value ?? '')) + (version === undefined ? 1 : 0));
    return value;
  },
  revoke(path, version) {
    if (isForBuilds(path)) requests(4);
    else {
      reads(1);
      writes(2);
    }
    return secrets.revoke(path, version);
  },
  remove(path) {
    // As if there were one version, and former secrets to be looked for.
    requests(1);
    if (!isForBuilds(path)) {
      reads(2);
      writes(4);
    }
    return secrets.remove(path);
  },
  async list(prefix) {
    const paths = await secrets.list(prefix);
    requests(Math.max(1, Math.ceil(paths.length / 100)));
    reads(1);
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
  async hasUpload(id) {
    count('s3.read', 1);
    return builder.hasUpload(id);
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
