/**
 * Stands in for @aws-sdk/credential-provider-node in the functions' bundles. Lambda gives a function its credentials
 * in the environment, so the code that looks at files, single sign-on and other services need not be loaded.
 */
export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
}

export const defaultProvider = () => async (): Promise<Credentials> => {
  const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret, AWS_SESSION_TOKEN: token } = process.env;
  if (!id || !secret) throw new Error('There are no credentials in the environment');
  return { accessKeyId: id, secretAccessKey: secret, ...(token && { sessionToken: token }) };
};
