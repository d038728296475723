// Starts Berth. Node compiles and strips types of about two hundred modules at each start; kept in a cache, they
// cost a third of the time and of the memory.
import { enableCompileCache, flushCompileCache } from 'node:module';
import { join } from 'node:path';

enableCompileCache(join(import.meta.dirname, '..', 'node_modules', '.cache', 'berth'));
const { main } = await import('../functions/hosts/machine/berth.ts');
await main();
// Code that is imported at first use comes within the first minute; a kill -9 later loses nothing of the cache.
for (const seconds of [1, 60]) setTimeout(flushCompileCache, seconds * 1000).unref();
