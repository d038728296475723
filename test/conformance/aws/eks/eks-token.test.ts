/** Tokens for EKS: what the cluster would send to STS is sent to moto's. */
import { createHash, createHmac } from 'node:crypto';
import { expect, it } from 'vitest';
import { createEksToken } from '../../../../functions/adapters/aws/eks/eks-token.ts';
import { REGION, withMoto } from '../support.ts';

const keys = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'not-a-secret' };
const urlIn = (token: string): URL => {
  expect(token).toMatch(/^k8s-aws-v1\.[\w-]+$/);
  return new URL(Buffer.from(token.slice('k8s-aws-v1.'.length), 'base64url').toString());
};

await withMoto((url) => {
  const make = (
    options: { now?(): number; credentials?(): Promise<typeof keys & { expiration?: Date }> } = {},
  ) =>
    createEksToken({
      cluster: 'harbour',
      region: REGION,
      now: Date.now,
      credentials: async () => keys,
      ...options,
    });

  it('STS tells from it who asks', async () => {
    const signed = urlIn(await make()());
    expect(signed.origin).toBe(`https://sts.${REGION}.amazonaws.com`);
    // Moto finds the service in this header alone; what it answers comes from the signed query.
    const credential = signed.searchParams.get('X-Amz-Credential');
    const response = await fetch(`${url()}${signed.pathname}${signed.search}`, {
      headers: {
        'x-k8s-aws-id': 'harbour',
        authorization: `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=host, Signature=0`,
      },
    });
    expect(response.status).toBe(200);
    expect(await response.text()).toMatch(/<Arn>arn:aws:[^<]+<\/Arn>/);
  });

  it('is signed over the name of the cluster, as AWS describes Signature Version 4', async () => {
    const signed = urlIn(await make()());
    const query = signed.searchParams;
    expect(query.get('X-Amz-SignedHeaders')).toBe('host;x-k8s-aws-id');
    expect(query.get('X-Amz-Expires')).toBe('60');
    const signature = query.get('X-Amz-Signature');
    query.delete('X-Amz-Signature');
    const strict = (value: string) =>
      encodeURIComponent(value).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
    const canonical = [...query].map(([name, value]) => `${strict(name)}=${strict(value)}`).sort();
    const hash = (value: string) => createHash('sha256').update(value).digest('hex');
    const canonicalRequest = [
      'GET',
      '/',
      canonical.join('&'),
      `host:${signed.host}`,
      'x-k8s-aws-id:harbour',
      '',
      'host;x-k8s-aws-id',
      hash(''),
    ].join('\n');
    const date = query.get('X-Amz-Date') ?? '';
    const scope = [date.slice(0, 8), REGION, 'sts', 'aws4_request'];
    let key: Buffer = Buffer.from(`AWS4${keys.secretAccessKey}`);
    for (const part of scope) key = createHmac('sha256', key).update(part).digest();
    const signing = ['AWS4-HMAC-SHA256', date, scope.join('/'), hash(canonicalRequest)].join('\n');
    expect(createHmac('sha256', key).update(signing).digest('hex')).toBe(signature);
  });

  it('is kept while it is good for another minute, and no longer', async () => {
    let now = Date.UTC(2026, 0, 1);
    const token = make({ now: () => now });
    const first = await token();
    now += 11 * 60_000;
    expect(await token()).toBe(first);
    now += 2 * 60_000;
    expect(await token()).not.toBe(first);
  });

  it('is another one than that which the cluster refused, whoever asks first', async () => {
    let now = Date.UTC(2026, 0, 1);
    const token = make({ now: () => now });
    const first = await token();
    now += 5_000;
    const second = await token(first);
    expect(second).not.toBe(first);
    // Who was refused with the first one as well gets the one that there is by now.
    expect(await token(first)).toBe(second);
    expect(await token()).toBe(second);
  });

  it('does not outlive the credentials that signed it', async () => {
    let now = Date.UTC(2026, 0, 1);
    const expiration = new Date(now + 5 * 60_000);
    const token = make({ now: () => now, credentials: async () => ({ ...keys, expiration }) });
    const first = await token();
    now += 3 * 60_000;
    expect(await token()).toBe(first);
    now += 90_000;
    expect(await token()).not.toBe(first);
  });
});
