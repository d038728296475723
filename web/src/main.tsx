import '@cloudscape-design/global-styles/index.css';
import './app/face.css';
import './app/app.css';
import './app/shell.css';
import './app/theme.ts';
import { createRoot } from 'react-dom/client';
import { App } from './app/app.tsx';
import { resume } from './session.ts';

void resume();
const root = document.getElementById('root');
if (root) createRoot(root).render(<App />);
