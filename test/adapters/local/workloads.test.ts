import { workloadsContract } from '../../contracts/workloads.ts';
import { temporaryDirectories } from './temporary.ts';
import { makeLocalSubject } from './workloads-subject.ts';

const directory = temporaryDirectories();

workloadsContract('processes', () => makeLocalSubject(directory()));
