/** The DNS by name servers on the loopback interface. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createDns } from '../../../functions/adapters/outgoing/dns.ts';
import { dnsContract } from '../../contracts/dns.ts';

const TXT = 16;
const CNAME = 5;
const NXDOMAIN = 3;
const SERVFAIL = 2;

const encoded = (name: string): Buffer =>
  Buffer.concat([
    ...name.split('.').map((label) => Buffer.from([label.length, ...Buffer.from(label)])),
    Buffer.from([0]),
  ]);

/** A name server that knows texts and aliases; names below `broken.example.com` fail. */
async function startServer(records: Map<string, { type: number; data: Buffer }[]>): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.on('message', (query, { port, address }) => {
    let at = 12;
    const labels: string[] = [];
    for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
      labels.push(query.toString('latin1', at + 1, at + 1 + length));
      at += length + 1;
    }
    const name = labels.join('.').toLowerCase();
    const type = query.readUInt16BE(at + 1);
    const question = query.subarray(12, at + 5);
    const found = (records.get(name) ?? []).filter((record) => record.type === type);
    const code = name.startsWith('broken.') ? SERVFAIL : records.has(name) ? 0 : NXDOMAIN;
    const header = Buffer.from(query.subarray(0, 12));
    header.writeUInt16BE(0x8180 | code, 2);
    header.writeUInt16BE(found.length, 6);
    header.writeUInt32BE(0, 8);
    const answers = found.map(({ data }) => {
      const fields = Buffer.alloc(12);
      fields.writeUInt16BE(0xc00c, 0);
      fields.writeUInt16BE(type, 2);
      fields.writeUInt16BE(1, 4);
      fields.writeUInt16BE(data.length, 10);
      return Buffer.concat([fields, data]);
    });
    socket.send(Buffer.concat([header, question, ...answers]), port, address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
}

dnsContract('a name server', async () => {
  const records = new Map<string, { type: number; data: Buffer }[]>();
  const server = await startServer(records);
  return {
    dns: createDns({ servers: [`127.0.0.1:${server.address().port}`], timeoutMs: 2_000 }),
    async setText(name, ...texts) {
      // A text is parts of at most 255 bytes.
      const data = (text: string) => {
        const half = Math.ceil(text.length / 2);
        return Buffer.concat(
          [text.slice(0, half), text.slice(half)].map((part) =>
            Buffer.from([part.length, ...Buffer.from(part)]),
          ),
        );
      };
      records.set(
        name,
        texts.map((text) => ({ type: TXT, data: data(text) })),
      );
    },
    setAlias: async (name, target) => void records.set(name, [{ type: CNAME, data: encoded(target) }]),
    broken: 'broken.example.com',
    dispose: async () => void server.close(),
  };
});
