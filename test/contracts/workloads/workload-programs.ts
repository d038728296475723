/** Small programs that the Workloads contract runs, as the text of `main.mjs`. */
export const programs = {
  /** Answers by path; `ANSWER` is what `/` says. */
  server: `
    import { createServer } from 'node:http';
    import { readFileSync } from 'node:fs';
    import { hostname } from 'node:os';
    let sick = false;
    let left = 0;
    createServer({ maxHeaderSize: 131_072 }, (request, response) => {
      response.on('close', () => {
        if (!response.writableEnded) left++;
      });
      const url = new URL(request.url, 'http://host');
      if (url.pathname === '/crash') process.exit(3);
      if (url.pathname === '/sicken') sick = true;
      if (url.pathname === '/alive') {
        response.statusCode = sick || request.headers['x-probe'] !== 'yes' ? 500 : 200;
        return response.end();
      }
      if (url.pathname.startsWith('/status/')) {
        response.statusCode = Number(url.pathname.slice(8));
        return setTimeout(() => response.end(process.env.ANSWER ?? 'ok'), Number(url.searchParams.get('ms')));
      }
      if (url.pathname === '/left') return response.end(String(left));
      // In containers all have the same process id.
      if (url.pathname === '/life') return response.end(hostname() + ' ' + process.pid + ' ' + performance.timeOrigin);
      if (url.pathname === '/env') return response.end(JSON.stringify(process.env));
      if (url.pathname === '/headers') return response.end(JSON.stringify(request.rawHeaders));
      if (url.pathname === '/slow') return setTimeout(() => response.end('slow'), Number(url.searchParams.get('ms')));
      if (url.pathname === '/drip') {
        response.write('first ');
        return setTimeout(() => response.end('last'), Number(url.searchParams.get('ms')));
      }
      if (url.pathname === '/size') {
        let size = 0;
        request.on('data', (chunk) => (size += chunk.length));
        return request.on('end', () => response.end(String(size)));
      }
      if (url.pathname === '/bytes') return response.end(Buffer.alloc(Number(url.searchParams.get('n')), 'abc'));
      if (url.pathname === '/echo') return request.pipe(response);
      if (url.pathname === '/cookies') {
        response.setHeader('set-cookie', ['a=1; Domain=localhost; Path=/', 'b=2; path=/;domain = demo.localhost; HttpOnly']);
        return response.end();
      }
      // Answers that no library makes.
      if (url.pathname === '/raw/nonsense') return request.socket.end('nonsense\\r\\n\\r\\n');
      if (url.pathname === '/raw/length') return request.socket.end('HTTP/1.1 200 OK\\r\\nContent-Length: x\\r\\n\\r\\n');
      if (url.pathname === '/raw/header')
        return request.socket.end('HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\nA: ' + 'a'.repeat(11_000_000) + '\\r\\n\\r\\n');
      if (url.pathname === '/file') return response.end(readFileSync(url.searchParams.get('path')));
      response.end(process.env.ANSWER ?? 'ok');
    })
      .on('upgrade', (request, socket) => {
        if (request.url === '/refuse') return socket.end('HTTP/1.1 403 Forbidden\\r\\nContent-Length: 2\\r\\n\\r\\nno');
        socket.write('HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\nSet-Cookie: c=3; Domain=localhost\\r\\n\\r\\n');
        socket.pipe(socket);
      })
      .listen(process.env.PORT).maxHeadersCount = 0;
  `,
  /** Runs and never listens. */
  deaf: 'setInterval(() => {}, 1000);',
  /** Listens, and ends before long. */
  brief: `import { createServer } from 'node:http'; createServer((_, response) => response.end('brief')).listen(process.env.PORT, () => setTimeout(() => process.exit(5), 600));`,
  crash: `console.error('Error: no table "guests"'); process.exitCode = 3;`,
  leak: `console.error('the secret is ' + process.env.SECRET); process.exitCode = 1;`,
  /** Writes to the volume and ends. */
  init: `import { writeFileSync } from 'node:fs'; setTimeout(() => writeFileSync('shared/prepared', 'yes'), 100);`,
  /** Itself, a child, one that leaves its group, one with nothing in its environment. Answers with their ids. */
  family: `
    import { spawn } from 'node:child_process';
    import { createServer } from 'node:http';
    const sleeper = ['-e', 'setInterval(() => {}, 1000)'];
    const child = spawn('node', sleeper, { stdio: 'inherit' });
    const stray = spawn('node', sleeper, { stdio: 'inherit', detached: true });
    const bare = spawn('node', sleeper, { stdio: 'inherit', env: { PATH: process.env.PATH } });
    createServer((request, response) => {
      if (request.url === '/crash') process.exit(3);
      response.end(JSON.stringify([process.pid, child.pid, bare.pid, stray.pid]));
    }).listen(process.env.PORT);
  `,
};
