/** The git providers, by their names. */
import type { GitProvider } from '../model/index.ts';
import type { Provider } from './git-provider.ts';
import { gitea } from './gitea.ts';
import { github } from './github.ts';
import { gitlab } from './gitlab.ts';

export const providers: Readonly<Record<GitProvider, Provider>> = { github, gitlab, gitea };
