/** The settings of e-mail say what is wrong with them at the start. */
import { expect, it } from 'vitest';
import { readMailConfig } from '../../../functions/hosts/machine/config/config-mail.ts';

const read = (url: string, domains?: string) =>
  readMailConfig({
    BERTH_SMTP_URL: url,
    BERTH_MAIL_FROM: 'berth@example.com',
    ...(domains !== undefined && { BERTH_MAIL_DOMAINS: domains }),
  });

it('takes the address of a server, and domains as people write them', () => {
  expect(read('smtps://name:p%40ss@smtp.example.com:465/', 'Example.com, example.org')).toEqual({
    url: 'smtps://name:p%40ss@smtp.example.com:465/',
    from: 'berth@example.com',
    domains: ['example.com', 'example.org'],
  });
});

it.each([
  'smtp://smtp.example.com?requireTLS=false',
  'smtp://smtp.example.com/?tls.rejectUnauthorized=false',
  'smtp://smtp.example.com/path',
  'smtp://smtp.example.com#x',
  'smtp://name:50%zz@smtp.example.com',
  'https://smtp.example.com',
])('refuses %s', (url) => {
  expect(() => read(url)).toThrow(/BERTH_SMTP_URL.*must be the address of a mail server/s);
});
