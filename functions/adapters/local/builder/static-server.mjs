// Serves a folder over HTTP on $PORT. Goes into images of static sites as it is, next to sirv.
import { createServer } from 'node:http';
import sirv from 'sirv';

const serve = sirv(process.argv[2] ?? '.', { etag: true, dotfiles: false });
const server = createServer((request, response) => {
  response.setHeader('X-Content-Type-Options', 'nosniff');
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { Allow: 'GET, HEAD' }).end();
    return;
  }
  serve(request, response, () =>
    response.writeHead(404, { 'Content-Type': 'text/plain' }).end('Not found\n'),
  );
});

server.listen(Number(process.env.PORT ?? 8080));
process.once('SIGTERM', () => {
  server.close();
  server.closeIdleConnections();
});
