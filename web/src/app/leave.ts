import { signOut } from '../session.ts';
import { notifyError } from './notifications.tsx';

/** Signs out, and tells when that did not work. @param everywhere on all devices */
export function leave(everywhere = false): void {
  signOut(everywhere).catch((error: unknown) => notifyError(error, 'Signing out failed'));
}
