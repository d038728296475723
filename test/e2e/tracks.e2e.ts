import { makeRouterSubject } from '../adapters/router/subject.ts';
import { tracksContract } from '../contracts/workloads/tracks.ts';
import { temporaryDirectories } from '../support/files/temporary.ts';

const temporary = temporaryDirectories();

tracksContract('the router of one machine', () => makeRouterSubject(temporary()));
