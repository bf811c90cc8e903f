// Listening on loopback: the same port on every address, or not at all.
import type { Server } from 'node:http';
import { codeOf, EXIT, Failure, messageOf } from '../lib/failure.ts';

/** With port 0 the first address picks one that may be taken on the second. */
const FREE_PORT_ATTEMPTS = 10;

/**
 * @param addresses the first must work; of the others those that this machine does not have are left out
 * @returns the port
 * @throws Failure when the port is taken or may not be used
 */
export async function listen(servers: readonly Server[], addresses: readonly string[], port: number): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await listenOnce(servers, addresses, port);
    } catch (error) {
      for (const server of servers) server.close();
      const taken = codeOf(error) === 'EADDRINUSE';
      if (port === 0 && taken && attempt < FREE_PORT_ATTEMPTS) continue;
      throw describe(error, port);
    }
  }
}

async function listenOnce(servers: readonly Server[], addresses: readonly string[], port: number): Promise<number> {
  let chosen = port;
  for (const [i, address] of addresses.entries()) {
    const server = servers[i];
    if (server === undefined) break;
    try {
      chosen = await listenOn(server, address, chosen);
    } catch (error) {
      const absent = ['EADDRNOTAVAIL', 'EAFNOSUPPORT'].includes(codeOf(error));
      if (i === 0 || !absent) throw error;
    }
  }
  return chosen;
}

function listenOn(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, ipv6Only: host.includes(':') }, () => {
      server.off('error', reject);
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

function describe(error: unknown, port: number): Failure {
  const options = { cause: error };
  if (codeOf(error) === 'EADDRINUSE') {
    const other = port < 65535 ? port + 1 : port - 1;
    return new Failure(
      EXIT.portInUse,
      `port ${port} is in use by another program: choose another with --port ${other}, or see which it is with: ss -ltnp sport = :${port}`,
      options,
    );
  }
  if (codeOf(error) === 'EACCES') {
    return new Failure(
      EXIT.privilege,
      `port ${port} needs a privilege that the web server has given up: choose one from 1024 on with --port`,
      options,
    );
  }
  return new Failure(EXIT.failure, `the page can not be served: ${messageOf(error)}`, options);
}
