/** E-mail by Amazon SES, as moto has it. */
import { CreateEmailIdentityCommand, SESv2Client } from '@aws-sdk/client-sesv2';
import { expect, it } from 'vitest';
import { createSesMail } from '../../../functions/adapters/aws/mail.ts';
import { mailContract, type TakenMail } from '../../contracts/outgoing/mail.ts';
import { clientOptions, withMoto } from './support.ts';

/** A message as moto shows what it keeps. */
interface Kept {
  source: string;
  subject: string;
  body: string;
  destinations: { ToAddresses: string[] };
}

await withMoto((url) => {
  let client: SESv2Client | undefined;
  async function connect(): Promise<SESv2Client> {
    if (!client) {
      client = new SESv2Client(clientOptions(url()));
      await client.send(new CreateEmailIdentityCommand({ EmailIdentity: 'berth@example.com' }));
    }
    return client;
  }
  const taken = async (): Promise<TakenMail[]> => {
    const answer = await fetch(`${url()}/moto-api/data.json`);
    const { ses } = (await answer.json()) as { ses?: { Message?: Kept[] } };
    return (ses?.Message ?? []).map(({ source, subject, body, destinations }) => ({
      from: source,
      to: destinations.ToAddresses,
      subject,
      text: body,
    }));
  };
  const settings = { from: 'berth@example.com', domains: ['example.com', 'example.org'] };

  mailContract('Amazon SES', async () => {
    const sender = await connect();
    return { mail: createSesMail({ ...settings, client: () => sender }), taken };
  });

  it('says that a sender is not verified', async () => {
    const sender = await connect();
    const mail = createSesMail({ ...settings, from: 'nobody@example.com', client: () => sender });
    const { fault } = await mail.send({ to: 'team@example.com', subject: 'Test', text: 'Text', id: 'one' });
    expect(fault).toMatch(/not verified/);
  });
});
