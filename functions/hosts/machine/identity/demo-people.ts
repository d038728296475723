/** Whom the identity provider of one machine knows. */

export interface DemoPerson {
  subject: string;
  name: string;
  email: string;
  groups: readonly string[];
  /** What they are for. */
  role: string;
}

/** Who is in it runs the platform. */
export const ADMINISTRATORS = 'platform-administrators';

export const demoPeople: readonly DemoPerson[] = [
  {
    subject: 'ada',
    name: 'Ada Lovelace',
    email: 'ada@example.com',
    groups: [ADMINISTRATORS],
    role: 'platform administrator',
  },
  {
    subject: 'grace',
    name: 'Grace Hopper',
    email: 'grace@example.com',
    groups: ['demo-maintainers'],
    role: 'maintainer of the project demo',
  },
  {
    subject: 'linus',
    name: 'Linus Pauling',
    email: 'linus@example.com',
    groups: ['demo-developers'],
    role: 'developer of the project demo',
  },
  {
    subject: 'vera',
    name: 'Vera Rubin',
    email: 'vera@example.com',
    groups: ['demo-viewers'],
    role: 'viewer of the project demo',
  },
];
