/** The people, where the installation names no issuer of its own: a Cognito user pool. */
import { CfnOutput, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import * as cognito from 'aws-cdk-lib/aws-cognito';
import type { Construct } from 'constructs';
import { accept } from '../support/accept.ts';

export interface IdentityStackProps extends StackProps {
  /** The e-mail address of the first administrator, who is invited by mail; may be empty. */
  administrator: string;
  /** The name of the installation. */
  name: string;
  /** Host of the console, to which people return after signing in; without it only tokens are taken. */
  domain?: string;
}

export class IdentityStack extends Stack {
  readonly issuer: string;
  readonly audience: string;
  /** The console's client, where there is a host to come back to. */
  readonly clientId?: string;

  constructor(scope: Construct, id: string, props: IdentityStackProps) {
    super(scope, id, props);
    const pool = new cognito.UserPool(this, 'People', {
      selfSignUpEnabled: false,
      signInAliases: { email: true },
      signInCaseSensitive: false,
      accountRecovery: cognito.AccountRecovery.EMAIL_ONLY,
      passwordPolicy: {
        minLength: 14,
        requireDigits: true,
        requireLowercase: true,
        requireUppercase: true,
        requireSymbols: true,
      },
      mfa: cognito.Mfa.OPTIONAL,
      mfaSecondFactor: { otp: true, sms: false },
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    accept(pool, {
      'AwsSolutions-COG2':
        'The first sign-in is by the command line, which can not show the code that sets a second factor up; people may add one.',
      'AwsSolutions-COG3':
        'Threat protection needs a plan that is paid by the user; name an issuer that has it.',
      'AwsSolutions-COG8': 'The Plus plan is paid by the user; name an issuer that has what it offers.',
    });
    const client = pool.addClient('Api', {
      generateSecret: false,
      preventUserExistenceErrors: true,
      enableTokenRevocation: true,
      disableOAuth: true,
      // Secure Remote Password for programs, and for people who have rights in the account.
      authFlows: { userSrp: true, adminUserPassword: true },
    });
    const consoleId = this.console(pool, props.name, props.domain);
    if (props.domain !== undefined) this.clientId = consoleId;
    const { administrator } = props;
    if (administrator.includes('@')) {
      const invited = new cognito.CfnUserPoolUser(this, 'Administrator', {
        userPoolId: pool.userPoolId,
        username: administrator,
        desiredDeliveryMediums: ['EMAIL'],
        userAttributes: [
          { name: 'email', value: administrator },
          { name: 'email_verified', value: 'true' },
        ],
      });
      // Whoever was named before stays, with all that they have in Berth.
      invited.applyRemovalPolicy(RemovalPolicy.RETAIN);
    }
    this.issuer = `https://cognito-idp.${this.region}.${this.urlSuffix}/${pool.userPoolId}`;
    this.audience = client.userPoolClientId;
    new CfnOutput(this, 'Pool', { value: pool.userPoolId });
    new CfnOutput(this, 'Client', { value: client.userPoolClientId });
  }

  /**
   * A public client with PKCE, which Berth requires: its code is worth nothing without the verifier that one browser
   * keeps. It is there before it is of use: an export that comes and goes with a setting could not go.
   */
  private console(pool: cognito.UserPool, name: string, domain: string | undefined): string {
    if (domain !== undefined)
      pool.addDomain('SignIn', { cognitoDomain: { domainPrefix: `${name}-${this.account}` } });
    const client = pool.addClient('Console', {
      generateSecret: false,
      preventUserExistenceErrors: true,
      enableTokenRevocation: true,
      // Signing in happens on the pages of Cognito alone.
      authFlows: {},
      ...(domain === undefined ? { disableOAuth: true } : { oAuth: signIn(domain) }),
    });
    return this.exportValue(client.userPoolClientId);
  }
}

const signIn = (domain: string): cognito.OAuthSettings => ({
  flows: { authorizationCodeGrant: true },
  scopes: [cognito.OAuthScope.OPENID, cognito.OAuthScope.EMAIL, cognito.OAuthScope.PROFILE],
  callbackUrls: [`https://${domain}/v1/sign-in/callback`],
  logoutUrls: [`https://${domain}/`],
});
