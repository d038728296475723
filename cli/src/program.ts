/** The command line: every command is declared once, and help, completion and the reference page follow from it. */
import { Command } from 'commander';
import { addAccess } from './commands/access.ts';
import { addBuilds } from './commands/builds.ts';
import { addCompletion } from './commands/completion.ts';
import { addDeployments } from './commands/deployments.ts';
import { addDoctor } from './commands/doctor.ts';
import { addEnvironments } from './commands/environments.ts';
import { addGit } from './commands/git.ts';
import { addLogs } from './commands/logs.ts';
import { addMcp } from './commands/mcp.ts';
import { addOperations } from './commands/operations.ts';
import { addPlaces } from './commands/places.ts';
import { addRecipes } from './commands/recipes/recipes.ts';
import { addDrains } from './commands/reports/drains.ts';
import { addEvidence } from './commands/reports/evidence.ts';
import { addFigures } from './commands/reports/figures.ts';
import { addAlerts } from './commands/running/alerts.ts';
import { addCost } from './commands/running/cost.ts';
import { addDatabases } from './commands/running/databases.ts';
import { addDomains } from './commands/running/domains.ts';
import { addExec } from './commands/running/exec.ts';
import { addGameDay } from './commands/running/gameday.ts';
import { addJobs } from './commands/running/jobs.ts';
import { addMasking } from './commands/running/masking.ts';
import { addPipeline } from './commands/running/pipeline.ts';
import { addRollout } from './commands/running/rollout.ts';
import { addRuns } from './commands/running/runs.ts';
import { addTraces } from './commands/running/traces.ts';
import { addServices } from './commands/services.ts';
import { addSignIn } from './commands/sign-in.ts';
import { addCheck } from './commands/source/check.ts';
import { addEject } from './commands/source/eject.ts';
import { addGitHubApp } from './commands/source/github-app.ts';
import { addImport } from './commands/source/import.ts';
import { addInit } from './commands/source/init.ts';
import { addUp } from './commands/up.ts';
import { addVariables } from './commands/variables.ts';

/** @param version as `berth --version` says it */
export function createProgram(version: string): Command {
  const program = new Command('berth')
    .description('Build, deploy and look after services on Berth')
    .version(version)
    .option('--server <address>', 'the Berth to talk to (BERTH_SERVER)')
    .option('-p, --project <name>', 'the project (BERTH_PROJECT)')
    .option('-e, --env <name>', 'the environment (BERTH_ENVIRONMENT)')
    .option('-s, --service <name>', 'the service (BERTH_SERVICE)')
    .option('--json', 'print JSON, for programs')
    .option('-y, --yes', 'confirm what would be asked')
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError(
      '(berth --help lists the commands; berth <command> --help explains one; berth doctor says whether this berth is as new as its server)',
    )
    .showSuggestionAfterError();
  program.addHelpText(
    'after',
    '\nA token for pipelines is taken from BERTH_TOKEN.\nExit codes: 0 done, 1 refused, 2 plan or diff shows changes, 3 it began and failed, 4 sign in, 5 no answer; run, jobs run and exec end with the exit code of the command.',
  );
  addUp(program);
  addInit(program);
  addImport(program);
  addCheck(program);
  addEject(program);
  addBuilds(program);
  addDeployments(program);
  addPipeline(program);
  addRollout(program);
  addServices(program);
  addLogs(program);
  addDrains(program);
  addTraces(program);
  addRuns(program);
  addJobs(program);
  addDatabases(program);
  addMasking(program);
  addDomains(program);
  addAlerts(program);
  addCost(program);
  addEvidence(program);
  addFigures(program);
  addExec(program);
  addVariables(program);
  addEnvironments(program);
  addGit(program);
  addOperations(program);
  addGameDay(program);
  addAccess(program);
  addMcp(program);
  addGitHubApp(program);
  addPlaces(program);
  addRecipes(program);
  addSignIn(program);
  addDoctor(program);
  addCompletion(program);
  return program;
}
