import {once} from 'node:events';
import {createServer, type Server} from 'node:http';
import type {AddressInfo} from 'node:net';
import {expect} from 'chai';
import {fetchBytes} from '../../../../plugins/node/cli/files/fetchBytes.ts';

describe('fetchBytes', () => {
  let server: Server;
  let address: string;
  let sent = 0;
  before(async () => {
    server = createServer((_, answer) => {
      const part = Buffer.alloc(2 ** 16);
      const send = (): void => {
        while (!answer.destroyed && answer.write(part)) sent += part.length;
      };
      answer.on('drain', send);
      send();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/w.bin`;
  });
  after(() => server.close());

  it('ends the transfer of what has no end as soon as more came than is allowed', async () => {
    const allowance = {bytes: 100_000};
    let message = '';
    await fetchBytes(address, allowance).catch((error: unknown) => (message = String(error)));
    expect(message).to.equal(`Failure: expected less at '${address}': it sends more bytes than the model needs`);
    await new Promise((done) => setTimeout(done, 50));
    expect(sent).to.be.below(2 ** 25); // what the sockets hold
  });
});
