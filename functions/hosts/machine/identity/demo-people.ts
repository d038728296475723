/** The people that the built-in identity provider knows. */

export interface DemoPerson {
  subject: string;
  name: string;
  email: string;
  groups: readonly string[];
  /** What the person is for. */
  role: string;
}

/** Members of this group run the platform. */
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
