/** What programs that Berth starts for a build see of Berth's own environment: how to reach the network. */

/** Files with certificates that a company's network may need. */
const CERTIFICATES = ['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'SSL_CERT_DIR'];
const PROXIES = ['HTTPS_PROXY', 'HTTP_PROXY', 'https_proxy', 'http_proxy'];
const NO_PROXIES = ['NO_PROXY', 'no_proxy'];

/** Certificates and proxies; a proxy with a password in its URL is left out, for user code could read it. */
export function networkEnvironment(own: NodeJS.ProcessEnv): Record<string, string> {
  const result: Record<string, string> = {};
  for (const name of [...CERTIFICATES, ...NO_PROXIES]) {
    const value = own[name];
    if (value !== undefined) result[name] = value;
  }
  for (const name of PROXIES) {
    const value = own[name];
    if (value !== undefined && !value.includes('@')) result[name] = value;
  }
  return result;
}
