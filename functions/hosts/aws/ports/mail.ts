import { SESv2Client } from '@aws-sdk/client-sesv2';
import { createSesMail } from '../../../adapters/aws/mail.ts';
import { sdkOptions } from '../../../adapters/aws/sdk-options.ts';
import type { MailSettings } from '../../../core/events/formats/mail-recipients.ts';
import type { Mail } from '../../../ports/mail.ts';

export function createMail({ region }: { region: string }, settings: MailSettings): Mail {
  const client = new SESv2Client(sdkOptions({ region }));
  return createSesMail({ ...settings, client: () => client });
}
