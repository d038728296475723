/**
 * The verifier that PostgreSQL stores of a password (RFC 5803), so that the password itself never reaches the server.
 */
import { createHash, createHmac, pbkdf2 } from 'node:crypto';
import { promisify } from 'node:util';

/** PostgreSQL's own default. */
const ITERATIONS = 4096;

/**
 * The verifier for a password of ASCII characters. The salt is derived, so that the same password for the same
 * role gives the same verifier: setting it again changes nothing.
 */
export async function scramVerifier(role: string, password: string): Promise<string> {
  const salt = createHmac('sha256', password).update(`berth scram salt ${role}`).digest().subarray(0, 16);
  const salted = await promisify(pbkdf2)(password, salt, ITERATIONS, 32, 'sha256');
  const hmac = (text: string): Buffer => createHmac('sha256', salted).update(text).digest();
  const storedKey = createHash('sha256').update(hmac('Client Key')).digest('base64');
  const serverKey = hmac('Server Key').toString('base64');
  return `SCRAM-SHA-256$${ITERATIONS}:${salt.toString('base64')}$${storedKey}:${serverKey}`;
}
