import { Link } from 'wouter';
import { Title } from '../app/title.tsx';

export default function Missing({ what = 'There is nothing at this address.' }: { what?: string }) {
  return (
    <div className="empty">
      <Title text="Not found" />
      <p>{what}</p>
      <p>
        <Link href="/">Go to the projects</Link>
      </p>
    </div>
  );
}
