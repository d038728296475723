/**
 * The form in which DynamoDB keeps the JSON of a record: text, or bytes where these are fewer, since what is read as a
 * list is paid by its size.
 */
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { ITEM_MAX_BYTES } from '../../store.ts';

export type Data = { S: string } | { B: Uint8Array };

/**
 * Text that records have in common, which is not stored with each: the likeliest at its end. It is part of the form, so it
 * is never changed: another one gets another first byte.
 */
const COMMON = Buffer.from(
  [
    '"username":"host":"port":5432,"secret":"name":"database":"bucket":"endpoint":"url":"http://"region":"us-east-1"',
    '"onBehalfOf":"from":{"address":"agent":"Mozilla/5.0 curl/"},"hash":"at":"2026-"actor":"type":"data":{',
    '"approval":{"state":"pending","approved","rejected","expired","canceled","requestedBy":"decidedBy":"decidedAt":"',
    '"tags":["latest"],"source":{"kind":"upload","sha256":"bytes":{"kind":"image","reference":"size":"workload":{',
    '{"kind":"git","url":"https://","ref":"refs/heads/main","displayName":"role":"developer","principal":"group:',
    '["build","provision-environment","destroy-environment","hibernate","wake","deploy","succeeded","error":{"code":"',
    '"title":"status":"detail":"hint":"leftovers":["state":"provisioning","hibernating","hibernated","waking","destroying",',
    '"destroyed","failed","canceled","superseded","queued","protection":{"approval":true,"rollbackWithoutApproval":true},',
    '{"project":"","name":"","repository":"https://github.com/git.example.com/","createdAt":"2026-',
    '"revision":{"tag":"v1.0","commit":"author":"message":"},"rollbackTo":"fromEnvironment":"rotation":"',
    ',"id":"01K","kind":"persistent","kind":"ephemeral","state":"ready","generation":1,"idleAfterSeconds":3600,',
    '"expiresAt":"2026-1","lastActivityAt":"2026-1","operation":"01K","services":{"web":{"newest":1,"current":1},"',
    '"highest":1}},"kind":"promote","kind":"rollback","kind":"redeploy","status":"running","status":"failed",',
    '{"project":"","environment":"dev","environment":"staging","environment":"production","service":"","number":1,',
    '"outputs":{},"kind":"deploy","version":"","digest":"sha256:","status":"succeeded","operation":"01K',
    '","createdAt":"2026-01T:00:00.000Z","createdBy":"administrator"}"createdBy":"user:","finishedAt":"2026-1:.000Z"}',
  ].join(''),
);

/** What follows this byte is deflated with `COMMON`; bytes deflated without it never begin so (RFC 1951, 3.2.3). */
const WITH_COMMON = 0x07;

/** Where bytes would not be fewer it stays text, which can be read in the console of AWS. */
export function toData(json: string): Data {
  const packed = deflateRawSync(json, { dictionary: COMMON });
  if (packed.length + 1 >= Buffer.byteLength(json)) return { S: json };
  return { B: Buffer.concat([Buffer.of(WITH_COMMON), packed]) };
}

/** @throws RangeError for bytes that hold more than any record */
export function fromData(bytes: Uint8Array): string {
  const limit = { maxOutputLength: ITEM_MAX_BYTES };
  const json =
    bytes[0] === WITH_COMMON
      ? inflateRawSync(bytes.subarray(1), { ...limit, dictionary: COMMON })
      : inflateRawSync(bytes, limit);
  return json.toString();
}
