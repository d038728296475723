/** Who people are, where the installation names no issuer of its own: a Cognito user pool. */
import { CfnOutput, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import * as cognito from 'aws-cdk-lib/aws-cognito';
import type { Construct } from 'constructs';
import { accept } from './accept.ts';

export interface IdentityStackProps extends StackProps {
  /** Of the first one the e-mail address, who is then invited by mail; may be empty. */
  administrator: string;
}

export class IdentityStack extends Stack {
  readonly issuer: string;
  readonly audience: string;

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
      // Secure Remote Password for programs, and for who has the rights in the account.
      authFlows: { userSrp: true, adminUserPassword: true },
    });
    const { administrator } = props;
    if (administrator.includes('@')) {
      new cognito.CfnUserPoolUser(this, 'Administrator', {
        userPoolId: pool.userPoolId,
        username: administrator,
        desiredDeliveryMediums: ['EMAIL'],
        userAttributes: [
          { name: 'email', value: administrator },
          { name: 'email_verified', value: 'true' },
        ],
      });
    }
    this.issuer = `https://cognito-idp.${this.region}.${this.urlSuffix}/${pool.userPoolId}`;
    this.audience = client.userPoolClientId;
    new CfnOutput(this, 'Pool', { value: pool.userPoolId });
    new CfnOutput(this, 'Client', { value: client.userPoolClientId });
  }
}
