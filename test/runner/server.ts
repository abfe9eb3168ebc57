import {once} from 'node:events';
import {readFile} from 'node:fs/promises';
import {createServer, type Server} from 'node:http';
import type {AddressInfo} from 'node:net';
import {basename} from 'node:path';

/** Serves the page, mocha, the bundle and a folder of wasm binaries on 127.0.0.1, where a browser allows WebGPU. */
export async function serve(
  page: string,
  bundle: string,
  binaries = 'node_modules/@tensorflow/tfjs-backend-wasm/dist',
): Promise<{url: string; server: Server}> {
  const server = createServer((request, response) => {
    const path = request.url ?? '/';
    void contentOf(path, page, bundle, binaries).then(
      (content) => response.writeHead(200, {'content-type': typeOf(path)}).end(content),
      () => response.writeHead(404).end(),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const {port} = server.address() as AddressInfo;
  return {url: `http://127.0.0.1:${String(port)}/`, server};
}

async function contentOf(path: string, page: string, bundle: string, binaries: string): Promise<string | Uint8Array> {
  if (path === '/') return page;
  if (path === '/bundle.js') return bundle;
  if (path === '/mocha.js') return readFile('node_modules/mocha/mocha.js');
  if (path === '/favicon.ico') return '';
  return readFile(`${binaries}/${basename(path)}`);
}

function typeOf(path: string): string {
  if (/\.m?js$/.test(path)) return 'text/javascript';
  return path.endsWith('.wasm') ? 'application/wasm' : 'text/html';
}
