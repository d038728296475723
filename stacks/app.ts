/** The program that `cdk` runs. */
import { App } from 'aws-cdk-lib';
import { createStacks } from './berth.ts';
import { SettingsError } from './support/settings.ts';

const app = new App();
try {
  createStacks(app);
} catch (error) {
  if (!(error instanceof SettingsError)) throw error;
  // It says all by itself; where in the program it was found helps nobody.
  console.error(error.message);
  process.exit(1);
}
app.synth();
