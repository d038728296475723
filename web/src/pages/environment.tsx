/** An environment: what is in it, and when it sleeps and goes. */
import { Title } from '../app/title.tsx';

interface EnvironmentProps {
  project: string;
  environment: string;
}

export default function EnvironmentPage({ project, environment }: EnvironmentProps) {
  return <Title text={`${environment} · ${project}`}>{environment}</Title>;
}
