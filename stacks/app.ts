/** The program that `cdk` runs. */
import { App } from 'aws-cdk-lib';
import { createStacks } from './berth.ts';

const app = new App();
createStacks(app);
app.synth();
