import { plain } from '../../components/plain.ts';
import type { ServiceTabProps } from '../service.tsx';

export default function StatusTab({ instance }: ServiceTabProps) {
  return <p>{plain(instance.status)}</p>;
}
