/** E-mail by Amazon SES, from an identity of the account that is verified there. */
import { type SESv2Client, SendEmailCommand } from '@aws-sdk/client-sesv2';
import { domainOf, type MailSettings, recipientRefusal } from '../../core/events/formats/mail-recipients.ts';
import { limits } from '../../core/limits.ts';
import type { Mail } from '../../ports/mail.ts';

export interface SesOptions extends MailSettings {
  client: () => SESv2Client | Promise<SESv2Client>;
}

const faults: Readonly<Record<string, string>> = {
  MessageRejected:
    'Amazon SES refuses the message: the sender, or in the sandbox the recipient, is not verified',
  MailFromDomainNotVerifiedException: 'the domain of the sender is not verified in Amazon SES',
  AccountSuspendedException: 'Amazon SES sends nothing for this account',
  SendingPausedException: 'Amazon SES sends nothing for this account at present',
  LimitExceededException: 'the quota of Amazon SES is used up',
  TooManyRequestsException: 'Amazon SES takes no more messages at present',
  AccessDeniedException: 'the functions of Berth may not send e-mail from this address',
};

export function createSesMail(options: SesOptions): Mail {
  const { from } = options;
  const content = (data: string) => ({ Data: data, Charset: 'UTF-8' });
  return {
    refusal: (address) => recipientRefusal(options, address),
    async send({ to, subject, text, thread }, signal) {
      const refused = recipientRefusal(options, to);
      if (refused !== undefined) return { fault: `the recipient must ${refused}` };
      const headers = [
        { Name: 'Auto-Submitted', Value: 'auto-generated' },
        ...(thread === undefined ? [] : [{ Name: 'References', Value: `<${thread}@${domainOf(from)}>` }]),
      ];
      try {
        const client = await options.client();
        await client.send(
          new SendEmailCommand({
            FromEmailAddress: `Berth <${from}>`,
            Destination: { ToAddresses: [to] },
            Content: {
              Simple: { Subject: content(subject), Body: { Text: content(text) }, Headers: headers },
            },
          }),
          // Whoever delivers it holds it for little longer.
          {
            abortSignal: AbortSignal.any([
              ...(signal ? [signal] : []),
              AbortSignal.timeout(limits.webhookSeconds.value * 1000),
            ]),
          },
        );
        return {};
      } catch (error) {
        return { fault: faults[(error as Error).name] ?? 'Amazon SES could not be reached' };
      }
    },
  };
}
