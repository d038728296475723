import { SESv2Client } from '@aws-sdk/client-sesv2';
import { createSesMail } from '../../../adapters/aws/mail.ts';
import { sdkOptions } from '../../../adapters/aws/sdk-options.ts';
import type { MailSettings } from '../../../core/events/formats/mail-recipients.ts';
import type { Mail } from '../../../ports/mail.ts';

export function createMail({ region }: { region: string }, settings: MailSettings): Mail {
  // A message that was not sent comes again later; tried at once, it could go out twice.
  const client = new SESv2Client({ ...sdkOptions({ region }), maxAttempts: 1 });
  return createSesMail({ ...settings, client: () => client });
}
