import { workloadsContract } from '../../contracts/workloads/workloads.ts';
import { temporaryDirectories } from '../../support/files/temporary.ts';
import { makeLocalSubject } from './subject.ts';

const directory = temporaryDirectories();

workloadsContract('processes', () => makeLocalSubject(directory()));
